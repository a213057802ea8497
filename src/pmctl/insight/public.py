"""Whether a public text may leave: (public text, postmortem, policy, settings) -> findings with line and column.

An allow-list (`rules.redaction`): what nobody has decided about is a finding, until somebody allows that very text in
the file's front matter. The same is asked again of everything that is rendered from it (`leaks`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pmctl.codes import Code
from pmctl.document.beside import Beside, path_of
from pmctl.document.finding import Finding
from pmctl.document.public_text import PublicText, read_public
from pmctl.document.reader import Document
from pmctl.errors import NotFound, advise
from pmctl.policy.model import Policy
from pmctl.repository.public_settings import PublicSettings
from pmctl.repository.workspace import Workspace, read_file
from pmctl.rules.redaction import SECRET, UNKNOWN, Span, spans
from pmctl.rules.redaction_terms import Named, Terms

NEVER = re.compile(r"<!--[ \t]*never public[ \t]*-->", re.IGNORECASE)
"""In a section of the postmortem: nothing of it may be in a public text."""
_WORD = re.compile(r"\w+(?:[’'-]\w+)*")
_PAGE = re.compile(r'\A("?[0-9]{4}-[0-9]{2}-[0-9]{2})((?:-[a-z0-9]+)+"?)\Z')
_SHINGLE = 5  # words in a row that are no coincidence
_KEYS = ("title", "duration", "services", "page")


class Checked(NamedTuple):
    """A public text that was read, with what is wrong with it; None when it cannot be read."""

    text: PublicText | None
    source: Document
    findings: tuple[Finding, ...]


def terms_of(policy: Policy, settings: PublicSettings, document: Document | None) -> Terms:
    """What is internal here: of the policy, of the settings, and the postmortem's own names."""
    people = tuple(Named(one.handle, one.name, one.emails) for one in policy.people.values())
    services = dict(settings.services)
    meta = document.meta if document is not None else {}
    for name in _texts(meta.get("services")):
        services.setdefault(name, "")
    incidents = meta.get("incidents")
    ids = [str(one.get("id", "")) for one in incidents if isinstance(one, dict)] if isinstance(incidents, list) else []
    own = (*((document.id,) if document is not None else ()), *(one for one in ids if len(one) > 2))
    teams = tuple(dict.fromkeys((*policy.teams, *_texts(meta.get("teams")))))
    names = tuple(public for public in services.values() if public)
    return Terms(people, teams, tuple(services.items()), (*settings.terms, *own), (*names, *settings.words))


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list | tuple) else []


def public_data(workspace: Workspace, name: str) -> bytes:
    """The public text of the work tree. Raises NotFound when there is none."""
    path = path_of(Beside.PUBLIC, name)
    if not (workspace.repo.root / path).is_file():
        raise NotFound(f"{name} has no public text", hint=advise("draft-public", id=name))
    return read_file(workspace.repo.root / path, path)


def check(data: bytes, path: str, document: Document, policy: Policy, settings: PublicSettings) -> Checked:
    """What keeps a public text from leaving, in the order of its lines."""
    text, source, problems = read_public(data, path)
    if text is None:
        return Checked(None, source, problems)
    terms = terms_of(policy, settings, document)
    open_spans, used = _not_allowed(source, text, terms)
    found = [_finding(span, source, path) for span in open_spans]
    found += _never_public(source, document, path)
    found += _idle(text, used, policy, source, path)
    return Checked(text, source, tuple(sorted(found, key=lambda one: (one.line, one.column))))


def _not_allowed(source: Document, text: PublicText, terms: Terms) -> tuple[list[Span], set[str]]:
    """What redaction asks about and nobody allowed, with offsets in the file; and which allowed texts were needed."""
    left, used = [], set()
    for start, end in (*_values(source), (source.body_start, len(source.text))):
        piece = _PAGE.sub(_as_words, source.text[start:end])
        places = [(one.text, match.span()) for one in text.allowed for match in re.finditer(re.escape(one.text), piece)]
        for span in spans(piece, terms):
            by = [said for said, (a, b) in places if a <= span.start and span.end <= b and span.kind != SECRET]
            used.update(by)
            if not by:
                left.append(span._replace(start=span.start + start, end=span.end + start))
    return left, used


def _as_words(match: re.Match[str]) -> str:
    """The name of a page as a day and words, at their places."""
    return match[1] + match[2].replace("-", " ")


def _values(source: Document) -> Iterable[tuple[int, int]]:
    """Where the values of the front matter stand that are rendered."""
    for key in _KEYS:
        node = source.front.get(key)
        for one in node.value if node is not None and isinstance(node.value, tuple) else (node,):
            if one is not None:
                yield one.start, one.end


def _finding(span: Span, source: Document, path: str) -> Finding:
    line, column = source.position(span.start)
    end_line, end_column = source.position(span.end)
    said = source.text[span.start : span.end]
    if span.kind == SECRET:
        message, fix = "a secret", "take it out, and put it out of use: no reason allows it"
        return Finding("PM872", message, path, line, column, fix=fix, end_line=end_line, end_column=end_column)
    shown = said if len(said) <= 60 else f"{said[:59]}…"
    what = "may be internal" if span.kind == UNKNOWN else f"is {span.kind}"
    allow = f'allow it: - {{text: "{shown}", reason: ..., by: HANDLE}} below allowed:'
    fix = f"write {span.instead!r}, or {allow}" if span.instead else f"write it in everyday words, or {allow}"
    return Finding("PM871", f"{shown!r} {what}", path, line, column, fix=fix, end_line=end_line, end_column=end_column)


def _never_public(source: Document, document: Document, path: str) -> list[Finding]:
    """Words in a row that stand in a section which must never leave."""
    kept = {
        gram: section.title for section in document.headings if NEVER.search(section.text)
        for gram in _grams(_WORD.finditer(NEVER.sub("", section.text)))
    }  # fmt: skip
    if not kept:
        return []
    found: list[Finding] = []
    words = list(_WORD.finditer(source.text, source.body_start))
    last = -1
    for number, gram in enumerate(_grams(words)):
        if gram in kept and number > last + 1:
            line, column = source.position(words[number].start())
            message = f"these words stand in {kept[gram]!r}, which is marked as never public"
            found.append(Finding("PM873", message, path, line, column, fix="take them out"))
        last = number if gram in kept else last
    return found


def _grams(words: Iterable[re.Match[str]]) -> list[tuple[str, ...]]:
    plain = [match[0].casefold() for match in words]
    return [tuple(plain[at : at + _SHINGLE]) for at in range(len(plain) - _SHINGLE + 1)]


def _idle(text: PublicText, used: set[str], policy: Policy, source: Document, path: str) -> list[Finding]:
    """Allowed texts that stand nowhere, or that nobody of the policy allows."""
    node = source.front.get("allowed")
    places = node.value if node is not None and isinstance(node.value, tuple) else ()
    found = []
    for one, place in zip(text.allowed, places, strict=False):
        if one.by not in policy.people:
            message, fix = f"nobody of the policy is {one.by}, who allows {one.text[:60]!r}", "name who answers for it"
        elif one.text not in used:
            message, fix = f"{one.text[:60]!r} is allowed, and nothing asks about it", "take the entry out"
        else:
            continue
        found.append(Finding("PM874", message, path, place.line, place.column, fix=fix))
    return found


def leaks(rendered: Iterable[str], said: Sequence[str], terms: Terms) -> list[str]:
    """What redaction asks about in texts that were rendered, and that stands in nothing of what was `said` and checked.

    Whatever a page, a mail or a file brings along beside the text shows here: attributes, names, metadata.
    """
    known = "\n".join(said)
    found: dict[str, None] = {}
    for text in rendered:
        for span in spans(text, terms):
            part = text[span.start : span.end]
            # What a form only joins, as lines of a page are, tells nothing that was not told.
            if not all(re.search(rf"(?<!\w){re.escape(one)}(?!\w)", known) for one in part.split()):
                found.setdefault(part)
    return list(found)


CODES = (
    Code(
        "PM871", "may-be-internal",
        "A public text says something that is internal, or that nobody has decided about: a name, a team, a service"
        " without a public name, a tool, a host, an address, a ticket, or a word that is no everyday one.",
        "What has left cannot be called back. So whatever is not known to be harmless is asked about.",
        "Write it in everyday words, or allow that very text with a reason in the file's front matter.",
        "Jane restarted payment-db-03.",
    ),
    Code(
        "PM872", "secret-in-public-text", "A public text holds a password, a key or a token.",
        "Whoever reads it can use it.", "Take it out, and put it out of use. No reason allows it.",
        "password=hunter2secret",
    ),
    Code(
        "PM873", "never-public",
        "A public text repeats five or more words of a section of the postmortem that is marked with"
        " `<!-- never public -->`.",
        "The team said of that section that nothing of it leaves.", "Take the words out.",
        "The token had been valid for two years.",
    ),
    Code(
        "PM874", "idle-allowance",
        "A public text allows something that stands nowhere in it, or in the name of nobody whom the policy knows.",
        "A list of exceptions that nobody needs hides the one that matters.",
        "Take the entry out, or name who answers for it.",
        "- {text: Acme, reason: agreed with them, by: jane}",
    ),
)  # fmt: skip
