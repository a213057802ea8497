r"""Text and times between files, other systems and people: one function for each need, used by every package.

Which one to take:

    `safe`, `safe_block`  a terminal, or a message that may end there: what deceives becomes visible, `\x1b`, `\u202e`
    `in_ascii`            a name whose look-alikes matter (handles, addresses): every other letter as its code as well
    `harmless`            a page: what deceives becomes U+FFFD
    `json_text`           a program
    `clean`               text of another system that is to stand in a document: what deceives is dropped
    `single_line`         titles and cells on one line; drops nothing else, so that text compares as written
    `utc`, `parse_utc`    times in files and records; `in_utc` before any comparison
    `parse_day`           days in files
    `did_you_mean`        the likely word, for a person who mistyped one

Titles, names and notes come from files and from other systems. A terminal obeys escape sequences in them, and
bidirectional controls make text read differently from what it is (Unicode Technical Report 36, "Trojan Source",
CVE-2021-42574). Ordinary right-to-left text needs none of these and is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache

_BEHIND_DATE = len("2024-01-15-")

# C0 but tab and newline, DEL, C1; Arabic letter mark, Mongolian vowel separator, zero-width space and the
# directional marks; line and paragraph separators, embeddings, overrides; word joiner, invisible operators,
# isolates and deprecated format characters; a byte order mark inside text; interlinear annotations; lone
# surrogates; language tags, which carry invisible text.
_DECEIVING = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f"
)
# Zero-width joiners belong to emoji and to several scripts; beside ASCII they only hide differences.
_JOINER = "(?:(?<=[\x00-\x7f])|(?<![\\s\\S]))[\u200c\u200d]|[\u200c\u200d](?=[\x00-\x7f]|\\Z)"

DECEIVING = re.compile(f"[{_DECEIVING}]|{_JOINER}")
# What most texts have none of: found twenty times as fast as DECEIVING, which looks around joiners.
_DOUBTFUL = re.compile(f"[{_DECEIVING}\u200c\u200d]")
LINE_BREAK = re.compile(r"\r\n?|\n")
# Some readers take these for line ends and some do not.
_ANY_LINE_BREAK = re.compile("\r\n?|[\n\x0b\x0c\x85\u2028\u2029]")
# ECMA-48 escape sequences (colours, cursor movement, titles) as terminals and CI logs produce them.
_ESCAPES = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\^_])")

# ISO 8601: a date, T or a space, hours and minutes, and an offset.
_TIMESTAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?([.,][0-9]{1,9})?[ ]?"
    r"(Z|z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SEPARATORS = re.compile(r"[\s_'-]")


def code_of(character: str) -> str:
    r"""One character as visible ASCII: `\x1b`, `\u202e` or `\U000e0041`."""
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def visible(text: str) -> str:
    """`text` with every deceiving character written out as its code; tabs and newlines stay."""
    return DECEIVING.sub(lambda match: code_of(match.group()), text) if _DOUBTFUL.search(text) else text


def safe(text: str) -> str:
    """One line that a terminal shows as it is: escapes, control and bidi characters become visible codes.

    Line breaks and tabs turn into single spaces, so that a title can't draw a second line.
    """
    if text.isascii() and text.isprintable():
        return text
    return visible(LINE_BREAK.sub(" ", text).replace("\t", " "))


def safe_block(text: str) -> str:
    """Several lines that a terminal shows as they are; newlines and tabs stay, CRLF becomes LF."""
    return visible(LINE_BREAK.sub("\n", text))


def in_ascii(text: str) -> str:
    """At most 80 characters of `text` in printable ASCII: a letter that looks like another shows as its code."""
    return "".join(one if one.isascii() and one.isprintable() else code_of(one) for one in text[:80])


def harmless(text: str) -> str:
    """`text` with every deceiving character replaced by U+FFFD, for pages; tabs and newlines stay."""
    return DECEIVING.sub("\ufffd", text) if _DOUBTFUL.search(text) else text


def clean(text: str) -> str:
    """Text for a document without what deceives: no controls but tabs, no direction changes, no soft hyphens; LF."""
    if text.isascii() and text.isprintable():
        return text
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    text = _ANY_LINE_BREAK.sub("\n", text).replace("\xad", "")
    return DECEIVING.sub(lambda match: "\ufffd" if "\ud800" <= match.group() <= "\udfff" else "", text)


def single_line(text: str) -> str:
    """`text` without white space at its ends, every run of white space inside as one space."""
    return " ".join(text.split())


def heading_anchor(title: str, numbers: dict[str, int]) -> str:
    """The name of a heading in links, as GitHub and GitLab make it. `numbers` holds what the page has so far."""
    slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
    name = slug
    while name in numbers:
        numbers[slug] += 1
        name = f"{slug}-{numbers[slug]}"
    numbers[name] = 0
    return name


def json_text(value: object) -> str:
    """`value` as indented JSON with a final newline: readable in every script, deceiving characters escaped.

    Values that JSON does not know are written as their text.
    """
    import json

    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return DECEIVING.sub(_json_escape, text) + "\n"


def _json_escape(match: re.Match[str]) -> str:
    pairs = match.group().encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{pairs[at : at + 4]}" for at in range(0, len(pairs), 4))


_JSON_PROBLEMS = (
    ("Expecting value", "a value is missing here"),
    ("Expecting property name", "a name in double quotes is missing here"),
    ("Expecting ',' delimiter", "a comma is missing before this"),
    ("Expecting ':' delimiter", "a colon is missing before this"),
    ("Extra data", "there is more behind the end of the value"),
    ("Invalid control character", "a text holds a line break or another control character, which is written as \\n"),
    ("Invalid \\", "what follows the backslash is no character that JSON knows"),
    ("Illegal trailing comma", "a comma stands before the closing bracket"),
    ("Unterminated string", "a text is not closed"),
)


def json_problem(said: str) -> str:
    """What the json module says of a text that is no JSON, in words for people."""
    return next((words for begun, words in _JSON_PROBLEMS if said.startswith(begun)), said)


def plural(count: int, noun: str) -> str:
    """`1 day`, `2 days`: for nouns that only take an s."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listed(words: Sequence[str]) -> str:
    """'bob', 'bob and carol', 'bob, carol and dave'."""
    *first, last = words or ("",)
    return f"{', '.join(first)} and {last}" if first else last


def in_utc(at: datetime) -> datetime:
    """A moment in UTC; without a zone it counts as UTC already."""
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def utc(at: datetime) -> str:
    """`2024-01-15T14:00:00Z`, the form of records and of front matter; fractions of a second are dropped."""
    return in_utc(at).isoformat(timespec="seconds").replace("+00:00", "Z")


@lru_cache(maxsize=64)
def parse_utc(text: str) -> datetime | None:
    """The moment that an ISO 8601 timestamp with an offset names, in UTC; None without an offset or when malformed.

    Fractions of a second beyond microseconds are dropped.
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None or match[5] is None:
        return None
    offset = match[5].upper().replace("Z", "+00:00")
    if len(offset) == 3:
        offset += ":00"
    elif len(offset) == 5:
        offset = f"{offset[:3]}:{offset[3:]}"
    fraction = (match[4] or "").replace(",", ".")[:7]
    if fraction:
        fraction = fraction.ljust(7, "0")
    try:
        return datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3] or ':00'}{fraction}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def lacks_offset(text: str) -> bool:
    """Whether `text` would be a timestamp if it named its offset from UTC."""
    match = _TIMESTAMP.fullmatch(text)
    return match is not None and match[5] is None


@lru_cache(maxsize=4096)
def parse_day(text: str) -> date | None:
    """The day that `2024-01-15` names; None for any other text and for a day that does not exist."""
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def short_ids(ids: Iterable[str]) -> dict[str, str]:
    """Each id of a postmortem with its shortest beginning of whole words that is part of no other.

    The date and one word always stay: so much tells a person something.
    """
    every = sorted(set(ids))
    together = "\n".join(every)
    short: dict[str, str] = {}
    for name in every:
        end = name.find("-", _BEHIND_DATE)
        while end > 0 and together.count(name[:end]) > 1:
            end = name.find("-", end + 1)
        short[name] = name if end < 0 else name[:end]
    return short


def near(word: str, known: Iterable[str], count: int = 3, likeness: float = 0.6) -> list[str]:
    """The known words that `word` may have been meant to be, the likeliest first; case, spaces, - and _ don't count.

    `likeness` is the least ratio of `difflib` that is near: 1 is the same, 0 has nothing in common.
    """
    from difflib import get_close_matches

    bare = {_SEPARATORS.sub("", one.casefold()): one for one in known}
    return [bare[one] for one in get_close_matches(_SEPARATORS.sub("", word[:100].casefold()), bare, count, likeness)]


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """The known word that `word` was probably meant to be, "" when none is near."""
    return next(iter(near(word, known, 1, likeness)), "")


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "", likeness: float = 0.6) -> str:
    """`did you mean jane?` for the nearest of the known words; `otherwise` when none is near."""
    found = nearest(word, known, likeness)
    return f"did you mean {found}?" if found else otherwise
