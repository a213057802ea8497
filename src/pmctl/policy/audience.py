"""Who may read a postmortem: the one answer for pages, wikis, exports, notifications and programs. Values only.

A postmortem says how far it may be seen, to which teams it belongs and who works on it (Readers); whatever is made of
postmortems is made for an Audience. `may_read` holds the two against each other under a policy. Whatever is not
understood stays with the people who work on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pmctl.document.fields import Visibility
from pmctl.errors import Hint, UsageProblem, advise
from pmctl.policy.model import Policy
from pmctl.text import did_you_mean

AUDIENCE = r"organization|(?:team|person):\S+"
"""How an audience is written, as a pattern; whether the policy has it only `parse` says."""


class Circle(StrEnum):
    """How large an audience is."""

    ORGANIZATION = "organization"
    TEAM = "team"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom something is made: everybody, a team, or one person. `name` is the team's or the person's handle."""

    circle: Circle
    name: str = ""

    def __str__(self) -> str:
        return f"{self.circle}:{self.name}" if self.name else self.circle.value


ORGANIZATION = Audience(Circle.ORGANIZATION)


@dataclass(frozen=True, slots=True)
class Readers:
    """What decides who may read a postmortem: its visibility, its teams, and the handles of those who work on it."""

    visibility: Visibility
    teams: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


def said_visibility(said: object) -> Visibility | None:
    """What `visibility` in a front matter means: None where it is absent, PRIVATE for what is no visibility."""
    if said is None:
        return None
    return Visibility(said) if isinstance(said, str) and said in tuple(Visibility) else Visibility.PRIVATE


def parse(text: str, policy: Policy, option: str = "--audience") -> Audience:
    """The audience that is written `organization`, `team:NAME` or `person:HANDLE`.

    Raises UsageProblem, which names `option` and what was probably meant, for anything else and for a team or a person
    whom the policy does not have.
    """
    word, colon, name = text.partition(":")
    if word not in tuple(Circle) or bool(colon) != (word != Circle.ORGANIZATION):
        forms = ("organization", *(f"team:{one}" for one in policy.teams), *(f"person:{one}" for one in policy.people))
        otherwise = "write organization, team:NAME or person:HANDLE"
        raise UsageProblem(f"{option} {text}: not an audience", hint=did_you_mean(text, forms, otherwise))
    if word == Circle.ORGANIZATION:
        return ORGANIZATION
    if word == Circle.TEAM:
        _require(name, policy.teams, f"{option} {text}: the policy has no such team", "the policy has no teams")
        return Audience(Circle.TEAM, name)
    name = name.removeprefix("@")
    _require(name, policy.people, f"{option} {text}: the policy has no such person", advise("a-person"))
    if name not in policy.present:
        raise UsageProblem(f"{option} {text}: {name} has left", hint="all of their keys are out of use")
    return Audience(Circle.PERSON, name)


def _require(name: str, known: Iterable[str], message: str, otherwise: Hint) -> None:
    there = tuple(known)
    if name not in there:
        listed = f"one of: {', '.join(there)}" if 0 < len(there) <= 12 else otherwise
        raise UsageProblem(message, hint=did_you_mean(name, there) or listed)


def may_read(readers: Readers, audience: Audience, policy: Policy) -> bool:
    """Whether everybody in an audience may read a postmortem.

    A team reads what belongs to it; what only people who work on it may read, no team does. A person reads what they
    work on, and what belongs to a team of theirs; whoever has left reads nothing.
    """
    if audience.circle is Circle.PERSON and audience.name not in policy.present:
        return False
    if readers.visibility is Visibility.ORGANIZATION:
        return True
    shared = readers.visibility is Visibility.TEAM
    if audience.circle is Circle.TEAM:
        return shared and audience.name in readers.teams and audience.name in policy.teams
    if audience.circle is Circle.PERSON:
        member = any(audience.name in policy.teams.get(team, ()) for team in readers.teams)
        return audience.name in readers.people or (shared and member)
    return False
