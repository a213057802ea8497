"""Writing that still means something in two years: figures, absolute dates, links and images that resolve."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from posixpath import normpath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pmctl.document.finding import Finding
from pmctl.document.prompts import strip_comments
from pmctl.rules.completeness import is_blank
from pmctl.rules.prose import Pattern, search, timelines, without_code
from pmctl.rules.registry import WARNING, found, heading, rule
from pmctl.rules.wording import as_written, inside, sentence_end
from pmctl.text import heading_anchor

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.rules.context import Context

_DAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DATE = rf"(?:\d{{4}}-\d\d|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}|{_MONTH}\s+\d|\d{{1,2}}[./]\d)"
_PERIOD = rf"(?:week|month|quarter|year|{_DAYS})"
_UNDATED = rf"(?![\w-])(?!(?:'s)?(?:\s+[\w-]{{1,40}}){{0,3}}\s*[(,]\s*(?:\w+,?\s+)?{_DATE})"
_RELATIVE = (
    Pattern(rf"(?:yesterday|tomorrow){_UNDATED}", needs=(" yesterday ", " yesterday's ", " tomorrow ", " tomorrow's ")),
    Pattern(rf"last\s+(?:night|{_PERIOD})(?!\s+of\b|'s\s+\w+\s+of\b){_UNDATED}", needs=(" last ",)),
    Pattern(rf"next(?<!the next)(?<!in next)(?<!a next)\s+{_PERIOD}(?!\s+of\b){_UNDATED}", needs=(" next ",)),
    Pattern(rf"this\s+(?:morning|afternoon|evening|{_PERIOD})(?!\s+of\b){_UNDATED}", needs=(" this ",)),
    Pattern(rf"(?:earlier|later)\s+today{_UNDATED}", needs=(" today ",)),
    Pattern(
        r"(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|a\s+few|several|a\s+couple\s+of|some)\s+"
        rf"(?:(?:day|week|month|quarter|year)s?|while)\s+ago{_UNDATED}",
        needs=(" ago ",),
    ),
)
_BEFORE = Pattern(
    r"(?:[\w=-]|(?:\bthe|\bover|\bduring\s+the|\bwithin|\bpast|\beach|\bevery|\bof\s+the|\bin\s+the|'s"
    r"|\b(?:more|less|longer|older|newer|earlier)\s+than)\s+)$"
)
_RETENTION = Pattern(
    r"\b(?:retention|retain(?:s|ed|ing)?|retire(?:s|d)?|expir(?:y|es?|ation)|prun(?:e|es|ed|ing)|rotat(?:e|es|ion)"
    r"|(?:keep|keeps|kept|delete|deletes)\s+(?:\w+\s+)?(?:snapshots?|backups?|logs?|data|copies|files))\b"
)
"""A rule says how long something is kept: from any day, and not from that of writing."""

_LINK = re.compile(
    r"(?<!\\)(?P<image>!?)\[(?P<text>(?:[^\[\]\n]|\[[^\[\]\n]*\]|\n(?!\s*\n))*)\]"
    r"\(\s*(?P<target><[^<>\n]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?\s*\)"
)
_DEFINITION = re.compile(
    r"(?m)^[ ]{0,3}(?P<image>)\[(?P<text>(?!\^)[^\]\n]+)\]:[ \t]*(?P<target><[^<>\n]*>|\S+)"
    r"[ \t]*(?:\"[^\"\n]*\"|'[^'\n]*'|\([^)\n]*\))?[ \t\r]*$"
)
_NO_TEXT = re.compile(r"!\[[ \t]*\][(\[][^()\[\]\n]{0,1000}[)\]]?")
_HTML_IMAGE = re.compile(r"<img\b[^<>]{0,1000}>", re.IGNORECASE)
_HTML_SOURCE = re.compile(
    r"(?P<image><img)\b(?P<text>[^>]{0,500}?)\ssrc\s*=\s*[\"']?(?P<target>[^\"'>\s]+)", re.IGNORECASE
)
_ALT = re.compile(r"\balt\s*=\s*(?:\"[^\"]*\S[^\"]*\"|'[^']*\S[^']*'|[^\s\"'>]+)", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[a-z]+")
_COUNTS = (
    "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty seventy eighty ninety"
    " dozen dozens hundred hundreds thousand thousands million millions half both twice single"
)
_NUMBERS = frozenset(_COUNTS.split())
_UNITS = frozenset(
    ["second", "minute", "hour", "day", "week", "month", "user", "users", "customer", "customers", "data", "impact"]
)
_ONE_OR_NONE = re.compile(
    r"\b(?:an?|one) (?:\w+ )?(?:second|minute|hour|day|week|month)\b|\bno (?:users?|customers?|data|impact)\b"
)


def _has_figure(text: str) -> bool:
    """Whether a text holds a number, in digits or in words, or says that it was none."""
    if _DIGIT.search(text):
        return True
    lowered = text.lower()
    said = set(_WORD.findall(lowered))
    return not said.isdisjoint(_NUMBERS) or (not said.isdisjoint(_UNITS) and bool(_ONE_OR_NONE.search(lowered)))


@rule("PM801", "summary-without-figures", review=WARNING)
def summary_without_figures(doc: Document, context: Context) -> Iterable[Finding]:
    """The Summary holds no time, duration or number.

    What it does:
        Looks for a figure in the Summary.

    Why:
        Many readers read nothing else. When it was, how long it lasted and how many it reached is what they
        need.

    Example:
        ## Summary

        The payment API was down for a while and many payments failed.

    Fix:
        ## Summary

        On 2024-01-15 the payment API was down for 45 minutes; about 2,300 payments failed.
    """
    section = doc.section("Summary")
    if section and not _has_figure(strip_comments(section.text)) and not is_blank(section.text):
        message = "the Summary has no time, duration or number"
        fix = "say when it was, how long it lasted and how many it reached"
        yield heading(doc, section, message, fix)


@rule("PM802", "relative-date", review=WARNING)
def relative_date(doc: Document, context: Context) -> Iterable[Finding]:
    """A date is relative to the day of writing.

    What it does:
        Flags "yesterday", "last week", "next Monday", "this morning", "two weeks ago", but not in the Timeline,
        whose entries have a date, nor where the date follows.

    Why:
        A postmortem is read months later, when nobody knows what yesterday was.

    Example:
        ## Root Cause

        The certificate was replaced last week.

    Fix:
        ## Root Cause

        The certificate was replaced on 2024-01-09.
    """
    for _, match in search(_RELATIVE, doc.text, doc.body_start):
        before = match.string[max(0, match.start() - 20) : match.start()]
        around = match.string, max(0, match.start() - 90), sentence_end(match.string, match.end())
        if (
            not _RETENTION.compiled.search(*around)
            and not _BEFORE.compiled.search(before)
            and not inside(timelines(doc), match.start())
        ):
            message = f"{as_written(doc, *match.span())!r} depends on the day of writing"
            yield found(doc, *match.span(), message, "write the date, as in 2024-01-15")


@rule("PM803", "broken-link", review=WARNING)
def broken_link(doc: Document, context: Context) -> Iterable[Finding]:
    """A link leads nowhere inside the repository, or to a heading that is not there.

    What it does:
        Checks relative links against the repository's files and `#anchors` against the document's headings.
        Links to other hosts are not followed.

    Why:
        A runbook or a postmortem that was moved is found now by a tool, or later by somebody in a hurry.

    Example:
        ## Resolution

        The steps are in [the runbook](#no-such-heading).

    Fix:
        ## Resolution

        The steps are in [the timeline](#timeline).
    """
    for match, target in _targets(doc):
        if match.group("image") or _is_attachment(doc, target):
            continue
        if target.startswith("#"):
            if len(target) > 1 and unquote(target[1:]).lower() not in _anchors(doc):
                message = f"there is no heading for the link {target}"
                yield found(doc, match.start("target"), match.end("target"), message)
            continue
        path = _repository_path(doc, target)
        if path is None:
            message = f"the link {target} leads out of the repository"
            yield found(doc, match.start("target"), match.end("target"), message)
        elif path and context.has(path) is False:
            message = f"the link leads to {path}, which is not there"
            yield found(doc, match.start("target"), match.end("target"), message)


@rule("PM804", "missing-attachment")
def missing_attachment(doc: Document, context: Context) -> Iterable[Finding]:
    """An image or an attachment that the text shows does not exist.

    What it does:
        Checks images, and links into the postmortem's own folder, against the repository's files.

    Why:
        Attachments are part of what reviewers approve; a graph that was never added can't be reviewed.

    Example:
        ## Impact

        ![Failed payments per minute, 40 at the peak](no-such-graph.png)

    Fix:
        ## Impact

        40 payments failed per minute at the peak.
    """
    for match, target in _targets(doc):
        if not (match.group("image") or _is_attachment(doc, target)) or target.startswith("#"):
            continue
        path = _repository_path(doc, target)
        if path is None or (path and context.has(path) is False):
            message = f"{path or target} does not exist in the repository"
            fix = "add the file beside the postmortem, or correct the path"
            yield found(doc, match.start("target"), match.end("target"), message, fix)


@rule("PM805", "image-without-text", review=WARNING)
def image_without_text(doc: Document, context: Context) -> Iterable[Finding]:
    """An image has no alternative text.

    What it does:
        Flags `![](graph.png)` and `<img>` without `alt`.

    Why:
        Somebody who can't see the graph, or reads the postmortem in a mail, learns from the text what it shows.

    Example:
        ## Impact

        ![](https://graphs.example.com/12.png)

    Fix:
        ## Impact

        ![Failed payments per minute, 40 at the peak at 14:10](https://graphs.example.com/12.png)
    """
    text = doc.text
    if ("!" not in text or "![" not in text) and ("<" not in text or "<img" not in text):
        return
    plain = without_code(text, doc.body_start)
    for match in _NO_TEXT.finditer(text, doc.body_start):
        if plain[match.start()] != "\0":
            fix = "say between the brackets what the image shows"
            yield found(doc, match.start(), match.end(), "the image has no alternative text", fix)
    for match in _HTML_IMAGE.finditer(text, doc.body_start):
        if not _ALT.search(match[0]) and plain[match.start()] != "\0":
            yield found(doc, match.start(), match.end(), "the image has no alternative text", 'add alt="..."')


def _targets(doc: Document) -> Iterator[tuple[re.Match[str], str]]:
    """Every link, image and link definition that points into the repository, with its target."""
    for match, target in link_targets(doc.text, doc.body_start):
        if not _SCHEME.match(target):
            yield match, target


def link_targets(text: str, start: int) -> Iterator[tuple[re.Match[str], str]]:
    """Every link, image and link definition in `text[start:]` with its target, code left out."""
    brackets, tags = text.find("]", start) >= 0, text.find("<", start) >= 0  # one character is found quickly
    for likely, needle, pattern in (
        (brackets, "](", _LINK), (brackets, "]:", _DEFINITION), (tags, "<img", _HTML_SOURCE),
    ):  # fmt: skip
        for match in _nested(pattern, text, start, len(text)) if likely and needle in text else ():
            target = match["target"].strip("<>")
            if target and without_code(text, start)[match.start()] != "\0":
                yield match, target


def _nested(pattern: re.Pattern[str], text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """Every match, and those inside a link's text: an image that leads to its large version."""
    for match in pattern.finditer(text, start, end):
        yield match
        if "](" in match["text"]:
            yield from pattern.finditer(text, *match.span("text"))


def _repository_path(doc: Document, target: str) -> str | None:
    """A link's path relative to the pmctl root; "" when it can't be told; None when it leads out of it."""
    path = unquote(target.partition("#")[0].partition("?")[0])
    if path.startswith("/"):
        return normpath(path.lstrip("/")) if path.strip("/") else ""
    folder = doc.path.rpartition("/")[0]
    if not doc.path or doc.path.startswith("/"):
        return ""
    joined = normpath(f"{folder}/{path}" if folder else path)
    return None if joined == ".." or joined.startswith("../") else joined


def _is_attachment(doc: Document, target: str) -> bool:
    """Whether a relative target lies in the postmortem's own folder of attachments."""
    stem = doc.path.rpartition("/")[2].removesuffix(".md")
    return bool(stem) and target.removeprefix("./").startswith(f"{stem}/")


@lru_cache(maxsize=2)
def _anchors(doc: Document) -> frozenset[str]:
    """The anchors of the headings as GitHub and GitLab make them, and explicit ones."""
    numbers: dict[str, int] = {}
    for section in doc.headings:
        heading_anchor(section.title, numbers)
    explicit = re.findall(r"(?:\bid|\bname)=[\"']([^\"'\s]+)", doc.text)
    return frozenset(numbers).union(found.lower() for found in explicit)
