"""What may be shown of every postmortem to an audience: the one source of site, wiki and programs.

(workspace, audience) -> Publications. Cheap for thousands: summaries and standings come from what is kept, a document
is parsed when its page is asked for, and history is audited when somebody asks for the first one.

Who may read is decided by what is proved: of a postmortem that was submitted, its author, reviewers and editors are
those whom records bind. A published one whose text is not the signed one is shown only to those who may read both,
since a line in a file must not open what was signed as private.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pmctl import git
from pmctl.document.fields import Visibility, id_of, path_of
from pmctl.document.reader import Document
from pmctl.errors import EnvironmentProblem
from pmctl.insight.catalog import Summary, proved_readings
from pmctl.insight.history import PostmortemHistory, histories
from pmctl.insight.history import evidence as collect_evidence
from pmctl.insight.standing import ALTERED, Shown, Standing, grounded_standings, shown_as
from pmctl.insight.summary import summarise
from pmctl.objects import CorruptObject, MissingObject
from pmctl.policy.audience import Audience, Readers, may_read, said_visibility
from pmctl.policy.state import DELETED, FINAL
from pmctl.repository.workspace import Workspace

_VERSIONS = 200  # of a postmortem among which the signed text is looked for


@dataclass(frozen=True, slots=True)
class Publication:
    """One postmortem that the audience may read.

    `summary` says what is proved of state, author and reviewers. `key` changes with the file, with what is proved and
    with the history, so a page made of them may be kept by it; attachments and other postmortems are not in it.
    """

    summary: Summary
    standing: Standing
    key: str
    source: Source = field(repr=False)

    @property
    def id(self) -> str:
        """Its id."""
        return self.summary.id

    @property
    def folder(self) -> Path:
        """The folder of its attachments in the work tree, which may be missing."""
        return self.source.workspace.repo.root / path_of(self.id).removesuffix(".md")

    def shown(self) -> Shown:
        """The document as people may be shown it, parsed now. Raises BadInput when it can't be opened any more."""
        workspace = self.source.workspace
        return shown_as(workspace.head, workspace.read(self.id), self.id, self.standing)

    def history(self) -> PostmortemHistory:
        """Who did what when, with verdicts. The first question audits the whole history."""
        return self.source.histories(self.id)

    def evidence(self) -> dict[str, object]:
        """Records, keys, commits and verdicts, for who checks it (see `insight.history.evidence`)."""
        return collect_evidence(self.source.workspace.repo, self.id)


@dataclass(frozen=True, slots=True)
class Broken:
    """A postmortem that cannot be read and of which the audience may know. `problem` says where and why."""

    id: str
    path: str
    problem: str


@dataclass
class Source:
    """Where publications are read from and for whom, and what is asked only when somebody wants it."""

    workspace: Workspace
    audience: Audience

    def reopen(self) -> None:
        """Read with processes of its own from now on: a fork must not share those of its parent."""
        self.workspace = Workspace(self.workspace.repo)

    @cached_property
    def histories(self) -> Callable[[str], PostmortemHistory]:
        """The history of any postmortem by its id, from one audit."""
        return histories(self.workspace.repo)


@dataclass(frozen=True, slots=True)
class Publications:
    """What an audience may read, newest incident first, and which postmortems that it may know of cannot be read.

    `withheld` counts those that cannot be read and of which nobody knows whether the audience may hear: for whoever
    builds, never for the readers. `incomplete` says why the history here does not decide it; nothing is told then.
    """

    source: Source = field(repr=False)
    audience: Audience
    pages: tuple[Publication, ...] = ()
    broken: tuple[Broken, ...] = ()
    withheld: int = 0
    incomplete: str = ""


def publications(workspace: Workspace, audience: Audience, *, drafts: bool = False) -> Publications:
    """What `audience` may read: published and archived postmortems, with `drafts` all.

    Raises EnvironmentProblem without a policy or settings that can be used.
    """
    policy, default = workspace.policy, Visibility(workspace.settings.visibility)
    source = Source(workspace, audience)
    readings = proved_readings(workspace)
    if readings is None:
        return Publications(source, audience, incomplete="what is proved about the postmortems cannot be read here")
    placed = [one for one in readings if id_of(one.summary.path)]
    pages, broken, withheld = [], [], len(readings) - len(placed)
    try:
        now = grounded_standings(workspace, [one.summary.id for one in placed])
        for one in placed:
            standing, ground = now[one.summary.id]
            if standing.status not in FINAL and (not drafts or standing.status == DELETED):
                continue
            texts = _texts_to_read(workspace, one.summary, standing, default)
            allowed = all(may_read(readers, audience, policy) for readers in texts)
            if not one.summary.problem and allowed:
                pages.append(Publication(one.summary, standing, f"{one.key} {ground}", source))
            elif allowed:
                broken.append(Broken(one.summary.id, one.summary.path, one.summary.problem))
            elif one.summary.problem:
                withheld += 1
    except (MissingObject, CorruptObject, EnvironmentProblem) as problem:
        return Publications(source, audience, incomplete=problem.message)
    return Publications(source, audience, tuple(pages), tuple(broken), withheld)


def readers_of(summary: Summary, standing: Standing, default: Visibility) -> Readers:
    """Who may read a postmortem as its file says, with the author, reviewers and editors whom its records prove.

    Of a draft its file says who works on it.
    """
    proved = (standing.author, *standing.reviewers, *standing.editors)
    said = (summary.author, *summary.reviewers, *summary.editors)
    people = (*(proved if standing.author else said), *summary.participants)
    visibility = said_visibility(summary.visibility or None)  # a summary has "" where the file says nothing
    return Readers(visibility or default, summary.teams, tuple(dict.fromkeys(one for one in people if one)))


def _texts_to_read(
    workspace: Workspace, summary: Summary, standing: Standing, default: Visibility
) -> Iterator[Readers]:
    """Who may read each text that has to be readable: what stands there, and the signed one when it is another.

    One that cannot be read any more counts as the last commit has it.
    """
    if summary.problem:
        where = workspace.head.document(summary.id)
        last = workspace.head.source.documents.document(where) if where is not None else None
        yield readers_of_version(last, standing, default)
    else:
        yield readers_of(summary, standing, default)
    if standing.status in FINAL and (summary.problem or ALTERED in summary.unproved):
        yield readers_of_version(_signed_text(workspace, summary.id, standing.content), standing, default)


def readers_of_version(document: Document | None, standing: Standing, default: Visibility) -> Readers:
    """Who may read a version; those whom records name alone when it is not known or cannot be read."""
    if document is None or not document.readable:
        proved = (standing.author, *standing.reviewers, *standing.editors)
        return Readers(Visibility.PRIVATE, people=tuple(one for one in proved if one))
    return readers_of(summarise(document, document.path), standing, default)


def _signed_text(workspace: Workspace, name: str, content: str) -> Document | None:
    """The newest committed version that has the content which records bind, None when it is not found."""
    path = f":(literal){workspace.repo.prefix}{path_of(name)}"
    words = ("log", "--format=%H", f"-n{_VERSIONS}", "HEAD", "--", path)
    listed = git.run(workspace.repo.top, *words, check=False)
    for commit in listed.stdout.decode().split() if listed.code == 0 else ():
        version = workspace.at(commit)
        where = version.document(name)
        if where is not None and version.digest(name) == content:
            return version.source.documents.document(where)
    return None
