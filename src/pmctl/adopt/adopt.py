"""Adopt existing postmortems: plan them all in memory, show the plan, write it as one commit.

    paths -> files -> sources (several per file when it is split) -> ids -> plans -> writes -> one commit

Files inside the pmctl root are moved, so that `git log --follow` goes on; files from elsewhere are copied. A baseline
is signed in the same commit and covers every document of it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from pmctl.adopt import collection, identity, links, plan, splitting
from pmctl.adopt.collection import Candidate
from pmctl.adopt.plan import Adoption, Named
from pmctl.adopt.source import Source, Unadoptable, from_text, read_source
from pmctl.document.digest import Attachment, content_digest
from pmctl.document.schema import Status, path_of
from pmctl.errors import BadInput, Refused, UsageProblem
from pmctl.ledger import record
from pmctl.policy import act as acts
from pmctl.policy.change import check_repository_act, propose_baseline
from pmctl.policy.model import Policy
from pmctl.repository.actor import Actor
from pmctl.repository.records import record_writes, root_of
from pmctl.repository.transaction import CommitResult, Write, commit
from pmctl.repository.workspace import Workspace
from pmctl.text import utc

STATUSES = (Status.DRAFT, Status.PUBLISHED, Status.ARCHIVED)


@dataclass(frozen=True, slots=True)
class AdoptOptions:
    """What the person asked for. `status` is what the documents get, `day` the incident's day of a single document."""

    status: str = Status.DRAFT.value
    split: bool = False
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What becomes of one file (of one incident of it, when it is split).

    `state` is adopt, skipped (no postmortem, or managed already) or problem; `reason` says why it isn't adopted.
    `moved` tells whether the source goes away; `attachments` are the files that come along.
    """

    source: str
    state: str
    reason: str = ""
    adoption: Adoption | None = None
    moved: bool = False
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that an adoption would do: a result for each file, and the files to write."""

    results: tuple[Result, ...]
    writes: tuple[Write, ...]

    @property
    def adopted(self) -> tuple[Adoption, ...]:
        """The documents that will be managed."""
        return tuple(result.adoption for result in self.results if result.adoption is not None)


@dataclass(frozen=True, slots=True)
class _Piece:
    """One document on its way: the file, its text's identity and its id.

    `part` counts the incidents of a split file from 1, `incidents` are the titles of those of a file that isn't split,
    `whole` are the bytes of the file.
    """

    candidate: Candidate
    named: Named
    id: str
    part: int
    incidents: tuple[str, ...]
    whole: bytes


def prepare(workspace: Workspace, paths: Sequence[str], directory: Path, wish: AdoptOptions, author: str) -> Plan:
    """Plan the adoption of the files and folders that `paths` name, seen from `directory`. Nothing is written.

    `author` is the handle of whoever adopts. Raises UsageProblem for a status that nothing can be adopted in, or a
    `day` for more than one document.
    """
    if wish.status not in STATUSES:
        raise UsageProblem(f"--status {wish.status}: not one of {', '.join(STATUSES)}")
    found = collection.candidates(paths, directory)
    if wish.day is not None and len(found) != 1:
        raise UsageProblem("--date is for one document at a time", hint="name one file, or leave --date out")
    results: dict[tuple[str, int], Result] = {}
    pieces: list[_Piece] = []
    taken = _taken_ids(workspace)
    managed = _managed(workspace)
    for candidate in found:
        if candidate.reason:
            state = "problem" if candidate.named else "skipped"
            results[candidate.shown, 0] = Result(candidate.shown, state, candidate.reason)
            continue
        try:
            pieces += _pieces(candidate, wish, taken, managed, workspace.repo.root)
        except Unadoptable as error:
            state = "skipped" if error.managed or not candidate.named else "problem"
            if not candidate.named and not error.managed and error.reason != _NO_SIGN:
                state = "problem"
            results[candidate.shown, 0] = Result(candidate.shown, state, error.reason)
        except OSError as error:
            results[candidate.shown, 0] = Result(candidate.shown, "problem", f"cannot be read: {error.strerror}")
    setting = plan.Setting(wish.status, author, _known_people(workspace.policy), workspace.settings.severities)
    writes = _convert(workspace, pieces, setting, results)
    order = {candidate.shown: index for index, candidate in enumerate(found)}
    ordered = sorted(results, key=lambda key: (order[key[0]], key[1]))
    return Plan(tuple(results[key] for key in ordered), tuple(writes))


def write(workspace: Workspace, planned: Plan, signing: Sequence[str]) -> CommitResult:
    """Land the plan as one commit; `signing` holds git's arguments for a signed commit or nothing.

    Raises Refused when there is nothing to adopt or a source has changes that are not committed.
    """
    _refuse_nothing(planned)
    return commit(workspace.repo, planned.writes, _message(planned), signing=signing)


def write_with_baseline(workspace: Workspace, planned: Plan, actor: Actor, *, at: datetime, note: str) -> CommitResult:
    """Land the plan with a record, signed by `actor`, that accepts every document of it as found.

    Raises Refused when the actor is no admin or gives no reason, or there is nothing to adopt.
    """
    _refuse_nothing(planned)
    bytes_of = {write.path: write.data for write in planned.writes if write.data is not None}
    documents = []
    for adoption in planned.adopted:
        folder = adoption.path.removesuffix(".md") + "/"
        attachments = tuple(
            Attachment(path.removeprefix(folder), "100644", hashlib.sha256(data).hexdigest())
            for path, data in bytes_of.items() if path.startswith(folder)
        )  # fmt: skip
        documents.append((adoption.id, content_digest(adoption.document, attachments), adoption.document.status))
    act = propose_baseline(
        workspace.policy, root_of(workspace), tuple(documents),
        by=actor.handle, at=utc(at), note=note,
    )  # fmt: skip
    violations = check_repository_act(act, workspace.policy)
    if violations:
        rest = tuple(f"{one.code} {one.message}" for one in violations[1:])
        raise Refused(f"{violations[0].code} {violations[0].message}", hint=violations[0].hint, details=rest)
    baselines = workspace.repo.root / record.FOLDER / acts.BASELINE
    numbers = [
        parts.number for file in (baselines.iterdir() if baselines.is_dir() else ())
        if (parts := record.parse_path(f"{record.FOLDER}/{acts.BASELINE}/{file.name}"))
    ]  # fmt: skip
    signed = record_writes(actor, act, max(numbers, default=0) + 1, record.to_bytes(act))
    message = _message(planned, note) + f"Act: {acts.BASELINE}\n"
    return commit(workspace.repo, (*planned.writes, *signed), message, signing=actor.signer.git_arguments())


_NO_SIGN = "no sign of a postmortem in it; name the file itself to adopt it"


def _pieces(
    candidate: Candidate, wish: AdoptOptions, taken: set[str], managed: dict[tuple[str, str], str], root: Path
) -> list[_Piece]:
    """The documents of one file, with their ids. Raises Unadoptable."""
    if candidate.file.resolve().is_relative_to(root.resolve() / ".pmctl"):
        raise Unadoptable("one of pmctl's own files")
    if _lies_at_a_postmortem(candidate.file, root):
        taken.discard(candidate.file.stem.casefold())
    source = read_source(collection.read(candidate), candidate.shown)
    incidents = splitting.parts(source)
    sources = [source]
    if wish.split and incidents:
        sources = [from_text(part.text, candidate.shown, bom=source.bom) for part in incidents]
    found = []
    for number, one in enumerate(sources, start=1):
        named = _named(candidate, one, wish)
        if not candidate.named and not collection.looks_like_a_postmortem(source, named.title.value):
            raise Unadoptable(_NO_SIGN)
        if known := managed.get((named.day.value.isoformat(), named.title.value)):
            raise Unadoptable(f"adopted already, as {known}", managed=True)
        if len(sources) > 1:
            named = replace(named, title=identity.Found(incidents[number - 1].title, plan.PART_HEADING, 1.0))
        name = identity.unique_id(named.day.value, identity.slug(named.title.value, candidate.shown), taken)
        unsplit = () if len(sources) > 1 else tuple(part.title for part in incidents)
        found.append(_Piece(candidate, named, name, number, unsplit, source.data))
    return found


def _named(candidate: Candidate, source: Source, wish: AdoptOptions) -> Named:
    try:
        return plan.name(source, None, fixed=wish.day)
    except Unadoptable:
        text = collection.first_committed(candidate.file)
        if text:
            return plan.name(source, (date.fromisoformat(text), "the first commit of the file"))
        changed = datetime.fromtimestamp(candidate.file.stat().st_mtime, UTC).date()
        return plan.name(source, (changed, "the last change of the file"))


def _convert(
    workspace: Workspace, pieces: Sequence[_Piece], setting: plan.Setting, results: dict[tuple[str, int], Result]
) -> list[Write]:
    root, top = workspace.repo.root.resolve(), workspace.repo.top.resolve()
    adopted = {piece.candidate.file.resolve(): path_of(piece.id) for piece in reversed(pieces)}
    shown = Counter(
        real for piece in pieces if piece.part == 1
        for real in {
            links.linked_file(piece.candidate.file.resolve(), target)
            for _, _, target in links.targets(piece.named.source.text)
        }
    )  # fmt: skip
    writes: dict[str, Write] = {}
    for piece in pieces:
        real = piece.candidate.file.resolve()
        around = links.Surroundings(
            real, _boundary(piece.candidate), path_of(piece.id), root, top, adopted, lambda file: shown[file] > 1
        )
        key = (piece.candidate.shown, piece.part)
        try:
            turned = links.rewrite(piece.named.source.text, around)
            moved = real.is_relative_to(root) and piece.part == 1 and piece.named.source.data == piece.whole
            adoption = plan.convert(piece.named, piece.id, turned.text, setting, moved=moved)
            brought = [(one, one.file.read_bytes()) for one in turned.taken]
        except Unadoptable as error:
            results[key] = Result(piece.candidate.shown, "problem", error.reason)
            continue
        except OSError as error:
            results[key] = Result(piece.candidate.shown, "problem", f"an attachment cannot be read: {error.strerror}")
            continue
        inside = real.is_relative_to(root)
        adoption = _with_remarks(adoption, piece, turned)
        for one, data in brought:
            path = f"{adoption.path.removesuffix('.md')}/{one.name}"
            writes[path] = Write(path, data)
            if inside and one.file.is_relative_to(root):
                writes.setdefault(
                    one.file.relative_to(root).as_posix(), Write(one.file.relative_to(root).as_posix(), None)
                )
        names = tuple(one.name for one, _ in brought)
        results[key] = Result(piece.candidate.shown, "adopt", "", adoption, inside, names)
        writes[adoption.path] = Write(adoption.path, adoption.data)
    _remove_sources(pieces, results, root, writes)
    return list(writes.values())


def _remove_sources(
    pieces: Sequence[_Piece], results: dict[tuple[str, int], Result], root: Path, writes: dict[str, Write]
) -> None:
    """A source inside the root goes away, unless one of its incidents could not be adopted."""
    for piece in pieces:
        real = piece.candidate.file.resolve()
        whole = all(
            results[other.candidate.shown, other.part].state == "adopt"
            for other in pieces if other.candidate is piece.candidate
        )  # fmt: skip
        if whole and real.is_relative_to(root):
            old = real.relative_to(root).as_posix()
            writes.setdefault(old, Write(old, None))


def _with_remarks(adoption: Adoption, piece: _Piece, turned: links.Rewritten) -> Adoption:
    kept = tuple(f"link {target} as it was: nothing that may come along is there" for target in turned.broken)
    questions = []
    base = f"{piece.named.day.value.isoformat()}-{identity.slug(piece.named.title.value, piece.candidate.shown)}"
    if adoption.id != base and adoption.id.removeprefix(base)[1:].isdigit():
        questions.append(f"another postmortem has the id {base}: is this the same incident?")
    if piece.incidents:
        shown = "; ".join(piece.incidents[:4])
        questions.append(f"it holds {len(piece.incidents)} incidents ({shown}): --split makes one of each")
    return plan.with_questions(adoption, kept, tuple(questions))


def _boundary(candidate: Candidate) -> Path:
    """The folder whose files may come along: the work tree around the document, or the folder that was named."""
    real = candidate.file.resolve()
    return collection.work_tree(real) or candidate.boundary.resolve()


def _lies_at_a_postmortem(file: Path, root: Path) -> bool:
    """Whether a file lies where pmctl keeps the postmortem of its name: its own id isn't taken then."""
    try:
        return file.resolve().relative_to(root.resolve()).as_posix() == path_of(file.stem)
    except ValueError:
        return False


def _taken_ids(workspace: Workspace) -> set[str]:
    records = workspace.repo.root / record.FOLDER
    with_records = [folder.name for folder in records.iterdir()] if records.is_dir() else []
    return {name.casefold() for name in (*workspace.ids(), *with_records)}


def _managed(workspace: Workspace) -> dict[tuple[str, str], str]:
    """(day, title) -> id of every postmortem that was adopted: adopting a folder again adds only what is new."""
    found = {}
    for name in workspace.ids():
        try:
            document = workspace.read(name)
        except BadInput:
            continue
        if plan.TAG in (document.meta.get("tags") or ()):
            found[name[:10], document.title] = name
    return found


def _known_people(policy: Policy) -> Callable[[str], str]:
    """A lookup of handles by handle, name or e-mail, without regard to case; "" for strangers and ambiguous names."""
    known: dict[str, str] = {}
    for handle, person in policy.people.items():
        for word in (handle, person.name, *person.emails):
            key = " ".join(word.casefold().split())
            known[key] = handle if known.get(key, handle) == handle else ""

    def person_of(text: str) -> str:
        words = " ".join(text.casefold().split()).removeprefix("@")
        mail = words.rpartition("<")[2].strip("<> ") if "<" in words else ""
        return known.get(words, "") or known.get(mail, "") or known.get(words.partition("<")[0].strip(), "")

    return person_of


def _refuse_nothing(planned: Plan) -> None:
    if not planned.adopted:
        reasons = tuple(f"{result.source}: {result.reason}" for result in planned.results[:20])
        raise Refused("there is nothing to adopt", details=reasons)


def _message(planned: Plan, note: str = "") -> str:
    adopted = [result for result in planned.results if result.adoption]
    subject = (
        f"Adopt {adopted[0].adoption.id}"
        if len(adopted) == 1 and adopted[0].adoption
        else f"Adopt {len(adopted)} postmortems"
    )
    lines = [f"{result.source} -> {result.adoption.id}" for result in adopted if result.adoption]
    shown = lines[:100] + ([f"... and {len(lines) - 100} more"] if len(lines) > 100 else [])
    return "\n".join([subject, "", *([note, ""] if note else []), *shown, ""]) + "\n"
