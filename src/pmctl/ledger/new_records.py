"""The records that one step brings: read, checked for form, held against the policy, put in order.

Differences below .pmctl/records -> VerifiedRecords that are well signed; everything else becomes a finding. What
an act may do is not decided here (`policy.lifecycle`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from pmctl.codes import Code
from pmctl.errors import advise
from pmctl.ledger import landing, lost_records, record
from pmctl.ledger.record import RecordProblem
from pmctl.ledger.signatures import Signer, key_problem, signer
from pmctl.ledger.sshsig import SignatureProblem
from pmctl.ledger.step import StepContext
from pmctl.ledger.tree_documents import REGULAR
from pmctl.ledger.trees import Difference
from pmctl.ledger.verified_records import VerifiedRecord, in_order
from pmctl.objects import Entry
from pmctl.policy import act as acts
from pmctl.policy.act import Act
from pmctl.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Rules:
    """What the records of a step are held against: the policy at the parent (of the first policy, itself), and the
    policy that the step brings, which no record of the step may rest on."""

    policy: Policy
    arriving: Policy | None = None
    first: bool = False
    known: Callable[[str], Policy | None] = lambda digest: None
    """Another policy by its digest: a record about a policy is held against the one that it follows."""


def new_records(step: StepContext, differences: Iterable[Difference], rules: Rules) -> list[VerifiedRecord]:
    """The well-formed, well-signed records among the differences, in the order in which they apply."""
    state = step.state
    files: dict[str, Entry] = {}
    signatures: dict[str, Entry] = {}
    found: list[VerifiedRecord] = []
    for difference in differences:
        path, old, new = difference
        if lost_records.back_again(step, difference) or (old is not None and lost_records.changed(step, difference)):
            continue
        if new is not None and new.mode != REGULAR:
            step.find("AU221", f"{path} is not a regular file", doc=lost_records.folder_of(path), path=path)
        elif new is not None and path.endswith(".json.sig"):
            signatures[path.removesuffix(".sig")] = new
        elif new is not None and path.endswith(".json"):
            files[path] = new
        elif new is not None:
            step.find(
                "AU221", f"{path} is neither a record nor a signature", doc=lost_records.folder_of(path), path=path
            )
    for path in sorted(files.keys() | signatures.keys()):
        named = record.parse_path(path)
        if named is not None:
            state.acts.setdefault(named.doc, set()).add(named.act)
        one = _verified(step, path, files.get(path), signatures.get(path), rules)
        if one is not None and one.digest in state.records:
            message = f"{path} repeats the statement of {state.records[one.digest]}"
            step.find("AU209", message, "a statement counts once: remove it", doc=one.act.doc, path=path)
        elif one is not None:
            state.records[one.digest] = path
            landing.check(step, one, rules.policy)
            found.append(one)
    lost_records.done_again(step, found)
    state.verified += len(found)
    return in_order(found)


def _verified(
    step: StepContext, path: str, file: Entry | None, signature: Entry | None, rules: Rules
) -> VerifiedRecord | None:
    doc, reader = lost_records.folder_of(path), step.source.reader
    if file is not None:
        data = reader.blob(file.oid)
    else:  # a signature that lands after its record
        there = (step.before if step.before.tree else step.after).regular_file(path)
        if there is None:
            step.find("AU221", f"{path}.sig signs a record that is not there", doc=doc, path=path + ".sig")
            return None
        data = there
    try:
        act = record.from_bytes(data)
        number = record.check_path(path, act, data).number
        if act.base in step.state.landed:
            step.state.bases.setdefault(act.base, []).append(path)
    except RecordProblem as problem:
        step.find(problem.code, f"{path}: {problem.message}", problem.hint, doc=doc, path=path)
        return None
    if signature is None:
        hint = "sign it with ssh-keygen -Y sign, or act through pmctl"
        step.find("AU206", f"{act.act} by {act.by} is not signed", hint, doc=doc, path=path)
        return None
    if act.act == acts.POLICY and not rules.first:
        rules = replace(rules, policy=rules.known(act.prev) or rules.policy)
    # Before anything that is said of its policy and keys: those of another repository are other ones.
    # (Beside a first policy there is no root yet, and nothing but that policy counts.)
    if (act.act == acts.POLICY or not rules.first) and act.root != (act.content if rules.first else step.state.root):
        step.find("AU207", f"{act.act} by {act.by} was signed for another repository", doc=doc, path=path)
        return None
    who = _signer(step, path, act, data, reader.blob(signature.oid), rules)
    if who is None:
        return None
    return VerifiedRecord(act, record.digest(data), path, number, who)


def _signer(step: StepContext, path: str, act: Act, data: bytes, signature: bytes, rules: Rules) -> Signer | None:
    """Who signed, or None after a finding."""

    def signed_by(policy: Policy) -> Signer:
        return signer(data, signature, policy, step.key_files, by=act.by, keyrings=step.keyrings)

    problem: SignatureProblem | None
    try:
        who = signed_by(rules.policy)
        problem = key_problem(who, act.by)
        if problem is not None and problem.code == "AU216":
            # Counted, and reported unless an admin has retired the key since (see AuditState.conclusions).
            step.state.lapsed[record.digest(data)] = problem.message
            problem = None
    except SignatureProblem as error:
        who, problem = None, error
    if problem is None and act.act != acts.POLICY and (rules.first or act.policy > rules.policy.version):
        problem = SignatureProblem("AU208", f"{act.act} by {act.by} relies on a policy that was not in force yet")
    elif problem is not None and problem.code in ("AU217", "AU218", "AU219") and rules.arriving is not None:
        try:
            late = signed_by(rules.arriving)
        except SignatureProblem:
            late = None
        if late is not None and key_problem(late, act.by) is None:
            message = f"{act.act} by {act.by} relies on a key that the policy gains in the same step"
            problem = SignatureProblem("AU208", message, hint="land the policy first, then act")
    if problem is None:
        return who
    hint = problem.hint
    if problem.code in _OUT_OF_USE:
        hint = advise("act-again-and-waive", by=act.by, code=problem.code, commit=step.commit.oid[:12])
    step.find(problem.code, f"{path}: {problem.message}", hint, doc=lost_records.folder_of(path), path=path)
    return None


_OUT_OF_USE = ("AU219", "AU220")
"""What is said of a record by a key that was retired or marked as compromised before it landed."""

CODES = (
    Code(
        "AU206",
        "record-unsigned",
        "A record has no signature.",
        "Anybody can write a file that says it is by somebody.",
        "Act through pmctl, which signs.",
        "0002-approve-bob-5d1c0b6e.json without 0002-approve-bob-5d1c0b6e.json.sig",
    ),
    Code(
        "AU207",
        "other-repository",
        "A record was signed for another repository.",
        "An approval in a fork says nothing here.",
        "Act here.",
        "a record copied from a fork",
    ),
    Code(
        "AU208",
        "policy-not-in-force",
        "A record leans on a policy that was not in force yet: it lands in the same step, or later.",
        "Otherwise whoever changes the policy could use the new right in the same breath.",
        "Land the policy first, in a step of its own; then act.",
        "a new key and an approval with it in one commit",
    ),
    Code(
        "AU209",
        "statement-twice",
        "The same signed statement lies there twice.",
        "One approval counts once, however often and in whatever armour it is stored.",
        "Remove the copy in a new step.",
        "0002-approve-bob-5d1c0b6e.json copied to 0003-approve-bob-5d1c0b6e.json",
    ),
    Code(
        "AU218",
        "signed-by-another",
        "A record says that it is by one person, and another one signed it.",
        "Only the person who acts may say so.",
        "The person acts, with their own key.",
        "by bob, signed by jane",
    ),
    Code(
        "AU219",
        "retired-key",
        "A record is signed with a key that was retired before the record landed.",
        "What a key signed before stays; the order of landing decides, never a date in a commit.",
        "Act again with the present key, and an admin waives the finding. If the policy that retires the key is not"
        " pushed yet: drop its commit, fetch, and retire the key again on top of what has landed.",
        "an approval with last year's key",
    ),
    Code(
        "AU221",
        "stray-record-file",
        "A file among the records is neither a record nor a signature, or no regular file.",
        "Nothing may lie there that looks like a record and is not read as one.",
        "Remove it.",
        ".pmctl/records/ID/notes.txt",
    ),
)
