"""Where postmortems stand by their signed records, whatever their files say. (repository, ids) -> Standing.

What people are shown of state, reviewers and approvals comes from here; where a file says otherwise, that is marked. A
postmortem that never had records is a draft: that costs nothing to know. What the records of another add up to is kept
under the git directory by the ids of the objects that were read for it, and cannot be out of date.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from pmctl import __version__, git
from pmctl.document.fields import Status, is_id, path_of
from pmctl.document.finding import Severity
from pmctl.document.reader import Document
from pmctl.errors import EnvironmentProblem, PmctlError
from pmctl.files import make_folder, read_object, write_atomic
from pmctl.ledger import record
from pmctl.ledger.traces import traces
from pmctl.objects import CorruptObject, MissingObject, blob_id
from pmctl.policy import act as acts
from pmctl.policy.model import POLICY_PATH
from pmctl.policy.state import FINAL, PostmortemState
from pmctl.text import json_text

if TYPE_CHECKING:
    from pmctl.ledger.current_state import CurrentState
    from pmctl.ledger.snapshot import Snapshot
    from pmctl.repository.workspace import Workspace

_STORE = "standing-v2.json"
_KEPT = 10  # the values of a standing that are kept: one that rests on a part of the history is not
_FEW = 8  # postmortems that are quicker to read one by one than in a whole audit


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one postmortem stands at a commit.

    `author` is "" where no record names one, and `editors`, with the right to edit, are those whom records bind.
    `approved` are the reviewers whose approvals count for the text there, `since` is when it was moved last ("" for a
    draft), as whoever did it claims.
    `content` is the digest that a final postmortem is bound to, `altered` says that the text there is another; `file`
    is the object id of the file that holds it. `lost` says which signed records are missing,
    `incomplete` why only a part of the history that decides was there.
    """

    status: str = Status.DRAFT.value
    author: str = ""
    reviewers: tuple[str, ...] = ()
    approved: tuple[str, ...] = ()
    content: str = ""
    altered: bool = False
    file: str = ""
    lost: tuple[str, ...] = ()
    editors: tuple[str, ...] = ()
    since: str = ""
    incomplete: str = ""


class Listed(Protocol):
    """What a file says of itself, as the catalog sums it up."""

    @property
    def id(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def problem(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def author(self) -> str: ...
    @property
    def reviewers(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """A postmortem as people may be shown it: its front matter says what is proved. `marks` are sentences about what
    its file says otherwise; `incomplete` says why it rests on a part of the history only."""

    document: Document
    marks: tuple[str, ...] = ()
    approved: tuple[str, ...] = ()
    incomplete: str = ""


def otherwise(
    workspace: Workspace, everything: Iterable[tuple[Listed, bytes]]
) -> dict[str, tuple[str, str, tuple[str, ...], str]] | None:
    """What records say otherwise than the files, by path: status, author, reviewers, and the difference in words.

    None where it cannot be read.
    """
    summaries = [(summary, data) for summary, data in everything if is_id(summary.id) and not summary.problem]
    try:
        now = standings(workspace, [summary.id for summary, _ in summaries])
        found = {}
        for summary, data in summaries:
            one = now[summary.id]
            altered = bool(one.content) and is_altered(workspace.head, data, summary.id, one)
            marked = marks(summary.status, summary.author, summary.reviewers, one, altered=altered)
            if marked or summary.reviewers != one.reviewers:
                author = one.author or summary.author
                found[summary.path] = (one.status, author, one.reviewers, "; ".join(marked))
    except (MissingObject, CorruptObject, PmctlError):
        return None
    return found


def standing(snapshot: Snapshot, name: str) -> Standing | None:
    """Where one postmortem stands at a commit; None where there is no policy. Raises MissingObject, CorruptObject."""
    from pmctl.ledger.current_state import current_state

    if not snapshot.commit or snapshot.policy()[0] is None:
        return None
    now = current_state(snapshot, name)
    return replace(standing_of(snapshot, name, now.state, lost_of(now)), incomplete=now.incomplete)


def shown(snapshot: Snapshot, document: Document, name: str) -> Shown:
    """The postmortem with the state, author and reviewers that its records prove; `document` is any version of it.

    A text that no policy covers, and one that cannot be read, is shown as it is.
    """
    try:
        now = standing(snapshot, name)
    except (MissingObject, CorruptObject) as problem:
        mark = f"what is proved about it cannot be read here: {problem.message}"
        return Shown(document, (mark,), incomplete=problem.message)
    return shown_as(snapshot, document, name, now)


def shown_as(snapshot: Snapshot, document: Document, name: str, now: Standing | None) -> Shown:
    """The same of a postmortem of which it is known where it stands; None where no policy covers it."""
    from pmctl.document import edits
    from pmctl.document.conflicts import conflict_markers

    conflicts = [one for one in conflict_markers(document.text, document.path) if one.severity is Severity.ERROR]
    unsettled = tuple(f"line {one.line} holds {one.message}" for one in conflicts)
    if now is None or not document.readable:
        return Shown(document, unsettled)
    altered = bool(now.content) and is_altered(snapshot, document.data, name, now)
    told = unsettled + marks(document.status, document.author, _reviewers(document), now, altered=altered)
    changed = document
    with suppress(PmctlError):  # a front matter that no edit fits into is marked all the same
        if document.status != now.status:
            changed = edits.set_field(changed, "status", now.status)
        if now.author and document.author != now.author:
            changed = edits.set_field(changed, "author", now.author)
        if _reviewers(document) != now.reviewers:
            changed = edits.set_field(changed, "reviewers", list(now.reviewers))
    return Shown(changed, told, () if altered else now.approved, now.incomplete)


def marks(
    status: str, author: str, reviewers: tuple[str, ...], now: Standing, *, altered: bool = False
) -> tuple[str, ...]:
    """What a file says that its records do not, and which records are missing, a sentence each.

    Whom a draft names as reviewers is only a wish.
    """
    found = []
    if status != now.status:
        found.append(f"the file says {status or 'no status'}, its signed records say {now.status}")
    if now.author and author != now.author:
        found.append(f"the file names {author or 'nobody'} as its author, its signed records name {now.author}")
    extra = [handle for handle in reviewers if handle not in now.reviewers]
    missing = [handle for handle in now.reviewers if handle not in reviewers]
    if now.status != Status.DRAFT or status != now.status:
        if extra:
            found.append(f"the file names {', '.join(extra)} as reviewers, and no signed record asked them")
        if missing and now.status != Status.DRAFT:
            found.append(f"the file does not name {', '.join(missing)}, whose review was asked for")
    if altered:
        found.append(ALTERED)
    found += [f"a signed record is missing: {one}" for one in now.lost]
    return tuple(found)


ALTERED = "the text is not the one that was published and signed"


def is_altered(snapshot: Snapshot, data: bytes, name: str, now: Standing) -> bool:
    """Whether a version of a final postmortem has another content than its records bind."""
    if now.file == blob_id(data, len(now.file)):
        return now.altered
    from pmctl.document.digest import content_digest
    from pmctl.document.reader import read

    return content_digest(read(data, path_of(name)), snapshot.attachments(name)) != now.content


def standings(workspace: Workspace, names: list[str]) -> dict[str, Standing]:
    """Where postmortems stand at HEAD, by id. Raises EnvironmentProblem, MissingObject, CorruptObject."""
    return {name: one for name, (one, _) in grounded_standings(workspace, names).items()}


def grounded_standings(workspace: Workspace, names: list[str]) -> dict[str, tuple[Standing, str]]:
    """The same with what each rests on, as object ids: the standing and the history of a postmortem are the same while
    that is."""
    there, gone = _listed(workspace, names), traces(workspace.head)
    if not there[POLICY_PATH]:
        raise EnvironmentProblem(f"there is no {POLICY_PATH} at HEAD")
    policy, baseline = there.get(POLICY_PATH), there.get(f"{record.FOLDER}/{acts.BASELINE}")
    about_all = there.get(f"{record.FOLDER}/{acts.REPOSITORY}") or "-"
    found: dict[str, Standing] = {}
    keys: dict[str, str] = {}
    grounds: dict[str, str] = {}
    for name in names:
        own = there.get(f"{record.FOLDER}/{name}")
        removed = gone is not None and gone.removed_of(name)
        path = path_of(name)
        # What was taken away shows in no tree, so of such a postmortem only what this very commit says is kept.
        since = workspace.head.commit if removed else ""
        parts = (policy, baseline, own, there.get(path), there.get(path.removesuffix(".md")), since)
        key = " ".join(part or "-" for part in parts)
        grounds[name] = f"{key} {about_all}"
        if own is None and baseline is None and not removed:
            found[name] = _DRAFT
        else:
            keys[name] = key
    kept = _load(workspace) if keys else {}
    for name, key in keys.items():
        known = _restored(kept.get(key))
        if known is not None:
            found[name] = known
    missing = [name for name in keys if name not in found]
    if missing:
        found.update(_read(workspace.head, missing))
        _save(workspace, {keys[name]: found[name] for name in keys if name in found})
    return {name: (found[name], grounds[name]) for name in names}


_DRAFT = Standing()


def _listed(workspace: Workspace, names: Iterable[str]) -> dict[str, str]:
    """The object ids of the policy, of the folders of records, and of postmortems and their folders, at HEAD.

    git is asked once, and reads few trees; what the ids stand for is read hermetically when it is not known yet.
    """
    prefix = workspace.repo.prefix
    years = sorted({f"postmortems/{name[:4]}/" for name in names})
    paths = [prefix + path for path in (POLICY_PATH, f"{record.FOLDER}/", *years)]
    listed = git.run(workspace.repo.top, "--no-replace-objects", "ls-tree", "-z", "HEAD", *paths, check=False)
    found = {POLICY_PATH: ""}
    for entry in listed.stdout.split(b"\0")[:-1] if listed.code == 0 else ():
        meta, _, path = entry.partition(b"\t")
        found[path.decode("utf-8", "surrogateescape").removeprefix(prefix)] = meta.decode().rpartition(" ")[2]
    return found


def _read(snapshot: Snapshot, names: list[str]) -> dict[str, Standing]:
    """The standings from the records: of a few one by one, of many in one audit, which reads all of them."""
    from pmctl.ledger.audit import audit
    from pmctl.ledger.current_state import current_state, ignored_in

    found: dict[str, Standing] = {}
    if len(names) <= _FEW:
        for name in names:
            now = current_state(snapshot, name)
            if now.incomplete:
                raise EnvironmentProblem(now.incomplete)
            found[name] = standing_of(snapshot, name, now.state, lost_of(now))
        return found
    report = audit(snapshot.source.repo, tip=snapshot.commit)
    if not report.complete:
        raise EnvironmentProblem(report.incomplete)
    for name in names:
        lost = tuple(one.message for one in ignored_in(report, name) if one.lost)
        found[name] = standing_of(snapshot, name, report.states.get(name) or PostmortemState(name), lost)
    return found


def lost_of(now: CurrentState) -> tuple[str, ...]:
    """Which signed records of a postmortem are missing, a sentence each."""
    return tuple(one.message for one in now.ignored if one.lost)


def standing_of(snapshot: Snapshot, name: str, state: PostmortemState, lost: tuple[str, ...]) -> Standing:
    """Where a postmortem stands at a commit by the state that its records add up to there; `lost` are missing ones."""
    content = snapshot.digest(name)
    final = state.status in FINAL
    submitted = state.status != Status.DRAFT
    counting = state.counting(state.content if final else content)
    return Standing(
        status=state.status,
        author=state.author if submitted else "",
        reviewers=state.reviewers,
        approved=tuple(dict.fromkeys(one.by for one in counting if one.by in state.reviewers)),
        content=state.content if final else "",
        altered=final and content != state.content,
        file=where.file.oid if (where := snapshot.document(name)) is not None else "",
        lost=lost,
        editors=state.editors if submitted else (),
        since=state.moved_at if submitted else "",
    )


def _reviewers(document: Document) -> tuple[str, ...]:
    named = document.meta.get("reviewers")
    return tuple(str(handle) for handle in named) if isinstance(named, list | tuple) else ()


def _load(store: Workspace) -> dict[str, Any]:
    content = read_object(store.repo.state_dir / _STORE)
    entries = content.get("entries") if content.get("version") == __version__ else None
    return entries if isinstance(entries, dict) else {}


def _restored(entry: object) -> Standing | None:
    """A standing from the store, None when the entry is not what was written."""
    if not isinstance(entry, list) or len(entry) != _KEPT:
        return None
    status, author, reviewers, approved, content, altered, file, lost, editors, since = entry
    lists = (reviewers, approved, lost, editors)
    if not all(isinstance(each, list) and all(isinstance(one, str) for one in each) for each in lists):
        return None
    if not all(isinstance(text, str) for text in (status, author, content, file, since)):
        return None
    named = (tuple(reviewers), tuple(approved), content, altered is True, file, tuple(lost), tuple(editors))
    return Standing(status, author, *named, since)


def _save(store: Workspace, entries: dict[str, Standing]) -> None:
    """Write the store in one step; a read-only git directory only means that nothing is kept."""
    target = store.repo.state_dir / _STORE
    plain = {key: list(asdict(one).values())[:_KEPT] for key, one in entries.items()}
    with suppress(OSError):
        make_folder(target.parent, target.parent.parent)
        write_atomic(target, json_text({"version": __version__, "entries": plain}).encode())
