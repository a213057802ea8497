"""Every form in which a public text leaves besides its page, and all that such a form says, read back from its bytes.

PublicText -> bytes; bytes -> texts, among them attributes, headers, link targets and metadata. Who sends one asks
redaction about what was read back, and sends nothing that says more than what was checked.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from email.message import EmailMessage
from html import escape
from typing import Any

from pmctl.document.public_text import PublicText, rendered_markdown
from pmctl.errors import EnvironmentProblem
from pmctl.output.answers import plain
from pmctl.output.answers_public import PublicExport, PublicPart
from pmctl.output.html_body import body_html
from pmctl.output.public_pages import facts_of, html_texts, lone_page
from pmctl.text import json_text

FORMS = ("md", "html", "json", "pdf")


def made(text: PublicText, form: str) -> bytes:
    """The public text as one file. Raises EnvironmentProblem where a PDF cannot be made or read back."""
    if form == "md":
        return rendered_markdown(text)
    if form == "html":
        return lone_page(text)
    if form == "pdf":
        from pmctl.output.pdf import plain_pdf

        said, day = f"{_fact_lines(text)}\n\n{body(text)}", text.page[:10]
        return plain_pdf(text.title, said, label="", version="", day=day, hyphenate=False)
    return json_text({"schema": "pmctl/public-text/v1", **plain(_answer(text))}).encode()


def body(text: PublicText) -> str:
    """The sections as Markdown, without front matter: for a place that has the title and the times itself."""
    return "\n".join(f"## {one.title}\n\n{one.text.strip()}\n" for one in text.parts)


def texts_of(data: bytes, form: str) -> list[str]:
    """All that a file of a form says."""
    if form == "pdf":
        return list(_pdf_texts(data))
    if form == "json":
        return [one for key, value in json.loads(data).items() if key != "schema" for one in _values(value)]
    return html_texts(data.decode()) if form == "html" else [data.decode()]


def _values(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _values(one)


def mail_parts(text: PublicText) -> tuple[str, str]:
    """What a mail to a customer says: as plain text, and as HTML for programs that show it."""
    rows = "".join(
        f'<tr><th align="left">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in facts_of(text)
    )
    content, _ = body_html(body(text), title=text.title, show_image=lambda _: None)
    html = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(text.title)}</title></head><body><h1>{escape(text.title)}</h1><table>{rows}</table>{content}"
        "</body></html>\n"
    )
    return f"{text.title}\n\n{_fact_lines(text)}\n\n{body(text)}", html


def mail_texts(mail: EmailMessage) -> list[str]:
    """All that a mail says apart from whose it is and when: its subject, its own headers, both bodies, file names."""
    own = ("from", "to", "date", "message-id", "mime-version", "content-type", "content-transfer-encoding")
    found = [str(value) for part in mail.walk() for name, value in part.items() if name.lower() not in own]
    for part in mail.walk():
        if name := part.get_filename():
            found.append(name)
        if part.get_content_maintype() == "text":
            said = part.get_content()
            found += html_texts(said) if part.get_content_subtype() == "html" else [said]
    return found


def _fact_lines(text: PublicText) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in facts_of(text))


def _answer(text: PublicText) -> PublicExport:
    began, ended = (f"{one:%Y-%m-%dT%H:%M:%SZ}" if one is not None else "" for one in (text.started, text.ended))
    parts = [PublicPart(one.title, one.text) for one in text.parts]
    return PublicExport(text.title, began, ended, text.duration, text.services, text.status, parts)


def _pdf_texts(data: bytes) -> Iterator[str]:
    """The text layer, the metadata, and where links and outlines lead."""
    try:
        from pypdf import PdfReader
    except ImportError:
        message = "a PDF for customers is read back before it leaves, which needs one more package"
        raise EnvironmentProblem(message, hint="pip install 'pmctl[pdf]'") from None
    reader = PdfReader(io.BytesIO(data))
    for page in reader.pages:
        # A line ends where the page does, and numbers of footnotes stand close to words and addresses.
        yield re.sub(r"(?<=[^\W\d_])\d{1,3}\b|\b\d{1,3}(?=https?://)", " ", re.sub(r"\s+", " ", page.extract_text()))
        for one in page.annotations or ():
            yield from _strings(one.get_object())
    for name, value in (reader.metadata or {}).items():
        if name not in ("/CreationDate", "/ModDate", "/Creator", "/Producer"):
            yield str(value)
    if (more := reader.xmp_metadata) is not None:
        yield from (str(one) for one in (*(more.dc_title or {}).values(), *(more.dc_description or {}).values()))
        yield from (str(one) for one in (*(more.dc_creator or ()), *(more.dc_subject or ())) if one)
    for outline in _flat(reader.outline):
        yield str(outline.title)
    if reader.attachments:
        raise EnvironmentProblem("the PDF holds attached files, which no public text has")


def _strings(value: Any) -> Iterator[str]:
    """Where an annotation leads, and what it says."""
    for key in ("/Contents", "/URI", "/F", "/Alt"):
        if isinstance(found := value.get(key), str):
            yield str(found)
    if "/A" in value:
        yield from _strings(value["/A"])


def _flat(outline: Any) -> Iterator[Any]:
    for one in outline:
        if isinstance(one, list):
            yield from _flat(one)
        else:
            yield one
