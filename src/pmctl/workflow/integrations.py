"""What is connected, as whom, and what is missing. (settings, environment) -> connections; nothing is sent.

Services that messages go to are tried by asking who the token is of, or by logging in. An address that is a secret can
be tried by nothing but a message.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pmctl.errors import PmctlError, UsageProblem
from pmctl.insight.meeting_settings import meeting_settings
from pmctl.insight.notify_settings import Channel, System
from pmctl.insight.tickets import setting_problems
from pmctl.output.advice import words
from pmctl.repository.workspace import Workspace
from pmctl.services import google, google_oauth, mail, slack_chat, teams, webhook, zoom
from pmctl.services.fetch import check_account
from pmctl.services.message import variable_part
from pmctl.services.registry import SYSTEMS
from pmctl.services.secrets import Secrets, how_to_set
from pmctl.services.system import System as IncidentSystem
from pmctl.services.ticket_settings import ticket_settings
from pmctl.services.trackers import check_access
from pmctl.text import did_you_mean
from pmctl.workflow.sending import Outlet

Mark = Literal["ok", "set", "missing", "BAD", "unset"]
_TRACKER, _INCIDENTS, _MEETINGS = "tracker", "incidents", "meetings"
_GOOGLE, _ZOOM = "google", "zoom"


@dataclass(frozen=True, slots=True)
class Connection:
    """One system or channel: whether what it needs is set (`set`), was tried and works (`ok`) or not (`BAD`), is
    `missing`, or is not set and nothing needs it (`unset`); as whom or where to, and what to do."""

    name: str
    kind: str
    mark: Mark
    said: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Connections:
    """pmctl integrations list, and test: what is connected."""

    connections: tuple[Connection, ...]


def listed(out: Outlet) -> Connections:
    """What pmctl.yaml wants and the environment has; nobody is asked."""
    found = [_shown(name, out) for name in _systems(out)]
    found += [_channel(one, out) for one in out.settings.channels.values()]
    return Connections(tuple(found))


def tracker(workspace: Workspace, secrets: Secrets) -> list[Connection]:
    """The tracker that pmctl.yaml names, if it does, and what is missing for it; it is not asked."""
    label, problems = setting_problems(workspace, secrets)
    name = ticket_settings(workspace.settings.blocks.get("tickets"))[0].system or "tickets"
    if problems:
        return [
            Connection(name, _TRACKER, "missing", "; ".join(problems), "docs/tickets.md says what each tracker needs")
        ]
    return (
        [Connection(name, _TRACKER, "set", f"{label}, with a token", f"pmctl integrations test {name}")]
        if label
        else []
    )


def meeting_services(workspace: Workspace, secrets: Secrets) -> list[Connection]:
    """Google Calendar and Zoom, where pmctl.yaml has meetings there, and what is missing for them; they are not asked.

    Nothing is said where the block cannot be used, which validate reports.
    """
    settings = meeting_settings(workspace.settings.blocks.get("meetings"))[0]
    wanted = (*((_GOOGLE,) if settings.calendar == "google" else ()), *((_ZOOM,) if settings.video == "zoom" else ()))
    return [_meetings(one, secrets) for one in wanted]


def _meetings(name: str, secrets: Secrets) -> Connection:
    variables = (google_oauth.CREDENTIALS,) if name == _GOOGLE else (zoom.ACCOUNT, zoom.CLIENT, zoom.SECRET)
    missing = next((one for one in variables if not secrets(one)), "")
    if missing:
        return Connection(name, _MEETINGS, "missing", f"{missing} is not set", how_to_set(missing))
    said = f"{' and '.join(variables)} {'are' if len(variables) > 1 else 'is'} set"
    return Connection(name, _MEETINGS, "set", said, f"pmctl integrations test {name}")


def _asked_meetings(name: str, out: Outlet) -> Connection:
    """Google Calendar or Zoom, asked whose it is and what may not be done there."""
    found = _meetings(name, out.secrets)
    if found.mark == "missing":
        return found
    try:
        if name == _GOOGLE:
            with google.connected(out.secrets, out.waits, time.sleep) as calendar:
                who, lacking = google.account(calendar)
        else:
            with zoom.connected(out.secrets, out.waits, time.sleep) as account:
                who, lacking = zoom.owner(account), account.missing
    except PmctlError as problem:
        return _bad(found, problem)
    said = "; ".join((who or "an account that does not say whose it is", *lacking))
    return Connection(name, _MEETINGS, "BAD" if lacking else "ok", said)


def incident_systems(secrets: Secrets, *, every: bool) -> list[Connection]:
    """The systems that incidents are fetched from and a token is set for, or `every` one; nobody is asked."""
    found = (_incidents(one, secrets) for one in SYSTEMS)
    return [one for one in found if one is not None and (every or one.mark != "unset")]


def _incidents(system: IncidentSystem, secrets: Secrets) -> Connection | None:
    api = system.api
    if api is None or not api.credential:
        return None
    name, needed = system.name, [one for one, required in api.also.items() if required]
    if not secrets(api.credential):
        return Connection(name, _INCIDENTS, "unset", f"{api.credential} is not set", how_to_set(api.credential))
    for one in (*needed, *(() if api.default_address else (api.address,))):
        if not secrets(one):
            return Connection(name, _INCIDENTS, "missing", f"{one} is not set", how_to_set(one))
    return Connection(name, _INCIDENTS, "set", f"{api.credential} is set", f"pmctl integrations test {name}")


def _asked_tracker(workspace: Workspace, out: Outlet) -> Connection:
    """The tracker, asked who the token is of and what it may not do there."""
    (found,) = tracker(workspace, out.secrets)
    if found.mark == "missing":
        return found
    settings = ticket_settings(workspace.settings.blocks.get("tickets"))[0]
    try:
        access = check_access(settings, out.secrets, out.waits)
    except PmctlError as problem:
        return _bad(found, problem)
    said = "; ".join((access.account or "an account without a name", *access.missing))
    return Connection(found.name, _TRACKER, "BAD" if access.missing else "ok", said)


def _asked_incidents(system: IncidentSystem, out: Outlet) -> Connection | None:
    found = _incidents(system, out.secrets)
    if found is None or found.mark == "missing":
        return found
    if found.mark == "unset":
        return Connection(found.name, found.kind, "missing", found.said, found.fix)
    try:
        who = check_account(system, out.secrets, out.waits)
    except PmctlError as problem:
        return _bad(found, problem)
    if not who:
        fix = f"pmctl incident show {system.name}:ID tries it"
        return Connection(found.name, found.kind, "set", f"{found.said}; {system.label} is not asked whose it is", fix)
    return Connection(found.name, found.kind, "ok", who)


def _bad(found: Connection, problem: PmctlError) -> Connection:
    return Connection(found.name, found.kind, "BAD", problem.message, words(problem.hint) if problem.hint else "")


def tested(out: Outlet, name: str, workspace: Workspace) -> Connections:
    """One of them, tried without sending anything; of a system that is the tracker as well the tracker.

    Raises UsageProblem for a name that there is not.
    """
    systems = (System.SLACK.value, System.MAIL.value)
    if name in systems:
        return Connections((_asked(name, out),))
    if name in (_GOOGLE, _ZOOM) and name not in out.settings.channels:
        return Connections((_asked_meetings(name, out),))
    if name not in out.settings.channels:
        trackers = [one.name for one in tracker(workspace, out.secrets)]
        if name in trackers:
            return Connections((_asked_tracker(workspace, out),))
        incidents = {one.name: one for one in SYSTEMS if one.api is not None and one.api.credential}
        if name in incidents and (found := _asked_incidents(incidents[name], out)) is not None:
            return Connections((found,))
        known = (*systems, _GOOGLE, _ZOOM, *out.settings.channels, *trackers, *incidents)
        hint = did_you_mean(name, known, f"one of: {', '.join(known)}")
        raise UsageProblem(f"nothing is called {name!r}", hint=hint)
    channel = out.settings.channels[name]
    found = _channel(channel, out)
    if found.mark != "missing" and _system(channel, out) in systems:
        return Connections((found, _asked(_system(channel, out), out, channel.name)))
    return Connections((found,))


def _systems(out: Outlet) -> Sequence[str]:
    wanted = [one.value for one in out.settings.people]
    wanted += [name for one in out.settings.channels.values() if (name := _system(one, out))]
    return tuple(dict.fromkeys(wanted))


def _system(channel: Channel, out: Outlet) -> str:
    """The account that a channel needs; "" for one whose address is all."""
    if channel.system is System.MAIL:
        return System.MAIL.value
    bot = channel.system is System.SLACK and channel.target and not out.secrets(_slack_webhook(channel))
    return System.SLACK.value if bot else ""


def _slack_webhook(channel: Channel) -> str:
    return slack_chat.WEBHOOK + variable_part(channel.name)


def _shown(name: str, out: Outlet) -> Connection:
    variable = slack_chat.TOKEN if name == System.SLACK else mail.ADDRESS
    if not out.secrets(variable):
        return Connection(name, "account", "missing", f"{variable} is not set", how_to_set(variable))
    return Connection(name, "account", "set", f"{variable} is set", f"pmctl integrations test {name}")


def _asked(name: str, out: Outlet, channel: str = "") -> Connection:
    """An account, asked who it is, and for what it may not do, in one channel or in all."""
    found = _shown(name, out)
    if found.mark == "missing":
        return found
    try:
        said, lacking = _slack(out, channel) if name == System.SLACK else (_mail(out.secrets), [])
    except PmctlError as problem:
        return _bad(found, problem)
    return Connection(name, "account", "BAD" if lacking else "ok", "; ".join((said, *lacking)))


def _slack(out: Outlet, channel: str) -> tuple[str, list[str]]:
    """Who the bot is, and what it lacks; whether it may look people up shows when it is asked for one, too."""
    if out.slack is None:
        with slack_chat.connected(out.secrets, out.waits) as service:
            return (slack_chat.account(service).name, []) if service is not None else ("", [])
    bot = slack_chat.account(out.slack)
    told = {
        one.name: one.target for one in out.settings.channels.values()
        if _system(one, out) == System.SLACK and channel in ("", one.name)
    }  # fmt: skip
    lacking = slack_chat.lacks(out.slack, bot, told, people=System.SLACK in out.settings.people)
    if System.SLACK in out.settings.people and not lacking:
        known = next((email for one in out.policy.people.values() for email in one.emails), "")
        try:
            slack_chat.person(out.slack, known)
        except PmctlError as problem:
            if not problem.message.endswith("users_not_found"):
                raise
    return bot.name, lacking


def _mail(secrets: Secrets) -> str:
    where = mail.server(secrets)
    return mail.account(where, secrets) if where is not None else ""


def _channel(channel: Channel, out: Outlet) -> Connection:
    """Whether what a channel needs is set, and can be what it is for."""
    kind = f"{channel.system} channel"
    missing = [one for one in _variables(channel, out) if not out.secrets(one)]
    if missing:
        said = f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} not set"
        return Connection(channel.name, kind, "missing", said, how_to_set(missing[0]))
    if channel.team and channel.team not in out.policy.teams:
        fix = did_you_mean(channel.team, out.policy.teams, "pmctl policy show has the teams")
        return Connection(channel.name, kind, "BAD", f"the policy has no team {channel.team}", fix)
    try:
        if channel.system is System.WEBHOOK:
            webhook.keys(out.secrets(secret := webhook.variables(channel.target)[1]), secret)
    except PmctlError as problem:
        return Connection(channel.name, kind, "BAD", problem.message, words(problem.hint) if problem.hint else "")
    where = channel.target if channel.system in (System.SLACK, System.MAIL) and channel.target else "its address is set"
    readers = f"team {channel.team}" if channel.team else "everybody"
    return Connection(
        channel.name, kind, "set", f"{where}, read by {readers}", f"pmctl notify ID --to {channel.name} tries it"
    )


def _variables(channel: Channel, out: Outlet) -> Iterable[str]:
    if channel.system is System.SLACK:
        hook = _slack_webhook(channel)
        return (slack_chat.TOKEN,) if channel.target and not out.secrets(hook) else (hook,)
    if channel.system is System.TEAMS:
        return (teams.WEBHOOK + variable_part(channel.target),)
    if channel.system is System.WEBHOOK:
        return webhook.variables(channel.target)
    return (mail.ADDRESS, mail.FROM)
