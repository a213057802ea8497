"""The records that one step brings: read, checked for form, held against the policy, put in order.

Differences below .pmctl/records -> VerifiedRecord records that are well signed; everything else becomes a finding.
What an act may do is not decided here (`policy.lifecycle`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmctl.codes import WAIVE, Code
from pmctl.ledger import record, sshsig
from pmctl.ledger.audit_state import AuditState
from pmctl.ledger.record import RecordProblem
from pmctl.ledger.signatures import ReadFile, Signer, Verify, key_problem, signer
from pmctl.ledger.sshsig import SignatureProblem
from pmctl.ledger.store import Store
from pmctl.ledger.tree_documents import REGULAR
from pmctl.ledger.trees import Difference, Entry
from pmctl.policy import act as acts
from pmctl.policy.act import Act
from pmctl.policy.model import Policy

if TYPE_CHECKING:
    from pmctl.ledger.openpgp import Keyrings

_FOLDER = record.FOLDER + "/"
_RANK = {acts.REQUEST_REVIEW: 0, acts.APPROVE: 1}


@dataclass(frozen=True, slots=True)
class VerifiedRecord:
    """A record whose form and signature hold. `path` is below the pmctl root, `number` from its name."""

    act: Act
    digest: str
    path: str
    number: int
    signer: Signer


@dataclass(frozen=True, slots=True)
class VerificationContext:
    """Under what the records of a step are read: the policy at the parent, the root, and the policy that the
    step brings itself (which no record of the step may lean on)."""

    policy: Policy
    root: str
    arriving: Policy | None
    read_file: Callable[[str], bytes | None]
    key_files: ReadFile
    first: bool = False
    verify: Verify = sshsig.verify
    keyrings: Keyrings | None = None

    def signer(self, policy: Policy, data: bytes, signature: bytes, by: str) -> Signer:
        """Who of `policy` signed a record by `by`; raises what `signatures.signer` raises."""
        return signer(data, signature, policy, self.key_files, verify=self.verify, by=by, keyrings=self.keyrings)


def incoming(
    fold: AuditState, commit: str, reader: Store, differences: Iterable[Difference], basis: VerificationContext
) -> list[VerifiedRecord]:
    """The well-formed, well-signed records among the differences, in the order in which they apply."""
    news: dict[str, Entry] = {}
    signatures: dict[str, Entry] = {}
    found: list[VerifiedRecord] = []
    for path, old, new in differences:
        if old is not None:
            said = "removed" if new is None else "changed"
            hint = "records are never changed: put it back as it was, and record a new act"
            fold.find(commit, "AU205", f"the record {path} was {said}", doc=_doc(path), path=path, hint=hint)
        elif new is not None and new.mode != REGULAR:
            fold.find(commit, "AU221", f"{path} is not a regular file", doc=_doc(path), path=path)
        elif new is not None and path.endswith(".json.sig"):
            signatures[path.removesuffix(".sig")] = new
        elif new is not None and path.endswith(".json"):
            news[path] = new
        elif new is not None:
            fold.find(commit, "AU221", f"{path} is neither a record nor a signature", doc=_doc(path), path=path)
    for path in sorted(news.keys() | signatures.keys()):
        named = record.parse_path(path)
        if named is not None:
            fold.acts.setdefault(named.doc, set()).add(named.act)
        one = _one(fold, commit, reader, path, news.get(path), signatures.get(path), basis)
        if one is not None and one.digest in fold.records:
            message = f"{path} repeats the statement of {fold.records[one.digest]}"
            fold.find(commit, "AU209", message, doc=one.act.doc, path=path, hint="a statement counts once: remove it")
        elif one is not None:
            fold.records[one.digest] = path
            found.append(one)
    return in_order(found)


def _one(
    fold: AuditState,
    commit: str,
    reader: Store,
    path: str,
    entry: Entry | None,
    signature: Entry | None,
    basis: VerificationContext,
) -> VerifiedRecord | None:
    doc = _doc(path)
    if entry is None:
        data = basis.read_file(path)
        if data is None:
            fold.find(commit, "AU221", f"{path}.sig signs a record that is not there", doc=doc, path=path + ".sig")
            return None
    else:
        data = reader.blob(entry.oid)
    try:
        act = record.from_bytes(data)
        number = record.check_path(path, act).number
    except RecordProblem as problem:
        fold.find(commit, problem.code, f"{path}: {problem.message}", doc=doc, path=path, hint=problem.hint)
        return None
    if signature is None:
        hint = "sign it with ssh-keygen -Y sign, or act through pmctl"
        fold.find(commit, "AU206", f"{act.act} by {act.by} is not signed", doc=doc, path=path, hint=hint)
        return None
    who = _signer(fold, commit, path, act, data, reader.blob(signature.oid), basis)
    if who is None:
        return None
    if act.root != (act.content if basis.first else basis.root):
        message = f"{act.act} by {act.by} was signed for another repository"
        fold.find(commit, "AU207", message, doc=doc, path=path)
        return None
    return VerifiedRecord(act, record.digest(data), path, number, who)


def _signer(
    fold: AuditState, commit: str, path: str, act: Act, data: bytes, signature: bytes, basis: VerificationContext
) -> Signer | None:
    """Who signed, or None after a finding."""
    about_policy = act.act == acts.POLICY
    problem: SignatureProblem | None
    try:
        who = basis.signer(basis.policy, data, signature, act.by)
        problem = key_problem(who, act.by)
        if problem is not None and problem.code == "AU216":
            # Counted, and reported unless an admin has retired the key since (see AuditState.conclusions).
            fold.lapsed[record.digest(data)] = problem.message
            problem = None
    except SignatureProblem as error:
        who, problem = None, error
    if problem is None and not about_policy and (basis.first or act.policy > basis.policy.version):
        problem = SignatureProblem("AU208", f"{act.act} by {act.by} relies on a policy that was not in force yet")
    elif problem is not None and problem.code in ("AU217", "AU218", "AU219") and basis.arriving is not None:
        try:
            late = basis.signer(basis.arriving, data, signature, act.by)
        except SignatureProblem:
            late = None
        if late is not None and key_problem(late, act.by) is None:
            message = f"{act.act} by {act.by} relies on a key that the policy gains in the same step"
            problem = SignatureProblem("AU208", message, hint="land the policy first, then act")
    if problem is None:
        return who
    fold.find(commit, problem.code, f"{path}: {problem.message}", doc=_doc(path), path=path, hint=problem.hint)
    return None


def in_order(records: list[VerifiedRecord]) -> list[VerifiedRecord]:
    """The records so that each comes after the one that it follows; on a tie requests and approvals first.

    A squash brings a whole review at once, and names alone do not tell the order of two people's acts.
    """
    follows = {one.digest: one.act.prev for one in records}

    def depth(digest: str) -> int:
        count, seen = 0, set()
        while digest in follows and digest not in seen:
            seen.add(digest)
            digest = follows[digest]
            count += 1
        return count

    return sorted(records, key=lambda one: (depth(one.digest), _RANK.get(one.act.act, 2), one.number, one.path))


def _doc(path: str) -> str:
    """The folder of a record's path: a postmortem's id, or the name for repository-wide records."""
    return path.removeprefix(_FOLDER).partition("/")[0]


CODES = (
    Code(
        "AU205",
        "record-changed",
        "A record or its signature was changed or removed.",
        "Records are append-only: an approval that disappears, or a refusal, changes what was decided.",
        "Put it back as it was: git checkout COMMIT -- PATH. " + WAIVE,
        "git rm 0003-request-changes-bob.json",
    ),
    Code(
        "AU206",
        "record-unsigned",
        "A record has no signature.",
        "Anybody can write a file that says it is by somebody.",
        "Act through pmctl, which signs.",
        "0002-approve-bob.json without 0002-approve-bob.json.sig",
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
        "0002-approve-bob.json copied to 0003-approve-bob.json",
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
        "Act again with the present key.",
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
