"""Changes of a postmortem by people of every kind, and what the table of rights says of each, written down once more.

The table here is by role and in words, the one in `pmctl.policy.edits` by handle and in sets: they share nothing, so
that a mistake in one shows.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from pmctl.policy.model import AGENT, PERSON, SERVICE, Person, Policy
from pmctl.policy.state import ARCHIVED, DRAFT, FINAL, IN_REVIEW, PUBLISHED, PostmortemState

DOC = "2024-01-15-payment-api-outage"
STATES = (DRAFT, IN_REVIEW, PUBLISHED, ARCHIVED)

ROLES = {
    "jane": "author", "alice": "admin", "erin": "editor", "carol": "owner", "bob": "reviewer", "dan": "commenter",
    "ci": "service", "bot": "agent", "frank": "nobody", "": "stranger",
}  # fmt: skip
"""Handle -> what the person is to the postmortem; the agent is an editor of it, too."""

# Role -> the states in which it may: edit the text, move anybody's item, and say who edits.
_ALWAYS = frozenset(STATES)
_TEXT = {
    "author": {DRAFT, IN_REVIEW}, "editor": {DRAFT, IN_REVIEW}, "admin": {DRAFT, IN_REVIEW}, "reviewer": {IN_REVIEW},
    "agent": {DRAFT},
}  # fmt: skip
_LAYOUT = _TEXT | {"admin": _ALWAYS}
_TRACKING = dict.fromkeys(("author", "editor", "admin", "service", "agent"), _ALWAYS)
_COMMENTERS = dict.fromkeys(("author", "admin"), _ALWAYS)


def text(status: str, **front: str) -> str:
    values = {
        "id": DOC, "title": "Payment API outage", "status": status, "author": "jane",
        "editors": "{erin: edit, bot: edit, dan: comment}", "reviewers": "[]" if status == DRAFT else "[bob]",
        "severity": "SEV2", **front,
    }  # fmt: skip
    head = "".join(f"{key}: {value}\n" for key, value in values.items())
    return f"---\n{head}---\n{BODY}"


BODY = """
## Summary

The payment API was down for 45 minutes.

## Action Items

| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
|---|---|---|---|---|---|---|---|
| AI-7f3k | Monitor the pool | @carol | 2024-01-22 | HIGH | OPEN | | |
| AI-9d2m | Review the limits | @jane | 2024-01-29 | LOW | OPEN | | |
"""


@dataclass(frozen=True)
class Wanted:
    """One change: how it is made, and the codes that it costs somebody of a role in a state."""

    name: str
    make: Callable[[str], str]
    codes: Callable[[str, str], set[str]]


def _right(table: dict[str, object], code: str) -> Callable[[str, str], set[str]]:
    def codes(role: str, state: str) -> set[str]:
        if role == "stranger":
            return {"AU701"}
        allowed = table.get(role, ())
        return set() if state in allowed else {code}  # type: ignore[operator]

    return codes


def _content(role: str, state: str) -> set[str]:
    return {"AU401"} if state in FINAL else _right(dict(_TEXT), "AU702")(role, state)


def _own_item(role: str, state: str) -> set[str]:
    return set() if role == "owner" else _right(dict(_TRACKING), "AU703")(role, state)


def _editors(role: str, state: str) -> set[str]:
    found = _right({"author": _ALWAYS, "admin": _ALWAYS}, "AU704")(role, state)
    return found | (set() if state == DRAFT else {"AU322"})


def _reviewers(code: str) -> Callable[[str, str], set[str]]:
    def codes(role: str, state: str) -> set[str]:
        return _content(role, state) if state == DRAFT else {code}

    return codes


def _swap(old: str, new: str) -> Callable[[str], str]:
    def make(before: str) -> str:
        assert old in before, old
        return before.replace(old, new, 1)

    return make


def _always(code: str) -> Callable[[str, str], set[str]]:
    return lambda role, state: {code}


def _author(role: str, state: str) -> set[str]:
    return {"AU403"} | _content(role, state)


_FIRST = f"id: {DOC}\ntitle: Payment API outage"
WANTED = (
    Wanted("summary", _swap("45 minutes", "50 minutes"), _content),
    Wanted("field", _swap("severity: SEV2", "severity: SEV1"), _content),
    Wanted("item added", lambda old: old + "| AI-1111 | New | @bob | 2024-02-01 | LOW | OPEN | | |\n", _content),
    Wanted("item's text", _swap("Monitor the pool", "Watch the pool"), _content),
    Wanted("comment", _swap("author: ", "# said bob\nauthor: "), _right(dict(_LAYOUT), "AU702")),
    Wanted("order", _swap(_FIRST, "title: Payment API outage\nid: " + DOC), _right(dict(_LAYOUT), "AU702")),
    Wanted("carol's item", _swap("2024-01-22 | HIGH | OPEN", "2024-01-22 | HIGH | COMPLETED"), _own_item),
    Wanted("jane's item", _swap("2024-01-29 | LOW", "2024-02-29 | LOW"), _right(dict(_TRACKING), "AU703")),
    Wanted("an item given away", _swap("@carol", "@frank"), _own_item),
    Wanted("editor added", _swap("dan: comment", "dan: comment, frank: edit"), _editors),
    Wanted("commenter added", _swap("{erin", "{frank: comment, erin"), _right(dict(_COMMENTERS), "AU704")),
    Wanted("status", lambda old: old.replace("status: ", "status: X", 1), _always("AU301")),
    Wanted("author", _swap("author: jane", "author: frank"), _author),
)
REVIEWERS = (
    Wanted("reviewer dropped", _swap("[bob]", "[]"), _reviewers("AU318")),
    Wanted("reviewer added", _swap("[bob]", "[bob, frank]"), _reviewers("AU322")),
)
ASKED_IN_A_DRAFT = Wanted("reviewers of a draft", _swap("reviewers: []", "reviewers: [frank]"), _reviewers(""))


def policy() -> Policy:
    kinds = {"ci": SERVICE, "bot": AGENT}
    people = {
        handle: Person(handle, handle.capitalize(), (f"{handle}@example.com",), (), kinds.get(handle, PERSON))
        for handle in filter(None, ROLES)
    }
    return Policy(1, people, {}, ("alice",))


def state(status: str) -> PostmortemState:
    if status == DRAFT:
        return PostmortemState(DOC, author="jane")
    return PostmortemState(DOC, status=status, author="jane", editors=("erin", "bot"), reviewers=("bob",), round=1)


def several(chance: random.Random, status: str) -> tuple[Wanted, ...]:
    """One to three changes that fit together."""
    fitting = (*WANTED, *(REVIEWERS if status != DRAFT else (ASKED_IN_A_DRAFT,)))
    chosen: dict[str, Wanted] = {}
    for one in chance.sample(fitting, chance.randint(1, 3)):
        clash = {"carol's item": "a", "an item given away": "a", "reviewer dropped": "b", "reviewer added": "b",
                 "editor added": "c", "commenter added": "c"}  # fmt: skip
        chosen.setdefault(clash.get(one.name, one.name), one)
    return tuple(chosen.values())


def expected(changes: tuple[Wanted, ...], role: str, status: str) -> set[str]:
    """The codes that the table gives for all of them together."""
    return set().union(*(one.codes(role, status) for one in changes))
