"""Characters that deceive: found once here, made visible for terminals and harmless for pages.

Titles, names and notes come from files and from other systems. A terminal obeys escape sequences in them,
and bidirectional controls make text read differently from what it is (Unicode Technical Report 36,
"Trojan Source", CVE-2021-42574). Ordinary right-to-left text needs none of these and is left alone.
"""

from __future__ import annotations

import re

# C0 but tab and newline, DEL, C1; Arabic letter mark, Mongolian vowel separator, zero-width space and the
# directional marks; line and paragraph separators, embeddings, overrides; word joiner, invisible operators,
# isolates and deprecated format characters; variation of a byte order mark inside text; interlinear
# annotations; lone surrogates; language tags, which carry invisible text.
_DECEIVING = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f"
)
# Zero-width joiners belong to emoji and to several scripts; beside ASCII they only hide differences.
_JOINER = "(?:(?<=[\x00-\x7f])|(?<![\\s\\S]))[\u200c\u200d]|[\u200c\u200d](?=[\x00-\x7f]|\\Z)"

DECEIVING = re.compile(f"[{_DECEIVING}]|{_JOINER}")
LINE_BREAK = re.compile(r"\r\n?|\n")


def code_of(character: str) -> str:
    r"""One character as visible ASCII: `\x1b`, `\u202e` or `\U000e0041`."""
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def made_visible(text: str) -> str:
    """`text` with every deceiving character written out as its code; tabs and newlines stay."""
    return DECEIVING.sub(lambda match: code_of(match.group()), text)


def made_harmless(text: str) -> str:
    """`text` with every deceiving character replaced by U+FFFD, for pages; tabs and newlines stay."""
    return DECEIVING.sub("\ufffd", text)


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
