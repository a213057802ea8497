"""An organisation's template files: found, listed, started, checked; a broken one never hides the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmctl.document.template_file import builtin
from pmctl.document.template_library import parse_templates
from pmctl.document.templates import BUILTIN_NAMES, MAX_TEMPLATES, builtin_source
from pmctl.errors import NotFound, Refused, UsageProblem
from pmctl.repository.workspace import TEMPLATES as FOLDER
from pmctl.repository.workspace import template_files
from pmctl.workflow.template import find, following, listing, load, new, source, summary
from pmctl.workflow.template_check import check


def store(root: Path, **files: str) -> None:
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name.replace('_at_', '@')}.md").write_text(text, encoding="utf-8")


def test_a_repository_without_templates_has_the_shipped_ones(tmp_path: Path) -> None:
    assert load(tmp_path) == ((), ())
    assert [line.name for line in listing(())] == list(BUILTIN_NAMES)
    assert source("security", (), {}) == builtin_source("security")


def test_a_broken_template_does_not_hide_the_others(tmp_path: Path) -> None:
    store(tmp_path, broken="---\nname: [\n---\n", api="---\nname: api\nversion: 2\n---\n## Summary\n",
          api_at_1="---\nname: api\n---\n## Old\n", copy="---\nname: api\nversion: 2\n---\n")  # fmt: skip
    (tmp_path / FOLDER / "dir.md").mkdir()
    (tmp_path / FOLDER / "link.md").symlink_to("/etc/passwd")
    own, findings = load(tmp_path)
    assert [template.reference for template in own] == ["api@2", "api@1"]
    found = {(finding.path.rpartition("/")[2], finding.code) for finding in findings}
    assert {("dir.md", "PM030"), ("link.md", "PM030"), ("copy.md", "PM293"), ("copy.md", "PM281")} <= found
    assert any(path == "broken.md" and code.startswith("PM0") for path, code in found)
    assert all(finding.fix for finding in findings)


def test_more_templates_than_the_limit_are_said_not_to_be_read(tmp_path: Path) -> None:
    store(tmp_path, **{f"t{number:03}": f"---\nname: t{number:03}\n---\n" for number in range(MAX_TEMPLATES + 3)})
    own, findings = load(tmp_path)
    assert len(own) == MAX_TEMPLATES
    assert [(finding.code, finding.path) for finding in findings] == [("PM281", f"{FOLDER}/t200.md")]


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    store(tmp_path, huge="---\nname: huge\n---\n" + "x" * 3_000_000)
    (finding,) = load(tmp_path)[1]
    assert (finding.code, finding.fix) == ("PM003", "a template is a page or two of text")
    assert len(template_files(tmp_path)[0][f"{FOLDER}/huge.md"]) < 1_100_000


def test_for_other_commands_each_file_is_one_line() -> None:
    _, findings = parse_templates(
        {f"{FOLDER}/a.md": b"---\nname: b\nverion: 1\nversion: x\n---\n", f"{FOLDER}/c.md": b""}
    )
    assert summary(findings) == (
        ".pmctl/templates/a.md:2:7: PM281 the file is called a.md but declares b@1, and 2 more (pmctl template check)",
        ".pmctl/templates/c.md:1:1: PM010 no front matter (pmctl template check)",
    )


def test_listing_shows_each_version_conditions_and_origin() -> None:
    text = (
        "---\nname: default\nversion: 2\ndescription: Ours\n"
        "applies_to: {severity: [SEV1, SEV2], services: [pay*]}\n---\n"
    )
    own, _ = parse_templates({f"{FOLDER}/default.md": text.encode()})
    lines = {(line.name, line.version): line for line in listing(own)}
    ours = lines["default", 2]
    assert (ours.applies, ours.description) == ("severity SEV1 or SEV2; service pay*", "Ours")
    assert ours.path == f"{FOLDER}/default.md"
    assert lines["default", 1].path == ""


def test_a_template_is_found_by_name_and_version() -> None:
    own, _ = parse_templates(
        {f"{FOLDER}/default.md": b"---\nname: default\nversion: 2\n---\n", f"{FOLDER}/api.md": b"---\nname: api\n---\n"}
    )
    assert find("default", own).version == 2
    assert find("default@1", own) == builtin("default")
    assert find("api", own).path == f"{FOLDER}/api.md"
    with pytest.raises(NotFound) as caught:
        find("defalt", own)
    assert caught.value.details == ("default",)
    for name in ("default@3", "api@x", "", "../api"):
        with pytest.raises(NotFound):
            find(name, own)


def test_a_new_template_starts_as_a_sound_copy(tmp_path: Path) -> None:
    path, data = new("api-outage", (), {}, tmp_path, base="security")
    assert path == f"{FOLDER}/api-outage.md"
    assert check(data, path) == ()
    assert data == builtin_source("security").replace(b"name: security", b"name: api-outage", 1)
    store(tmp_path, api="---\nversion: 7\nname: api # ours\n---\n## Summary\n", broken="---\nname: [\n---\n")
    own, files = load(tmp_path)[0], template_files(tmp_path)[0]
    assert new("web", own, files, tmp_path, base="api")[1] == b"---\nversion: 1\nname: web # ours\n---\n## Summary\n"
    for name in ("api", "broken"):
        with pytest.raises(Refused, match="already") as caught:
            new(name, own, files, tmp_path)
        assert caught.value.hint.startswith(f"pmctl template new {name} --next")
    for name in ("Api", "../x", "", "a b"):
        with pytest.raises(UsageProblem):
            new(name, own, files, tmp_path)
    with pytest.raises(NotFound):
        new("other", own, files, tmp_path, base="nothing")


def test_the_next_version_keeps_the_present_one(tmp_path: Path) -> None:
    first = "---\r\nname: api # ours\r\n---\r\n## Summary\r\n"
    store(tmp_path, api=first)
    number, files = following("api", load(tmp_path)[0], template_files(tmp_path)[0])
    kept = first.encode().replace(b"\r\r", b"\r")
    assert number == 2
    assert files == {f"{FOLDER}/api.md": b"---\r\nversion: 2\r\n" + kept[5:], f"{FOLDER}/api@1.md": kept}
    own, findings = parse_templates(files)
    assert ([template.reference for template in own], findings) == (["api@2", "api@1"], ())
    number, files = following("api", own, files)
    assert (number, sorted(files)) == (3, [f"{FOLDER}/api.md", f"{FOLDER}/api@2.md"])
    assert b"version: 3\r\n" in files[f"{FOLDER}/api.md"]


def test_the_next_version_writes_over_nothing() -> None:
    first = b"---\nname: api\n---\n## Summary\n"
    files = {f"{FOLDER}/api.md": first, f"{FOLDER}/api@1.md": first}
    with pytest.raises(Refused, match="is there already"):
        following("api", parse_templates(files)[0], files)


def test_the_next_version_of_a_shipped_template_needs_no_copy_of_the_first() -> None:
    number, files = following("lightweight", (), {})
    assert (number, list(files)) == (2, [f"{FOLDER}/lightweight.md"])
    assert check(files[f"{FOLDER}/lightweight.md"], f"{FOLDER}/lightweight.md") == ()


def test_the_next_version_goes_on_from_the_file_without_a_number() -> None:
    second = b"---\nname: api\nversion: 2\n---\n## Summary\n"
    own, _ = parse_templates({f"{FOLDER}/api@2.md": second})
    with pytest.raises(Refused, match="kept as"):
        following("api", own, {f"{FOLDER}/api@2.md": second})
    own, _ = parse_templates({f"{FOLDER}/api.md": b"---\nname: api\nversion: 9999\n---\n"})
    with pytest.raises(Refused, match="are the most"):
        following("api", own, {f"{FOLDER}/api.md": b"---\nname: api\nversion: 9999\n---\n"})
    with pytest.raises(NotFound):
        following("nonesuch", own, {})


@pytest.mark.parametrize("name", BUILTIN_NAMES)
def test_the_shipped_templates_pass_the_check(name: str) -> None:
    assert check(builtin_source(name), f"{name}.md") == ()


HEAD = "---\nname: a\nsections: [Summary, Action Items]\n---\n"
ITEMS = "## Action Items\n\n<!-- What? -->\n"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (HEAD + ITEMS + "## Summary\n<!-- x -->\n", "PM286", 8),
        (HEAD + "## Summary\n\n" + ITEMS, "PM287", 5),
        (HEAD + "## Summary\n{{ nope }}\n" + ITEMS, "PM290", 6),
        (HEAD + "## Summary\n{% if title %}\n" + ITEMS, "PM290", 7),
        (HEAD + "## Summary\nx\n" + ITEMS + "| Action | Owner | Due Date | Priority |\n|-|-|-|-|\n", "PM291", 10),
        (HEAD + "## Summary\nx\n" + ITEMS + "\n<!-- open\n", "PM292", 11),
        (HEAD + "## Summary\nx\n" + ITEMS + "a <!-- open\n\nb -->\n", "PM292", 10),
        (HEAD + "## Summary\nx\n{% if severity %}\n" + ITEMS + "{% endif %}\n", "PM294", 8),
        (HEAD + "## Summary\nx\n{% if severity != 'SEV3' %}\n" + ITEMS + "{% endif %}\n", "PM294", 8),
        (HEAD + "## Summary\nx\n{% for tag in tags %}\n" + ITEMS + "{% endfor %}\n", "PM294", 8),
    ],
)
def test_the_check_finds_it_at_its_line(text: str, code: str, line: int) -> None:
    assert (code, line) in {(finding.code, finding.line) for finding in check(text.encode(), f"{FOLDER}/a.md")}


def test_every_mistake_in_jinja_is_found_at_once() -> None:
    head = "---\nname: a\nsections: [Summary, {title: Cost, text: '{{ fields.cost }}'}]\n---\n"
    text = head + "## Summary\n\n{{ tilte }}\n\n{{ title|e }} {% set x = 1 %}\n"
    findings = check(text.encode(), f"{FOLDER}/a.md")
    assert [(finding.code, finding.line, finding.fix.split("?")[0]) for finding in findings] == [
        ("PM290", 3, "pmctl explain PM290 lists what a template may use"),
        ("PM290", 7, "did you mean title"),
        ("PM290", 9, "pmctl explain PM290 lists what a template may use"),
        ("PM290", 9, "pmctl explain PM290 lists what a template may use"),
    ]


def test_a_required_section_in_every_branch_is_always_there() -> None:
    text = HEAD + "## Summary\nx\n{% if severity %}\n" + ITEMS + "{% else %}\n" + ITEMS + "{% endif %}\n"
    assert [finding.code for finding in check(text.encode(), f"{FOLDER}/a.md")] == ["PM284"]  # the body has it twice


def test_comments_in_code_are_no_prompts_to_be_closed() -> None:
    text = HEAD + "## Summary\n<!-- x -->\n```\n<!-- a\n\nb\n```\n`<!-- c` \\<!-- d\n\n" + ITEMS
    assert check(text.encode(), f"{FOLDER}/a.md") == ()


def test_a_severity_that_no_incident_has_is_found() -> None:
    text = "---\nname: a\napplies_to: {severity: [SEV1, sev9]}\n---\n## Summary\n<!-- x -->\n"
    (finding,) = check(text.encode(), f"{FOLDER}/a.md", severities=("SEV1", "SEV2"))
    assert (finding.code, finding.line, finding.message.split("'")[1]) == ("PM288", 3, "sev9")
    assert check(text.encode(), f"{FOLDER}/a.md") == ()


def test_a_sound_template_of_one_s_own_has_no_findings() -> None:
    text = (
        HEAD
        + "## Summary\n<!-- {{ title }}? -->\n"
        + ITEMS
        + "| Action | Owner | Due | Priority | Status |\n|-|-|-|-|-|\n"
    )
    assert check(text.encode(), f"{FOLDER}/a.md") == ()
