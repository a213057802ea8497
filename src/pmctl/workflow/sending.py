"""One message to where it goes: a channel of pmctl.yaml, or a person by the first way that works."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pmctl.errors import EnvironmentProblem, UsageProblem
from pmctl.insight.notifications import Notice
from pmctl.insight.notify_settings import Channel, NotifySettings, System
from pmctl.policy.model import Person, Policy
from pmctl.services import mail, slack_chat, teams, webhook
from pmctl.services.client import Service
from pmctl.services.message import Message, NotTaken, Receipt, variable_part
from pmctl.services.secrets import Secrets, how_to_set
from pmctl.text import did_you_mean


@dataclass(frozen=True, slots=True)
class Outlet:
    """What messages leave by. `slack` is the bot's connection, None without a token; with `to_dir` mail is written into
    that folder in place of being sent. `moment` is the Date of mail."""

    secrets: Secrets
    settings: NotifySettings
    policy: Policy
    moment: datetime
    waits: Callable[[str], None]
    to_dir: Path | None = None
    slack: Service | None = None


@contextmanager
def outlet(
    secrets: Secrets,
    settings: NotifySettings,
    policy: Policy,
    moment: datetime,
    waits: Callable[[str], None],
    to_dir: Path | None = None,
) -> Iterator[Outlet]:
    """Everything that may be needed to send, as long as it is needed."""
    uses_slack = System.SLACK in settings.people or any(
        one.system is System.SLACK for one in settings.channels.values()
    )
    if not uses_slack:
        yield Outlet(secrets, settings, policy, moment, waits, to_dir)
        return
    with slack_chat.connected(secrets, waits) as slack:
        yield Outlet(secrets, settings, policy, moment, waits, to_dir, slack)


def channel_named(settings: NotifySettings, name: str) -> Channel:
    """A channel of pmctl.yaml. Raises UsageProblem, with the nearest name, where there is none."""
    if name in settings.channels:
        return settings.channels[name]
    known = ", ".join(settings.channels)
    otherwise = f"pmctl.yaml has {known}" if known else "pmctl.yaml has none: add notify.channels"
    raise UsageProblem(f"no channel is called {name!r}", hint=did_you_mean(name, settings.channels, otherwise))


def send(notice: Notice, out: Outlet, place: Mapping[str, str]) -> Receipt:
    """Send a message. Raises PmctlError where it was certainly not taken, Uncertain where nobody can know."""
    if notice.channel.startswith("@"):
        return _to_person(notice, out)
    return _to_channel(channel_named(out.settings, notice.channel), notice.message, out, place)


def _to_channel(channel: Channel, message: Message, out: Outlet, place: Mapping[str, str]) -> Receipt:
    if channel.system is System.SLACK:
        variable = slack_chat.WEBHOOK + variable_part(channel.name)
        if channel.target and out.slack is not None:
            return slack_chat.post(out.slack, channel.target, message, place)
        address = out.secrets(variable)
        if address:
            return slack_chat.post_to_webhook(address, variable, message, out.waits)
        wanted = slack_chat.TOKEN if channel.target else variable
        raise EnvironmentProblem(f"{channel.name}: Slack is not connected", hint=how_to_set(wanted))
    if channel.system is System.TEAMS:
        variable = teams.WEBHOOK + variable_part(channel.target)
        address = out.secrets(variable)
        if not address:
            raise EnvironmentProblem(f"{channel.name}: Teams is not connected", hint=how_to_set(variable))
        return teams.post(address, variable, message, out.waits)
    if channel.system is System.WEBHOOK:
        return webhook.post(out.secrets, channel.target, message, out.waits)
    return _by_mail(channel.target.split(), message, out)


def _to_person(notice: Notice, out: Outlet) -> Receipt:
    """By Slack or mail, in the order of the settings; the next way only where the one before certainly did nothing."""
    handle = notice.channel.removeprefix("@")
    person = out.policy.people.get(handle)
    if person is None or not person.emails:
        raise NotTaken(
            f"the policy has no e-mail address of {handle}",
            hint="an admin adds it: pmctl people list shows the addresses",
        )
    reasons = []
    for way in out.settings.people:
        try:
            if way is System.MAIL:
                return _by_mail(person.emails[:1], notice.message, out)
            if out.slack is not None:
                return slack_chat.post(out.slack, _slack_id(out.slack, person), notice.message, {})
            reasons.append("Slack is not connected")
        except (NotTaken, UsageProblem) as problem:
            reasons.append(problem.message)
    hint = "notify.people in pmctl.yaml says how people are reached: [slack, mail]"
    raise NotTaken(f"{handle} can't be reached: {'; '.join(reasons) or 'no way is set'}", hint=hint)


def _slack_id(service: Service, person: Person) -> str:
    """Who somebody is in Slack, by the first of their addresses that it knows. Raises NotTaken."""
    last: NotTaken | None = None
    for email in person.emails:
        try:
            return slack_chat.person(service, email)
        except NotTaken as problem:
            if not problem.message.endswith("users_not_found"):
                raise
            last = problem
    raise last or NotTaken(f"Slack knows no address of {person.handle}")


def _by_mail(to: tuple[str, ...] | list[str], message: Message, out: Outlet) -> Receipt:
    addresses = [mail.usable(one, "the policy") for one in to]
    root = out.policy.repository or out.policy.digest
    if out.to_dir is not None:
        sender = mail.sender_of(out.secrets) if out.secrets(mail.FROM) else ("Postmortems", "pmctl@localhost")
        return mail.write(out.to_dir, mail.compose(message, sender, addresses, root, out.moment))
    where = mail.server(out.secrets)
    if where is None:
        raise NotTaken("mail is not connected", hint=how_to_set(mail.ADDRESS))
    composed = mail.compose(message, (where.name, where.sender), addresses, root, out.moment)
    return mail.send(where, out.secrets, composed, addresses)


def request(notice: Notice, out: Outlet) -> str:
    """What would be sent, as it would be, without tokens and addresses that are secrets."""
    if notice.channel.startswith("@"):
        person = out.policy.people.get(notice.channel[1:])
        mailed = System.MAIL in out.settings.people and (out.slack is None or out.settings.people[0] is System.MAIL)
        if mailed or System.SLACK not in out.settings.people:
            return mail.dry(notice.message, person.emails[:1] if person is not None else ())
        return slack_chat.dry(notice.message, notice.channel)
    channel = channel_named(out.settings, notice.channel)
    if channel.system is System.SLACK:
        return slack_chat.dry(notice.message, channel.target)
    if channel.system is System.TEAMS:
        return json.dumps(teams.body(notice.message), ensure_ascii=False, indent=2)
    if channel.system is System.WEBHOOK:
        return json.dumps(webhook.body(notice.message), ensure_ascii=False, indent=2)
    return mail.dry(notice.message, channel.target.split())
