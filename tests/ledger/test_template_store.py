"""The audit finds a version of a template that asks for something else than before, in the step that brings it."""

from __future__ import annotations

import pytest

from pmctl.ledger.audit import audit
from tests.team import Team

MINI = "---\nname: mini\nsections:\n  - {title: Summary, required: true}\n---\n\n## Summary\n\n<!-- What? -->\n"
PATH = ".pmctl/templates/mini.md"
MORE = MINI.replace("---\n\n##", "  - {title: Costs, required: true, prompt: 'Well?'}\n---\n\n##", 1)


def write(crew: Team, text: str) -> str:
    (crew.top / PATH).write_text(text)
    return crew.commit_all("Change mini")


def found(crew: Team) -> list[tuple[str, str, str]]:
    findings = audit(crew.workspace.repo).findings
    return [(one.commit, one.path, one.message) for one in findings if one.code == "AU506"]


@pytest.fixture
def doc(crew: Team) -> str:
    """A postmortem that records the template, which nobody used when it last changed."""
    write(crew, MINI)
    write(crew, MORE)
    write(crew, MINI)
    name = crew.new("jane", "Second")
    crew.set_field(name, "template", "mini")
    crew.commit_all("Use mini")
    assert found(crew) == []
    return name


def test_a_version_that_asks_for_more_or_less(crew: Team, doc: str) -> None:
    more = write(crew, MORE)
    less = write(crew, MINI)
    assert found(crew) == [
        (more, PATH, f"template mini@1: section 'Costs' is required now, and {doc} was written with this version"),
        (
            less,
            PATH,
            f"template mini@1: section 'Costs' is no longer required, and {doc} was written with this version",
        ),
    ]
    report = audit(crew.workspace.repo)
    assert not report.passed, "it is an error, in every clone and on the server"


def test_what_asks_nothing_may_change(crew: Team, doc: str) -> None:
    write(crew, MINI.replace("What?", "What happened?").replace("name: mini", "name: mini\ndescription: Small."))
    write(crew, MINI.replace("---\n\n##", "  - {title: Notes, required: false, prompt: Why}\n---\n\n##", 1))
    assert found(crew) == []


def test_the_next_version_beside_the_one_before(crew: Team, doc: str) -> None:
    (crew.top / PATH.replace("mini", "mini@1")).write_text(MINI)
    write(crew, MORE.replace("name: mini", "name: mini\nversion: 2"))
    assert found(crew) == []


@pytest.mark.parametrize("text", ["", "---\nname: [\n---\n", MORE.replace("name: mini", "name: mini\nversion: 2")])
def test_a_version_that_is_gone(crew: Team, doc: str, text: str) -> None:
    (crew.top / PATH).unlink()
    commit = write(crew, text) if text else crew.commit_all("Drop mini")
    assert found(crew) == [(commit, PATH, f"template mini@1 is gone, and {doc} was written with this version")]


def test_a_merge_is_one_step(crew: Team, doc: str) -> None:
    crew.git("checkout", "-q", "-b", "side")
    write(crew, MORE)
    write(crew, MINI.replace("What?", "What happened?"))
    crew.git("checkout", "-q", "main")
    (crew.top / "a.txt").write_text("x\n")
    crew.commit_all("Note")
    crew.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    assert found(crew) == [], "the protected branch never held another version"
