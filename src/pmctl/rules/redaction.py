"""What of a text must not leave, and the text without it. Pure: (text, terms) -> text, findings.

An allow-list: every word that is not an everyday one, and everything that is more than a word, a number, a time or an
amount, is internal until somebody says otherwise. What is known (a person of the policy, a tool, an address) has
something that stands in its place, the same on every machine; what is merely unknown is left to a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pmctl.rules import credentials
from pmctl.rules.redaction_german import is_german
from pmctl.rules.redaction_shapes import kind_of, log_lines, long_numbers, ports
from pmctl.rules.redaction_terms import INSTEAD, TOOLS, TWO_WORDS, Terms, instead_of
from pmctl.rules.redaction_words import is_everyday, is_joined, language_of, needs_asking

UNKNOWN = "unknown"
SECRET = "a secret"  # noqa: S105  a kind, none itself

_URL = re.compile(r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s<>\"'`)\]}]+|\bwww\.[^\s<>\"'`)\]}]+")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_INSTEAD = sorted({re.escape(one) for kind, words in INSTEAD.items() if kind != "a person" for one in words}, key=len)
PLACEHOLDER = re.compile(
    r"(?<!\w)(?:(?:Engineer|Ingénieur|Ingeniero|Ingenieur) [A-Z]{1,2}|(?i:" + "|".join(reversed(_INSTEAD)) + r"))(?!\w)"
)
"""What stands in the place of something internal."""
_AT = re.compile(r"(?<![\w@.])@[a-zA-Z0-9][\w-]*")
_CHANNEL = re.compile(r"(?<![\w&#])#[a-zA-Z][\w-]*")
_NUMBER_SIGN = re.compile(r"(?<![\w&#])#\d+|(?<![\w!])!\d+\b|\b\d{3,}#")
_ENTITY = re.compile(r"\w*&(?:#\w+|[a-zA-Z]\w{1,30});[\w&#;]*")
_CODE = re.compile(r"`[^`\n]+`|(?m:^(```|~~~)[\s\S]*?^\1)")
_CHUNK = re.compile(r"[^\s|<>]+")
_EDGES = "\"'“”‘’«»‹›()[]{}.,;:!?…*_#|>~¿¡–—-`"
_WORD = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)*")
_WORDS = re.compile(r"[^\W\d_]+(?:[’'‑-][^\W\d_]+)*")
_ELISION = re.compile(r"(?i)^(?:l|d|n|j|qu|s|c|m|t|lorsqu|jusqu|puisqu|quelqu|aujourd)[’']")
_CONTRACTION = re.compile(r"(?i)(?:n[’']t|[’'](?:s|re|ve|ll|d|m))$")
_GROUPS = ("team", "squad", "group", "équipe", "equipo", "grupo", "gruppe")
_PAIR = frozenset(("and/or", "et/ou", "y/o", "24/7"))
_ARTICLE = re.compile(
    r"(?i)(?<!\w)(?:the|an?|our|l[’']|les?|la|une?|du|el|los|las|un|una|der|die|das|de[mns]|ein|eine[mnrs]?)\s*$"
)
_BEGINS = re.compile(r"(?:^|[.!?:…|\n\"“«¿¡(]|\n\s*(?:[-*+]|\d+[.)]|#{1,6}))[\s*_\"“«¿¡(\[]*$")
_NAME_AROUND = re.compile(r"[ \t]+([A-ZÀ-Þ][\w'’-]+)")
_BEHIND = re.compile(r"[ \t]+(v?\d+(?:\.\d+)+[\w.+-]*)")
_BLOCK = 400  # characters: what stands before a word and decides whether it begins a sentence


class Span(NamedTuple):
    """A part of a text that must not leave: where it is, what it is, and what stands in its place ("" for nothing that
    anybody but a person could say)."""

    start: int
    end: int
    kind: str
    instead: str = ""


class Redacted(NamedTuple):
    """A text without what is known to be internal, and what in it a person has to decide about."""

    text: str
    left: tuple[Span, ...]


def redact(text: str, terms: Terms) -> Redacted:
    """The text with everything known replaced; what is left are spans of the new text."""
    parts, done = [], 0
    for span in spans(text, terms):
        if not span.instead:
            continue
        start = _with_article(text, span, done)
        begins = bool(_BEGINS.search(text[max(0, start - _BLOCK) : start]))
        word = span.instead[:1].upper() + span.instead[1:] if begins else span.instead
        parts += [text[done:start], word]
        done = span.end
    clean = "".join([*parts, text[done:]])
    return Redacted(clean, tuple(spans(clean, terms)))


def _with_article(text: str, span: Span, done: int) -> int:
    """Where a replacement begins: with the article that stands before what it replaces."""
    if span.kind in (UNKNOWN, SECRET, "a log line", "a number"):
        return span.start
    article = _ARTICLE.search(text, max(done, span.start - 8), span.start)
    return article.start() if article else span.start


def spans(text: str, terms: Terms) -> list[Span]:
    """Everything in a text that must not leave, by place, without overlaps."""
    language = language_of(text)
    taken: list[Span] = []
    covered = bytearray(len(text))
    for start, end, kind, name in (*_certain(text), *_named(text, terms), *_shaped(text)):
        span = Span(start, end, kind, _public_name(kind, name, terms) or instead_of(kind, language))
        around = [one for one in taken if one.start < end and start < one.end] if any(covered[start:end]) else []
        if around:
            taken = [one for one in taken if one not in around]
            span = _union([*around, span])
        taken.append(span)
        covered[span.start : span.end] = b"\x01" * (span.end - span.start)
    for match in PLACEHOLDER.finditer(text):
        covered[match.start() : match.end()] = b"\x01" * len(match[0])
    for start, end in _unknown_words(text, covered, terms, language):
        taken.append(Span(start, end, UNKNOWN))
    return list(_people_in_order(sorted(taken), text, terms, language))


def _union(found: list[Span]) -> Span:
    """Several that overlap, as one: what the largest of them is, unless one is a secret."""
    first = next((one for one in found if one.kind == SECRET), max(found, key=lambda one: one.end - one.start))
    return first._replace(start=min(one.start for one in found), end=max(one.end for one in found))


def _people_in_order(found: list[Span], text: str, terms: Terms, language: str) -> Iterator[Span]:
    """People get their letters in the order in which the text first names them."""
    order: dict[str, int] = {}
    for span in found:
        if span.kind != "a person":
            yield span
            continue
        who = _handle(text[span.start : span.end], terms)
        yield span._replace(instead=instead_of("a person", language, order.setdefault(who, len(order))))


def _handle(written: str, terms: Terms) -> str:
    """Whom a name, handle or address stands for."""
    plain = written.removeprefix("@").casefold()
    for one in terms.people:
        if plain in {one.handle, one.name.casefold(), *one.emails, *(part.casefold() for part in one.name.split())}:
            return one.handle
    return plain


def _public_name(kind: str, name: str, terms: Terms) -> str:
    return dict(terms.services).get(name, "") if kind == "a service" else ""


_Found = tuple[int, int, str, str]


def _certain(text: str) -> Iterator[_Found]:
    """Secrets, quoted logs and code, links, addresses, numbers: by form, whatever the words mean."""
    for start, _, end in credentials.private_keys(text):
        yield start, end, SECRET, ""
    for _, start, end in credentials.tokens(text):
        yield start, end, SECRET, ""
    for _, start, end in credentials.assigned(text):
        yield start, end, SECRET, ""
    for start, end in log_lines(text):
        yield start, end, "a log line", ""
    for match in _URL.finditer(text):
        yield match.start(), match.start() + len(match[0].rstrip(".,;:!?")), "a link", ""
    for start, end in long_numbers(text):
        yield start, end, "a number", ""
    for start, end in ports(text):
        yield start, end, "a number", ""
    for match in _NUMBER_SIGN.finditer(text):
        yield *match.span(), "a ticket", ""
    for match in _ENTITY.finditer(text):
        yield *match.span(), UNKNOWN, ""
    for match in _CHANNEL.finditer(text):
        yield *match.span(), "a chat", ""
    for match in _EMAIL.finditer(text):
        yield *match.span(), "an email", ""


def _named(text: str, terms: Terms) -> Iterator[_Found]:
    """People, teams, services, tools and the organisation's own terms."""
    public = {one.casefold() for one in terms.public}
    listed = [(one, "a term", "") for one in terms.terms]
    listed += [(name, "a service", name) for name, _ in terms.services if name.casefold() not in public]
    for one in terms.people:
        listed += [(one.name, "a person", one.handle), (f"@{one.handle}", "a person", one.handle)]
        parts = (part for part in one.name.split() if len(part) > 2)
        listed += [(part, "a person", one.handle) for part in (one.handle, *parts) if not is_everyday(part.lower())]
    listed += [(f"@{one}", "a team", "") for one in terms.teams]
    listed += [(one, "a team", "") for one in terms.teams if not is_everyday(one.lower())]
    listed += [(f"{one} {group}", "a team", "") for one in terms.teams for group in _GROUPS]
    listed += [(f"{group} {one}", "a team", "") for one in terms.teams for group in _GROUPS]
    listed += [(one, "a tool", "") for one in TWO_WORDS]
    listed += [(name, kind, "") for name, kind in TOOLS.items() if not is_everyday(name)]
    for name, kind, who in sorted(listed, key=lambda one: -len(one[0])):
        if kind == "a service" and is_everyday(name.lower()):
            continue
        yield from ((start, _version_behind(text, end, kind), kind, who) for start, end in _places(text, name))
    for match in _AT.finditer(text):
        yield *match.span(), UNKNOWN, ""


def _places(text: str, name: str) -> Iterator[tuple[int, int]]:
    """Where a name stands as a word of its own, whatever its case."""
    if not name:
        return
    pattern = re.compile(rf"(?<![\w@-]){re.escape(name)}(?![\w-])", re.IGNORECASE)
    for match in pattern.finditer(text):
        yield match.span()


def _version_behind(text: str, end: int, kind: str) -> int:
    """A version belongs to the tool before it."""
    match = _BEHIND.match(text, end) if kind not in ("a person", "a team") else None
    return match.end() if match else end


def _shaped(text: str) -> Iterator[_Found]:
    """Whatever is more than words and numbers."""
    for match in _CODE.finditer(text):
        yield *match.span(), UNKNOWN, ""
    for match in _CHUNK.finditer(text):
        chunk = match[0]
        start = match.start() + len(chunk) - len(chunk.lstrip(_EDGES.replace("~", "").replace(".", "")))
        token = text[start : match.end()].rstrip(_EDGES)
        if not any(one.isalnum() for one in token) or _is_words(token):
            continue
        stripped = token.lstrip(_EDGES) if not token.startswith(("~/", "./", "../")) else token
        start += len(token) - len(stripped)
        kind = kind_of(stripped)
        if kind and stripped.casefold() not in _PAIR and not _parts_are_plain(stripped):
            yield start, start + len(stripped), UNKNOWN if kind == "?" else kind, ""


def _is_words(token: str) -> bool:
    """Whether a token is nothing but words, joined by hyphens or apostrophes; of each the words are asked about."""
    return all(_WORD.fullmatch(part) and (part.islower() or part[1:].islower() or part.isupper() or "'" in part
                                          or "’" in part) for part in re.split(r"[-‑–—]", token))  # fmt: skip


def _parts_are_plain(token: str) -> bool:
    """Whether words and numbers are only joined by a sign that people use between them."""
    parts = [part.strip(_EDGES) for part in re.split(r"[–—&+]|[.!?,;:)]+(?=[A-Z(])", token)]
    return len(parts) > 1 and all(part and (_WORD.fullmatch(part) or not kind_of(part)) for part in parts)


def _unknown_words(text: str, covered: bytearray, terms: Terms, language: str) -> Iterator[tuple[int, int]]:
    """Words that are no everyday ones, or have a capital that nothing explains; the name around one belongs to it."""
    public = {word.casefold() for name in terms.public for word in _WORD.findall(name)}
    last = 0
    for match in _WORDS.finditer(text):
        start, end = match.span()
        if start < last or any(covered[start:end]) or _inside_number(text, start, end):
            continue
        if match[0].casefold() in public:
            continue
        begins = bool(_BEGINS.search(text[max(0, start - _BLOCK) : start]))
        if not _asked_about(match[0], begins=begins):
            continue
        if language == "de" and all(is_german(part, begins=begins) for part in re.split(r"[-‑]", match[0])):
            continue
        first = _name_before(text, start, covered, last)
        while (behind := _NAME_AROUND.match(text, end)) and not any(covered[slice(*behind.span(1))]):
            if not match[0][0].isupper():
                break
            end = behind.end()
        last = end
        yield first, end


def _asked_about(written: str, *, begins: bool) -> bool:
    """Whether a word, or several that hyphens join, has to be decided about: everyday words make names as well."""
    parts = re.split(r"[-‑]", written)
    if len(parts) > 1 and not is_joined(parts):
        return True
    return any(
        needs_asking(word, begins=begins and not number) for number, part in enumerate(parts) for word in _bare(part)
    )


def _bare(word: str) -> Iterator[str]:
    """The words in a word with apostrophes: l'alerte, customers', didn't."""
    plain = _ELISION.sub("", word)
    plain = _CONTRACTION.sub("", plain) if plain == word else plain
    yield from (part for part in re.split(r"[’']", plain) if part)


def _name_before(text: str, start: int, covered: bytearray, last: int) -> int:
    """Where a name begins whose second word stands at `start`: at the word with a capital before it."""
    match = re.search(r"([A-ZÀ-Þ][\w'’.-]*)[ \t]+$", text[max(last, start - 40) : start])
    if match is None or not text[start].isupper():
        return start
    begin = max(last, start - 40) + match.start()
    return start if any(covered[begin:start]) else begin


def _inside_number(text: str, start: int, end: int) -> bool:
    """Whether letters belong to a number: the st of 1st, the h of 14h05. The whole was judged by its form."""
    return (start > 0 and text[start - 1].isdigit()) or (end < len(text) and text[end].isdigit())


def unsure(found: Iterable[Span]) -> list[Span]:
    """Those that only a person can decide."""
    return [span for span in found if not span.instead]
