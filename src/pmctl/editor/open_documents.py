"""The documents open in the editor: what kind of file each is, its context, and the findings in it.

    uri, text -> OpenDocument (document, context, findings)

The context of a repository is put together once (`pmctl.insight.validation`) and again when `forget` is called, which
the server does before every check; between two checks, completion and hover use what is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pmctl import git
from pmctl.document.fields import Status, is_id
from pmctl.document.finding import Finding
from pmctl.document.reader import Document, read
from pmctl.editor.positions import Positions, positions
from pmctl.errors import PmctlError
from pmctl.insight.validation import Selection, context_alone, context_of
from pmctl.repository.workspace import POSTMORTEMS, TEMPLATES, Workspace
from pmctl.rules.context import CacheDependencies, Context


class Kind(StrEnum):
    """What a file is to pmctl. OTHER is left alone: an editor sends the server every Markdown file."""

    POSTMORTEM = "postmortem"
    SETTINGS = "settings"
    TEMPLATE = "template"
    OTHER = "other"


@dataclass(frozen=True)
class OpenDocument:
    """One text in the editor, saved or not.

    `path` is relative to the pmctl root, or the file's name outside of every repository. `context` is fresh: its dates
    are those of now, and it remembers no earlier questions.
    """

    path: str
    kind: Kind
    document: Document
    context: Context
    positions: Positions
    repo: git.Repository | None = None

    @cached_property
    def rights(self) -> tuple[Finding, ...]:
        """What of the change since the last commit is not the person's to make, or that nothing is."""
        if self.repo is None or self.kind is not Kind.POSTMORTEM:
            return ()
        from pmctl.insight.edit_rights import edit_findings

        try:
            return edit_findings(self.repo, self.document)
        except (PmctlError, OSError):
            return ()  # git, the policy or the history is in disorder; `pmctl doctor` says how

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What `pmctl validate` would report if the text were saved; nothing for a file that is none of pmctl's."""
        return findings_of(self.kind, self.document, self.context)


def findings_of(kind: Kind, document: Document, context: Context) -> tuple[Finding, ...]:
    """The findings of a document of this kind."""
    if kind is Kind.POSTMORTEM:
        from pmctl.rules.engine import check

        return check(document, context._replace(asked=CacheDependencies()))
    if kind is Kind.SETTINGS:
        return _settings_findings(document)
    if kind is Kind.TEMPLATE:
        from pmctl.document.template_file import parse_template

        return tuple(parse_template(document.data, document.path)[1])
    return ()


def _settings_findings(document: Document) -> tuple[Finding, ...]:
    from pmctl.insight.triggers import trigger_settings
    from pmctl.repository.settings import load_settings
    from pmctl.rules.settings_reading import parse_rule_settings

    settings, findings = load_settings(document.data, document.path)
    _, of_rules = parse_rule_settings(settings.blocks.get("rules"), document.path)
    _, of_triggers = trigger_settings(settings.blocks.get("triggers"), document.path)
    return (*findings, *of_rules, *of_triggers)


@dataclass
class OpenDocuments:
    """The contexts in use, by pmctl root. The one thing with state, besides the editor's texts."""

    _contexts: dict[Path, Context] = field(default_factory=dict)

    def forget(self) -> None:
        """Read settings, templates and people anew when they are next needed."""
        self._contexts.clear()

    def open(self, uri: str, text: str, encoding: str) -> OpenDocument:
        """The text of `uri` with everything that it is judged by. Never raises for what the text or folder holds."""
        file = file_of(uri)
        repo = _repository(file) if file else None
        path = _path(file, repo) if file else ""
        document = read(text.encode("utf-8", "surrogatepass"), path)
        kind = _kind(path, document, inside=repo is not None)
        now = Selection()
        if repo is None or kind is Kind.OTHER:
            context = context_alone(now)
        else:
            context = self._context(repo)._replace(today=now.now.date(), now=now.now, asked=CacheDependencies())
        return OpenDocument(path, kind, document, context, positions(text, encoding), repo)

    def _context(self, repo: git.Repository) -> Context:
        if repo.root not in self._contexts:
            try:
                self._contexts[repo.root], _ = context_of(Workspace(repo), Selection())
            except PmctlError:
                # Settings that are a folder, a template that can't be opened: judged as outside of a repository,
                # until `pmctl validate` or `pmctl doctor` has been asked what is wrong.
                return context_alone(Selection())
        return self._contexts[repo.root]


def file_of(uri: str) -> Path | None:
    """The file of a `file:` URI; None for texts that have none (untitled, a diff, another machine)."""
    try:
        parts = urlsplit(uri)
        path = unquote(parts.path, errors="surrogateescape")
    except ValueError:
        return None
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not path.startswith("/") or "\0" in path:
        return None
    return Path(path)


def _repository(file: Path) -> git.Repository | None:
    """The repository with pmctl.yaml around a file, which may be new, in a folder that is still to be made."""
    try:
        folder = next(parent for parent in file.parents if parent.is_dir())
        return git.discover(folder)
    except (PmctlError, OSError, StopIteration):
        return None


def _path(file: Path, repo: git.Repository | None) -> str:
    if repo is None:
        return file.name
    # Only the folder is resolved: a link in place of a postmortem is not followed.
    real = file.parent.resolve() / file.name
    return real.relative_to(repo.root).as_posix() if real.is_relative_to(repo.root) else file.name


def _kind(path: str, document: Document, *, inside: bool) -> Kind:
    parts = path.split("/")
    if path == git.SETTINGS_FILE:
        return Kind.SETTINGS
    if inside and path.endswith(".md"):
        if len(parts) in (2, 3) and parts[0] == POSTMORTEMS:
            return Kind.POSTMORTEM
        if path.startswith(TEMPLATES + "/"):
            return Kind.TEMPLATE
    return Kind.POSTMORTEM if _looks_like_one(document) else Kind.OTHER


def _looks_like_one(document: Document) -> bool:
    """Whether a text that lies elsewhere says of itself that it is a postmortem."""
    own, status = document.found.get("id"), document.found.get("status")
    return (own is not None and isinstance(own.value, str) and is_id(own.value)) or (
        status is not None and status.value in tuple(Status)
    )
