"""Edits of policy.yaml touch the lines that they mean and keep everything else, comments included."""

from __future__ import annotations

import pytest

from pmctl.errors import BadInput
from pmctl.policy.model import Key, Person
from pmctl.policy.reading import parse_policy
from pmctl.policy.writing import add_key, add_person, set_key_status, set_version

from .test_reading import ONE, TEXT, TWO

THREE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS"
COMMENTED = TEXT.replace("  jane:\n", "  # the first of us\n  jane:\n").replace("edits: signed", "edits: signed  # yes")


def changed_lines(before: bytes, after: bytes) -> tuple[list[bytes], list[bytes]]:
    old, new = before.splitlines(), after.splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


def test_version() -> None:
    after = set_version(COMMENTED.encode(), 4)
    assert changed_lines(COMMENTED.encode(), after) == ([b"version: 3"], [b"version: 4"])


def test_a_person() -> None:
    after = add_person(COMMENTED.encode(), Person("bob", "Bob", ("bob@example.com",), (Key(THREE),)))
    gone, come = changed_lines(COMMENTED.encode(), after)
    assert gone == []
    assert come[0] == b"  bob:"
    policy, _ = parse_policy(after)
    assert policy is not None and list(policy.people) == ["jane", "alice", "bob"]
    with pytest.raises(BadInput):
        add_person(after, Person("bob", "Bob"))


def test_a_key() -> None:
    after = add_key(COMMENTED.encode(), "jane", Key(THREE))
    policy, _ = parse_policy(after)
    assert policy is not None
    assert [key.id for key in policy.people["jane"].keys] == [ONE, THREE]
    assert changed_lines(COMMENTED.encode(), after)[0] == []


def test_the_status_of_a_key() -> None:
    data = COMMENTED.encode()
    after = set_key_status(data, "jane", ONE, "compromised", "1" * 40)
    policy, _ = parse_policy(after)
    assert policy is not None
    assert [(key.status, key.since) for key in policy.people["jane"].keys] == [("compromised", "1" * 40)]
    gone, come = changed_lines(data, after)
    assert (len(gone), len(come)) == (1, 1)


def test_an_edit_that_locks_everybody_out_is_refused() -> None:
    with pytest.raises(BadInput) as caught:
        set_key_status(COMMENTED.encode(), "alice", TWO, "retired")
    assert "nobody could ever" in " ".join(caught.value.details)
