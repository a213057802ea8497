"""Where a text holds credentials: tokens of known shapes, private keys, values of passwords. text -> spans.

`pmctl.rules.sharing` decides which of them matter. `redact` takes all of them out of what is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from pmctl.rules.prose import Pattern, mentions, written
from pmctl.rules.token_shapes import TOKENS

_SHORTEST = 19
"""No token of these shapes is this short, and few words are longer: only those are looked at."""

_URL_PASSWORD = Pattern(
    r"://[^\s/:@<>\"'`]{0,60}:(?P<secret>(?!\$|\{|<|\*|x{3,}|\.{3}|…|(?i:password|pass|secret|token|pw)@)"
    r"[^\s/:@<>\"'`]{3,})@[\w.-]"
)
KEY_HEADER = "PRIVATE KEY"
"""Stands in every private key's first line."""
_PRIVATE_KEY = Pattern(r"-----(?P<which>BEGIN|END) (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_LONGEST_KEY = 8_000
_BASIC = Pattern(r"[Bb]asic (?P<secret>[A-Za-z0-9+/]{12,400}={0,2})(?![\w+/=])")
_ASSIGNED = Pattern(
    r"(?:password|passwd|pwd|passphrase|secret|api[_-]?key|access[_-]?key|account[_-]?key|auth[_-]?token|private[_-]?key)"
    r"[\"']?[ \t]*[:=][ \t]*[\"'`]?(?P<value>[^\s\"'`,;|<>{}()\[\]]{6,200})"
)
"""Over lower-case text: without a flag for case the search is several times as fast."""
SECRET_NAMES = ("passw", "pwd", "passphrase", "secret", "key", "token")
"""One of these stands, in lower case, in every name whose value `assigned` finds."""
_ASSIGNED_NAME = Pattern(r"(?<![^\W_])(?:[A-Za-z]{1,24}[_-]){0,4}[A-Za-z]{0,12}$")
_OPTION = Pattern(
    r"\b(?:mysql(?:dump)?\b[^\n|;&]{0,80}?\s(?P<mysql>-p)"
    r"|curl\b[^\n|;&]{0,80}?\s(?P<curl>-u|--user)[ =][\"']?[^\s:\"']{1,60}:)"
    r"(?P<value>[^\s\"'`$<{*|;&]{6,200})"
)


def tokens(text: str, body: int = 0) -> Iterator[tuple[str, int, int]]:
    """Every token of a known shape in a text: what it is, start, end. Ordered by place, without overlaps.

    `body` may say where the body begins: its words have been told apart for other rules.
    """
    spans: list[tuple[int, int, str]] = []
    long = " ".join([word for word in (*text[:body].split(), *written(text, body)) if len(word) > _SHORTEST])
    if _has_word("bearer", text, body):
        long += " Bearer bearer"
    for name, prefixes, _ in TOKENS:
        for prefix in prefixes.split(" "):
            at = text.find(prefix) if prefix in long else -1
            while at >= 0:
                inside = at and (text[at - 1].isalnum() or text[at - 1] in "_-")
                match = None if inside else _token_pattern(name, prefixes).match(text, at + len(prefix))
                if match:
                    spans.append((at, match.end(), name))
                at = text.find(prefix, at + 1)
    if _has_word("basic", text, body):
        pairs = [match for match in _BASIC.compiled.finditer(text) if _is_pair(match)]
        spans += [(*match.span("secret"), "basic credentials") for match in pairs]
    if "@" in text and "/" in text and "://" in text:
        spans += [(*match.span("secret"), "password in a URL") for match in _URL_PASSWORD.compiled.finditer(text)]
    last = -1
    for start, end, name in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= last:
            last = end
            yield name, start, end


def _has_word(word: str, text: str, body: int) -> bool:
    """Whether a word may occur; in the body it is looked up among the words that other rules have told apart."""
    return (mentions(text, body, (word,)) or word in text[:body].lower()) if body else word in text.lower()


def redact(text: str) -> str:
    """The text with known tokens, private keys and assigned secrets replaced by asterisks, every line in its place."""
    spans = [(start, end) for _, start, end in tokens(text)]
    if KEY_HEADER in text:
        spans += [(start, end) for start, _, end in private_keys(text)]
    spans += [(start, end) for _, start, end in assigned(text)]
    parts: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if end > done:
            begin = max(start, done)
            parts += (text[done:begin], re.sub(r"[^\r\n]", "*", text[begin:end]))
            done = end
    return "".join([*parts, text[done:]])


def _is_pair(match: re.Match[str]) -> bool:
    """Whether it is the base64 of `user:password` (RFC 7617)."""
    from base64 import b64decode

    try:
        user, colon, password = b64decode(match["secret"], validate=True).decode().partition(":")
    except ValueError:
        return False
    return bool(user and colon and password) and (user + password).isprintable()


def assigned(text: str, *, names: bool = True, commands: bool = True) -> Iterator[tuple[str, int, int]]:
    """Every value that is given to something named like a password or a key: name, start and end of the value.

    `names` False says that no such name occurs, `commands` False none of the commands whose options take a password.
    """
    if names:
        lowered = text.lower()
        if len(lowered) != len(text):  # a few capitals have a lower case of two characters
            lowered = "".join(one if len(one.lower()) != 1 else one.lower() for one in text)
        for match in _ASSIGNED.compiled.finditer(lowered):
            name = _ASSIGNED_NAME.compiled.search(text, max(0, match.start() - 112), match.start())
            if name:
                key = re.split(r"[\"'\s:=]", text[match.start() : match.start("value")], maxsplit=1)[0]
                yield name[0] + key, *match.span("value")
    if commands:
        for match in _OPTION.compiled.finditer(text):
            yield match["mysql"] or match["curl"], *match.span("value")


def private_keys(text: str) -> Iterator[tuple[int, int, int]]:
    """Every private key: its start, the end of its header, and its end, which is the header's when it has none."""
    begun: tuple[int, int] | None = None
    for match in _PRIVATE_KEY.compiled.finditer(text):
        if match["which"] == "BEGIN":
            if begun:
                yield *begun, begun[1]
            begun = match.span()
        elif begun:
            yield *begun, match.end() if match.end() - begun[0] <= _LONGEST_KEY else begun[1]
            begun = None
    if begun:
        yield *begun, begun[1]


@lru_cache(maxsize=64)
def _token_pattern(name: str, prefixes: str) -> re.Pattern[str]:
    source = next(pattern for one, key, pattern in TOKENS if one == name and key == prefixes)
    return re.compile(f"{source}(?![A-Za-z0-9])")
