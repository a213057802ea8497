"""An organisation's template files: found, listed, started, checked; a broken one never hides the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmctl.document.template_library import builtin, parse_templates
from pmctl.document.templates import BUILTIN_NAMES, builtin_source
from pmctl.errors import NotFound, Refused, UsageProblem
from pmctl.workflow.template import FOLDER, check, find, listing, load, new, source


def store(root: Path, **files: str) -> None:
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name.replace('_at_', '@')}.md").write_text(text, encoding="utf-8")


def test_a_repository_without_templates_has_the_shipped_ones(tmp_path: Path) -> None:
    assert load(tmp_path) == ((), ())
    assert [line.name for line in listing(())] == list(BUILTIN_NAMES)
    assert source("security", (), tmp_path) == builtin_source("security")


def test_a_broken_template_does_not_hide_the_others(tmp_path: Path) -> None:
    store(tmp_path, broken="---\nname: [\n---\n", api="---\nname: api\nversion: 2\n---\n## Summary\n",
          api_at_1="---\nname: api\n---\n## Old\n", copy="---\nname: api\nversion: 2\n---\n")  # fmt: skip
    (tmp_path / FOLDER / "dir.md").mkdir()
    (tmp_path / FOLDER / "link.md").symlink_to("/etc/passwd")
    own, findings = load(tmp_path)
    assert [template.reference for template in own] == ["api@2", "api"]
    found = {(finding.path.rpartition("/")[2], finding.code) for finding in findings}
    assert {("dir.md", "PM030"), ("link.md", "PM030"), ("copy.md", "PM293"), ("copy.md", "PM281")} <= found
    assert any(path == "broken.md" and code.startswith("PM0") for path, code in found)


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
    path, data = new("api-outage", (), tmp_path, base="security")
    assert path == f"{FOLDER}/api-outage.md"
    assert check(data, path) == ()
    assert data == builtin_source("security").replace(b"name: security", b"name: api-outage", 1)
    store(tmp_path, api="---\nversion: 7\nname: api # ours\n---\n## Summary\n")
    own, _ = load(tmp_path)
    assert new("web", own, tmp_path, base="api")[1] == b"---\nversion: 1\nname: web # ours\n---\n## Summary\n"
    with pytest.raises(Refused):
        new("api", own, tmp_path)
    for name in ("Api", "../x", "", "a b"):
        with pytest.raises(UsageProblem):
            new(name, own, tmp_path)
    with pytest.raises(NotFound):
        new("other", own, tmp_path, base="nothing")


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
        (HEAD + "## Summary\nx\n{% if severity %}\n" + ITEMS + "{% endif %}\n", "PM294", 1),
    ],
)
def test_the_check_finds_it_at_its_line(text: str, code: str, line: int) -> None:
    assert (code, line) in {(finding.code, finding.line) for finding in check(text.encode(), f"{FOLDER}/a.md")}


def test_a_sound_template_of_one_s_own_has_no_findings() -> None:
    text = (
        HEAD
        + "## Summary\n<!-- {{ title }}? -->\n"
        + ITEMS
        + "| Action | Owner | Due | Priority | Status |\n|-|-|-|-|-|\n"
    )
    assert check(text.encode(), f"{FOLDER}/a.md") == ()
