"""One document -> the managed postmortem that it becomes, with what was recognised, what was kept and what is unsure.

    Source -> title, day, id -> links turned -> headings arranged -> timeline and action items as tables -> checked

Before a plan leaves here it is proved that no line of the source is missing; a table that would lose one is not made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

from pmctl.adopt import identity, metadata, sections, structure
from pmctl.adopt.completeness import missing_lines
from pmctl.adopt.items import Ids
from pmctl.adopt.likeness import followed
from pmctl.adopt.source import Source, Unadoptable, from_text
from pmctl.document.fields import FIELDS
from pmctl.document.headings import PATTERN, plain
from pmctl.document.reader import MAX_BYTES, Document, Section
from pmctl.document.schema import check_front_matter, path_of
from pmctl.document.template_file import builtin
from pmctl.document.yaml_text import flow

TAG = "adopted"
# Where the title of one incident of a split file comes from.
PART_HEADING = "its heading in the file"


@dataclass(frozen=True, slots=True)
class Recognised:
    """One thing that was made out: what it is, its value, and where it was found or what it said before."""

    what: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What an adoption knows beside the documents: the status, who acts, who is known, which severities there are."""

    status: str
    actor: str
    person: Callable[[str], str]
    severities: tuple[str, ...] = ()
    ids: Ids = field(default_factory=Ids)


@dataclass(frozen=True, slots=True)
class Named:
    """A document with its identity, before its text is converted."""

    source: Source
    facts: metadata.Facts
    title: identity.Found
    day: identity.FoundDay


@dataclass(frozen=True, slots=True)
class Adoption:
    """A document as it will be, with its id and path, and what a person should know about it.

    `confidence` is between 0 and 1: how far everything that matters was stated plainly.
    """

    id: str
    path: str
    document: Document
    recognised: tuple[Recognised, ...]
    kept: tuple[str, ...]
    questions: tuple[str, ...]
    confidence: float

    @property
    def data(self) -> bytes:
        """The file's bytes."""
        return self.document.data


def name(source: Source, fallback: tuple[date, str] | None, *, fixed: date | None = None) -> Named:
    """Title and day of a document; `fixed` is the day that the person gave. Raises Unadoptable when there is no day."""
    heading = identity.title_heading(source)
    facts = metadata.facts(source, structure.first_section(source, heading))
    title = identity.title(source, facts, heading)
    if fixed is not None:
        return Named(source, facts, title, identity.FoundDay(fixed, "--date", 1.0))
    day = identity.day(source, facts, title.value, fallback)
    if day is None:
        raise Unadoptable(
            "no date of the incident in the text, the name or the history: give it with --date YYYY-MM-DD"
        )
    return Named(source, facts, title, day)


def convert(named: Named, postmortem: str, text: str, setting: Setting, *, moved: bool = False) -> Adoption:
    """The managed document. `text` is the source's text with its links turned.

    A document that is `moved` must stay one that git follows: where tables would change too many of its lines, the
    timeline and then the action items stay as they were. (A few lines that the front matter alone outweighs are beyond
    help: they get their tables.)

    Raises Unadoptable when the result could not be read back or would be too large.
    """
    source = named.source if text == named.source.text else from_text(text, named.source.path, bom=named.source.bom)
    heading = identity.title_heading(source)
    if named.title.origin == PART_HEADING:
        heading = next((one for one in source.outline.headings if plain(one.title) == named.title.value), heading)
    arranged = structure.arrange(source, heading, named.title.value)
    front, recognised, questions = _front(named, postmortem, setting)
    kept = [f"heading {title!r} as it was" for title in arranged.kept]
    questions += arranged.questions
    path = path_of(postmortem)
    managed = _compose(source, front, arranged.body)
    document = sections.reread(managed, path, bom=source.bom)
    if any(problem.code == "PM013" for problem in document.problems):
        # Without the title above it, a block between rules would be taken for a second front matter.
        managed = _compose(source, front, f"{_AS_FOUND}{source.newline * 2}{arranged.body.lstrip()}")
        document = sections.reread(managed, path, bom=source.bom)
    if source.front_text:
        kept.append("the original front matter, word for word at the end")
    recognised += [Recognised("section", section, title) for title, section, _ in arranged.mapped]
    plain_document = document
    moved = moved and followed(named.source.data, plain_document.data)
    for wanted in _WANTED if moved else _WANTED[:1]:
        document, more, unsure = _tables(plain_document, named, postmortem, setting, wanted)
        if not moved or followed(named.source.data, document.data):
            break
    recognised += more.recognised
    kept += more.kept
    questions += more.questions
    lost = missing_lines(text, (document.text,))
    if lost or _outline(document) != _outline(plain_document):
        # The conversion to tables is the only step that may lose words or sections; without it nothing is.
        document = sections.reread(managed, path, bom=source.bom)
        lost = missing_lines(text, (document.text,))
        kept.append("timeline and action items as they were: a table would have lost words")
    if lost:
        raise Unadoptable(f"a line would be lost: {lost[0].strip()[:80]!r}")
    _refuse_unreadable(document)
    questions += _absent(document)
    if source.front_problem:
        questions.append(source.front_problem)
    confidence = _confidence(named, arranged.mapped, unsure, bool(source.front_problem))
    return Adoption(
        postmortem, path, document, tuple(recognised), tuple(dict.fromkeys(kept)),
        tuple(dict.fromkeys(questions)), confidence,
    )  # fmt: skip


_AS_FOUND = "<!-- What follows stands as it was found. -->"

# What is made a table, the most first.
_WANTED = (frozenset(("timeline", "items")), frozenset(("items",)), frozenset(("timeline",)), frozenset[str]())


@dataclass(slots=True)
class _More:
    recognised: list[Recognised]
    kept: list[str]
    questions: list[str]


def _front(named: Named, postmortem: str, setting: Setting) -> tuple[dict[str, object], list[Recognised], list[str]]:
    """The new front matter's values, what they were recognised from, and what a person should settle."""
    facts, title, day = named.facts, named.title, named.day
    recognised = [Recognised("title", title.value, title.origin), Recognised("date", day.value.isoformat(), day.origin)]
    questions = []
    if title.certain < 1:
        questions.append(f"is the title right? it comes from {title.origin}")
    if day.certain < 0.6:
        questions.append(f"did the incident happen on {day.value.isoformat()}? that day comes from {day.origin}")
    if day.others:
        questions.append(
            f"{day.value.isoformat()} was taken for the incident's day, not {', '.join(day.others)}: is that right?"
        )
    front: dict[str, object] = {
        "id": postmortem,
        "title": title.value,
        "status": setting.status,
        "author": setting.actor,
    }
    authors = [one for text in facts.values.get("author", ()) for one in metadata.names(text)]
    known = [handle for one in authors if (handle := setting.person(one))]
    if known:
        front["author"] = known[0]
        recognised.append(Recognised("author", known[0], ", ".join(authors)))
    elif authors:
        questions.append(
            f"written by {', '.join(authors[:5])}, whom the policy does not know; "
            f"the author is {setting.actor} until you change it"
        )
    people = [
        handle
        for text in facts.values.get("participants", ())
        for one in metadata.names(text)
        if (handle := setting.person(one))
    ]
    if people:
        front["participants"] = list(dict.fromkeys(people))
        recognised.append(Recognised("participants", ", ".join(dict.fromkeys(people)), "the people it names"))
    _severity(facts, setting, front, recognised, questions)
    _services(facts, front, recognised)
    _times(facts, day.value, front, recognised)
    front["tags"] = [TAG]
    front["template"] = builtin("default").reference
    return front, recognised, questions


def _severity(
    facts: metadata.Facts,
    setting: Setting,
    front: dict[str, object],
    recognised: list[Recognised],
    questions: list[str],
) -> None:
    stated = facts.first("severity")
    if not stated or len(stated) > 60:
        return
    folded = {"".join(filter(str.isalnum, one)).casefold(): one for one in setting.severities}
    first = "".join(filter(str.isalnum, stated.split("(")[0].split("（")[0])).casefold()
    if not setting.severities:
        front["severity"] = stated
    elif first in folded:
        front["severity"] = folded[first]
    else:
        questions.append(f"severity {stated!r} is none of {', '.join(setting.severities)}: which one is meant?")
        return
    recognised.append(Recognised("severity", str(front["severity"]), stated))


def _services(facts: metadata.Facts, front: dict[str, object], recognised: list[Recognised]) -> None:
    stated = facts.first("services")
    services = [one.strip(" `*_.") for one in stated.replace("、", ",").split(",")]
    if (
        stated
        and len(services) <= 12
        and all(0 < len(one) <= 40 and not set("()[]（）<>;:") & set(one) for one in services)
    ):
        front["services"] = list(dict.fromkeys(services))
        recognised.append(Recognised("services", ", ".join(services), "stated"))


def _times(facts: metadata.Facts, day: date, front: dict[str, object], recognised: list[Recognised]) -> None:
    """started_at, detected_at, resolved_at, where day, time and zone are all stated and in order."""
    start, end = metadata.span(facts.first("period"), day)
    start = metadata.span(facts.first("start"), day)[0] or start
    end = metadata.span(facts.first("end"), day)[0] or end
    detected = metadata.span(facts.first("detected"), day)[0]
    if start and end and end < start:
        return
    for key, value in (("started_at", start), ("detected_at", detected), ("resolved_at", end)):
        if value is not None:
            front[key] = value
            recognised.append(Recognised(key, f"{value:%Y-%m-%dT%H:%M:%SZ}", "stated with its zone"))


def _compose(source: Source, front: dict[str, object], body: str) -> str:
    newline = source.newline
    lines = ["---", *(f"{known.name}: {flow(front[known.name])}" for known in FIELDS if known.name in front), "---"]
    text = newline.join(lines) + newline * 2 + body.lstrip("\r\n")
    if source.front_text:
        fence = "```"
        while fence in source.front_text:
            fence += "`"
        if not text.endswith("\n"):
            text += newline
        kept = [f"{fence}{source.front_kind}", *source.front_text.splitlines(), fence]
        text += newline + "## Original Front Matter" + newline * 2 + newline.join(kept) + newline
    return text


def _tables(
    document: Document, named: Named, postmortem: str, setting: Setting, wanted: frozenset[str]
) -> tuple[Document, _More, float]:
    """Timeline and action items as tables; how much of them stayed unsure comes back as a weight for the confidence."""
    more = _More([], [], [])
    steps = [section for title in ("Timeline", "Action Items") if (section := document.section(title))]
    text, unsure = document.text, 0.0
    # From the end of the text, so that the places of what comes before stay right.
    for section in sorted(steps, key=lambda section: -section.start):
        convert_one = _timeline if section.title == "Timeline" else _items
        text, weight = convert_one(document, text, section, named, postmortem, setting, wanted, more)
        unsure += weight
    if text != document.text:
        document = sections.reread(text, document.path, bom=named.source.bom)
    return document, more, unsure


def _items(
    document: Document, text: str, section: Section, named: Named, postmortem: str, setting: Setting,
    wanted: frozenset[str], more: _More,
) -> tuple[str, float]:  # fmt: skip
    if "items" not in wanted:
        more.kept.append("action items as they were: as a table git could not follow the file's history")
        return text, 0.0
    made = sections.action_items(document, text, postmortem, setting.ids, setting.person)
    more.kept += [f"action items: {reason}" for reason in made.reasons]
    if made.count:
        more.recognised.append(Recognised("action items", str(made.count), "the section's lists and tables"))
        if made.without_status:
            more.questions.append(f"{made.without_status} of {made.count} action items don't say whether they are done")
        if made.without_owner:
            more.questions.append(f"{made.without_owner} of {made.count} action items have no owner that is known")
    elif section.text.strip():
        more.kept.append("action items as text: no list or table of them")
        more.questions.append("which action items are in the text of Action Items?")
        return text, 0.05
    return made.text, 0.0


def _timeline(
    document: Document, text: str, section: Section, named: Named, postmortem: str, setting: Setting,
    wanted: frozenset[str], more: _More,
) -> tuple[str, float]:  # fmt: skip
    if "timeline" not in wanted:
        more.kept.append("the timeline as it was: as a table git could not follow the file's history")
        return text, 0.0
    before = document.text[document.body_start : section.start]
    line = sections.timeline(document, text, named.day.value, before)
    more.questions += [f"timeline: {reason}" for reason in line.reasons]
    if line.count:
        origin = "its table" if line.from_tables else "its list"
        more.recognised.append(Recognised("timeline", f"{line.count} entries", origin))
        if not line.zone and not line.from_tables:
            more.questions.append("the timeline names no zone for all of its times: they are read as UTC")
    elif section.text.strip():
        more.kept.append("the timeline as text: not every entry has a time that is certain")
        return text, 0.05
    return line.text, 0.0


def _outline(document: Document) -> list[str]:
    return [section.title for section in document.sections]


def _absent(document: Document) -> list[str]:
    there = {section.title.casefold() for section in document.sections}
    missing = [title for title in builtin("default").required if title.casefold() not in there]
    if not document.sections:
        return ["the text has no headings that name sections: arrange it under " + ", ".join(missing)]
    return [f"no section for {', '.join(missing)}: write it, or say where it is"] if missing else []


def _refuse_unreadable(document: Document) -> None:
    if len(document.data) > MAX_BYTES:
        raise Unadoptable(f"more than {MAX_BYTES} bytes after adoption: keep logs and dumps as attachments")
    problems = [*document.problems, *check_front_matter(document)]
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise Unadoptable(f"the result could not be read back: {errors[0].code} {errors[0].message}")


def _confidence(named: Named, mapped: tuple[tuple[str, str, int], ...], unsure: float, broken_front: bool) -> float:
    value = 1.0 - (1 - named.title.certain) * 0.3 - (1 - named.day.certain) * 0.5 - unsure
    if not mapped:
        value -= 0.25
    else:
        value -= 0.2 * sum(tier == PATTERN for _, _, tier in mapped) / len(mapped)
    value -= 0.15 if broken_front else 0
    return round(max(0.05, min(1.0, value)), 2)


def with_questions(adoption: Adoption, kept: tuple[str, ...], questions: tuple[str, ...]) -> Adoption:
    """The plan with more to say about it; each question takes a little of the confidence."""
    return replace(
        adoption, kept=adoption.kept + kept, questions=adoption.questions + questions,
        confidence=round(max(0.05, adoption.confidence - 0.05 * len(questions)), 2),
    )  # fmt: skip
