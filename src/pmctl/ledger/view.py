"""What decides about a document's act: the same for the command line before it and for the audit after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pmctl.ledger.tree_documents import facts_of
from pmctl.policy.state import View

if TYPE_CHECKING:
    from pmctl.document.finding import Finding
    from pmctl.document.reader import Document
    from pmctl.document.template import Template


def view_of(
    document: Document,
    content: str,
    *,
    templates: Iterable[Template] | None = (),
    unresolved: int = 0,
    binding: bool = False,
) -> View:
    """The view of a document before an act; `content` is its digest with attachments.

    `templates` are the organisation's own, or None when it does not matter whether the document is complete (only to a
    publication it does); `unresolved` counts open discussions; `binding` asks whether an approval would bind what
    people read, as submitting and publishing do.
    """
    facts = facts_of(document)
    problems: Sequence[Finding] = ()
    if binding:
        from pmctl.document.binding import binding_problems  # only two acts need the Markdown parser

        problems = binding_problems(document)
    return View(
        content=content,
        author=facts.author,
        editors=facts.editors,
        missing=missing_sections(document, templates) if templates is not None else (),
        unresolved=unresolved,
        unbound=unbound(problems),
    )


def unbound(problems: Sequence[Finding]) -> str:
    """Why a digest does not cover what readers see, in words: the first of the problems."""
    return f"{problems[0].code} {problems[0].message} (line {problems[0].line})" if problems else ""


def missing_sections(
    document: Document, templates: Iterable[Template] = (), sections: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """What the document's template requires and the document lacks: the title, sections, text in a section, and custom
    fields, as `fields.<name>`.

    `sections` are the texts of the document's sections by title in folded case, when they are known already.
    """
    from pmctl.document.completeness import missing_fields, section_texts, unwritten, visible
    from pmctl.document.template_library import requirements

    recorded = document.meta.get("template")
    asked = requirements(recorded if isinstance(recorded, str) else "", templates)
    there = section_texts(document) if sections is None else sections
    fields = (f"fields.{name}" for name, _ in missing_fields(document.meta.get("fields"), asked.fields))
    title = () if visible(document.title).strip() else ("title",)
    return (*title, *unwritten(asked.required, there, asked.texts), *fields)
