"""Who may read: every visibility against every audience, and audiences as people type them."""

from __future__ import annotations

import pytest

from pmctl.document.fields import Visibility
from pmctl.errors import UsageProblem
from pmctl.policy.audience import ORGANIZATION, Audience, Circle, Readers, may_read, parse, said_visibility
from pmctl.policy.model import RETIRED, Key, Person, Policy

_PEOPLE = {handle: Person(handle, handle.title()) for handle in ("jane", "bob", "carol")}
_LEFT = Person("dave", "Dave", keys=(Key("ssh-ed25519 AAAA", RETIRED),))
POLICY = Policy(
    1, {**_PEOPLE, "dave": _LEFT}, {"payments": ("bob", "dave"), "search": ("carol",)}, ("jane",)
)  # fmt: skip


def _audience(text: str) -> Audience:
    circle, _, name = text.partition(":")
    return Audience(Circle(circle), name)


@pytest.mark.parametrize(
    ("visibility", "audience", "allowed"),
    [
        ("organization", "organization", True),
        ("organization", "team:search", True),
        ("organization", "person:carol", True),
        ("organization", "person:nobody", False),
        ("organization", "person:dave", False),
        ("team", "organization", False),
        ("team", "team:payments", True),
        ("team", "team:search", False),
        ("team", "team:gone", False),
        ("team", "person:bob", True),
        ("team", "person:carol", False),
        ("team", "person:jane", True),
        ("team", "person:dave", False),
        ("private", "organization", False),
        ("private", "team:payments", False),
        ("private", "person:bob", False),
        ("private", "person:jane", True),
        ("private", "person:carol", False),
    ],
)
def test_who_may_read(visibility: str, audience: str, allowed: bool) -> None:
    """jane works on it, and dave did before he left; it belongs to payments and to a team that is gone."""
    readers = Readers(Visibility(visibility), ("payments", "gone"), ("jane", "dave"))
    assert may_read(readers, _audience(audience), POLICY) is allowed


@pytest.mark.parametrize("said", ["privat", "Organization", "", "public", 7, True, ["organization"], {"a": 1}])
def test_what_is_no_visibility_counts_as_private(said: object) -> None:
    assert said_visibility(said) is Visibility.PRIVATE


def test_nothing_said_is_nothing_said() -> None:
    assert said_visibility(None) is None
    assert [said_visibility(one.value) for one in Visibility] == list(Visibility)


@pytest.mark.parametrize("text", ["organization", "team:payments", "person:bob"])
def test_an_audience_is_written_as_it_is_read(text: str) -> None:
    assert str(parse(text, POLICY)) == text
    assert parse("person:@bob", POLICY) == Audience(Circle.PERSON, "bob")
    assert parse("organization", POLICY) is ORGANIZATION


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("organisation", "organization"),
        ("", "write organization, team:NAME or person:HANDLE"),
        ("organization:x", "organization"),
        ("team", "write organization, team:NAME or person:HANDLE"),
        ("team:paymnts", "did you mean payments?"),
        ("team:zzz", "one of: payments, search"),
        ("person:bobb", "did you mean bob?"),
        ("person:dave", "out of use"),
        ("everybody", "write organization, team:NAME or person:HANDLE"),
    ],
)
def test_a_mistyped_audience_is_refused_with_what_was_meant(text: str, hint: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        parse(text, POLICY)
    assert hint in str(caught.value.hint)
    assert f"--audience {text}" in caught.value.message
