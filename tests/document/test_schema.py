"""The closed schema of the front matter, one defect each, and all at once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pmctl.document.fields import FIELDS, id_of, is_handle, is_id, path_of
from pmctl.document.finding import Finding, Severity
from pmctl.document.reader import read
from pmctl.document.schema import check_front_matter, typed
from pmctl.output.advice import words
from pmctl.text import parse_utc

BASE = "id: 2024-01-15-x\ntitle: X\nstatus: DRAFT\nauthor: jane\n"


def found(front: str, path: str = "") -> list[Finding]:
    return check_front_matter(read(f"---\n{front}---\n".encode(), path))


@pytest.mark.parametrize(
    ("line", "code", "fix"),
    [
        ("titel: X", "PM101", "did you mean title?"),
        ("cost_center: 7", "PM101", "under `fields:`"),
        ("reviewers: alice", "PM103", "reviewers: [alice]"),
        ("severity: [1]", "PM103", ""),
        ("editors: [bob]", "PM103", "editors: {bob: edit"),
        ("fields: 3", "PM103", ""),
        ("started_at: [x]", "PM103", ""),
        ("urgency: hgih", "PM104", "did you mean HIGH?"),
        ("urgency: 3", "PM104", "HIGH, MEDIUM, LOW"),
        ("visibility: organisation", "PM104", "did you mean organization?"),
        ("reviewers: [Alice]", "PM105", "did you mean alice?"),
        ("reviewers: ['@al']", "PM105", "did you mean al?"),
        ("reviewers: [\u0430lice]", "PM105", ""),
        ("editors: {Bob: edit}", "PM105", ""),
        ("started_at: Jan 15", "PM107", "2024-01-15T14:00:00Z"),
        ("started_at: 2024-01-32T14:00:00Z", "PM107", ""),
        ("started_at: 2024-01-15", "PM107", ""),
        ("started_at: 2024-01-15T14:00", "PM108", "2024-01-15T14:00Z"),
        ("tags: ['']", "PM109", ""),
        ('severity: "a\\nb"', "PM109", "one line"),
        ("severity: " + "x" * 501, "PM109", "shorten"),
        ("tags: [a, a]", "PM111", "keep one"),
        ("incidents: [PT4]", "PM112", "source: pagerduty"),
        ("incidents: [{source: x}]", "PM112", "add id"),
        ("incidents: [{source: x, id: y, link: z}]", "PM112", "source, id and url"),
        ("incidents: [{source: x, id: y, url: 'javascript:alert(1)'}]", "PM112", "https://"),
        ("editors: {bob: write}", "PM113", "bob: edit"),
        ("template: My template", "PM114", "name@version"),
        ("fields: {a: {b: c}}", "PM115", ""),
        ('severity: "a\u202eb"', "PM116", "remove"),
        ('fields: {a: ["x\u200by"]}', "PM116", "remove"),
    ],
)
def test_each_departure_is_one_finding_at_its_line(line: str, code: str, fix: str) -> None:
    (finding,) = found(f"{BASE}{line}\n")
    assert (finding.code, finding.line) == (code, 6)
    assert finding.column > 0
    assert fix in words(finding.fix)


@pytest.mark.parametrize("field", [field for field in FIELDS if field.required], ids=lambda field: field.name)
def test_required_fields_are_missed_when_absent_or_without_a_value(field: object) -> None:
    name = field.name  # type: ignore[attr-defined]  # the parameter of a test
    lines = [line for line in BASE.splitlines(keepends=True) if not line.startswith(f"{name}:")]
    assert [finding.code for finding in found("".join(lines))] == ["PM102"]
    assert [finding.code for finding in found("".join(lines) + f"{name}:\n")] == ["PM102"]


def test_all_defects_are_reported_at_once_even_beside_broken_yaml() -> None:
    codes = [finding.code for finding in found("id: nope\nid: x\nstatus: In review\nauthor: Jane D\nurgent: HIGH\n")]
    assert codes == ["PM102", "PM106", "PM104", "PM105", "PM101"]


@pytest.mark.parametrize(
    "line",
    [
        "severity: 1",
        "severity:",
        "reviewers: []",
        "fields: {cost: 1.5, list: [a, 2, true], none: null}",
        "template: default@1.2",
        "incidents: [{source: pagerduty, id: 123, url: null}]",
        "started_at: 2024-01-15 14:00:00+02:00",
        "started_at: 2024-01-15T14:00:00.123456789-0530",
        "title: 'Überlast im 支払い API 😀'",
    ],
)
def test_legitimate_values_are_clean(line: str) -> None:
    base = BASE.replace("title: X\n", "") if line.startswith("title") else BASE
    assert found(f"{base}{line}\n") == []


def test_twice_in_a_list_is_a_warning_only() -> None:
    (finding,) = found(f"{BASE}tags: [a, a]\n")
    assert finding.severity is Severity.WARNING


def test_the_path_follows_from_the_id() -> None:
    assert found(BASE, "postmortems/2024/2024-01-15-x.md") == []
    assert found(BASE, "draft.md") == []
    for path in ("postmortems/2023/2024-01-15-x.md", "sub/postmortems/2024/2024-01-15-y.md"):
        assert [finding.code for finding in found(BASE, path)] == ["PM110"]


def test_values_are_typed_and_malformed_ones_left_out() -> None:
    doc = read(f"---\n{BASE}started_at: 2024-01-15T15:00:00+01:00\nseverity: 2\ntags: [a]\nurgency: x\n---\n".encode())
    values = typed(doc)
    assert values["started_at"] == datetime(2024, 1, 15, 14, tzinfo=UTC)
    assert (values["severity"], values["tags"]) == ("2", ("a",))
    assert "urgency" not in values


@pytest.mark.parametrize("text", ["2024-01-15-a", "2024-02-29-a-b-1", "2024-01-15-" + "a" * 89])
def test_ids_and_paths_belong_together(text: str) -> None:
    assert is_id(text)
    assert id_of(path_of(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "2024-01-15",
        "2024-01-15-",
        "2024-01-15--a",
        "2024-02-30-a",
        "2024-01-15-A",
        "2024-01-15-a/b",
        "2024-01-15-..",
        "2024-01-15-a\n",
        "2024-01-15-" + "a" * 90,
        "٢٠٢٤-01-15-a",
    ],
)
def test_other_texts_are_no_ids(text: str) -> None:
    assert not is_id(text)
    with pytest.raises(ValueError, match="not a postmortem id"):
        path_of(text)


@pytest.mark.parametrize(
    "path",
    [
        "postmortems/2023/2024-01-15-a.md",
        "2024-01-15-a.md",
        "postmortems/2024/2024-01-15-a",
        "postmortems/2024/x/2024-01-15-a.md",
        "postmortems/2024/2024-01-15-a.md.md",
        "Postmortems/2024/2024-01-15-a.md",
    ],
)
def test_other_paths_have_no_id(path: str) -> None:
    assert id_of(path) is None


def test_handles() -> None:
    assert all(is_handle(text) for text in ("jane", "j", "0x", "jane-doe"))
    assert not any(is_handle(text) for text in ("", "-j", "Jane", "j_d", "jané", "j\n", "ј", "j" * 65))


@pytest.mark.parametrize("text", ["2024-01-15T14:00Z", "2024-01-15T16:00+02", "2024-01-15 16:00:00.000 +0200"])
def test_timestamps_of_any_offset(text: str) -> None:
    assert parse_utc(text) == datetime(2024, 1, 15, 14, tzinfo=UTC)
