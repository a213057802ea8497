"""Who did what to one postmortem, when, and whether it was allowed: the audit's events, told in order."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import asdict, dataclass
from typing import Any

from pmctl import git
from pmctl.document.finding import Severity
from pmctl.insight.discussion import listed
from pmctl.ledger.audit import audit
from pmctl.ledger.record import parse_path
from pmctl.ledger.report import ATTRIBUTED, AuditFinding, Event, Report
from pmctl.ledger.snapshot import head
from pmctl.policy.act import ADD_ITEM


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `verdict` is ok, late, stale, refused, accepted, waived, warning or violation.

    `note` is what the actor said, `findings` are lines of the form `CODE message`. `pushed` is false for an act that
    the protected branch of the remote lacks, as it was fetched last.
    """

    commit: str
    at: str
    who: str
    what: str
    verdict: str
    note: str
    findings: tuple[str, ...]
    evidence: dict[str, Any]
    pushed: bool = True


@dataclass(frozen=True, slots=True)
class PostmortemHistory:
    """pmctl log: who did what to a postmortem, oldest first.

    `incomplete` says why part of the history is missing; the `evidence` of what no record proves is empty. `detached`
    is true when HEAD, whose history it is, is on no branch.
    """

    id: str
    root: str
    incomplete: str
    events: tuple[Entry, ...]
    detached: bool = False


def history(repo: git.Repository, name: str, unlanded: Set[str] = frozenset()) -> PostmortemHistory:
    """Every event of the postmortem `name` at HEAD with the findings of its step; `unlanded` are the paths of records
    that are not pushed.

    Raises EnvironmentProblem when there is no policy to judge by.
    """
    report = audit(repo)
    events = [event for event in report.events if event.doc == name]
    return _told(repo, report, name, events, [one for one in report.findings if one.doc == name], unlanded)


def histories(repo: git.Repository) -> Callable[[str], PostmortemHistory]:
    """The same of any postmortem by its id, from one audit: with nothing to tell of one that is not known."""
    report = audit(repo)
    events: dict[str, list[Event]] = {}
    findings: dict[str, list[AuditFinding]] = {}
    for event in report.events:
        events.setdefault(event.doc, []).append(event)
    for finding in report.findings:
        findings.setdefault(finding.doc, []).append(finding)

    def of(name: str) -> PostmortemHistory:
        return _told(repo, report, name, events.get(name, []), findings.get(name, []))

    return of


def _told(
    repo: git.Repository,
    report: Report,
    name: str,
    events: list[Event],
    findings: list[AuditFinding],
    unlanded: Set[str] = frozenset(),
) -> PostmortemHistory:
    events = _in_order(events)
    entries, told = [], set()
    for event in events:
        here = [f for f in findings if f.commit == event.commit and (f.commit, f.code, f.message) not in told]
        told |= {(f.commit, f.code, f.message) for f in here}
        entries.append(_entry(event, here, pushed=event.record not in unlanded))
    commits = {event.commit for event in events}
    entries.extend(_bare(finding) for finding in findings if finding.commit not in commits)
    return PostmortemHistory(name, report.root, report.incomplete, tuple(entries), git.is_detached(repo))


def _in_order(events: list[Event]) -> list[Event]:
    """Events in the order in which they landed; what one commit brought, as a squash does, in the order in which it was
    done: rounds one after the other, in each the records by their numbers, since one that follows another has a higher
    one. What changed in the text was there before people signed it."""
    steps = {commit: number for number, commit in enumerate(dict.fromkeys(event.commit for event in events))}

    def place(event: Event) -> tuple[int, int, int, int]:
        named = parse_path(event.record) if event.record else None
        if named is None:
            return steps[event.commit], 1 if event.kind == "deleted" else -1, 0, 0
        return steps[event.commit], 0, event.round, named.number

    return sorted(events, key=place)


def evidence(repo: git.Repository, name: str) -> dict[str, Any]:
    """What an export carries so that a reader can check it: records, keys, commits and verdicts as plain data."""
    found = history(repo, name)
    records = [
        {
            "act": entry.what.split(" ")[0], "by": entry.who, "at": entry.at, "commit": entry.commit,
            "verdict": entry.verdict, **entry.evidence,
        }
        for entry in found.events
        if entry.evidence.get("record")
    ]  # fmt: skip
    findings = [
        {"code": line.split(" ")[0], "verdict": entry.verdict, "commit": entry.commit, "message": line}
        for entry in found.events
        for line in entry.findings
    ]
    threads = [asdict(one) for one in listed(head(repo), (name,))]
    return {
        "trust_root": found.root, "records": records, "findings": findings, "discussion": threads,
        "incomplete": found.incomplete,
    }  # fmt: skip


def evidence_for_people(proof: dict[str, Any]) -> dict[str, Any]:
    """The same evidence laid out for a page: a table of what happened, then each record's digests."""
    shown = ("act", "by", "at", "verdict")
    steps = [{**{key: row[key] for key in shown}, "commit": row["commit"][:12]} for row in proof["records"]]
    records = {
        row["record"].rpartition("/")[2]: [row["digest"], f"signed with {row['key']}", f"content {row['content']}"]
        for row in proof["records"]
    }
    findings = [
        {"verdict": row["verdict"], "commit": row["commit"][:12], "finding": row["message"]}
        for row in proof["findings"]
    ]
    said = [
        {
            "thread": thread["short"], "about": thread["section"] or "the whole postmortem", "by": one["by"],
            "at": one["at"], "said": one["text"] or one["kind"],
            "state": f"resolved by {thread['resolved_by']}" if thread["resolved"] else "open",
        }
        for thread in proof["discussion"]
        for one in thread["messages"]
    ]  # fmt: skip
    rest = {"trust_root": proof["trust_root"], "incomplete": proof["incomplete"]}
    return rest | {"findings": findings, "steps": steps, "record": records, "discussion": said}


def _entry(event: Event, findings: list[AuditFinding], *, pushed: bool) -> Entry:
    verdict = event.verdict
    if any(_counts(finding) for finding in findings):
        verdict = "violation"
    elif verdict == "ok" and findings:
        verdict = "waived" if all(finding.waived_by for finding in findings) else "warning"
    what = event.kind + (f" {event.detail}" if event.detail else "")
    if event.kind == ADD_ITEM:
        what += " (added after publication)"
    lines = tuple(_line(finding) for finding in findings)
    facts = {
        "record": event.record, "digest": event.digest, "key": event.key, "content": event.content,
        "policy": event.policy, "round": event.round, "layer": event.layer,
    }  # fmt: skip
    who = event.by or "somebody unknown"
    return Entry(event.commit, event.at, who, what, verdict, event.note, lines, facts if event.record else {}, pushed)


def _bare(finding: AuditFinding) -> Entry:
    verdict = "violation" if _counts(finding) else "waived" if finding.waived_by else "warning"
    return Entry(finding.commit, "", "?", finding.code, verdict, "", (_line(finding),), {})


def _counts(finding: AuditFinding) -> bool:
    return finding.severity is Severity.ERROR and not finding.waived_by


def _line(finding: AuditFinding) -> str:
    layer = "" if finding.layer != ATTRIBUTED else " (attributed)"
    waived = f" [waived by {finding.waived_by}: {finding.waived_note}]" if finding.waived_by else ""
    return f"{finding.code}{layer} {finding.message}{waived}"
