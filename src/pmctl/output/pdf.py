"""A postmortem as a PDF for archives and for everybody: PDF/A-2a and PDF/UA-1, the same bytes for the same input.

Document -> values (title, facts, blocks, evidence) as JSON -> `page.typ`, the one program that typst runs. Texts reach
it as data and are never evaluated; it reads no file but the pictures that lie in a folder made for it, and downloads
nothing.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from pmctl.document.actions import action_items
from pmctl.document.pictures import attachment_path
from pmctl.document.reader import Document, read
from pmctl.document.timeline import timeline_section
from pmctl.errors import EnvironmentProblem
from pmctl.output.images import MAX_PICTURES, ReadAttachment, picture_kind
from pmctl.output.markdown import to_markdown
from pmctl.output.page_facts import SHOWN_LARGE, Evidence, Fact, banner, evidence_view, facts, figures, lead, page_title
from pmctl.output.printed_body import PlacePicture, body_blocks, printable
from pmctl.output.timeline_layout import layout
from pmctl.output.timeline_rows import rows
from pmctl.text import code_of, parse_utc

_LINE = 620.0  # of the drawn timeline: as many of its units as page.typ makes of its line
_NO_GLYPH = re.compile(r"text `?\"?(.+?)\"?`? could not be displayed")
_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}
_NO_TIME = datetime.combine(date(2000, 1, 1), time(), UTC)


def to_pdf(
    document: Document,
    *,
    today: date,
    version: str = "",
    names: Mapping[str, str] | None = None,
    read_attachment: ReadAttachment | None = None,
    evidence: Evidence | None = None,
    marks: Sequence[str] = (),
    approved: Sequence[str] = (),
    fonts: Path | None = None,
) -> bytes:
    """The PDF. `version` names the text on every page, mostly by a commit; `fonts` is a folder of further fonts.

    The other parameters are those of `html.to_html`. Raises EnvironmentProblem without typst, when a character has no
    font, and when typst refuses the document.
    """
    title = page_title(document)
    clean = read(to_markdown(document).encode("utf-8"), document.path)
    with tempfile.TemporaryDirectory(prefix="pmctl-pdf-") as folder:
        section = timeline_section(clean)
        body = body_blocks(
            clean.body,
            title=title,
            place_picture=_placing(document.id, read_attachment, Path(folder)),
            overdue_lines=frozenset(item.line - clean.body_line for item in action_items(clean) if item.overdue(today)),
            hide_empty=document.status in ("PUBLISHED", "ARCHIVED"),
            timeline_line=section.line - clean.body_line if section is not None else -1,
        )
        page = {
            "timeline": _timeline(clean),
            "title": title,
            "name": title,
            "author": document.author,
            "banner": asdict(banner(document.status)),
            "marks": list(marks),
            "lead": lead(document),
            "figures": [asdict(one) for one in figures(document)],
            "facts": [_fact(fact) for fact in facts(document, names or {}, approved) if fact.label != SHOWN_LARGE],
            "evidence": _evidence(evidence),
            "identity": document.id,
            "version": version,
        }
        if section is None:
            body = [{"kind": "timeline"}, *body]
        text = json.dumps(_printable(page) | {"body": body}, ensure_ascii=False)
        return _compiled(text, Path(folder), _dated(document), fonts)


def plain_pdf(title: str, markdown: str, *, label: str, version: str, day: str, hyphenate: bool = True) -> bytes:
    """A text that is no postmortem, as a report is, in the same hand. `label` says at the top of each page what it is;
    `day` is the day that the file says it was made on; without `hyphenate` no word is broken, so that each can be read
    back. Raises as `to_pdf` does."""
    with tempfile.TemporaryDirectory(prefix="pmctl-pdf-") as folder:
        body = body_blocks(markdown, title=title, place_picture=lambda target: "")
        page: dict[str, Any] = {
            "timeline": None, "title": title, "name": title, "author": "",
            "banner": {"kind": "published", "label": label, "text": ""}, "marks": [], "lead": "", "figures": [],
            "facts": [], "evidence": None, "identity": label, "version": version,
            "hyphenate": hyphenate,
        }  # fmt: skip
        text = json.dumps(_printable(page) | {"body": body}, ensure_ascii=False)
        at = datetime.combine(date.fromisoformat(day), time(), UTC) if day >= "1980" else _NO_TIME
        return _compiled(text, Path(folder), at, None)


def _timeline(document: Document) -> dict[str, Any] | None:
    """The drawn timeline for `page.typ`: places as shares of the line; nothing of it is text of the document."""
    found = layout(document)
    if found is None:
        return None
    placed = rows(found, _LINE)
    return {
        "words": found.sentences,
        "labels": [
            {"mark": one.mark.share, "share": one.share, "row": one.row, "ends": one.ends, "name": one.mark.name,
             "time": found.time(one.mark.at), "since": one.since}
            for one in placed.labels
        ],
        "phases": [asdict(one) | {"length": length} for one, length in zip(found.phases, placed.lengths, strict=True)],
        "gaps": [asdict(one) for one in found.gaps],
        "dots": [
            {"share": one.entries[0].share, "row": one.row, "count": len(one.entries)} for one in placed.dots
        ],
        "ticks": [{"share": share, "words": words} for share, words in placed.ticks],
        "rows": [placed.label_rows, placed.dot_rows],
    }  # fmt: skip


def _printable(value: Any) -> Any:
    """The same values as texts to print; an address stays as it is. The body's texts are so already."""
    if isinstance(value, dict):
        return {
            key: printable(one, whole=key in ("url", "name")) if isinstance(one, str) else _printable(one)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [_printable(one) for one in value]
    return printable(value) if isinstance(value, str) else value


def _fact(fact: Fact) -> dict[str, Any]:
    text = "; ".join(part.text + (f" ({part.note})" if part.note else "") for part in fact.parts)
    url = next((part.url for part in fact.parts if part.url and len(fact.parts) == 1), "")
    return {"label": fact.label, "text": text, "url": url, "digest": fact.digest}


def _evidence(evidence: Evidence | None) -> dict[str, Any] | None:
    if evidence is None:
        return None
    view = evidence_view(evidence)
    tables = [
        {"title": one.title, "heads": one.heads, "rows": [[cell.text for cell in row] for row in one.rows]}
        for one in view.tables
    ]
    return {"facts": [_fact(fact) for fact in view.facts], "tables": tables}


def _placing(postmortem: str, read_attachment: ReadAttachment | None, folder: Path) -> PlacePicture:
    """Writes pictures of the postmortem's own folder into `folder`, until the budget for pictures is used up."""
    left, placed = MAX_PICTURES, dict[str, str]()

    def place(target: str) -> str:
        nonlocal left
        path = attachment_path(target, postmortem)
        if path is None or read_attachment is None:
            return ""
        if path not in placed:
            data = read_attachment(path)
            kind = picture_kind(data) if data is not None and len(data) <= left else None
            placed[path] = ""
            if data is not None and kind is not None:
                left -= len(data)
                placed[path] = f"/{len(placed)}.{_SUFFIXES[kind]}"
                (folder / placed[path][1:]).write_bytes(data)
        return placed[path]

    return place


def _dated(document: Document) -> datetime:
    """The time that the file says it was made at: that of the incident, so that the same text gives the same bytes."""
    known = (parse_utc(str(document.meta.get(key))) for key in ("resolved_at", "started_at"))
    return next((at for at in known if at is not None and at.year >= 1980), _NO_TIME)


def _compiled(page: str, folder: Path, at: datetime, fonts: Path | None) -> bytes:
    try:
        import typst
    except ImportError:
        raise EnvironmentProblem("a PDF needs one more package", hint="pip install 'pmctl[pdf]'") from None
    from importlib.resources import files

    program = files("pmctl.output").joinpath("page.typ").read_bytes()
    known = typst.Fonts(font_paths=[str(fonts)] if fonts is not None else [])
    try:
        compiler = typst.Compiler(program, root=str(folder), font_paths=known, sys_inputs={"page": page})
        data = compiler.compile(format="pdf", pdf_standards=["a-2a", "ua-1"], timestamp=at)
    except typst.TypstError as error:
        raise _explained(error.message) from None
    assert isinstance(data, bytes)  # noqa: S101  for the type checker: one file was asked for
    return data


def _explained(message: str) -> EnvironmentProblem:
    missing = _NO_GLYPH.search(message)
    if missing:
        hint = "install one that has it (as fonts-noto-cjk or fonts-noto-color-emoji), or name a folder: --fonts DIR"
        named = ", ".join(f"{one} ({code_of(one)})" for one in dict.fromkeys(missing[1]))
        return EnvironmentProblem(f"no font on this machine has {named}", hint=hint)
    return EnvironmentProblem(f"the PDF cannot be made: {message}", hint="the other forms can: --to html")
