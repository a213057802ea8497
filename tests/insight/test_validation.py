"""Which files a selection checks, and by what."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmctl.errors import EnvironmentProblem, NotFound, UsageProblem
from pmctl.insight.validation import Selection, validation
from tests.property.team import AT, Team

DOC = "2024-01-15-payments-failed"


def checked(crew: Team, *what: str, staged: bool = False, directory: Path | None = None) -> list[str]:
    return [item.path for item in validation(directory or crew.top, Selection(what, staged, now=AT)).items]


def test_everything_an_id_a_path_or_a_folder(crew: Team) -> None:
    crew.new("jane", "Search was slow")
    both = [crew.path("2024-01-15-payments-failed"), crew.path("2024-01-15-search-was-slow")]
    assert checked(crew) == both
    assert checked(crew, "payments") == both[:1]
    assert checked(crew, both[1]) == both[1:]
    assert checked(crew, "postmortems/2024") == both
    assert checked(crew, Path(both[0]).name, directory=crew.top / "postmortems/2024") == both[:1]
    assert checked(crew, "payments", both[0]) == both[:1], "once"


def test_staged_is_what_the_index_holds(crew: Team) -> None:
    assert checked(crew, staged=True) == []
    crew.set_field(DOC, "urgency", "EXTREME")
    crew.git("add", "-A")
    crew.git("checkout", "-q", "HEAD", "--", "pmctl.yaml")
    (crew.top / crew.path(DOC)).write_bytes(crew.workspace.at_head(crew.path(DOC)) or b"")
    found = validation(crew.top, Selection(staged=True, now=AT))
    assert found.failed and any("EXTREME" in finding.message for finding in found.findings)
    assert not validation(crew.top, Selection(now=AT)).failed


def test_unknown_ids_and_codes(crew: Team) -> None:
    with pytest.raises(NotFound):
        checked(crew, "nothing-like-it")
    with pytest.raises(UsageProblem, match="--select: unknown code 'PM9999'"):
        validation(crew.top, Selection(select=("PM9999",), now=AT))
    with pytest.raises(UsageProblem, match="--ignore") as caught:
        validation(crew.top, Selection(ignore=("X1,X2",), now=AT))
    assert len(caught.value.details) == 1, "all of them are said"


def test_without_a_repository_a_file_can_be_checked(crew: Team, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "x.md").write_text("no front matter\n")
    found = validation(alone, Selection(("x.md",), now=AT))
    assert [item.path for item in found.items] == ["x.md"] and found.failed
    for selection in (Selection(now=AT), Selection(staged=True, now=AT)):
        with pytest.raises(EnvironmentProblem, match="not inside a git repository"):
            validation(alone, selection)


def test_broken_settings_and_templates_are_findings_too(crew: Team) -> None:
    (crew.top / "pmctl.yaml").write_text("templat: x\nrules: {ignore: [PM8O2]}\n")
    (crew.top / ".pmctl/templates/broken.md").write_text("---\nname: [\n---\n")
    found = validation(crew.top, Selection(now=AT))
    assert {finding.path for finding in found.general} >= {"pmctl.yaml", ".pmctl/templates/broken.md"}
    assert found.failed
    assert found.findings[: len(found.general)] == found.general, "they come first"


def test_results_are_kept_when_there_are_many(crew: Team) -> None:
    kept = crew.top / ".git/pmctl/validate-v1"
    few = validation(crew.top, Selection(now=AT))
    assert not kept.exists(), "for a handful of documents a cache costs more than it saves"
    text = (crew.top / crew.path(DOC)).read_text()
    for number in range(20):
        name = f"{DOC}-{number}"
        (crew.top / crew.path(name)).write_text(text.replace(DOC, name))
    first = validation(crew.top, Selection(now=AT))
    assert list(kept.rglob("*.json"))
    assert validation(crew.top, Selection(now=AT)).findings == first.findings
    assert [one for one in first.findings if one.path == crew.path(DOC)] == list(few.findings)


def test_the_template_that_init_wrote_counts_until_it_is_changed(crew: Team) -> None:
    shipped = crew.top / ".pmctl/templates/default.md"
    before = validation(crew.top, Selection(now=AT))
    assert before.context.own_templates == (), "nothing differs from what is shipped"
    shipped.write_text(shipped.read_text().replace("title: Impact", "title: Damage").replace("## Impact", "## Damage"))
    after = validation(crew.top, Selection(now=AT))
    assert [template.name for template in after.context.own_templates or ()] == ["default"]
    assert {finding.code for finding in after.findings} - {finding.code for finding in before.findings}
