"""Which files a selection checks, and by what."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pmctl.document.comment import Message, MessageKind, message_id, written
from pmctl.errors import EnvironmentProblem, NotFound, UsageProblem
from pmctl.insight.validation import Selection, validations
from pmctl.workflow.fixing import fixed
from tests.rules.sample import source
from tests.team import AT, Team

DOC = "2024-01-15-payments-failed"


def checked(crew: Team, *what: str, staged: bool = False, directory: Path | None = None) -> list[str]:
    return [
        item.path for run in validations(directory or crew.top, Selection(what, staged, now=AT)) for item in run.items
    ]


def test_everything_an_id_a_path_or_a_folder(crew: Team) -> None:
    crew.new("jane", "Search was slow")
    both = [crew.path("2024-01-15-payments-failed"), crew.path("2024-01-15-search-was-slow")]
    assert checked(crew) == both
    assert checked(crew, "payments") == both[:1]
    assert checked(crew, both[1]) == both[1:]
    assert checked(crew, "postmortems/2024") == both
    assert checked(crew, Path(both[0]).name, directory=crew.top / "postmortems/2024") == both[:1]
    assert checked(crew, "payments", both[0]) == both[:1], "once"


def test_a_message_that_is_named_is_checked_as_one(crew: Team) -> None:
    at = datetime(2024, 1, 16, 9, tzinfo=UTC)
    names = [message_id(at, "bob", f"{number:06d}") for number in range(3)]
    folder = crew.top / f".pmctl/comments/{DOC}"
    folder.mkdir(parents=True)
    paths = [f".pmctl/comments/{DOC}/{name}.md" for name in names]
    for path, name in zip(paths, names, strict=True):
        good = written(Message(name, name, MessageKind.COMMENT, "bob", at, "Until when, @jane?"))
        (crew.top / path).write_bytes(good)
    (crew.top / paths[1]).write_bytes((crew.top / paths[1]).read_bytes().replace(b"kind: comment", b"kind: coment"))
    (crew.top / paths[2]).write_bytes((crew.top / paths[2]).read_bytes().replace(b"@jane", b"@jnae"))

    def found(*what: str, directory: Path | None = None) -> list[tuple[str, str]]:
        runs = validations(directory or crew.top, Selection(what, now=AT))
        assert not any(run.notes for run in runs)
        return [(one.code, one.path) for run in runs for one in run.findings if one.path.startswith(".pmctl")]

    assert found(paths[0]) == []
    assert found(paths[1]) == [("PM320", paths[1])]
    assert found(Path(paths[2]).name, directory=folder) == [("PM322", paths[2])]
    wrong = [("PM320", paths[1]), ("PM322", paths[2])]
    assert found(crew.path(DOC), *paths) == found(f".pmctl/comments/{DOC}") == found() == wrong
    (crew.top / paths[0]).write_bytes(b"\xff")
    assert found(paths[0]) != []
    (crew.top / paths[0]).write_bytes(b"x" * 1_000_000)
    assert found(paths[0]) == [("PM320", paths[0])]


def test_staged_is_what_the_index_holds(crew: Team) -> None:
    assert checked(crew, staged=True) == []
    crew.set_field(DOC, "urgency", "EXTREME")
    crew.git("add", "-A")
    crew.git("checkout", "-q", "HEAD", "--", "pmctl.yaml")
    (crew.top / crew.path(DOC)).write_bytes(crew.workspace.head.file(crew.path(DOC)) or b"")
    (found,) = validations(crew.top, Selection(staged=True, now=AT))
    assert found.failed and any("EXTREME" in finding.message for finding in found.findings)
    assert not any(run.failed for run in validations(crew.top, Selection(now=AT)))


def test_unknown_ids_and_codes(crew: Team) -> None:
    with pytest.raises(NotFound):
        checked(crew, "nothing-like-it")
    with pytest.raises(UsageProblem, match="--select: unknown code 'PM9999'"):
        validations(crew.top, Selection(select=("PM9999",), now=AT))
    with pytest.raises(UsageProblem, match="--ignore") as caught:
        validations(crew.top, Selection(ignore=("X1,X2",), now=AT))
    assert len(caught.value.details) == 1, "all of them are said"


def test_without_a_repository_a_file_can_be_checked(crew: Team, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "x.md").write_text("no front matter\n")
    (found,) = validations(alone, Selection(("x.md",), now=AT))
    assert [item.path for item in found.items] == ["x.md"] and found.failed
    for selection in (Selection(now=AT), Selection(staged=True, now=AT)):
        with pytest.raises(EnvironmentProblem, match="not inside a git repository"):
            validations(alone, selection)


def test_broken_settings_and_templates_are_findings_too(crew: Team) -> None:
    (crew.top / "pmctl.yaml").write_text("templat: x\nrules: {ignore: [PM8O2]}\n")
    (crew.top / ".pmctl/templates/broken.md").write_text("---\nname: [\n---\n")
    (found,) = validations(crew.top, Selection(now=AT))
    assert {finding.path for finding in found.general} >= {"pmctl.yaml", ".pmctl/templates/broken.md"}
    assert found.failed
    assert found.findings[: len(found.general)] == found.general, "they come first"


def test_results_are_kept_when_there_are_many(crew: Team) -> None:
    kept = crew.top / ".git/pmctl/validate-v1"
    few = validations(crew.top, Selection(now=AT))[0]
    assert not kept.exists(), "for a handful of documents a cache costs more than it saves"
    text = (crew.top / crew.path(DOC)).read_text()
    for number in range(20):
        name = f"{DOC}-{number}"
        (crew.top / crew.path(name)).write_text(text.replace(DOC, name).replace("| AI-", f"| AI-{number:02}"))
    first = validations(crew.top, Selection(now=AT))[0]
    assert list(kept.rglob("*.json"))
    assert validations(crew.top, Selection(now=AT))[0].findings == first.findings
    assert [one for one in first.findings if one.path == crew.path(DOC)] == list(few.findings)


def test_the_template_that_init_wrote_counts_until_it_is_changed(crew: Team) -> None:
    shipped = crew.top / ".pmctl/templates/default.md"
    before = validations(crew.top, Selection(now=AT))[0]
    assert before.context.own_templates == (), "nothing differs from what is shipped"
    shipped.write_text(shipped.read_text().replace("title: Impact", "title: Damage").replace("## Impact", "## Damage"))
    after = validations(crew.top, Selection(now=AT))[0]
    assert [template.name for template in after.context.own_templates or ()] == ["default"]
    assert [finding.message for finding in after.general if finding.code == "PM295"] == [
        f"section 'Damage' is required now, and {DOC} was written with this version",
        f"section 'Impact' is no longer required, and {DOC} was written with this version",
    ]


def test_what_is_wrong_with_triggers_is_said_too(crew: Team) -> None:
    (crew.top / "pmctl.yaml").write_text("triggers: {longer_than: soon, nonsense: 1}\n")
    (found,) = validations(crew.top, Selection(now=AT))
    assert [finding.code for finding in found.general] == ["PM190", "PM191"]


def test_attachments_are_no_postmortems_also_when_staged(crew: Team) -> None:
    folder = crew.top / crew.path(DOC).removesuffix(".md")
    folder.mkdir()
    (folder / "notes.md").write_text("# Notes\n")
    crew.git("add", "-A")
    assert checked(crew, staged=True) == []
    assert checked(crew) == [crew.path(DOC)]
    assert checked(crew, f"{crew.path(DOC).removesuffix('.md')}/notes.md"), "unless it is named"


def test_settings_templates_and_attachments_are_the_staged_ones_too(crew: Team) -> None:
    """What the work tree holds besides is not what will be committed."""
    crew.edit_text(DOC, lambda text: text.replace("## Summary\n", "## Summary\n\n![graph](graph.png)\n"))
    crew.git("add", "-A")
    folder = crew.top / crew.path(DOC).removesuffix(".md")
    folder.mkdir()
    (folder / "graph.png").write_bytes(b"png")
    (crew.top / "pmctl.yaml").write_text("rules: {ignore: [PM]}\n")
    (crew.top / ".pmctl/templates/broken.md").write_text("---\nname: [\n---\n")
    (crew.top / crew.path(DOC)).write_text((crew.top / crew.path(DOC)).read_text().replace("](", f"]({DOC}/"))

    def codes() -> set[str]:
        return {one.code for run in validations(crew.top, Selection(staged=True, now=AT)) for one in run.findings}

    assert "PM804" in codes()
    crew.git("add", crew.path(DOC))
    assert "PM804" in codes(), "the image is not staged"
    crew.git("add", str(folder))
    assert "PM804" not in codes()
    crew.git("add", "-A")
    assert codes() == {"PM020"}, "now the broken template is staged, and so is the setting that ignores the rest"


def test_staged_links_and_submodules_are_findings(crew: Team) -> None:
    (crew.top / "postmortems/2024/2024-02-01-link.md").symlink_to("2024-01-15-payments-failed.md")
    crew.git("add", "-A")
    crew.git("update-index", "--add", "--cacheinfo", f"160000,{crew.git('rev-parse', 'HEAD')},postmortems/2024/x.md")
    (found,) = validations(crew.top, Selection(staged=True, now=AT))
    assert [(one.code, one.message.split(";")[0]) for one in found.findings] == [
        ("AU501", "this is a symbolic link, not a regular file"),
        ("AU501", "this is a submodule, not a regular file"),
        ("PM030", "is a symbolic link"),
        ("PM030", "is a submodule"),
    ]


@pytest.fixture
def mono(tmp_path: Path) -> Path:
    """One repository with a root in `api team`, one in `web` and one within that, each with a setting of its own."""
    top = tmp_path / "mono"
    for root, rules in (("api team", "PM104"), ("web", "PM802"), ("web/inner", "PM1")):
        file = top / root / "postmortems/2024/2024-01-15-payment-api-outage.md"
        file.parent.mkdir(parents=True)
        file.write_text(source("urgency: VERY\n## Summary\n\nIt failed last week, 40 payments were lost."))
        (file.parent / file.stem).mkdir()
        (file.parent / file.stem / "notes.md").write_text("# Notes\n")
        (top / root / "pmctl.yaml").write_text(f"rules: {{ignore: [{rules}]}}\n")
    (top / "README.md").write_text("# Mono\n")
    subprocess.run(["git", "init", "-q"], cwd=top, check=True)
    subprocess.run(["git", "add", "-A"], cwd=top, check=True)
    return top


FILE = "postmortems/2024/2024-01-15-payment-api-outage.md"
EACH = {"api team/": {"PM802"}, "web/": {"PM104"}, "web/inner/": {"PM802"}}


def by_root(directory: Path, *what: str, staged: bool = False) -> dict[str, set[str]]:
    """Where each root is seen from `directory` -> the codes found in it; every root has checked its one document."""
    runs = validations(directory, Selection(what, staged, select=("PM104", "PM802"), now=AT))
    assert [[item.path for item in run.items] for run in runs] == [[FILE]] * len(runs)
    return {run.shown: {finding.code for finding in run.findings} for run in runs}


def test_each_file_is_judged_by_the_root_that_it_lies_in(mono: Path) -> None:
    files = [f"{root}{FILE}" for root in EACH]
    assert by_root(mono, *files) == EACH
    assert by_root(mono, *reversed(files)) == EACH
    assert by_root(mono, *(str(mono / file) for file in files)) == EACH
    assert by_root(mono / "web", FILE, f"../api team/{FILE}") == {"": {"PM104"}, "../api team/": {"PM802"}}
    assert by_root(mono / "web", f"inner/{FILE}") == {"inner/": {"PM802"}}
    assert by_root(mono, "api team", "web") == EACH
    assert by_root(mono / "web/postmortems/2024", Path(FILE).name) == {"": {"PM104"}}


def test_started_above_the_roots_all_of_them_are_checked(mono: Path) -> None:
    assert by_root(mono) == EACH
    assert by_root(mono, staged=True) == EACH
    assert by_root(mono / "web") == {"": {"PM104"}}
    assert by_root(mono / "web", staged=True) == {"": {"PM104"}, "inner/": {"PM802"}}
    subprocess.run(["git", "rm", "-q", "--cached", f"web/{FILE}", "web/pmctl.yaml"], cwd=mono, check=True)
    assert by_root(mono, staged=True) == {"api team/": {"PM802"}, "web/inner/": {"PM802"}}


def test_fixes_name_files_as_findings_do(mono: Path) -> None:
    """So that a diff shown above the roots can be applied there."""
    for root in ("api team", "web"):
        text = (mono / root / FILE).read_text()
        (mono / root / FILE).write_text(text.replace("| HIGH | OPEN |", "| high | OPEN |"))
    outcomes = [one for run in validations(mono, Selection(now=AT)) for one in fixed(run, write=True)]
    assert [one.path for one in outcomes] == [f"api team/{FILE}", f"web/{FILE}"]
    assert "+++ b/web/postmortems" in outcomes[1].diff
    assert "| HIGH | OPEN |" in (mono / "web" / FILE).read_text()


def test_started_above_no_root_at_all(mono: Path) -> None:
    subprocess.run(["git", "rm", "-q", "-f", "*pmctl.yaml"], cwd=mono, check=True)
    for selection in (Selection(now=AT), Selection(staged=True, now=AT)):
        with pytest.raises(EnvironmentProblem, match=r"no pmctl\.yaml"):
            validations(mono, selection)
    (found,) = validations(mono, Selection((f"web/{FILE}",), now=AT))
    assert [item.path for item in found.items] == [f"web/{FILE}"], "by the default rules"


def test_a_root_reached_through_a_symbolic_link(mono: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(mono / "web")
    assert by_root(tmp_path / "link", FILE) == {"": {"PM104"}}
    assert by_root(tmp_path / "link", str(tmp_path / "link" / FILE)) == {"": {"PM104"}}
    assert by_root(mono / "web", str(tmp_path / "link" / FILE)) == {"": {"PM104"}}


def test_a_submodule_is_a_repository_of_its_own(mono: Path, crew: Team) -> None:
    allowed = ("-c", "protocol.file.allow=always")
    subprocess.run(["git", *allowed, "submodule", "--quiet", "add", str(crew.top), "sub"], cwd=mono, check=True)
    runs = validations(mono, Selection((f"sub/{crew.path(DOC)}", f"web/{FILE}"), now=AT))
    assert [(run.shown, run.prefix) for run in runs] == [("sub/", ""), ("web/", "web/")]
    assert runs[0].context.people is not None, "its own policy is read"
