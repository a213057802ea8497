"""A postmortem as one HTML page that needs nothing else: readable, printable, and safe to open.

Document -> facts, body and evidence as values -> `page.html.j2` with autoescape. The page's own policy
(Content-Security-Policy) allows its one style sheet and embedded pictures, and nothing from elsewhere, so
that a mistake here would still not run a script or call home.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache

from pmctl.document.actions import action_items
from pmctl.document.pictures import attachment_path
from pmctl.document.reader import Document, read
from pmctl.document.timeline import timeline_section
from pmctl.output.html_body import Additions, body_html
from pmctl.output.html_inline import ShowImage
from pmctl.output.images import MAX_PICTURES, ReadAttachment, data_uri
from pmctl.output.markdown import to_markdown
from pmctl.output.page_facts import SHOWN_LARGE, Evidence, banner, evidence_view, facts, figures, lead, page_title
from pmctl.output.timeline_drawing import drawing_of
from pmctl.text import harmless


def to_html(
    document: Document,
    *,
    today: date,
    names: Mapping[str, str] | None = None,
    read_attachment: ReadAttachment | None = None,
    evidence: Evidence | None = None,
    marks: Sequence[str] = (),
    approved: Sequence[str] = (),
    lang: str = "en",
) -> str:
    """The page. `today` decides what is overdue; `names` maps handles to names.

    `read_attachment` reads pictures from the postmortem's folder (`images.folder_reader`); without it, and for
    what it can't give, a picture becomes its alternative text. `marks` are sentences about what the document's file
    says and no signed record proves, `approved` the reviewers whose approvals count. The same input, the same page.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    title = page_title(document)
    clean = read(to_markdown(document).encode("utf-8"), document.path)
    final = document.status in ("PUBLISHED", "ARCHIVED")
    drawn, rows = drawing_of(clean)
    section = timeline_section(clean)
    body, contents = body_html(
        clean.body,
        title=title,
        show_image=_embedding(document.id, read_attachment),
        overdue_lines=frozenset(item.line - clean.body_line for item in action_items(clean) if item.overdue(today)),
        hide_empty=final,
        additions=Additions(
            below={section.line - clean.body_line: drawn} if section is not None else {},
            timeline={line - clean.body_line: row for line, row in rows.items()},
        ),
    )
    style = _resource("page.css")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page = environment.from_string(_resource("page.html.j2")).render(
        lang=lang,
        title=title,
        status=document.status,
        banner=banner(document.status),
        marks=marks,
        lead=lead(document),
        figures=figures(document),
        facts=[one for one in facts(document, names or {}, approved) if one.label != SHOWN_LARGE],
        contents=contents,
        drawn=drawn if section is None else "",
        body=Markup(body),  # noqa: S704  # made by body_html, which escapes everything from the document
        evidence=evidence_view(evidence) if evidence else None,
        identity=document.id,
        style=Markup(style),  # noqa: S704  # the package's own file
        style_digest=base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii"),
    )
    return harmless(page)


def _embedding(postmortem: str, read_attachment: ReadAttachment | None) -> ShowImage:
    """Gives pictures as `data:` addresses until the page's budget for pictures is used up."""
    left = MAX_PICTURES

    def show(target: str) -> str | None:
        nonlocal left
        path = attachment_path(target, postmortem)
        if path is None or read_attachment is None:
            return None
        data = read_attachment(path)
        if data is None or len(data) > left:
            return None
        left -= len(data)
        return data_uri(data)

    return show


@cache
def _resource(name: str) -> str:
    from importlib.resources import files

    return files("pmctl.output").joinpath(name).read_text(encoding="utf-8")
