"""What every surgical edit rests on: the edited text is read again, like any document."""

from __future__ import annotations

import re

from pmctl.document.reader import Document, read
from pmctl.document.rows import TRIM
from pmctl.errors import BadInput

_UNFIT = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


def require_readable(doc: Document) -> None:
    if not doc.readable:
        problem = doc.problems[0]
        raise BadInput(
            f"{doc.path or 'the document'}:{problem.line}:{problem.column}: {problem.message}",
            hint=problem.fix or "fix the document first",
        )


def reread(doc: Document, text: str) -> Document:
    """The edited text as a document. Raises BadInput when the edit made it unreadable."""
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadInput("the text holds half a character", hint="check how it was pasted or decoded") from error
    result = read(b"\xef\xbb\xbf" + data if doc.bom else data, doc.path)
    if not result.readable and doc.readable:
        problem = next(iter(result.problems))
        raise BadInput(f"the edit would make the document unreadable: {problem.message}", hint=problem.fix)
    return result


def line_end(doc: Document, offset: int) -> int:
    """The offset behind the newline of the line that holds `offset`, or the text's end."""
    match = _LINE_BREAK.search(doc.text, offset)
    return match.end() if match else len(doc.text)


def newlines(doc: Document, text: str) -> str:
    plain = text.replace("\r\n", "\n")
    return plain.replace("\n", "\r\n") if doc.newline == "\r\n" else plain


def one_line(text: str) -> str:
    value = text.strip(TRIM)
    if match := _UNFIT.search(value):
        what = "a line break" if match.group() in "\r\n" else f"the character U+{ord(match.group()):04X}"
        raise BadInput(f"{what} cannot stand in a table cell or heading", hint="keep it to one line of text")
    return value
