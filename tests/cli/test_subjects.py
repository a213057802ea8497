"""The first line of every commit that an act makes: who or what, in the imperative, as `git log --oneline` shows it."""

from __future__ import annotations

from collections.abc import Callable

from tests.cli.play import ID, Play


def subjects(play: Play, count: int) -> list[str]:
    """The latest ones, oldest first, with the postmortem's id as ID."""
    return play.git("log", f"-{count}", "--reverse", "--format=%s").replace(ID, "ID").splitlines()


def test_of_a_postmortem(play: Callable[[str], Play]) -> None:
    stage = play("draft")
    for person, line in (
        ("jane", f"submit {ID} -r bob"),
        ("jane", f"submit {ID} -r alice"),
        ("jane", f"submit {ID} --editor bob"),
        ("bob", f"request-changes {ID} -m 'Which alert?'"),
        ("jane", f"submit {ID} -r bob"),
        ("jane", f"withdraw {ID}"),
        ("jane", f"submit {ID} -r bob"),
        ("bob", f"approve {ID}"),
        ("jane", f"publish {ID}"),
        ("jane", f"actions add {ID} 'Page earlier' --owner bob --due 2999-01-01 --priority HIGH"),
        ("alice", f"archive {ID}"),
        ("alice", f"reopen {ID} -m 'More is known'"),
        ("alice", f"delete {ID} -m 'A test'"),
        ("bob", "incident dismiss pagerduty:PX --because no-learning -m 'A test'"),
        ("bob", "new 'Search was slow' --date 2024-01-16"),
    ):
        stage.do(person, f"pmctl {line}")
    assert subjects(stage, 15) == [
        "Submit ID to bob",
        "Ask alice to review ID",
        "Let bob edit ID",
        "Request changes to ID",
        "Submit ID to bob",
        "Withdraw ID",
        "Submit ID to bob",
        "Approve ID",
        "Publish ID",
        "Add an action item to ID",
        "Archive ID",
        "Reopen ID",
        "Delete ID",
        "Dismiss pagerduty:PX",
        "Draft 2024-01-16-search-was-slow",
    ]


def test_of_people(play: Callable[[str], Play]) -> None:
    stage = play("team")
    stage.do("bob", "for name in a b c; do ssh-keygen -q -t ed25519 -N '' -f ../$name; done")
    for line in (
        "add carol --name 'Carol Doe' --email carol@example.com --key ../a.pub --admin",
        "add ci --name CI --kind service",
        "change carol --email cd@example.com",
        "change carol --team web --team api",
        "change carol --leave web",
        "change carol --no-admin",
        "change carol --admin --team web",
        "rotate carol --key ../b.pub",
        "rotate carol --key ../c.pub --keep",
        "revoke carol --compromised-since HEAD --key $(ssh-keygen -lf ../b.pub | cut -d' ' -f2)",
        "revoke carol",
    ):
        stage.do("alice", f"pmctl people {line}")
    stage.git("branch", "trunk")
    stage.do("alice", "pmctl policy branch trunk")
    stage.do("alice", "pmctl policy baseline -m 'As found'")
    stage.do("alice", "pmctl policy move docs")
    assert subjects(stage, 14) == [
        "Add carol to the people as an admin (policy 4)",
        "Add ci to the people (policy 5)",
        "Change the addresses of carol (policy 6)",
        "Put carol into web and api (policy 7)",
        "Take carol out of web (policy 8)",
        "Make carol no admin any more (policy 9)",
        "Change what the policy says of carol (policy 10)",
        "Give carol a new key (policy 11)",
        "Give carol a further key (policy 12)",
        "Declare a key of carol stolen (policy 13)",
        "Revoke the keys of carol (policy 14)",
        "Protect the branch trunk (policy 15)",
        "Accept the history so far as found (0 postmortems)",
        "Let the pmctl root move from the top to docs",
    ]


def test_of_a_policy_that_several_sign(play: Callable[[str], Play]) -> None:
    """A proposal says what it would change, and the signature that completes it who signed before."""
    stage = play("team")
    stage.do("alice", "pmctl people change bob --admin && pmctl people change jane --admin")
    stage.do("alice", "sed -i 's/^version: 5/version: 6/; s/^\\(policy_threshold\\): 1/\\1: 3/' .pmctl/policy.yaml")
    stage.do("alice", "pmctl policy sign && git switch -qc policy-7")
    stage.do("alice", "pmctl people add carol --name 'Carol Doe' --email carol@example.com")
    stage.do("bob", "pmctl policy sign")
    stage.do("jane", "pmctl policy sign")
    assert subjects(stage, 5) == [
        "Make jane an admin (policy 5)",
        "Change the policy to version 6",
        "Propose policy 7: add carol to the people",
        "Sign the proposed policy 7",
        "Bring policy 7 into force, signed before by alice and bob",
    ]
