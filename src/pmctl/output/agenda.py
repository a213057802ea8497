"""An agenda as Markdown, as a page, and as the plain text of an invitation. Texts of people stay texts."""

from __future__ import annotations

import re
from html import escape

from pmctl.insight.agenda import Agenda
from pmctl.text import harmless, plural, single_line

_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+.!|~&-])")


def markdown(found: Agenda) -> str:
    """The agenda as Markdown."""
    lines = [f"# Postmortem review: {_plain(found.title)}", "", _head(found), ""]
    for number, point in enumerate(found.points, start=1):
        lines += [f"## {number}. {point.title} ({plural(point.minutes, 'minute')})", ""]
        lines += [*(f"- {_plain(note)}" for note in point.notes), *([""] if point.notes else [])]
    return "\n".join(lines).rstrip("\n") + "\n"


def _plain(text: str) -> str:
    return _MARKUP.sub(r"\\\1", harmless(single_line(text)))


def _head(found: Agenda) -> str:
    return harmless(found.at or f"{found.minutes} minutes, not planned yet")


def html(found: Agenda) -> str:
    """The agenda as a page of its own, without anything that is fetched."""
    title = escape(f"Postmortem review: {harmless(single_line(found.title))}")
    parts = [
        f"<section><h2>{number}. {escape(point.title)} <small>{plural(point.minutes, 'minute')}</small></h2>"
        f"<ul>{''.join(f'<li>{escape(harmless(single_line(note)))}</li>' for note in point.notes)}</ul></section>"
        for number, point in enumerate(found.points, start=1)
    ]
    style = "body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{title}</title><style>{style}</style></head><body><main><h1>{title}</h1>\n"
        f"<p>{escape(_head(found))}</p>\n" + "\n".join(parts) + "\n</main></body></html>\n"
    )


def text(found: Agenda) -> str:
    """One line for each point, as invitations hold it."""
    return "\n".join(f"{point.minutes:>3} min  {point.title}" for point in found.points)
