"""What is told to whom: the `notify` block of pmctl.yaml as values.

notify:
  channels:
    ops: {slack: C0123, events: [submitted, published]}
    pay: {teams: pay, events: [all], audience: "team:payments"}
    list: {mail: [sre@example.com]}
    bot: {webhook: bot, events: [all]}
  people: [slack, mail]        # how one person is reached, in this order
  quiet: [sat, sun]            # days without reminders
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pmctl.document.finding import Finding
from pmctl.document.node_reader import NodeReader
from pmctl.document.strict_yaml import Node
from pmctl.insight.event import EventKind

ALL = "all"
USUAL = (EventKind.SUBMITTED, EventKind.REVIEW_REQUESTED, EventKind.PUBLISHED)
"""What a channel is told that names no events."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CHANNEL = r"[a-z0-9][a-z0-9-]{0,49}"
NAMED = r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}"
SLACK_ID = r"[CGD][A-Z0-9]{2,20}|webhook"
AUDIENCE = r"organization|team:[a-z0-9][a-z0-9-]*"
MAIL = r"[^\s@<>,;]+@[^\s@<>,;]+"
KEYS = ("channels", "people", "quiet")


class System(StrEnum):
    """What a channel is a channel of."""

    SLACK = "slack"
    TEAMS = "teams"
    WEBHOOK = "webhook"
    MAIL = "mail"


CHANNEL_KEYS = (*System, "events", "audience")
PERSONAL = (System.SLACK, System.MAIL)


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel. `target` is a Slack channel's id ("" for that of a webhook), the name that the variables of a Teams
    or other webhook end with, or mail addresses with blanks between. `team` is whose channel it is, "" for everybody's.
    """

    name: str
    system: System
    target: str
    events: frozenset[EventKind]
    team: str = ""


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """Channels by name, how people are reached, and the days (0 is Monday) on which nobody is reminded."""

    channels: Mapping[str, Channel]
    people: tuple[System, ...] = ()
    quiet: frozenset[int] = frozenset()


def notify_settings(node: Node | None, path: str = "pmctl.yaml") -> tuple[NotifySettings, tuple[Finding, ...]]:
    """Read the block; whatever is wrong is a finding, and a channel with something wrong is left out."""
    reader = NodeReader(path, "PM190", "PM191", blank_is_absent=True)
    top = reader.mapping(node, "notify", KEYS)
    channels = {}
    for name, one in reader.mapping(top.get("channels"), "notify.channels").items():
        if (found := _channel(reader, name, one)) is not None:
            channels[name] = found
    people = _choices(reader, top.get("people"), "notify.people", PERSONAL)
    quiet = _choices(reader, top.get("quiet"), "notify.quiet", DAYS)
    settings = NotifySettings(
        channels, tuple(System(one) for one in people), frozenset(DAYS.index(one) for one in quiet)
    )
    return settings, reader.sorted()


def _channel(reader: NodeReader, name: str, node: Node) -> Channel | None:
    where = f"notify.channels.{name}"
    before = len(reader.findings)
    _name(reader, name, node)
    members = reader.mapping(node, where, CHANNEL_KEYS)
    systems = [one for one in System if one in members]
    if len(systems) != 1:
        said = " and ".join(systems) if systems else "none"
        reader.add(node, f"{where} must be a channel of one system, and names {said}", "one of " + ", ".join(System))
        return None
    [system] = systems
    target = _target(reader, system, members[system], f"{where}.{system}")
    events = _choices(reader, members.get("events"), f"{where}.events", (*EventKind, ALL))
    kinds = frozenset(EventKind) if ALL in events else frozenset(EventKind(one) for one in events or USUAL)
    audience = reader.matching(
        members.get("audience"), f"{where}.audience", AUDIENCE, "organization or team:NAME", "organization"
    )
    if len(reader.findings) > before:
        return None
    return Channel(name, system, target, kinds, audience.partition(":")[2])


def _name(reader: NodeReader, name: str, node: Node) -> None:
    if not re.fullmatch(CHANNEL, name):
        reader.add(node, f"notify.channels: {name!r} is no name of a channel", "a-z, 0-9 and -, as in pay-ops")


def _target(reader: NodeReader, system: System, node: Node, where: str) -> str:
    if system is System.MAIL:
        addresses = reader.texts(node, where)
        for one in addresses:
            if not re.fullmatch(MAIL, one):
                reader.add(node, f"{where}: {one!r} is no mail address", "as in sre@example.com")
        if not addresses:
            reader.add(node, f"{where} names nobody", "write the addresses as a list")
        return " ".join(addresses)
    if system is System.SLACK:
        found = reader.matching(node, where, SLACK_ID, "the id of a channel, as in C0123ABCD, or webhook")
        return "" if found == "webhook" else found
    return reader.matching(node, where, NAMED, "the name that the variables end with: letters, digits, - and _")


def _choices(reader: NodeReader, node: Node | None, where: str, known: tuple[str, ...]) -> tuple[str, ...]:
    chosen = (reader.choice(one, where, known) for one in reader.items(node, where))
    return tuple(dict.fromkeys(str(one) for one in chosen if one))
