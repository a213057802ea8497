"""Every form in which one postmortem can leave, in one table: Material -> bytes of a media type.

A new form is a module that makes it and a row in FORMS; `pmctl export --to NAME` then offers it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Material:
    """What an export is made of.

    `document` says of its state, author and reviewers what is proved; `marks` are sentences about what its file says
    otherwise, `approved` the reviewers whose approvals count for this text. `policy` is asked for when people's names
    are shown; `attachments` is the folder of the postmortem's attachments; `evidence` is what
    `insight.history.evidence` found, None for an export without it; `front_matter` says whether Markdown keeps its own.
    `version` names the text in words, mostly by its commit; `fonts` is a folder of further fonts.
    """

    document: Document
    today: date
    policy: Callable[[], Policy]
    attachments: Path
    evidence: dict[str, Any] | None = None
    front_matter: bool = True
    marks: tuple[str, ...] = ()
    approved: tuple[str, ...] = ()
    version: str = ""
    fonts: Path | None = None

    @property
    def names(self) -> dict[str, str]:
        """People's names by their handles."""
        return {person.handle: person.name for person in self.policy().people.values()}


class Form(NamedTuple):
    """One form: its media type, the function that makes it, and the options that mean something to it."""

    media_type: str
    make: Callable[[Material], bytes]
    options: tuple[str, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether a terminal can show it."""
        return self.media_type != "application/pdf"


def _markdown(material: Material) -> bytes:
    from pmctl.output.markdown import marked, to_markdown

    return marked(to_markdown(material.document, front_matter=material.front_matter), material.marks).encode()


def _html(material: Material) -> bytes:
    from pmctl.insight.history import evidence_for_people
    from pmctl.output.html import to_html
    from pmctl.output.images import folder_reader

    page = to_html(
        material.document,
        today=material.today,
        names=material.names,
        read_attachment=folder_reader(material.attachments),
        evidence=None if material.evidence is None else evidence_for_people(material.evidence),
        marks=material.marks,
        approved=material.approved,
    )
    return page.encode()


def _json(material: Material) -> bytes:
    from pmctl.output.json_export import to_json

    return to_json(material.document, material.evidence, marks=material.marks, approved=material.approved).encode()


def _pdf(material: Material) -> bytes:
    from pmctl.insight.history import evidence_for_people
    from pmctl.output.images import folder_reader
    from pmctl.output.pdf import to_pdf

    return to_pdf(
        material.document,
        today=material.today,
        version=material.version,
        names=material.names,
        read_attachment=folder_reader(material.attachments),
        evidence=None if material.evidence is None else evidence_for_people(material.evidence),
        marks=material.marks,
        approved=material.approved,
        fonts=material.fonts,
    )


FORMS: dict[str, Form] = {
    "md": Form("text/markdown", _markdown, ("--front-matter",)),
    "html": Form("text/html", _html, ("--evidence",)),
    "json": Form("application/json", _json, ("--evidence",)),
    "pdf": Form("application/pdf", _pdf, ("--evidence", "--fonts")),
}
"""Every form by the name that is typed."""
