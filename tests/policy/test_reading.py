"""policy.yaml read strictly: every wrong field is one finding with its line, and nothing raises."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.policy.model import Key, Person, Policy, PublicRules, ReviewRules, find_key, person_by_email, person_by_key
from pmctl.policy.reading import SIZE_LIMIT, parse_policy
from pmctl.policy.writing import render_policy

ONE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPLtPjy3D1Uu7kkKEoUm8MpTmKC/ijJqgkJNtnZLhsLF"
TWO = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKyQvM9UF6bgAsQoCFMOk5V2IBtGDeEWBvRLK3HOWOKJ"
THREE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBmDxbRMYCH2OqSFqkKCmPFXmYFnRWmlQWmh9JZx6t8k"

TEXT = f"""version: 3
repository: "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
branch: main
people:
  jane:
    name: Jane Doe
    emails: [jane@example.com, Jane@Old.example]
    keys:
      - {{key: "{ONE} jane@laptop", status: active}}
  alice:
    name: Alice Liddell
    emails: [alice@example.com]
    keys:
      - {{key: "{TWO}", status: active}}
      - {{openpgp: "0123456789ABCDEF0123456789ABCDEF01234567", file: .pmctl/keys/alice.asc, status: retired}}
teams:
  payments: {{members: [jane]}}
admins: [alice]
review: {{approvals: 1, minimum: 1, self_approval: false, signatures: required, team: payments}}
publishers: [author, admins]
edits: signed
policy_threshold: 1
"""


def test_everything_is_read() -> None:
    policy, problems = parse_policy(TEXT.encode())
    assert problems == ()
    assert policy is not None
    assert (policy.version, policy.admins, policy.publishers) == (3, ("alice",), ("author", "admins"))
    assert policy.review == ReviewRules(approvals=1, minimum=1, self_approval=False, team="payments")
    assert policy.teams == {"payments": ("jane",)}
    assert person_by_email(policy, "JANE@old.example") == "jane"
    assert person_by_email(policy, "nobody@example.com") is None
    assert person_by_key(policy, ONE + " another comment") == "jane"
    assert find_key(policy, "openpgp 0123456789ABCDEF0123456789ABCDEF01234567").status == "retired"
    assert policy.digest.startswith("sha256:")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("version: 3", "version: three", 1, "whole number"),
        ("version: 3", "version: 0", 1, "whole number"),
        ("version: 3\n", "", 1, "no version"),
        ("branch: main\n", "", 1, "no branch"),
        ("branch: main", "branch: -x", 3, "not the name of a branch"),
        ("branch: main", "branch: a..b", 3, "not the name of a branch"),
        ('repository: "0f', 'repository: "0F', 2, "not 32 hex digits"),
        ("    name: Jane Doe\n", "    name: Jane Doe\n    kind: robot\n", 7, "kind of jane"),
        ("    name: Alice Liddell\n", "    name: Alice Liddell\n    kind: service\n", 19, "signs no policy"),
        ("admins: [alice]", "admins: []", 18, "nobody could ever"),
        ("admins: [alice]", "admins: [alcie]", 18, "not among the people"),
        ("admins: [alice]", "admins: alice", 18, "must be a list"),
        ("policy_threshold: 1", "policy_threshold: 2", 22, "only 1 admins"),
        ("policy_threshold", "policy_treshold", 22, "unknown key"),
        ("edits: signed", "edits: sined", 21, "one of"),
        ("publishers: [author, admins]", "publishers: []", 20, "nobody could publish"),
        ("publishers: [author, admins]", "publishers: [everybody]", 20, "one of"),
        ("approvals: 1", "approvals: 9", 19, "whole number"),
        ("minimum: 1", "minimum: 0", 19, "whole number"),
        ("self_approval: false", "self_approval: no", 19, "true or false"),
        ("signatures: required", "signatures: optional", 19, "one of"),
        ("team: payments", "team: payment", 19, "no team"),
        ("members: [jane]", "members: [jane, jane]", 17, "twice"),
        ("jane@example.com", "'*@example.com'", 7, "not an e-mail"),
        ("jane@example.com", "alice@example.com", 12, "belongs to jane"),
        (TWO, ONE, 14, "the key of jane already"),
        (TWO, "ssh-rsa AAAA", 14, "key of alice"),
        ("name: Jane Doe", "name: ''", 6, "needs a name"),
        ("name: Jane Doe", 'name: "Jane\\u200b Doe"', 6, "visible"),
        ("  jane:\n", "  j\u0430ne:\n", 5, "not made of"),
        ("status: active}\n  alice", "status: lost}\n  alice", 9, "one of"),
        ("status: retired", "status: compromised", 15, "since"),
        ("status: retired", "status: retired, since: abc", 15, "compromised keys only"),
        ("file: .pmctl/keys/alice.asc", "file: ../alice.asc", 15, "file"),
        ("ABCDEF01234567", "ABCDEF", 15, "full fingerprint"),
        ("edits: signed", "public: {reviews: 2}", 21, "whole number"),
        ("edits: signed", "public: {reviews: 1, team: payment}", 21, "no team"),
        ("edits: signed", "public: {team: payments}", 21, "reviews nothing"),
        ("edits: signed", "public: {organization: example.com}", 21, "go together"),
        ("edits: signed", f"public: {{organization: '*', keys: [{{key: {THREE}}}]}}", 21, "not a name"),
        ("edits: signed", f"public: {{organization: 'a b', keys: [{{key: {THREE}}}]}}", 21, "not a name"),
        ("edits: signed", f"public: {{keys: [{{key: {THREE}}}]}}", 21, "go together"),
        ("edits: signed", f"public: {{organization: x, keys: [{{key: {THREE}, status: retired}}]}}", 21, "go together"),
        ("edits: signed", f"public: {{organization: x, keys: [{{key: {ONE}}}]}}", 21, "a key of jane"),
        (
            "edits: signed",
            f"public: {{organization: x, keys: [{{key: {THREE}}}, {{key: {THREE}}}]}}",
            21,
            "organisation",
        ),
        (
            "edits: signed",
            "public: {organization: x, keys: [{openpgp: '" + "A" * 40 + "', file: .pmctl/keys/x.asc}]}",
            21,
            "SSH key",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, line: int, words: str) -> None:
    assert old in TEXT
    policy, problems = parse_policy(TEXT.replace(old, new, 1).encode())
    assert policy is None
    assert any(words in problem.message and abs(problem.line - line) <= 1 for problem in problems), problems
    assert {problem.code for problem in problems} == {"AU104"}


def test_a_slip_of_the_keyboard_gets_a_suggestion() -> None:
    _, problems = parse_policy(TEXT.replace("policy_threshold", "policy_treshold").encode())
    assert problems[0].fix == "did you mean policy_threshold?"


def test_look_alikes_are_warned_about() -> None:
    policy, problems = parse_policy(TEXT.replace("  jane:", "  a1ice:").replace("[jane]", "[a1ice]").encode())
    assert policy is not None
    assert ["look alike" in problem.message for problem in problems] == [True]


def test_too_large() -> None:
    assert parse_policy(b"#" * (SIZE_LIMIT + 1))[0] is None


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_bytes_never_raise(data: bytes) -> None:
    policy, problems = parse_policy(data)
    assert policy is None and problems


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(TEXT)), st.integers(0, 30), st.text(max_size=12))
def test_damaged_policies_never_raise(at: int, length: int, text: str) -> None:
    policy, problems = parse_policy((TEXT[:at] + text + TEXT[at + length :]).encode("utf-8", "surrogatepass"))
    assert policy is not None or problems


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=40).filter(
    lambda name: name.strip() == name and name.isprintable()
)


@settings(max_examples=200, deadline=None)
@given(NAMES, st.sampled_from([None, 1, 2]), st.booleans())
def test_what_is_rendered_reads_back(name: str, approvals: int | None, own: bool) -> None:
    people = {
        "alice": Person("alice", name, ("alice@example.com",), (Key(ONE), Key(TWO, "retired"))),
        "yes": Person("yes", "Somebody Else"),
    }
    policy = Policy(
        7, people, {"core": ("alice", "yes")}, ("alice",), ReviewRules(approvals, 1, own),
        repository="12" * 16, branch="release/1.0", public=PublicRules(1, "core", "example.com", (Key(THREE),)),
    )  # fmt: skip
    found, problems = parse_policy(render_policy(policy))
    assert found is not None, problems
    assert (found.version, found.teams, found.review) == (7, policy.teams, policy.review)
    assert (found.repository, found.branch) == (policy.repository, policy.branch)
    assert found.public._replace(keys=()) == policy.public._replace(keys=())
    assert found.public.active_keys == (THREE,)
    assert found.people["alice"].name == name
    assert [(key.id, key.status) for key in found.people["alice"].keys] == [(ONE, "active"), (TWO, "retired")]
