"""The audit: everything up to a commit, step by step. (repository, tip, root) -> Report.

Everything is read hermetically, by full object id. A history that cannot be read to its beginning is
reported as incomplete, which is never a pass. What was audited before may be taken from the cache, but only
when the main line runs through the commit that the cache ends at, and only when this user wrote it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from pmctl import git
from pmctl.codes import Code
from pmctl.document.finding import Severity
from pmctl.errors import advise
from pmctl.ledger import cache, landing, trust
from pmctl.ledger.audit_state import AuditState
from pmctl.ledger.history import Lines, Step, lines_of
from pmctl.ledger.openpgp import Keyrings
from pmctl.ledger.report import AuditFinding, Event, Report
from pmctl.ledger.snapshot import Snapshot, Snapshots
from pmctl.ledger.step_auditor import StepAuditor
from pmctl.object_reader import ObjectReader
from pmctl.objects import CorruptObject, MissingObject
from pmctl.processes import counted

_TOGETHER = 128  # steps that are read ahead at a time
_WORTH_SAVING = 20  # new steps


def audit(
    repo: git.Repository,
    *,
    tip: str = "HEAD",
    base: str | None = None,
    root: str | None = None,
    reader: ObjectReader | None = None,
    seen: Sequence[str] | None = None,
    now: int | None = None,
) -> Report:
    """Audit the history of `repo` up to `tip`.

    `root` is the digest of the first policy that is expected ("sha256:<hex>"); None takes the one found.
    With `base` (a commit that landed before) the main line runs through it, and only what came after it is
    reported. `seen` are commits that are known to have been on the protected branch: those that this user
    remembers of `repo`, unless they are given. A pre-receive hook gives a `reader` that knows git's quarantine;
    `tip` must then be a full object id.
    What this user audited before is taken from the cache where `repo` names a folder for what the user remembers.
    Whether OpenPGP keys have expired is asked of the moment `now`, in seconds since the epoch; None is the clock's.

    Raises EnvironmentProblem when there is no such commit or no git. A history that is damaged or not all
    there gives a Report that is not complete.
    """
    commit = tip if _is_full(tip) else git.resolve(repo.top, tip)
    start = "" if base is None else base if _is_full(base) else git.resolve(repo.top, base)
    lacking = git.is_shallow_or_partial(repo.common_dir)
    source = Snapshots(repo, reader)
    with source.reader, Keyrings(now) as keyrings:
        with suppress(MissingObject, CorruptObject):  # which the audit reports
            source.follow_moves(source.at(commit))
        known = trust.tips(repo, source.places[1:]) if seen is None else tuple(seen)
        run = _Run(repo, source, keyrings, not lacking, known)
        problem, missing = "", ""
        try:
            run.audit_all(commit, start)
        except (MissingObject, CorruptObject) as error:
            problem, missing = error.message, error.oid
    return _report(run.state, commit, start, root, lacking, problem, missing)


@dataclass(slots=True)
class _Run:
    """One audit under way."""

    repo: git.Repository
    source: Snapshots
    keyrings: Keyrings
    use_cache: bool  # of a clone that is not whole, only what is there was audited
    seen: tuple[str, ...]
    state: AuditState = field(default_factory=AuditState)

    def audit_all(self, tip: str, base: str) -> None:
        """Audit the main line up to `tip`; it runs through `base` when that is given and an ancestor."""
        known = cache.load(self.repo, self.keyrings, self.source.at(tip)) if self.use_cache else None
        if known is None or not self._continue(known.state, tip, base):
            self._continue(AuditState(), tip, base)

    def _continue(self, state: AuditState, tip: str, base: str) -> bool:
        """Audit the steps after those in `state`; False when its line is not the one that leads to `tip`."""
        last, reader = state.landed.tip, self.source.reader
        trusted = (base, *self.seen) if base else self.seen
        if not state.decided_by <= set(trusted) or any(
            one in state.landed and not state.landed.is_on_trunk(one) for one in trusted
        ):
            return False  # it was another line to whoever knew other commits
        reader.fetch_history(tip, (last,) if last else ())
        lines = lines_of(self.source, tip, self.keyrings, landed=state.landed, named=state.bases, seen=trusted)
        steps = lines.main_line(tip, (last,)) if lines is not None else []
        if lines is None or (last and (steps[0].parent if steps else tip) != last):
            return False
        self.state = state
        newest = self.source.at(tip)
        # What is kept for the next time is what anybody finds who does not know `base`.
        kept = next((number for number, step in enumerate(steps, 1) if step.commit == base), 0) if base else len(steps)
        self._steps(lines, steps[:kept], newest)
        state.decided_by |= {one for one in lines.decided_by if one in state.landed and one != base}
        # Auditing a few steps again costs less than writing everything down after each.
        if self.use_cache and kept and (kept >= _WORTH_SAVING or not last):
            cache.save(self.repo, state.landed.tip, state, self.keyrings, newest)
        self._steps(lines, steps[kept:], newest)
        state.decided_by |= lines.decided_by - {base}
        return True

    def _steps(self, lines: Lines, steps: list[Step], newest: Snapshot) -> None:
        auditor = StepAuditor(lines, newest, self.state)
        for first in counted(range(0, len(steps), _TOGETHER), "steps audited", self.repo.progress, len(steps)):
            auditor.audit(steps[first : first + _TOGETHER])


def _report(
    state: AuditState, tip: str, base: str, root: str | None, lacking: str, problem: str, missing: str
) -> Report:
    events, findings = state.conclusions()
    if base:
        events, findings = _after(state, base, events, findings)
    about_all: list[AuditFinding] = []
    if problem:
        code = "AU601" if lacking == "shallow clone" else "AU602" if lacking else "AU603"
        why = f"this is a {lacking}: " if lacking else ""
        hint = {
            "AU601": "git fetch --unshallow (in CI: fetch the whole history, fetch-depth: 0)",
            "AU602": "git clone again without --filter",
            "AU603": "run git fsck, and fetch or clone again",
        }[code]
        about_all.append(AuditFinding(code, f"{why}{problem}", path=missing, hint=hint))
    elif lacking:
        code = "AU601" if lacking == "shallow clone" else "AU602"
        message = f"this is a {lacking}: what is missing cannot be audited"
        about_all.append(AuditFinding(code, message, hint="git fetch --unshallow, or clone again without --filter"))
    if not state.root and not problem:
        message = "there is no signed policy in this history: nothing is managed, and nothing can be proved"
        about_all.append(AuditFinding("AU100", message, hint=advise("init")))
    if root is not None and state.root and state.root != root:
        message = (
            f"the first policy is {state.root}, but {root} is expected: this is another repository or a new history"
        )
        about_all.append(AuditFinding("AU106", message, hint="find out why before you trust anything in it"))
    if base and not problem and base not in state.line and base not in state.landed:
        message = f"{base[:12]} is not part of the history of {tip[:12]}: it was rewritten"
        about_all.append(AuditFinding("AU604", message, tip, hint="push without --force, on top of what landed"))
    reason = (about_all[0].message if problem or lacking else "") if about_all else ""
    return Report(
        root=state.root,
        tip=tip,
        base=base,
        policy=state.policy,
        events=tuple(events),
        findings=(*about_all, *findings),
        states=dict(state.states),
        complete=not (problem or lacking),
        incomplete=reason,
        steps=len(state.line),
        records=state.verified,
        witness=landing.last_witness(state),
        lost=tuple(state.lost.values()),
        decided_by=tuple(sorted(state.decided_by)),
    )


def _after(
    state: AuditState, base: str, events: list[Event], findings: list[AuditFinding]
) -> tuple[list[Event], list[AuditFinding]]:
    """What came after `base` only."""
    first = state.line.get(base, -1)
    later = {commit for commit, number in state.line.items() if number > first}
    return [e for e in events if e.commit in later], [f for f in findings if f.commit in later]


def failing(finding: AuditFinding) -> bool:
    """Whether a finding makes the answer no: an error that nobody waived."""
    return finding.severity is Severity.ERROR and not finding.waived_by


def _is_full(text: str) -> bool:
    return len(text) in (40, 64) and set(text) <= set("0123456789abcdef")


CODES = (
    Code(
        "AU100",
        "nothing-managed",
        "The history holds no signed policy.",
        "Without a policy there is nobody whose signature could prove anything.",
        "Run pmctl init.",
        "a repository of Markdown files",
    ),
    Code(
        "AU106",
        "other-root",
        "The first policy is not the one that is expected or that was seen before.",
        "It is another repository, or its whole history was replaced. This can't be waived.",
        "Compare the digest of the root with somebody who knows it, then audit with --root.",
        "audit --root sha256:1f... over a repository that begins with sha256:9c...",
    ),
    Code(
        "AU601",
        "shallow-clone",
        "The clone is shallow: history before some commit is not there.",
        "What is not there can't be judged; this is never a pass.",
        "git fetch --unshallow; in CI fetch the whole history (fetch-depth: 0).",
        "git clone --depth 1",
    ),
    Code(
        "AU602",
        "partial-clone",
        "The clone is partial: some objects were left on the server.",
        "What is not there can't be judged; this is never a pass.",
        "Clone again without --filter.",
        "git clone --filter=blob:none",
    ),
    Code(
        "AU603",
        "damaged",
        "An object of the history is missing or does not hash to its id.",
        "Part of the evidence is gone or was replaced.",
        "git fsck, then fetch or clone again.",
        "a loose object that was edited",
    ),
    Code(
        "AU604",
        "rewritten",
        "A commit that had landed is no longer part of the history.",
        "A force-push takes away what was decided.",
        "Find out who did it; push what was lost from a clone that has it.",
        "git push --force",
    ),
)
