"""Plan the adoption of files and folders, in memory: what becomes of each file, and the files to write.

    paths -> candidates -> recognised documents (several per file when it is split) -> adoptions -> writes

Whatever goes wrong with one file is a problem of that file alone; the others go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

from pmctl.adopt import links
from pmctl.adopt.candidates import Candidate, candidates, work_tree
from pmctl.adopt.conversion import Adoption, convert
from pmctl.adopt.front_matter import Context
from pmctl.adopt.recognise import Existing, RecognisedDocument, existing, recognise
from pmctl.adopt.source import Unadoptable
from pmctl.adopt.title import slug
from pmctl.document.fields import Status, path_of
from pmctl.errors import UsageProblem
from pmctl.policy.model import Policy
from pmctl.processes import counted
from pmctl.repository.transaction import Write
from pmctl.repository.workspace import Workspace

STATUSES = (Status.DRAFT, Status.PUBLISHED, Status.ARCHIVED)


# A document's file, the folder whose files may come along, and its new path -> all that its links need to know.
_Surroundings = Callable[[Path, Path, str], links.Surroundings]


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


def plan(workspace: Workspace, paths: Sequence[str], directory: Path, options: AdoptOptions, author: str) -> Plan:
    """Plan the adoption of the files and folders that `paths` name, seen from `directory`. Nothing is written.

    `author` is the handle of whoever adopts. Raises UsageProblem for a status that nothing can be adopted in, or a
    `day` for more than one document.
    """
    if options.status not in STATUSES:
        raise UsageProblem(f"--status {options.status}: not one of {', '.join(STATUSES)}")
    found = candidates(paths, directory)
    if options.day is not None and len(found) != 1:
        raise UsageProblem("--date is for one document at a time", hint="name one file, or leave --date out")
    root = workspace.repo.root.resolve()
    known = existing(workspace)
    looked_at = counted(found, "files recognised", workspace.repo.progress)
    groups = [_recognised(candidate, root, known, options) for candidate in looked_at]
    documents = [document for group in groups for document in group if isinstance(document, RecognisedDocument)]
    context = Context(options.status, author, _known_people(workspace.policy), workspace.settings.severities)
    surroundings = _surroundings(root, workspace.repo.top.resolve(), documents)
    results: list[Result] = []
    writes: dict[str, Write] = {}
    for group in counted(groups, "documents adopted", workspace.repo.progress):
        outcomes, new = _adopted(group, root, surroundings, context)
        results += outcomes
        for write in new:
            # What one document needs is not removed for another.
            if write.data is not None or write.path not in writes:
                writes[write.path] = write
    return Plan(tuple(results), tuple(writes.values()))


def _recognised(
    candidate: Candidate, root: Path, known: Existing, options: AdoptOptions
) -> Sequence[RecognisedDocument | Result]:
    """The documents of a file, or why it is left out."""
    if candidate.reason:
        return [Result(candidate.shown, "problem" if candidate.named else "skipped", candidate.reason)]
    try:
        return recognise(candidate, root, known, day=options.day, split=options.split)
    except Exception as error:  # one document's trouble must not stop the others
        return [_trouble(candidate, error)]


def _surroundings(root: Path, top: Path, documents: Sequence[RecognisedDocument]) -> _Surroundings:
    return partial(
        links.Surroundings, root=root, top=top,
        adopted={document.file: path_of(document.id) for document in reversed(documents)},
        shown=Counter(file for document in documents if document.part == 1 for file in document.linked),
    )  # fmt: skip


def _adopted(
    group: Sequence[RecognisedDocument | Result], root: Path, surroundings: _Surroundings, context: Context
) -> tuple[list[Result], list[Write]]:
    """What becomes of one file, and the files to write for it; its source goes when all of it is adopted."""
    results: list[Result] = []
    writes: list[Write] = []
    for document in group:
        if isinstance(document, Result):
            results.append(document)
            continue
        try:
            result, new = _document_adopted(document, surroundings, context)
        except Exception as error:  # one document's trouble must not stop the others
            result, new = _trouble(document.candidate, error), []
        results.append(result)
        writes += new
    first = group[0]
    if isinstance(first, RecognisedDocument) and all(result.moved for result in results):
        writes.append(Write(first.file.relative_to(root).as_posix(), None))
    return results, writes


def _document_adopted(
    document: RecognisedDocument, surroundings: _Surroundings, context: Context
) -> tuple[Result, list[Write]]:
    # The files that may come along lie in the work tree around the document, or in the folder that was named.
    boundary = work_tree(document.file) or document.candidate.boundary.resolve()
    around = surroundings(document.file, boundary, path_of(document.id))
    inside = document.file.is_relative_to(around.root)
    rewritten = links.rewrite(document.identified.source.text, around)
    moved = inside and document.is_whole_file
    adoption = convert(document.identified, document.id, rewritten.text, context, moved=moved)
    adoption = _with_remarks(adoption, document, rewritten.broken)
    writes = [Write(adoption.path, adoption.data)]
    for one in rewritten.taken:
        writes.append(Write(f"{adoption.path.removesuffix('.md')}/{one.name}", one.file.read_bytes()))
        if inside and one.file.is_relative_to(around.root):
            writes.append(Write(one.file.relative_to(around.root).as_posix(), None))
    names = tuple(one.name for one in rewritten.taken)
    return Result(document.candidate.shown, "adopt", "", adoption, inside, names), writes


def _with_remarks(adoption: Adoption, document: RecognisedDocument, broken: Sequence[str]) -> Adoption:
    """The adoption with what its surroundings say about it; each question takes a little of the confidence."""
    questions = []
    named = document.identified
    base = f"{named.day.value.isoformat()}-{slug(named.title.value, document.candidate.shown)}"
    if adoption.id != base and adoption.id.removeprefix(base)[1:].isdigit():
        questions.append(f"another postmortem has the id {base}: is this the same incident?")
    if document.incidents:
        shown = "; ".join(document.incidents[:4])
        questions.append(f"it holds {len(document.incidents)} incidents ({shown}): --split makes a postmortem of each")
    kept = [f"link {target} as it was: it leads to no file that can be brought along" for target in broken]
    return replace(
        adoption, kept=(*adoption.kept, *kept), questions=(*adoption.questions, *questions),
        confidence=round(max(0.05, adoption.confidence - 0.05 * len(questions)), 2),
    )  # fmt: skip


def _trouble(candidate: Candidate, error: Exception) -> Result:
    """What is wrong with a file, in words."""
    if isinstance(error, Unadoptable):
        return Result(candidate.shown, "skipped" if error.skipped else "problem", error.reason)
    if isinstance(error, OSError):
        what = error.filename if error.filename and Path(error.filename) != candidate.file else ""
        return Result(candidate.shown, "problem", f"{what} cannot be read: {error.strerror}".strip())
    return Result(candidate.shown, "problem", f"pmctl failed on this document ({type(error).__name__}: {error})")


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
