"""Every rule's documentation is true: its example is flagged at the very words, its fix is not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pmctl.codes import explain
from pmctl.document import action_problems, front_matter, reader, schema, strict_yaml
from pmctl.document.finding import Severity
from pmctl.document.reader import read
from pmctl.document.template import Template, TemplateField
from pmctl.document.template_file import builtin
from pmctl.output.advice import words
from pmctl.rules.context import Context, History, TemplateView
from pmctl.rules.documentation import documentation
from pmctl.rules.engine import check, missed_targets
from pmctl.rules.registry import FAMILIES, rules
from pmctl.rules.settings import RuleSettings

from .sample import CONTEXT, PATH, sample, source

# What the example's finding is about, word for word; None: a place where something is missing.
FLAGGED = {
    "PM150": "jnae",
    "PM151": "paymnets",
    "PM153": "",
    "PM154": "2024-01-15T13:45:00Z",
    "PM155": "",
    "PM156": "",
    "PM157": "paymnets",
    "PM159": "2999-01-15T14:00:00Z",
    "PM160": "capcity",
    "PM202": "## Impact",
    "PM203": "## Timeline",
    "PM204": "## Response",
    "PM205": "## Lessons Learnt",
    "PM206": "",
    "PM207": "",
    "PM208": "&#x200b;",
    "PM209": "![Failed payments per minute, 40 at the peak](../../img/graph.png)",
    "PM301": "## Timeline",
    "PM302": "25:99",
    "PM303": "## Timeline",
    "PM304": "14:05",
    "PM305": "00:20",
    "PM306": "2024-01-15 17:00",
    "PM307": "14:22",
    "PM308": "2024-01-15 14:20",
    "PM309": "2024-01-15 14:00",
    "PM401": "## Impact",
    "PM402": "3 hours",
    "PM403": "TBD",
    "PM411": "",
    "PM412": "1",
    "PM501": "## Action Items",
    "PM502": "1",
    "PM503": "AI-7f3k",
    "PM504": "",
    "PM505": "@jane, @bob",
    "PM506": "payments team",
    "PM507": "@jnae",
    "PM508": "2024-02-30",
    "PM509": "2004-01-22",
    "PM510": "urgent",
    "PM511": "waiting",
    "PM512": "",
    "PM513": "Improve monitoring",
    "PM514": "### What could be improved",
    "PM515": "",
    "PM516": "capcity",
    "PM517": "detection",
    "PM518": "2999-01-22",
    "PM520": "see the board",
    "PM601": "## Lessons Learned",
    "PM602": "### Where we got lucky",
    "PM701": "should have been raised",
    "PM702": "forgot",
    "PM703": "human error",
    "PM704": "careless",
    "PM705": "obviously too",
    "PM706": "who broke",
    "PM707": "@jane",
    "PM708": "developer's fault",
    "PM709": "be more careful",
    "PM801": "## Summary",
    "PM802": "last week",
    "PM803": "#no-such-heading",
    "PM804": "no-such-graph.png",
    "PM805": "![](https://graphs.example.com/12.png)",
    "PM901": "AKIAQ3EGVWXYZ5LMNOP2",
    "PM902": "-----BEGIN OPENSSH PRIVATE KEY-----",
    "PM903": "Tr0ub4dor3x",
    "PM904": "maria.rossi@acme-customer.com",
    "PM905": "db-7.prod.internal",
    "PM906": "343ea45721923ed956e2b38c31db76aa-us30",
}
# Examples that hold all the sections there are.
ALONE = {"PM201", "PM203", "PM204", "PM205"}
# Not told from one document's text: ids across files, and dates of the history (below).
ELSEWHERE = {"PM152", "PM158", "PM201", "PM519"} | {code for code, rule in rules().items() if rule.family == "targets"}


def context_of(code: str) -> Context:
    if code == "PM155":
        return CONTEXT._replace(template=TemplateView(fields=(TemplateField("cost_center", "number"),)))
    if code == "PM157":
        return CONTEXT._replace(own_templates=(Template("payments", sections=builtin("default").sections),))
    if code == "PM906":
        pytest.importorskip("detect_secrets", reason="the extra `secrets` is not installed")
        return CONTEXT._replace(settings=RuleSettings(detect_secrets=True))
    if code == "PM518":
        return CONTEXT._replace(item_targets={"HIGH": 14})
    if code == "PM160":
        return CONTEXT._replace(causes=("capacity", "config"))
    return CONTEXT


def test_the_sample_itself_is_clean():
    assert check(sample(), CONTEXT) == ()


def test_every_rule_has_an_expectation():
    assert set(rules()) == set(FLAGGED) | ELSEWHERE


@pytest.mark.parametrize("code", sorted(FLAGGED))
def test_the_example_is_flagged_at_its_words(code):
    doc = sample(documentation(rules()[code]).example, only=code in ALONE)
    found = [finding for finding in check(doc, context_of(code)) if finding.code == code]
    assert len(found) == 1
    finding = found[0]
    lines = doc.text.split("\n")
    line = lines[finding.line - 1]
    words = line[finding.column - 1 : finding.end_column - 1] if finding.end_column else ""
    assert finding.end_line in (0, finding.line)
    assert words == FLAGGED[code]
    if words:
        assert doc.text.count(words, 0, doc.text.find(line)) == doc.text[: doc.text.find(line)].count(words)
        assert line.startswith(words, finding.column - 1)


@pytest.mark.parametrize("code", sorted(FLAGGED))
def test_the_fix_is_not_flagged(code):
    doc = sample(documentation(rules()[code]).corrected, only=code in ALONE)
    assert [finding for finding in check(doc, context_of(code)) if finding.code == code] == []


@pytest.mark.parametrize("code", sorted(rules()))
def test_the_documentation_is_complete(code):
    doc = explain(code)
    assert doc.what.endswith(".")
    assert "\n" not in doc.what
    assert doc.details
    assert doc.why
    assert doc.example
    assert doc.corrected
    assert doc.family in FAMILIES
    page = doc.markdown()
    assert page.startswith(f"# {doc.name} ({code})")
    assert explain(doc.name) == doc


# Examples of the reader's and the schema's codes that are told in words: bytes, long texts, the file's place.
TOLD = {"PM001", "PM003", "PM004", "PM007", "PM030", "PM031", "PM110", "PM590", "PM593", "PM594"}
CODES = {
    one.code: one for module in (action_problems, front_matter, reader, schema, strict_yaml) for one in module.CODES
}
ESCAPES = {"\\x00": "\0", "\\r": "\r", "\\e": "\x1b", "\\u200b": "\u200b", "\\u202e": "\u202e"}


def with_example(code: str) -> str:
    """The sample with the example of a code of the reader or the schema in it."""
    text = CODES[code].example
    for shown, meant in ESCAPES.items():
        text = text.replace(shown, meant) if code != "PM028" or shown != "\\e" else text
    if text.startswith(("---", "+++", "#")):
        return text + "\n"
    if code in ("PM591", "PM592"):
        return sample().text.replace("| OPEN | |", f"| OPEN | {text} |")
    front, _, body = sample().text.partition("\n---\n")
    if code == "PM021":
        return f"---\n{text}\n---\n{body}"
    kept = [line for line in front.split("\n") if not line.startswith(text.partition(":")[0] + ":")]
    return "\n".join([*kept, text, "---", body])


@pytest.mark.parametrize("code", sorted(set(CODES) - TOLD))
def test_the_example_of_the_reader_or_the_schema_is_found(code):
    doc = read(with_example(code).encode("utf-8", "surrogatepass"), PATH)
    assert code in {finding.code for finding in check(doc, CONTEXT)}


def test_a_missing_section_has_no_line():
    doc = sample("## Summary\n\nAll 3 were down.\n", only=True)
    found = [finding for finding in check(doc, CONTEXT) if finding.code == "PM201"]
    assert [finding.message for finding in found] == [
        "the required section 'Action Items' is missing",
        "the required section 'Impact' is missing",
        "the required section 'Resolution' is missing",
        "the required section 'Root Cause' is missing",
        "the required section 'Timeline' is missing",
    ]
    assert {finding.line for finding in found} == {0}


def test_a_duplicate_id_names_the_other_file():
    other = "postmortems/2024/2024-01-15-Payment-Api-Outage.md"
    ids = {"2024-01-15-payment-api-outage": (sample().path, other)}
    found = [finding for finding in check(sample(), CONTEXT._replace(ids=ids)) if finding.code == "PM152"]
    assert [(finding.line, finding.column, finding.message) for finding in found] == [
        (2, 5, f"{other} has the same id")
    ]


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2024, 1, number, hour, tzinfo=UTC)


def test_targets_follow_the_history():
    late = History(created=day(18), submitted=day(19), approved=day(25), published=day(31))
    missed = missed_targets(sample(), CONTEXT._replace(history=late))
    assert [finding.code for finding in missed] == ["PM951", "PM952", "PM953", "PM954"]
    assert check(sample(), CONTEXT._replace(history=late)) == (), "and nobody can change that any more"
    in_time = History(created=day(16), submitted=day(17), approved=day(20), published=day(22))
    assert check(sample(), CONTEXT._replace(history=in_time)) == ()


def test_targets_count_what_has_not_happened_yet():
    begun = CONTEXT._replace(history=History(created=day(15, 20)), now=day(17, 20))
    found = check(sample(), begun)
    assert [(finding.code, finding.severity) for finding in found] == [("PM952", Severity.HINT)]
    assert found[0].message == (
        "the draft is not completed more than 2 days after the incident was resolved; the target is 2 days"
    )
    assert words(found[0].fix) == "finish it, then pmctl submit 2024-01-15-payment-api-outage --reviewer HANDLE"


def test_of_what_has_not_happened_only_the_next_step_is_asked_for():
    def codes(**dates: datetime) -> list[str]:
        context = CONTEXT._replace(history=History(created=day(15, 20), **dates), now=day(31, 20))
        return [finding.code for finding in check(sample(), context)]

    assert codes() == ["PM952"]
    assert codes(submitted=day(16)) == ["PM953"]
    assert codes(submitted=day(16), approved=day(17)) == ["PM954"]
    assert codes(submitted=day(25)) == ["PM953"], "when it was submitted nobody can change"


def test_a_target_that_was_missed_long_ago_is_no_finding_any_more():
    begun = CONTEXT._replace(history=History(created=day(15, 20)))
    for now, asked in ((datetime(2024, 2, 10, tzinfo=UTC), ["PM952"]), (datetime(2026, 10, 1, tzinfo=UTC), [])):
        then = begun._replace(now=now)
        assert [finding.code for finding in check(sample(), then)] == asked
        assert [finding.code for finding in missed_targets(sample(), then)] == ["PM952"]
    off = RuleSettings(ignore=("PM95",))
    assert missed_targets(sample(), begun._replace(now=now, settings=off)) == ()


def test_adopted_history_has_no_targets():
    late = CONTEXT._replace(history=History(created=day(31)), now=day(31, 20), adopted=True)
    assert check(sample(), late) == ()


def test_the_sample_is_what_it_says():
    assert source("status: DRAFT").count("\nstatus: DRAFT\n") == 1
