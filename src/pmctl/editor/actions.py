"""The code actions at a finding: the fix, where there is one right answer, and an ignore comment with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lsprotocol import types

from pmctl.document.finding import Finding
from pmctl.editor import diagnostics
from pmctl.editor.edits import Edit, edits, in_whole_lines
from pmctl.editor.ignores import ignore
from pmctl.editor.open_documents import Kind, OpenDocument
from pmctl.editor.positions import positions
from pmctl.rules.fixes import fix

FIX_ALL = "source.fixAll.pmctl"
KINDS = (types.CodeActionKind.QuickFix, FIX_ALL)
WRITE_REASON = "pmctl.writeReason"
"""The command, run after the edit, that puts the cursor where the reason of an ignore is to be typed."""


@dataclass(frozen=True, slots=True)
class Client:
    """What the editor can do: check the version that an edit is for, show a place in a document."""

    versioned: bool = False
    shows: bool = False


def code_actions(
    opened: OpenDocument,
    start: int,
    end: int,
    only: Sequence[str] = (),
    *,
    uri: str,
    version: int | None = None,
    client: Client = Client(),  # frozen, and the same for every call
) -> list[types.CodeAction]:
    """The actions for the offsets `start` to `end`, of the kinds `only` (all when empty)."""
    if opened.kind is not Kind.POSTMORTEM:
        return []
    target = _Target(opened, uri, version, client)
    actions: list[types.CodeAction] = []
    if _wanted(types.CodeActionKind.QuickFix, only):
        found = diagnostics.at(opened, start, end)
        actions += [action for finding in found for action in _fixes(target, finding)]
        actions += [action for finding in _one_of_each_code(found) for action in _ignores(target, finding)]
    if _wanted(FIX_ALL, only):
        actions += _all(target)
    return actions


@dataclass(frozen=True, slots=True)
class _Target:
    """The document that the edits are for."""

    opened: OpenDocument
    uri: str
    version: int | None
    client: Client

    def edit(self, changes: Iterable[Edit]) -> types.WorkspaceEdit:
        """The changes in the protocol's shape; with the document's version when the client compares it."""
        lines, text = self.opened.positions, self.opened.document.text
        whole = [in_whole_lines(text, one) for one in changes]
        texts = [types.TextEdit(lines.range(one.start, one.end), one.text) for one in whole]
        if not self.client.versioned:
            return types.WorkspaceEdit(changes={self.uri: texts})
        document = types.OptionalVersionedTextDocumentIdentifier(self.uri, self.version)
        return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(document, list(texts))])


def _wanted(kind: str, only: Sequence[str]) -> bool:
    """Kinds are hierarchical: `source` asks for `source.fixAll.pmctl` as well."""
    return not only or any(kind == asked or kind.startswith(f"{asked}.") for asked in only)


def _fixes(target: _Target, finding: Finding) -> list[types.CodeAction]:
    """The fix of this one finding alone; none unless there is exactly one right answer."""
    opened = target.opened
    settings = replace(opened.context.settings, select=(finding.code,), ignore=(), paths={})
    fixed = fix(opened.document, opened.context._replace(settings=settings))
    changes = edits(opened.document.text, fixed.document.text)
    own = f"line {finding.line}: "
    what = fixed.applied[0] if fixed.applied else ""
    if what.startswith("line "):
        # Lines are fixed one by one; a fix without a line (moving sections) is one change.
        changes = tuple(edit for edit in changes if edit.line == finding.line)
        what = next((line for line in fixed.applied if line.startswith(own)), what)
    if not changes:
        return []
    return [
        types.CodeAction(
            title=f"{finding.code}: {what.removeprefix(own)}",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[diagnostics.diagnostic(opened, finding)],
            is_preferred=True,
            edit=target.edit(changes),
        )
    ]


def _ignores(target: _Target, finding: Finding) -> list[types.CodeAction]:
    found = ignore(target.opened, finding)
    if found is None:
        return []
    place = None
    if target.client.shows:
        where = _after(target.opened, found.edit, found.reason)
        place = types.Command("Write the reason", WRITE_REASON, arguments=[{"uri": target.uri, "position": where}])
    return [
        types.CodeAction(
            title=f"Ignore {finding.code} {found.reach}, with a reason",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[diagnostics.diagnostic(target.opened, finding)],
            edit=target.edit([found.edit]),
            command=place,
        )
    ]


def _after(opened: OpenDocument, edit: Edit, offset: int) -> dict[str, int]:
    """The position that an offset has once the edit is made."""
    lead, text = opened.positions.lead, opened.positions.text
    changed = text[: edit.start + lead] + edit.text + text[edit.end + lead :]
    position = positions(changed, opened.positions.encoding).position(offset)
    return {"line": position.line, "character": position.character}


def _all(target: _Target) -> list[types.CodeAction]:
    """Every fix of the document at once, as `pmctl validate --fix` does it."""
    opened = target.opened
    fixed = fix(opened.document, opened.context)
    changes = edits(opened.document.text, fixed.document.text)
    if not changes:
        return []
    return [types.CodeAction(title="Fix what has one right answer", kind=FIX_ALL, edit=target.edit(changes))]


def _one_of_each_code(found: Iterable[Finding]) -> list[Finding]:
    first: dict[str, Finding] = {}
    for finding in found:
        first.setdefault(finding.code, finding)
    return list(first.values())
