"""What changes in a postmortem when its incident records change: planned in memory, shown, then one commit.

import document + records of today + the postmortem -> differences and the edited document. Refreshing,
linking and unlinking an incident differ only in which records there are afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pmctl.document import beside, edits
from pmctl.document.beside import Beside
from pmctl.document.fields import path_of
from pmctl.document.prompts import strip_comments
from pmctl.document.reader import Document
from pmctl.document.timeline import entries
from pmctl.errors import BadInput, Refused
from pmctl.ledger.current_state import current_state
from pmctl.policy.edits import Right, refused, who_may
from pmctl.policy.state import FINAL, IN_REVIEW
from pmctl.repository.transaction import CommitResult, Write, commit
from pmctl.repository.workspace import Workspace
from pmctl.services.draft import Draft
from pmctl.services.import_document import ImportDocument, import_bytes, read_import
from pmctl.services.incident import Incident, Reference
from pmctl.services.merging import merge
from pmctl.services.refresh import Difference, FieldUpdate, Outcome, refresh
from pmctl.workflow.create import draft_of
from pmctl.workflow.import_tables import with_action_items, with_impact
from pmctl.workflow.import_timeline import brief, with_timeline
from pmctl.workflow.timeline_code import section_text

# An import document holds every timeline entry twice; nothing that pmctl wrote is larger.
_SIZE_LIMIT = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """The postmortem as it would become. `differences` are applied, `kept` are not; `imported` is the import
    document to write (None: none is left). `changes` says whether there is anything to commit, `notes` are warnings,
    `counted` says what was chosen of how much."""

    id: str
    before: Document
    document: Document
    differences: tuple[Difference, ...]
    kept: tuple[Difference, ...]
    imported: bytes | None
    had_import: bool
    changes: bool
    notes: tuple[str, ...] = ()
    counted: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """A postmortem at HEAD, and what was imported into it (None: nothing was)."""

    id: str
    document: Document
    imported: ImportDocument | None

    @property
    def parts(self) -> tuple[Incident, ...]:
        """The incidents that were merged into it, each as its record was."""
        return self.imported.parts if self.imported else ()


def read_imported(workspace: Workspace, name: str, by: str, verb: str) -> Imported:
    """The postmortem that `by` wants to change from its incidents.

    Raises Refused when it is published or `by` may not edit it, BadInput when it or its import document
    cannot be read.
    """
    document = workspace.read_at(name)
    if not document.readable:
        problem = document.problems[0]
        raise BadInput(
            f"{document.path}:{problem.line}:{problem.column}: {problem.code} {problem.message}",
            hint=f"pmctl validate {name}",
        )
    now = current_state(workspace.head, name)
    final = next((status for status in (now.state.status, document.status) if status in FINAL), "")
    if final:
        raise Refused(
            f"{name} is {final}: its content changes only on the record",
            hint=f'an admin edits it and runs: pmctl amend {name} -m "why"',
        )
    able = who_may(Right.TEXT, document, now.state, now.policy)
    if by not in able:
        said = refused(Right.TEXT, (by,) if by else (), able, name, now.policy)
        who = by or "somebody unknown to the policy"
        raise Refused(f"{said.code} {who} may not {verb} {document.id}", hint=said.hint)
    path = beside.path_of(Beside.IMPORTS, name)
    data = workspace.head.beside(Beside.IMPORTS, name).get("")
    if data is None:
        return Imported(name, document, None)
    if len(data) > _SIZE_LIMIT:
        raise BadInput(f"{path}: too large for an import document", hint="restore the file from git")
    return Imported(name, document, read_import(data, path))


def references_of(document: Document) -> list[dict[str, Any]]:
    """The entries of `incidents` in the front matter, those that are mappings."""
    listed = document.meta.get("incidents")
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list | tuple) else []


def is_reference(entry: Mapping[str, Any], reference: Reference) -> bool:
    """Whether a front matter entry names this incident."""
    return (str(entry.get("source")), str(entry.get("id"))) == (reference.source, reference.id)


def plan(
    workspace: Workspace,
    old: Imported,
    parts: Sequence[Incident],
    references: Sequence[Mapping[str, Any]],
    *,
    forget: bool = False,
    title: bool = True,
) -> Plan:
    """What becomes of the postmortem when its incidents are `parts` and its `incidents` field `references`.

    With `forget` a part was taken away, and what only it gave goes. Without `title` the title stays.
    """
    draft = draft_of(workspace, merge(parts)) if parts else Draft({})
    before, now = old.imported or ImportDocument(), draft.imported or ImportDocument()
    texts = [entry.text for entry in entries(old.document)]
    found = refresh(before, now, _current(old.document), texts, section_text(old.document), forget=forget)
    wanted = found.fields if title else tuple(update for update in found.fields if update.name != "title")
    document, told = _with_fields(old.document, wanted, forget=forget and not parts)
    if references != references_of(old.document):
        listed = [dict(entry) for entry in references]
        document = (
            edits.set_field(document, "incidents", listed) if listed else edits.remove_field(document, "incidents")
        )
    document, rows = with_timeline(old.document, document, found, forget=forget)
    document, impact = with_impact(document, before.impact, draft.impact, forget=forget)
    document, items = with_action_items(document, before.action_items, () if forget else draft.action_items)
    told += [*rows, *impact, *items]
    imported = found.imported if parts else None
    changes = document.data != old.document.data or _essence(imported) != _essence(old.imported)
    notes = tuple(draft.warnings)
    if old.document.status == IN_REVIEW and document.data != old.document.data:
        notes = (*notes, "it is in review: approvals given so far no longer count for the changed content")
    return Plan(
        old.id,
        old.document,
        document,
        differences=tuple(one for one in told if one.mark != "="),
        kept=tuple(one for one in told if one.mark == "="),
        imported=import_bytes(imported) if imported else None,
        had_import=old.imported is not None,
        changes=changes,
        notes=notes,
    )


def land(workspace: Workspace, planned: Plan, subject: str, signing: Sequence[str]) -> CommitResult:
    """Commit a plan: the postmortem and its import document. `subject` is the first line of the message."""
    writes = []
    if planned.document.data != planned.before.data:
        writes.append(Write(path_of(planned.id), planned.document.data))
    if planned.imported is not None or planned.had_import:
        if planned.imported is None:
            writes.append(Write(beside.path_of(Beside.IMPORTS, planned.id), None))
        else:
            writes.append(Write(*beside.stored(Beside.IMPORTS, planned.id, planned.imported)))
    message = f"{subject}\n\nPostmortem: {planned.id}\n"
    return commit(workspace.repo, writes, message, signing=signing)


def _current(document: Document) -> dict[str, Any]:
    section = document.section("Summary")
    summary = strip_comments(section.text).strip() if section is not None else ""
    return {**{key: _plain(value) for key, value in document.meta.items()}, "summary": summary}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _with_fields(
    document: Document, updates: Iterable[FieldUpdate], *, forget: bool
) -> tuple[Document, list[Difference]]:
    """Front matter and summary. With `forget` no incident is left: single values stay, they are the team's now."""
    told: list[Difference] = []
    for update in updates:
        changed = None
        if update.outcome is not Outcome.KEPT and not (forget and not isinstance(update.before, list)):
            changed = _with_summary(document, update) if update.name == "summary" else _with_field(document, update)
        if changed is not None:
            document = changed
            told.append(_told(update))
        elif update.after is not None:
            text = f"yours is {brief(update.before)}, the record says {brief(update.after)}"
            told.append(Difference("=", update.name, text))
        elif not forget:
            told.append(Difference("=", update.name, f"yours is {brief(update.before)}, the record has none"))
    return document, told


def _with_field(document: Document, update: FieldUpdate) -> Document:
    if update.after in (None, "", []):
        return edits.remove_field(document, update.name)
    return edits.set_field(document, update.name, update.after)


def _with_summary(document: Document, update: FieldUpdate) -> Document | None:
    """The document with another summary below the prompt; None when its place is not clear."""
    section = document.section("Summary")
    if section is None:
        return None
    old, new = str(update.before or ""), str(update.after or "")
    text = section.text.replace("\r\n", "\n")
    old = old.replace("\r\n", "\n")
    if not old:
        return edits.replace_section(document, section.title, f"{text.rstrip()}\n\n{new}")
    if text.count(old) != 1:
        return None
    return edits.replace_section(document, section.title, text.replace(old, new))


def _told(update: FieldUpdate) -> Difference:
    if isinstance(update.before, list) and isinstance(update.after, list):
        gained = [f"+ {item}" for item in update.after if item not in update.before]
        lost = [f"- {item}" for item in update.before if item not in update.after]
        return Difference("+" if not lost else "~", update.name, ", ".join((*gained, *lost)))
    marks = {Outcome.ADDED: "+", Outcome.REMOVED: "-"}
    mark = marks.get(update.outcome, "~")
    if mark == "~":
        return Difference(mark, update.name, f"{brief(update.before)} -> {brief(update.after)}")
    return Difference(mark, update.name, brief(update.after if mark == "+" else update.before))


def _essence(document: ImportDocument | None) -> object:
    """What an import document says, whichever files it was read from."""
    if document is None:
        return None
    parts = [(part.source, part.id, part.resolved) for part in document.parts]
    return document.values, document.timeline, document.impact, document.action_items, parts
