"""Selecting, weighing and ignoring findings."""

from __future__ import annotations

import pytest

from pmctl.document.edits import set_field
from pmctl.document.finding import Severity
from pmctl.document.reader import read
from pmctl.document.strict_yaml import load
from pmctl.errors import UsageProblem
from pmctl.rules.context import Context
from pmctl.rules.engine import check
from pmctl.rules.settings import RuleSettings
from pmctl.rules.settings_reading import code_list, parse_rule_settings

from .sample import CONTEXT, PATH, sample

YESTERDAY = "## Root Cause\n\nThe certificate was replaced last week.\n"


def codes(fragment: str, context: Context = CONTEXT) -> list[tuple[str, int]]:
    return [(finding.code, finding.line) for finding in check(sample(fragment), context)]


def settings(text: str) -> RuleSettings:
    parsed = load(text)
    assert parsed.node is not None
    result, findings = parse_rule_settings(parsed.node.value["rules"])
    assert findings == ()
    return result


def severity(fragment: str, context: Context = CONTEXT) -> list[Severity]:
    return [finding.severity for finding in check(sample(fragment), context)]


def test_a_draft_gets_hints_where_a_review_gets_errors():
    empty = "## Impact\n\n<!-- how many? -->\n"
    assert severity("status: DRAFT\n" + empty) == [Severity.HINT]
    assert severity("status: IN_REVIEW\n" + empty) == [Severity.ERROR]
    assert severity("status: PUBLISHED\n" + empty) == [Severity.ERROR]
    assert severity("status: DRAFT\n" + empty, CONTEXT._replace(status="IN_REVIEW")) == [Severity.ERROR]


def test_adopted_history_gets_the_gentle_profile():
    empty = "status: PUBLISHED\n## Impact\n\n<!-- how many? -->\n"
    assert severity(empty, CONTEXT._replace(adopted=True)) == [Severity.HINT]


def test_strict_asks_of_a_draft_what_its_review_will():
    assert severity(YESTERDAY) == severity(YESTERDAY, CONTEXT._replace(strict=True)) == [Severity.WARNING]
    assert severity("status: DRAFT\n" + YESTERDAY) == [Severity.HINT]
    assert severity("status: DRAFT\n" + YESTERDAY, CONTEXT._replace(strict=True)) == [Severity.WARNING]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rules: {ignore: [PM802]}", []),
        ("rules: {ignore: [PM8]}", []),
        ("rules: {select: [PM7]}", []),
        ("rules: {select: [PM8]}", [Severity.WARNING]),
        ("rules: {severity: {PM802: error}}", [Severity.ERROR]),
        ("rules: {severity: {PM8: hint}}", [Severity.HINT]),
        ("rules: {severity: {PM8: hint, PM802: error}}", [Severity.ERROR]),
        ('rules: {severity: {PM802: "off"}}', []),
        ("rules: {paths: {'postmortems/2024/**': [PM8]}}", []),
        ("rules: {paths: {'postmortems/*/2024-01-*.md': [PM802]}}", []),
        ("rules: {paths: {'postmortems/2023/**': [PM8]}}", [Severity.WARNING]),
    ],
)
def test_settings(text, expected):
    assert severity(YESTERDAY, CONTEXT._replace(settings=settings(text))) == expected


def test_what_cannot_be_read_is_always_an_error():
    everything_off = settings('rules: {ignore: [PM0], select: [PM7], severity: {PM0: "off"}}')
    doc = read(b"---\nid: a\nid: b\n---\n\nWe forgot, obviously.\n", PATH)
    found = check(doc, CONTEXT._replace(settings=everything_off))
    assert [(finding.code[:3], finding.severity) for finding in found] == [("PM0", Severity.ERROR)]


def test_wrong_settings_are_findings_at_their_place_and_the_rest_counts():
    text = (
        "rules:\n  ignore: [PM802, PM8O2]\n  selct: [PM7]\n  severity: {PM701: loud}\n"
        "  targets: {draft: soon, publsih: 2w, review: 3d}\n  phrases: {add: {hindsite: [x]}, drop: [y]}\n"
        "  paths: [PM7]\n  detect_secrets: maybe\n"
    )
    parsed = load(text)
    result, findings = parse_rule_settings(parsed.node.value["rules"])
    assert [(one.code, one.line, one.column, one.message, one.fix) for one in findings] == [
        ("PM260", 2, 19, "unknown code 'PM8O2'", "did you mean PM802?"),
        ("PM260", 3, 3, "unknown key 'selct' in rules", "did you mean select?"),
        ("PM260", 4, 21, "severity must be one of error, warning, hint, off", "write one of them"),
        ("PM260", 5, 20, "rules.targets.draft is not a duration: 'soon'", "write for example 30m, 24h, 7d or 2w"),
        ("PM260", 5, 26, "unknown key 'publsih' in rules.targets", "did you mean publish?"),
        ("PM260", 6, 19, "unknown key 'hindsite' in rules.phrases.add", "did you mean hindsight?"),
        ("PM260", 6, 35, "unknown key 'drop' in rules.phrases", "known: add, remove"),
        ("PM260", 7, 10, "rules.paths must be a mapping", "write it as key: value"),
        ("PM260", 8, 19, "rules.detect_secrets must be true or false", "write true or false, without quotes"),
    ]
    assert result.ignore == ("PM802",)
    assert result.targets["review"].days == 3
    assert result.targets["draft"].total_seconds() == 24 * 3600


def test_codes_of_an_option():
    assert code_list(["pm7,PM802", "PM1"], option="--select") == ("PM7", "PM802", "PM1")
    with pytest.raises(UsageProblem, match=r"--select: unknown code 'PM8O2'") as caught:
        code_list(["PM8O2"], option="--select")
    assert caught.value.hint == "did you mean PM802?"


def test_an_ignore_with_a_reason_on_the_line_above_and_on_the_line():
    above = "## Root Cause\n\nFirst.\n\n<!-- pmctl: ignore PM802 as the ticket says -->\nReplaced last week.\n"
    same = "## Root Cause\n\nReplaced last week. <!-- pmctl: ignore PM802 as the ticket says -->\n"
    assert codes(above) == []
    assert codes(same) == []


def test_an_ignore_above_counts_for_one_line_only():
    text = "## Root Cause\n\nFirst.\n\n<!-- pmctl: ignore PM802 as said -->\nReplaced last week.\nAnd next week.\n"
    assert [code for code, _ in codes(text)] == ["PM802"]


def test_an_ignore_under_the_heading_counts_for_the_section():
    text = (
        "## Root Cause\n\n<!-- pmctl: ignore PM802, PM701 quoted from the ticket -->\n\nReplaced last week.\n\n"
        "### Details\n\nIt should have been replaced last month.\n\n## Detection\n\nSeen last week.\n"
    )
    assert [code for code, _ in codes(text)] == ["PM802"]


def test_an_ignore_above_all_headings_counts_for_the_file():
    data = sample("## Summary\n\n3 were down.\n", only=True).data.replace(
        b"---\n\n## Summary", b"---\n\n<!-- pmctl: ignore PM157 x y z -->\n\n## Summary"
    )
    assert "PM201" in [finding.code for finding in check(read(data, PATH), CONTEXT)]


def test_an_ignore_under_the_heading_counts_for_the_heading_too():
    text = "## Timeline\n\n<!-- pmctl: ignore PM301, PM303 the chat is attached -->\n\nIt began on 2024-01-15.\n"
    assert codes(text) == [("PM261", 25)]
    assert codes(text.replace(", PM303", "")) == []


def test_an_ignore_above_all_headings_counts_for_the_front_matter():
    text = sample("started_at:\nseverity: SEV9\n").text
    ignore = "---\n\n<!-- pmctl: ignore PM156, PM153 set by the customer -->\n\n## Summary"
    found = check(read(text.replace("---\n\n## Summary", ignore).encode(), PATH), CONTEXT)
    schema = read(text.replace("urgency: HIGH", "urgency: VERY").replace("---\n\n## Summary", ignore).encode(), PATH)
    assert [one.code for one in check(schema, CONTEXT)] == ["PM104"]
    wide = ignore.replace("PM156, PM153", "PM1")
    schema = read(text.replace("urgency: HIGH", "urgency: VERY").replace("---\n\n## Summary", wide).encode(), PATH)
    assert [one.code for one in check(schema, CONTEXT)] == ["PM104"]
    assert [one.code for one in check(sample("started_at:\nseverity: SEV9\n"), CONTEXT)] == ["PM153", "PM156"]
    assert found == ()


def test_ignores_are_checked_themselves():
    lines = {
        "<!-- pmctl: ignore PM802 -->": ("PM262", "the ignore of PM802 gives no reason"),
        "<!-- pmctl: ignore PM999 some reason -->": ("PM263", "the ignore names the unknown code PM999"),
        "<!-- pmctl: ignore PM001 some reason -->": ("PM263", "PM001 can't be ignored"),
        "<!-- pmctl: ignore PM201 some reason -->": ("PM263", "PM201 can't be ignored"),
        "<!-- pmctl: ignore PM104 some reason -->": ("PM263", "PM104 can't be ignored"),
        "<!-- pmctl: ignroe PM802 some reason -->": ("PM263", "this comment is not an ignore that pmctl understands"),
        "<!-- pmctl: ignore PM701 some reason -->": ("PM261", "this ignore of PM701 hides nothing"),
    }
    for comment, expected in lines.items():
        doc = sample(f"## Root Cause\n\nFirst.\n\n{comment}\nReplaced last week.\n")
        found = [one for one in check(doc, CONTEXT) if one.code != "PM802"]
        assert [(one.code, one.message) for one in found] == [expected]
        line, column = found[0].line, found[0].column
        assert doc.text.split("\n")[line - 1][column - 1 :] == comment


def test_an_ignore_is_not_unused_when_its_rule_did_not_run():
    text = "## Root Cause\n\nFirst.\n\n<!-- pmctl: ignore PM701 some reason -->\nSecond.\n"
    assert codes(text, CONTEXT._replace(settings=RuleSettings(select=("PM8",)))) == []


def test_an_ignore_in_code_is_text():
    text = "## Root Cause\n\n```\n<!-- pmctl: ignore PM802 in an example -->\n```\nReplaced last week.\n"
    assert [code for code, _ in codes(text)] == ["PM802"]


def test_every_finding_has_a_place_inside_the_file():
    for finding in check(sample("status: nonsense\nauthor: nobody\n" + YESTERDAY), CONTEXT):
        assert finding.path == PATH
        assert 1 <= finding.line <= sample(YESTERDAY).text.count("\n") + 2


def test_adopted_document_is_judged_gently_until_its_tag_goes() -> None:
    """History that was brought in lacks sections and action items; that is a hint, not an error."""
    text = sample().text.replace("## Root Cause", "## Cause").replace("status: DRAFT", "status: PUBLISHED")
    found = {finding.code: finding.severity for finding in check(read(text.encode(), PATH), CONTEXT)}
    assert found["PM201"] is Severity.ERROR
    tagged = set_field(read(text.encode(), PATH), "tags", ["adopted"])
    found = {finding.code: finding.severity for finding in check(tagged, CONTEXT)}
    assert found["PM201"] is Severity.HINT
