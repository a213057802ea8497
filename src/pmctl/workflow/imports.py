"""What changes in a postmortem when its incident records change: planned in memory, shown, then one commit.

import document + records of today + the postmortem -> differences and the edited document. Refreshing,
linking and unlinking an incident differ only in which records there are afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pmctl.document import edits, schema
from pmctl.document.prompts import strip_comments
from pmctl.document.reader import Document
from pmctl.document.timeline import entries
from pmctl.errors import BadInput, Refused
from pmctl.policy.model import Policy
from pmctl.policy.state import FINAL, IN_REVIEW
from pmctl.repository.transaction import CommitResult, Write, commit
from pmctl.repository.workspace import Workspace
from pmctl.services.draft import DraftValues, draft_values, provenance_bytes
from pmctl.services.incident import Incident, Reference
from pmctl.services.merging import merge
from pmctl.services.refresh import Difference, FieldUpdate, Outcome, imported_parts, parse_provenance, refresh
from pmctl.workflow.create import IMPORTS
from pmctl.workflow.import_tables import with_action_items, with_impact
from pmctl.workflow.import_timeline import brief, with_timeline
from pmctl.workflow.markdown_text import block

_NOTHING: Mapping[str, Any] = {"fields": {}, "timeline": [], "impact": [], "action_items": [], "parts": []}
# An import document holds every timeline entry twice; nothing that pmctl wrote is larger.
_SIZE_LIMIT = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """The postmortem as it would become. `differences` are applied, `kept` are not; `imported` is the import
    document to write (None: none is left). `changes` says whether there is anything to commit."""

    id: str
    before: Document
    document: Document
    differences: tuple[Difference, ...]
    kept: tuple[Difference, ...]
    imported: bytes | None
    had_import: bool
    changes: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """A postmortem at HEAD with its import document, and the incidents that were merged into it."""

    id: str
    document: Document
    values: Mapping[str, Any]
    parts: tuple[Incident, ...]
    exists: bool


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
    if document.status in FINAL:
        raise Refused(
            f"{name} is {document.status}: its content changes only on the record",
            hint=f'an admin edits it and runs: pmctl amend {name} -m "why"',
        )
    _refuse_stranger(workspace.policy, document, by, verb)
    path = f"{IMPORTS}/{name}.json"
    data = workspace.head.file(path)
    if data is None:
        return Imported(name, document, _NOTHING, (), exists=False)
    if len(data) > _SIZE_LIMIT:
        raise BadInput(f"{path}: too large for an import document", hint="restore the file from git")
    values = {**_NOTHING, **parse_provenance(data, path)}
    return Imported(name, document, values, imported_parts(values, path), exists=True)


def people_by_email(policy: Policy) -> dict[str, str]:
    """The policy's handles by e-mail address."""
    return {email: person.handle for person in policy.people.values() for email in person.emails}


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
    people = people_by_email(workspace.policy)
    draft = _draft(parts, people)
    values = _as_written(old.values)
    found = refresh(
        values, _current(old.document), [entry.text for entry in entries(old.document)], draft, forget=forget
    )
    wanted = found.fields if title else tuple(update for update in found.fields if update.name != "title")
    document, differences, kept = _with_fields(old.document, wanted, forget=forget and not parts)
    if references != references_of(old.document):
        listed = [dict(entry) for entry in references]
        document = (
            edits.set_field(document, "incidents", listed) if listed else edits.remove_field(document, "incidents")
        )
    document, more, rest = with_timeline(old.document, document, found, draft, forget=forget)
    differences += [Difference(*row) for row in more]
    kept += [Difference(*row) for row in rest]
    for step in (with_impact, with_action_items):
        document, rows, left = step(document, values, draft, forget=forget)
        differences += [Difference(*row) for row in rows]
        kept += [Difference(*row) for row in left]
    data = provenance_bytes(found.provenance) if parts else None
    known = provenance_bytes(old.values) if old.exists else None
    changes = document.data != old.document.data or _essence(data) != _essence(known)
    notes = tuple(draft.warnings)
    if old.document.status == IN_REVIEW and document.data != old.document.data:
        notes = (*notes, "it is in review: approvals given so far no longer count for the changed content")
    return Plan(old.id, old.document, document, tuple(differences), tuple(kept), data, old.exists, changes, notes)


def land(workspace: Workspace, planned: Plan, subject: str, signing: Sequence[str]) -> CommitResult:
    """Commit a plan: the postmortem and its import document. `subject` is the first line of the message."""
    writes = []
    if planned.document.data != planned.before.data:
        writes.append(Write(schema.path_of(planned.id), planned.document.data))
    if planned.imported is not None or planned.had_import:
        writes.append(Write(f"{IMPORTS}/{planned.id}.json", planned.imported))
    message = f"{subject}\n\nPostmortem: {planned.id}\n"
    return commit(workspace.repo, writes, message, signing=signing)


def _refuse_stranger(policy: Policy, document: Document, by: str, verb: str) -> None:
    """The people whom the audit expects to edit: the author, editors and admins, in review the reviewers too."""
    editors = document.meta.get("editors")
    allowed = [document.author, *policy.admins]
    if isinstance(editors, dict):
        allowed += [handle for handle, right in editors.items() if right == schema.EditorRole.EDIT]
    reviewers = document.meta.get("reviewers")
    if document.status == IN_REVIEW and isinstance(reviewers, list | tuple):
        allowed += map(str, reviewers)
    if not by or by not in allowed:
        names = ", ".join(dict.fromkeys(handle for handle in allowed if handle))
        raise Refused(f"{by or 'somebody unknown to the policy'} may not {verb} {document.id}", hint=f"ask: {names}")


def _draft(parts: Sequence[Incident], people: Mapping[str, str]) -> DraftValues:
    if not parts:
        return DraftValues({}, "", (), (), (), (), (), {"fields": {}})
    draft = draft_values(merge(parts), people)
    return replace(draft, summary=block(draft.summary))


def _as_written(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The import document with the summary as the draft wrote it."""
    fields = dict(values["fields"])
    if "summary" in fields:
        fields["summary"] = {**fields["summary"], "value": block(str(fields["summary"]["value"]))}
    return {**values, "fields": fields}


def _current(document: Document) -> dict[str, Any]:
    section = document.section("Summary")
    summary = strip_comments(section.text).strip() if section is not None else ""
    return {**{key: _plain(value) for key, value in document.meta.items()}, "summary": summary}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _with_fields(
    document: Document, updates: Iterable[FieldUpdate], *, forget: bool
) -> tuple[Document, list[Difference], list[Difference]]:
    """Front matter and summary. With `forget` no incident is left: single values stay, they are the team's now."""
    done: list[Difference] = []
    kept: list[Difference] = []
    for update in updates:
        changed = None
        if update.outcome is not Outcome.KEPT and not (forget and not isinstance(update.before, list)):
            changed = _with_summary(document, update) if update.name == "summary" else _with_field(document, update)
        if changed is not None:
            document = changed
            done.append(_told(update))
        elif update.after is not None:
            text = f"yours is {brief(update.before)}, the record says {brief(update.after)}"
            kept.append(Difference("=", update.name, text))
        elif not forget:
            kept.append(Difference("=", update.name, f"yours is {brief(update.before)}, the record has none"))
    return document, done, kept


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


def _essence(data: bytes | None) -> object:
    """What an import document says, whatever files it was said in."""
    if data is None:
        return None
    document = parse_provenance(data, IMPORTS)
    return (
        {name: field["value"] for name, field in document["fields"].items()},
        [(row["at"], row["text"]) for row in document["timeline"]],
        document.get("impact"),
        document.get("action_items"),
        [(part.get("source"), part.get("id"), part.get("resolved")) for part in document.get("parts", [])],
    )
