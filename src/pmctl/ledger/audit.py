"""The audit: everything up to a commit, judged step by step. (repository, tip, root) -> Report.

Everything is read hermetically, by full object id. A history that cannot be read to its beginning is
reported as incomplete, which is never a pass. What was judged before may be taken from the cache, but only
when the main line runs through the commit that the cache ends at, and only when this user wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pmctl import git
from pmctl.codes import Code
from pmctl.document.finding import Severity
from pmctl.errors import advise
from pmctl.ledger import cache
from pmctl.ledger.audit_state import AuditState
from pmctl.ledger.history import Step, descendants, main_line
from pmctl.ledger.memory import no_collection
from pmctl.ledger.report import AuditFinding, Event, Report
from pmctl.ledger.step_auditor import StepAuditor
from pmctl.ledger.store import Store
from pmctl.ledger.verifying import WORTH_IT, Verifications
from pmctl.object_reader import ObjectReader
from pmctl.objects import CorruptObject, MissingObject

Progress = Callable[[int, int], None]
"""Called now and then with the number of steps judged and the number of all steps."""

_TOGETHER = 128  # steps that are read ahead at a time
_WORTH_SAVING = 20  # new steps


def audit(
    repo: git.Repository,
    *,
    tip: str = "HEAD",
    base: str | None = None,
    root: str | None = None,
    use_cache: bool = True,
    object_directory: Path | None = None,
    alternates: Sequence[Path] = (),
    progress: Progress | None = None,
) -> Report:
    """Judge the history of `repo` up to `tip`.

    `root` is the digest of the first policy that is expected ("sha256:<hex>"); None takes the one found.
    With `base` (a commit that landed before) the main line runs through it, and only what came after it is
    reported. `object_directory` and `alternates` are git's quarantine in a pre-receive hook; `tip` must then be
    a full object id.

    Raises EnvironmentProblem when there is no such commit or no git. A history that is damaged or not all
    there gives a Report that is not complete.
    """
    commit = tip if _is_full(tip) else git.resolve(repo.top, tip)
    start = "" if base is None else base if _is_full(base) else git.resolve(repo.top, base)
    lacking = git.is_shallow_or_partial(repo.common_dir)
    with (
        ObjectReader(repo.common_dir, object_directory=object_directory, alternates=alternates) as reader,
        Verifications() as verifications,
        no_collection(),
    ):
        judge = StepAuditor(Store(reader), repo.prefix, AuditState(), verifications)
        run = _Run(repo, judge, use_cache and not lacking, progress)
        problem, missing = "", ""
        try:
            run.judge_all(commit, start)
        except (MissingObject, CorruptObject) as error:
            problem, missing = error.message, error.oid
        fold = run.judge.fold
    return _report(fold, commit, start, root, lacking, problem, missing)


@dataclass(slots=True)
class _Run:
    """One audit under way."""

    repo: git.Repository
    judge: StepAuditor
    use_cache: bool
    progress: Progress | None

    def judge_all(self, tip: str, base: str) -> None:
        """Judge the main line up to `tip`, through `base` when it is given and an ancestor."""
        reader, rank = self.judge.reader, self.judge.rank
        known = cache.load(self.repo) if self.use_cache else None
        reader.fetch_history(tip, (known.tip,) if known is not None else ())
        self.judge.newest = self.judge.root_tree(reader.commit(tip).tree)
        through = descendants(reader, tip, base) if base else frozenset()
        if not through:
            self._up_to(tip, known)
            return
        # What landed is judged as it was judged when it landed; only then does the line go on from it.
        if known is not None and base in known.fold.line:
            steps = main_line(reader, tip, rank, prefer=through, stop=(base, known.tip))
            if (steps[0].parent if steps else tip) == known.tip:
                self.judge.resume(known.fold)
                self._steps(steps)
                return
        self._up_to(base, known)
        self._steps(main_line(reader, tip, rank, prefer=through, stop=(base,)))

    def _up_to(self, tip: str, known: cache.Known | None) -> None:
        reader, rank = self.judge.reader, self.judge.rank
        steps = main_line(reader, tip, rank, stop=(known.tip,) if known is not None else ())
        resumed = known is not None and (steps[0].parent if steps else tip) == known.tip
        if resumed and known is not None:
            self.judge.resume(known.fold)
        self._steps(steps)
        # Judging a few steps again costs less than writing everything down after each.
        if self.use_cache and (len(steps) >= _WORTH_SAVING or not resumed):
            cache.save(self.repo, tip, self.judge.fold)

    def _steps(self, steps: list[Step]) -> None:
        if len(steps) >= WORTH_IT:
            self.judge.verifications.start()
        # One batch ahead, so that its signatures are verified while the one before it is judged.
        following = self.judge.prepare(steps[:_TOGETHER])
        for first in range(0, len(steps), _TOGETHER):
            if self.progress is not None:
                self.progress(first, len(steps))
            present, following = following, self.judge.prepare(steps[first + _TOGETHER : first + 2 * _TOGETHER])
            self.judge.judge(present)


def _report(
    fold: AuditState, tip: str, base: str, root: str | None, lacking: str, problem: str, missing: str
) -> Report:
    events, findings = fold.conclusions()
    if base:
        events, findings = _after(fold, base, events, findings)
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
        message = f"this is a {lacking}: what is missing cannot be judged"
        about_all.append(AuditFinding(code, message, hint="git fetch --unshallow, or clone again without --filter"))
    if not fold.root and not problem:
        message = "there is no signed policy in this history: nothing is managed, and nothing can be proved"
        about_all.append(AuditFinding("AU100", message, hint=advise("init")))
    if root is not None and fold.root and fold.root != root:
        message = (
            f"the first policy is {fold.root}, but {root} is expected: this is another repository or a new history"
        )
        about_all.append(AuditFinding("AU106", message, hint="find out why before you trust anything in it"))
    if base and not problem and base not in fold.line and base not in fold.landed:
        message = f"{base[:12]} is not part of the history of {tip[:12]}: it was rewritten"
        about_all.append(AuditFinding("AU604", message, tip, hint="push without --force, on top of what landed"))
    reason = (about_all[0].message if problem or lacking else "") if about_all else ""
    return Report(
        root=fold.root,
        tip=tip,
        base=base,
        policy=fold.policy,
        events=tuple(events),
        findings=(*about_all, *findings),
        states=dict(fold.states),
        complete=not (problem or lacking),
        incomplete=reason,
        steps=len(fold.line),
        records=fold.verified,
    )


def _after(
    fold: AuditState, base: str, events: list[Event], findings: list[AuditFinding]
) -> tuple[list[Event], list[AuditFinding]]:
    """What came after `base` only."""
    first = fold.line.get(base, -1)
    later = {commit for commit, number in fold.line.items() if number > first}
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
