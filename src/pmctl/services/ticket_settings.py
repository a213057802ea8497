"""The `tickets` block of pmctl.yaml: where action items are tracked, and which side decides. Node -> TicketSettings.

tickets:
  system: jira                   # jira, github, gitlab, linear, asana
  project: OPS                   # Jira, GitLab, Asana; repository for GitHub, team for Linear
  type: Task                     # Jira's issue type
  labels: [postmortem]
  priority: {HIGH: Highest}      # what a priority is called there
  people: {jane: jane-doe}       # accounts that the e-mail address does not find
  fields: {customfield_10010: {value: Ops}}     # what the Jira project requires besides
  states: {IN_PROGRESS: In Progress}            # where several of its statuses mean the same
  wont_do: "Won't Do"            # Jira's resolution for it
  audience: organization         # or team:NAME
  sync: {status: both, owner: theirs, due: ours}
"""

from __future__ import annotations

import re
from typing import Any

from pmctl.document.fields import ItemStatus, Priority
from pmctl.document.finding import Finding
from pmctl.document.node_reader import NodeReader
from pmctl.document.strict_yaml import Node
from pmctl.document.ticket import FIELDS
from pmctl.services.tracker import TicketSettings
from pmctl.services.trackers import TRACKERS

DIRECTIONS = ("both", "ours", "theirs", "off")
KEYS = ("system", "labels", "people", "audience", "sync")
PLACES = ("project", "repository", "team")
MORE = ("type", "priority", "states", "fields", "wont_do")
AUDIENCE = r"organization|team:[a-z0-9][a-z0-9-]*"


def ticket_settings(block: Node | None, path: str = "pmctl.yaml") -> tuple[TicketSettings, tuple[Finding, ...]]:
    """Read the block. What is wrong is a finding with its line, and keeps its default."""
    reader = NodeReader(path, "PM190", "PM191", blank_is_absent=True)
    every = reader.mapping(block, "tickets")
    name = reader.choice(every.get("system"), "tickets.system", TRACKERS)
    tracker = TRACKERS.get(name)
    if tracker is None:
        reader.known(every, "tickets", (*KEYS, *PLACES, *MORE))
        if every and "system" not in every:
            reader.add(block, "tickets needs a system", f"write system: one of {', '.join(TRACKERS)}")
        return TicketSettings(), reader.sorted()
    top = reader.known(every, "tickets", (*KEYS, tracker.place, *tracker.knows))
    if tracker.place not in top:
        reader.add(block, f"tickets needs {tracker.place}", f"write {tracker.place}: {tracker.place_shown}")
    priority = reader.mapping(top.get("priority"), "tickets.priority", tuple(Priority))
    sync = reader.mapping(top.get("sync"), "tickets.sync", FIELDS)
    people = reader.mapping(top.get("people"), "tickets.people")
    settings = TicketSettings(
        system=name,
        place=_place(
            reader, top.get(tracker.place), f"tickets.{tracker.place}", tracker.place_pattern, tracker.place_shown
        ),
        type=reader.text(top.get("type"), "tickets.type", "Task"),
        labels=_labels(reader, top.get("labels")),
        priority={one: reader.text(node, f"tickets.priority.{one}") for one, node in priority.items()},
        people={handle: _account(reader, node, handle) for handle, node in people.items()},
        states={
            one: reader.text(node, f"tickets.states.{one}")
            for one, node in reader.mapping(top.get("states"), "tickets.states", tuple(ItemStatus)).items()
        },
        fields={key: _plain(node) for key, node in reader.mapping(top.get("fields"), "tickets.fields").items()},
        wont_do=reader.text(top.get("wont_do"), "tickets.wont_do"),
        audience=reader.matching(
            top.get("audience"), "tickets.audience", AUDIENCE, "organization or team:NAME", "organization"
        ),
        sync={one: reader.choice(node, f"tickets.sync.{one}", DIRECTIONS, "both") for one, node in sync.items()},
    )
    return settings, reader.sorted()


def _place(reader: NodeReader, node: Node | None, what: str, pattern: str, shown: str) -> str:
    """A project, a repository or a team; the id of one may be a number."""
    number = node is not None and isinstance(node.value, int) and not isinstance(node.value, bool)
    if node is not None and number and re.fullmatch(pattern, node.raw):
        return node.raw
    return reader.matching(node, what, pattern, f"as in {shown}")


def _labels(reader: NodeReader, node: Node | None) -> tuple[str, ...]:
    found = []
    for text, item in reader.entries(node, "tickets.labels"):
        if "," in text or any(letter.isspace() for letter in text) or len(text) > 50:
            reader.add(item, f"the label {text[:50]!r} is not one word of at most 50 characters", "use - for spaces")
        else:
            found.append(text)
    return tuple(found)


def _account(reader: NodeReader, node: Node, handle: str) -> str:
    return node.raw if isinstance(node.value, int) else reader.text(node, f"tickets.people.{handle}")


def _plain(node: Node) -> Any:
    return node.plain()
