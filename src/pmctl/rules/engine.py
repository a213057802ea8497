"""Run the rules over a document: select, check, set severities, suppress, sort.

    document + context -> rules that apply -> findings with code, path and severity -> minus ignores

Nothing here reads files or prints. `pmctl.rules.bulk` adds many documents at once and the cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmctl.document.fields import is_id, path_of
from pmctl.document.finding import Finding, Severity
from pmctl.rules.registry import Rule, rules
from pmctl.rules.settings import RuleSettings
from pmctl.rules.suppressions import read_suppressions, unused

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.rules.context import Context

_SELF = ("PM261", "PM262", "PM263")


def check(doc: Document, context: Context) -> tuple[Finding, ...]:
    """Every finding about a document, sorted by place: reading problems, the front matter's schema, the rules.

    A document that can't be read is judged by nothing but its reading problems.
    """
    if not doc.readable:
        return _sorted(apply_severity(doc, context, [(finding, None) for finding in doc.problems]))
    from pmctl.document.action_problems import action_problems
    from pmctl.document.schema import check_front_matter

    context = context.of_document(doc)
    if not context.adopted and _is_adopted(doc):
        context = context._replace(adopted=True)
    of_document = (*doc.problems, *_movable(check_front_matter(doc), doc, context), *action_problems(doc))
    raw: list[tuple[Finding, Rule | None]] = [(finding, None) for finding in of_document]
    selected = context.settings.selection(doc.path)
    active = [rule for code, rule in rules().items() if selected(code)]
    for rule in active:
        raw += [(finding, rule) for finding in rule.check(doc, context)]
    suppressions, broken = read_suppressions(doc)
    raw += [(finding, None) for finding in broken]
    findings = apply_severity(doc, context, raw)
    if suppressions:
        findings = [
            finding
            for finding in findings
            if not _suppressible(finding) or not [one for one in suppressions if one.covers(finding)]
        ]
        leftover = unused(suppressions, [rule.code for rule in active], doc.path)
        findings += apply_severity(doc, context, [(finding, None) for finding in leftover])
    return _sorted(findings)


def missed_targets(doc: Document, context: Context) -> tuple[Finding, ...]:
    """Every target that a postmortem has missed, however long ago, in the order of its life.

    `context` has its history. Targets that the settings switch off are left out.
    """
    back = context._replace(look_back=True, adopted=context.adopted or _is_adopted(doc))
    targets = [one for one in rules().values() if one.family == "targets"]
    return tuple(apply_severity(doc, back, [(found, one) for one in targets for found in one.check(doc, back)]))


def _movable(findings: list[Finding], doc: Document, context: Context) -> list[Finding]:
    """The findings, without the advice to move the file to where another one lies."""
    if not any(one.code == "PM110" for one in findings) or not is_id(doc.id) or not context.has(path_of(doc.id)):
        return findings
    fix = f"{path_of(doc.id)} is there already: give this one an id of its own, or remove it"
    return [one._replace(fix=fix) if one.code == "PM110" else one for one in findings]


def _suppressible(finding: Finding) -> bool:
    """Whether an inline ignore may hide a finding at all."""
    if finding.code.startswith("PM0") and finding.severity is Severity.ERROR:
        return False
    rule = rules().get(finding.code)
    return finding.code not in _SELF and (rule is None or rule.ignorable)


def apply_severity(doc: Document, context: Context, raw: list[tuple[Finding, Rule | None]]) -> list[Finding]:
    """Fill in code, path and severity, and drop what the settings switch off."""
    if not raw:
        return []
    selected = context.settings.selection(doc.path)
    state = context.state(doc)
    findings = []
    for finding, rule in raw:
        code = rule.code if rule else finding.code
        severity: Severity | None = _severity(finding, rule, state, context)
        if not (code.startswith("PM0") and finding.severity is Severity.ERROR):
            severity = _override(context.settings, code, severity) if selected(code) else None
        if severity is not None:
            findings.append(finding._replace(code=code, path=finding.path or doc.path, severity=severity))
    return findings


def _is_adopted(doc: Document) -> bool:
    """Whether the document came from before pmctl and is still as it was found: `pmctl adopt` tags it `adopted`.

    Whoever brings it up to date removes the tag, and from then on it is judged like any other.
    """
    tags = doc.meta.get("tags")
    return isinstance(tags, list | tuple) and "adopted" in tags


def _override(settings: RuleSettings, code: str, severity: Severity | None) -> Severity | None:
    """What the settings make of a code's severity, by the longest prefix that they name; None is off."""
    if settings.severity:
        for length in range(len(code), 0, -1):
            if code[:length] in settings.severity:
                return settings.severity[code[:length]]
    return severity


def _severity(finding: Finding, rule: Rule | None, state: str, context: Context) -> Severity:
    """What a finding weighs in this state of the document."""
    if rule is None:
        return finding.severity
    if context.adopted:
        return rule.adopted
    return rule.draft if state == "DRAFT" else rule.review


def _sorted(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda one: (one.path, one.line, one.column, one.code, one.message)))
