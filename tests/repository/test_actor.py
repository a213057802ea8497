"""Who acts: by the key that git signs with and the e-mail that it commits with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pmctl import git
from pmctl.errors import EnvironmentProblem, NotFound, Refused
from pmctl.repository.actor import identify, require_identity
from pmctl.surroundings import Surroundings
from tests import world
from tests.team import Team, public, set_identity


def sit_down(crew: Team, email: str, key: str) -> None:
    """Let git commit with that address and sign with that person's key."""
    set_identity(crew.top, email.partition("@")[0])
    file = str(world.key_folder() / key) if key else ""
    config = {"user.email": email, "gpg.format": "ssh", "user.signingkey": file}
    for name, value in config.items():
        git.run(crew.top, "config", name, value, reading=False)


@pytest.mark.parametrize(("email", "key"), [("jane@example.com", "jane"), ("JANE@example.com", "jane")])
def test_key_and_address_name_the_same_person(crew: Team, email: str, key: str) -> None:
    sit_down(crew, email, key)
    assert identify(crew.repo, crew.workspace.policy, Surroundings(os.environ, Path.home())).handle == "jane"


def test_the_key_decides_when_the_address_is_unknown(crew: Team) -> None:
    sit_down(crew, "jane@elsewhere.example", "jane")
    assert identify(crew.repo, crew.workspace.policy, Surroundings(os.environ, Path.home())).handle == "jane"


@pytest.mark.parametrize(
    ("email", "key", "handle", "error", "says"),
    [
        ("bob@example.com", "jane", "", Refused, "commits as bob but signs with the key of jane"),
        ("jane@example.com", "mallory", "", Refused, "not one of jane's keys"),
        ("mallory@example.com", "mallory", "", Refused, "nobody in the policy has the e-mail mallory@example.com"),
        ("jane@example.com", "jane", "alice", Refused, "not one of alice's keys"),
        ("jane@example.com", "jane", "janet", NotFound, "janet is not in the policy"),
        ("jane@example.com", "no-such-key", "", EnvironmentProblem, "there is no key at"),
        ("jane@example.com", "", "", EnvironmentProblem, "no SSH key to sign with"),
    ],
)
def test_when_they_do_not_fit_nobody_acts(
    crew: Team, email: str, key: str, handle: str, error: type[Exception], says: str
) -> None:
    sit_down(crew, email, key)
    with pytest.raises(error, match=says) as caught:
        identify(crew.repo, crew.workspace.policy, Surroundings(os.environ, Path.home()), handle)
    assert getattr(caught.value, "hint", ""), "and there is a next step"


def test_retired_key_is_refused(crew: Team) -> None:
    from pmctl.policy.model import Key
    from pmctl.workflow import given_keys, people
    from tests.team import AT

    given = [given_keys.GivenKey(Key(public("bob", 2)))]
    people.rotate(crew.workspace, crew.actor("alice"), "bob", given, at=AT)
    sit_down(crew, "bob@example.com", "bob")
    with pytest.raises(Refused, match="is retired"):
        identify(crew.repo, crew.workspace.policy, Surroundings(os.environ, Path.home()))
    sit_down(crew, "bob@example.com", "bob-2")
    assert identify(crew.repo, crew.workspace.policy, Surroundings(os.environ, Path.home())).handle == "bob"


def test_git_must_know_who_commits() -> None:
    assert require_identity({"user.name": "Jane", "user.email": "j@example.com"}) == ("Jane", "j@example.com")
    with pytest.raises(EnvironmentProblem, match="does not know who you are"):
        require_identity({"user.name": " ", "user.email": "j@example.com"})
