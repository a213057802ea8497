"""Characters that nobody sees, or that change the order of what everybody sees. text -> where the first one stands.

An approval binds characters and a reviewer reads glyphs: what deceives between the two is a finding. What scripts and
emoji need is none: joiners beside letters that join (Persian, the scripts of India) or between emoji, direction marks
on a line with right-to-left text, the tags of a flag. Unicode Technical Report 36 and "Trojan Source" (CVE-2021-42574)
say what the others do to a reader.
"""

from __future__ import annotations

import re
import unicodedata
from html import unescape
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding

if TYPE_CHECKING:
    from pmctl.document.reader import Document

# Never of any use in a text: Hangul fillers, the zero-width space, embeddings, overrides, the word joiner, invisible
# operators, isolates, deprecated format characters, a byte order mark inside, annotations, musical controls.
_ALWAYS = (
    "\u115f\u1160\u17b4\u17b5\u200b\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a"
    "\U000e0001"
)
_JOINERS = "\u034f\u180e\u200c\u200d"
_MARKS = "\u061c\u200e\u200f"
_TAGS = "\U000e0020-\U000e007f"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_LIKELY = re.compile(f"[{_ALWAYS}{_JOINERS}{_MARKS}{_TAGS}]|[{_SELECTORS}]{{2}}")
_NEVER = re.compile(f"[{_ALWAYS}]")
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f")
_REFERENCE = re.compile(r"&(?:#[xX][0-9a-fA-F]{1,6}|#[0-9]{1,7}|[A-Za-z][A-Za-z0-9]{1,30});")
# Blocks of scripts whose letters change their shape by a joiner: Arabic, Syriac, N'Ko, the scripts of India and of
# South East Asia, Mongolian and their supplements.
_JOINING = re.compile(
    "[\u0600-\u08ff\u0900-\u109f\u1700-\u18af\u1900-\u1aff\u1b00-\u1cff\ua840-\ua8ff\ua980-\uaaff\uabc0-\uabff"
    "\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00010aff\U00010d00-\U00010fff\U00011000-\U00011fff\U0001e900-\U0001e95f]"
)


def first_invisible(text: str, start: int = 0) -> int | None:
    """The offset of the first character in `text[start:]` that hides or reorders others without need; None without."""
    if text.isascii():
        return None
    for match in _LIKELY.finditer(text, start):
        if not _needed(text, match.start()):
            return match.start()
    return None


def invisible_reference(text: str, start: int = 0) -> re.Match[str] | None:
    """The first HTML character reference to a character that no text needs: `&#x202e;`, `&ZeroWidthSpace;`."""
    if "&" not in text:
        return None
    matches = _REFERENCE.finditer(text, start)
    return next((match for match in matches if _NEVER.search(unescape(match[0]))), None)


def name_of(character: str) -> str:
    """A character as a person looks it up: `U+202E (right-to-left override)`."""
    name = unicodedata.name(character, "").lower()
    return f"U+{ord(character):04X}" + (f" ({name})" if name else "")


def invisible_characters(doc: Document) -> list[Finding]:
    """The first such character of the body, and the first one written as a character reference outside of code."""
    found = []
    if (at := first_invisible(doc.text, doc.body_start)) is not None:
        message = f"the invisible character {name_of(doc.text[at])}: readers do not see what is stored"
        found.append(_finding(doc, at, at + 1, message))
    match = invisible_reference(doc.text, doc.body_start)
    while match is not None:
        where = match.start()
        code = (*doc.structure.code_blocks, *doc.structure.code_spans)
        if not any(start <= where < end for start, end in code):
            message = f"{match[0]} is shown as an invisible character, {name_of(unescape(match[0])[0])}"
            found.append(_finding(doc, where, match.end(), message))
            break
        match = invisible_reference(doc.text, match.end())
    return found


def _needed(text: str, at: int) -> bool:
    character = text[at]
    before, behind = text[at - 1 : at], text[at + 1 : at + 2]
    if character in "\u200c\u200d\u180e\u034f":
        if character == "\u200d" and _is_emoji(before) and _is_emoji(behind):
            return True
        return _JOINING.match(before) is not None or _JOINING.match(behind) is not None
    if character in _MARKS:
        line = text[text.rfind("\n", 0, at) + 1 : (text.find("\n", at) + 1 or len(text) + 1) - 1]
        return any(unicodedata.bidirectional(one) in ("R", "AL") and one not in _MARKS for one in line)
    if "\U000e0020" <= character <= "\U000e007f":
        flag = text.rfind("\U0001f3f4", max(0, at - 8), at)
        match = _FLAG.match(text, flag) if flag >= 0 else None
        return match is not None and at < match.end()
    return False


def _is_emoji(character: str) -> bool:
    """Whether an emoji can end or begin with it: a symbol, a skin tone, the variation selector for emoji."""
    if not character or character == "\ufe0f" or "\U0001f000" <= character <= "\U0001faff":
        return character != ""  # newer emoji than Python's tables know are of no category yet
    return unicodedata.category(character) in ("So", "Sk", "Sm")


def _finding(doc: Document, start: int, end: int, message: str) -> Finding:
    line, column = doc.position(start)
    end_line, end_column = doc.position(end)
    fix = "remove it, or write its name where the text is about it"
    return Finding("PM208", message, doc.path, line, column, fix=fix, end_line=end_line, end_column=end_column)
