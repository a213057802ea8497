"""Reminders for reading, without sending them: as text, Markdown and HTML."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from pmctl.document.markdown_text import inline
from pmctl.insight.reminders import Reminder, Reminders, lines


def text(found: Reminders) -> str:
    """Each person and channel with what they are reminded of."""
    parts = [
        f"{one.channel}: {one.reason}\n" + "".join(f"  {line}\n" for line in lines(one)) for one in found.reminders
    ]
    return "\n".join(parts)


def markdown(found: Reminders) -> str:
    """A section for each."""
    return "\n".join(_sections(found)) if found.reminders else ""


def _sections(found: Reminders) -> Iterator[str]:
    yield f"# Reminders of {found.day}\n"
    for one in found.reminders:
        yield f"## {inline(one.channel)}\n\n{inline(one.reason)}:\n"
        yield "".join(f"- {inline(line)}\n" for line in lines(one))


def html(found: Reminders) -> str:
    """A page."""
    body = "\n".join(_section(one) for one in found.reminders)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>Reminders of {escape(found.day)}</title></head>\n"
        f'<body style="max-width:600px;margin:16px;font-family:sans-serif;line-height:1.5">\n'
        f"<h1>Reminders of {escape(found.day)}</h1>\n{body}\n</body></html>\n"
    )


def _section(one: Reminder) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines(one))
    return f"<h2>{escape(one.channel)}</h2>\n<p>{escape(one.reason)}</p>\n<ul>{items}</ul>"
