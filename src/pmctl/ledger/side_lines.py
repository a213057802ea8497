"""What happened on lines beside the main one, and no signature stands for. (step, commits) -> unsigned changes.

A merge is one step: how its sides came to what they bring is not judged by the lifecycle. But a change of published
text that nobody signed is told, also when it was taken back before the merge; and when somebody signed with such a
line in sight and the main line now goes round it, that is a finding (`ledger.landing`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pmctl.codes import WAIVE, Code
from pmctl.ledger import paths, record
from pmctl.ledger.deltas import Delta
from pmctl.ledger.snapshot import Snapshot
from pmctl.ledger.statement import Statement, read_statement, statement
from pmctl.ledger.step import StepContext
from pmctl.ledger.tree_documents import REGULAR
from pmctl.policy import act as acts
from pmctl.policy import change
from pmctl.policy.act import ACTS
from pmctl.policy.model import Policy
from pmctl.policy.state import DELETED, FINAL
from pmctl.text import in_ascii


class UnsignedChange(NamedTuple):
    """One commit's change that no record stands for. `what` completes "changed ..."; `doc` is empty for the policy."""

    commit: str
    doc: str
    what: str


class _Edit(NamedTuple):
    commit: str
    before: str
    after: str


def statuses_before(step: StepContext) -> dict[str, str]:
    """The status that each postmortem has before the step which the merged commits change, as its records say."""
    states = step.state.states
    return {
        doc: states[doc].status
        for one in step.merged for doc in _documents(step.lines.deltas.of(one.oid)) if doc in states
    }  # fmt: skip


def check_merged(step: StepContext, policy: Policy, before: Mapping[str, str]) -> None:
    """Report the unsigned changes of final content on the lines that a merge brings; `before` are statuses."""
    told = {one.doc for one in step.findings if one.code in ("AU401", "AU402")}  # what came of it is reported already
    for one in unsigned_texts(step, policy, [one.oid for one in reversed(step.merged)], before):
        if one.doc not in told:
            message = f"{one.commit[:12]}, on a line that this merge brings, changed {one.what}; no record binds that"
            hint = f"look at it: git show {one.commit[:12]}"
            step.find("AU615", message, hint, doc=one.doc, warning=True)


def unsigned_texts(
    step: StepContext, policy: Policy, commits: Sequence[str], before: Mapping[str, str]
) -> list[UnsignedChange]:
    """The changes of the content of final postmortems that no record binds, oldest first.

    `before` gives the status of the postmortems where the lines begin. Content on the way to what a later record of
    these lines binds, or to what is in force, is work on an amend; but content that only came back to where it was is
    none.
    """
    final = {doc for doc, status in before.items() if status in FINAL}
    edits: dict[str, list[_Edit]] = defaultdict(list)
    for commit in commits:
        delta = step.lines.deltas.of(commit)
        for doc in final.intersection(_documents(delta)) if delta.parent else ():
            old = step.source.at(delta.parent)
            edit = _Edit(commit, old.digest(doc), step.source.at(commit).digest(doc))
            if edit.before != edit.after and _was_final(step, policy, old, doc):
                edits[doc].append(edit)
        names = (record.parse_path(one.path) for one in delta.records)
        final |= {named.doc for named in names if named is not None and named.act == acts.PUBLISH}
    return [
        UnsignedChange(edit.commit, doc, f"the text of {doc}")
        for doc, made in edits.items()
        for edit in made
        if not _leads_to(_bound(step, policy, commits[commits.index(edit.commit) :], doc), edit, made)
    ]


def unsigned_moves(step: StepContext, policy: Policy, commits: Iterable[str]) -> list[UnsignedChange]:
    """The changes of a status or of the policy that no record in the same commit stands for."""
    found = []
    for commit in commits:
        delta = step.lines.deltas.of(commit)
        before, after = step.source.at(delta.parent) if delta.parent else None, step.source.at(commit)
        if before is None:
            continue
        if delta.policy and not _signed_policy(step, before, after):
            found.append(UnsignedChange(commit, "", "the policy"))
        for doc in _documents(delta):
            was, now = _status(before, doc), _status(after, doc)
            if was != now and was is not None and now not in _moved_to(step, policy, delta, doc):
                what = f"the status of {doc} from {in_ascii(was)} to {in_ascii(now or 'nothing')}"
                found.append(UnsignedChange(commit, doc, what))
    return found


def _documents(delta: Delta) -> list[str]:
    """The ids of the postmortems that a commit changes."""
    return sorted({paths.belongs_to(one.path)[0] for one in delta.documents} - {""})


def _was_final(step: StepContext, policy: Policy, before: Snapshot, doc: str) -> bool:
    """Whether a postmortem was published or archived in a commit, as the last signed move there says."""
    named = [one for name in before.records(doc) if (one := record.parse_path(f"{record.FOLDER}/{doc}/{name}"))]
    for one in sorted(named, key=lambda one: one.number, reverse=True):
        if any(was != now for was, now in ACTS[one.act].moves.items()):
            path = record.path(doc, one.number, one.act, one.by, one.mark)
            signed = read_statement(before, path, policy, step.keyrings)
            if signed is not None:
                return signed.act.to_status in FINAL
    return _status(before, doc) in FINAL  # by a baseline


def _bound(step: StepContext, policy: Policy, commits: Iterable[str], doc: str) -> set[str]:
    """The contents of a final postmortem that records in these commits bind, and the one in force."""
    current = step.state.states.get(doc)
    found = {current.content} if current is not None and current.status in FINAL else set()
    for commit in commits:
        for one in _statements(step, policy, step.lines.deltas.of(commit), lambda named: named.doc == doc):
            if one.act.from_status in FINAL:
                found.add("" if one.act.to_status == DELETED else one.act.content)
    return found


def _leads_to(bound: set[str], edit: _Edit, edits: Sequence[_Edit]) -> bool:
    """Whether an edit leads to a bound content, through others and not back through what was there before it."""
    reached, waiting = {edit.before, edit.after}, [edit.after]
    while waiting:
        at = waiting.pop()
        if at in bound:
            return True
        for other in edits:
            if other.before == at and other.after not in reached:
                reached.add(other.after)
                waiting.append(other.after)
    return False


def _statements(
    step: StepContext, policy: Policy, delta: Delta, wanted: Callable[[record.RecordPath], bool]
) -> Iterator[Statement]:
    """The signed records that one commit brings and that are wanted by their names."""
    brought = {one.path: one.new.oid for one in delta.records if one.new is not None and one.new.mode == REGULAR}
    for path, oid in brought.items():
        named, signature = record.parse_path(path), brought.get(record.signature_path(path))
        if named is not None and signature is not None and wanted(named):
            blob = step.source.reader.blob
            found = statement(path, blob(oid), blob(signature), policy, step.key_files, step.keyrings)
            if found is not None:
                yield found


def _status(snapshot: Snapshot, doc: str) -> str | None:
    document = snapshot.document(doc)
    return snapshot.source.documents.facts(document).status if document is not None else None


def _moved_to(step: StepContext, policy: Policy, delta: Delta, doc: str) -> set[str | None]:
    moved = {one.act.to_status for one in _statements(step, policy, delta, lambda named: named.doc == doc)}
    return {None if status == DELETED else status for status in moved}


def _signed_policy(step: StepContext, before: Snapshot, after: Snapshot) -> bool:
    """Whether admins of the policy before signed the one after."""
    old, new = before.policy()[0], after.policy()[0]
    return old is not None and new is not None and not change.check_change(old, new, policy_acts(step, after, old, new))


def policy_acts(step: StepContext, after: Snapshot, old: Policy, new: Policy) -> list[acts.Act]:
    """The records in a tree about a version of the policy that people of `old` signed."""
    names = (name for name in after.records(acts.POLICY) if name.startswith(f"{new.version:04d}-"))
    read = (read_statement(after, f"{record.FOLDER}/{acts.POLICY}/{name}", old, step.keyrings) for name in names)
    return [one.act for one in read if one is not None and one.active]


CODES = (
    Code(
        "AU615",
        "unsigned-on-a-side",
        "A line that a merge brings changed published text, and no record binds the change; it may have been taken back"
        " before the merge.",
        "Readers of that line saw a text that nobody signed. If the line was the protected branch once, somebody merged"
        " it as if it were a side.",
        "Look at the commit, and ask who had it. " + WAIVE,
        "published text edited and put back, then merged as the second parent of another line",
    ),
)
