"""The page of one postmortem on a site: document and what is known around it -> values for `postmortem.html.j2`.

In the order of a reader with four minutes: whether it is final and who stands for that, what happened, how bad and how
long it was, what is still open; then the rest of the text, who did what when, and the facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from pmctl.document.actions import action_items, action_tables
from pmctl.document.fields import ItemStatus
from pmctl.document.reader import Document, read
from pmctl.document.timeline import timeline_section
from pmctl.output.html_body import Additions, body_html
from pmctl.output.html_inline import LinkTo, ShowImage
from pmctl.output.markdown import to_markdown
from pmctl.output.page_facts import SHOWN_LARGE, banner, facts, figures, lead, page_title, status_words
from pmctl.output.site.item_list import items_list, progress
from pmctl.output.timeline_drawing import drawing_of
from pmctl.policy.act import ACTS
from pmctl.policy.state import FINAL
from pmctl.text import harmless, listed, parse_utc, plural

if TYPE_CHECKING:
    from pmctl.insight.history import Entry, PostmortemHistory
    from pmctl.insight.past_versions import PastVersion

_FINE = ("ok", "accepted")
_VERDICTS = {
    "ok": "verified", "accepted": "verified, accepted by the baseline", "waived": "waived", "late": "came late",
    "stale": "no longer counts: the text changed", "refused": "not counted", "warning": "verified, with a remark",
    "violation": "not allowed",
}  # fmt: skip
_DONE = {"tracking": "updated action items:", "access": "changed who may edit:"}
_STATUS = re.compile(r"\b(?:" + "|".join(ItemStatus) + r")\b")
_CHANGES, _ROOM = 20, 150_000  # comparisons of a page, and characters of all of them
_LEFT_OUT = {SHOWN_LARGE, "Severity", "Services", "Approved by"}


@dataclass(frozen=True, slots=True)
class Related:
    """Another postmortem; `path` is from the top of the site, `why` in words: `same service: payment-api`,
    `both: cause pool exhausted and failover`."""

    title: str
    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file beside the postmortem; `path` is from the top of the site, `size` in words."""

    name: str
    path: str
    size: str = ""


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of a postmortem besides its text.

    `names` are people's by handle, `approved` the handles whose approvals count, `marks` sentences about what the file
    says and nothing proves. `versions` are those to compare, oldest first.
    """

    names: Mapping[str, str]
    approved: Sequence[str] = ()
    marks: Sequence[str] = ()
    history: PostmortemHistory | None = None
    versions: Sequence[PastVersion] = ()
    related: Sequence[Related] = ()
    similar: Sequence[Related] = ()
    attachments: Sequence[Attachment] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the history; `verdict` in words, `fine` when nothing is wrong; `proof` are labels and values."""

    at: str
    day: str
    who: str
    what: str
    note: str
    verdict: str
    fine: bool
    findings: tuple[str, ...]
    proof: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What changed between two versions, as HTML."""

    title: str
    body: Markup


def page_values(
    document: Document,
    around: Around,
    *,
    today: date,
    show_image: ShowImage = lambda _: None,
    link_to: LinkTo = lambda _: None,
) -> dict[str, Any]:
    """What `postmortem.html.j2` needs beyond the frame: the same input, the same page.

    `today` is the day of the build; `show_image` gives the way from this page to an attached picture, `link_to` that to
    another place of the site.
    """
    text = to_markdown(document)
    clean = document if text == document.text else read(text.encode(), document.path)
    items = action_items(clean)
    drawn, body, contents = _body(clean, items, around, today, show_image, link_to)
    return {
        "title": page_title(document),
        "identity": document.id,
        "banner": banner(document.status),
        "state": _state(document, around),
        "marks": tuple(around.marks),
        "lead": " · ".join(filter(None, (lead(document), _services(document)))),
        "figures": figures(document),
        "facts": [one for one in facts(document, around.names) if one.label not in _LEFT_OUT],
        "drawn": drawn,
        "body": body,
        "contents": contents,
        "open_items": sum(item.is_open for item in items),
        "late_items": sum(item.overdue(today) for item in items),
        "steps": [_step(one, around.names) for one in (around.history.events if around.history else ())],
        "incomplete": around.history.incomplete if around.history else "",
        "changes": list(_changes(document.id, around.versions, around.names)),
        "related": tuple(around.related),
        "similar": tuple(around.similar),
        "attachments": tuple(around.attachments),
    }


def _body(
    clean: Document, items: Sequence[Any], around: Around, today: date, show_image: ShowImage, link_to: LinkTo
) -> tuple[Markup, Markup, tuple[Any, ...]]:
    """The drawing where no section takes it, the body, and the table of contents."""
    drawn, rows = drawing_of(clean)
    section = timeline_section(clean)
    instead = {}
    for number, table in enumerate(action_tables(clean)):
        theirs = [item for item in items if item.table is table]
        shown = items_list(theirs, around.names, today)
        instead[table.line - clean.body_line] = (progress(items) if number == 0 else Markup()) + shown
    html, contents = body_html(
        clean.body,
        title=page_title(clean),
        show_image=show_image,
        link_to=link_to,
        overdue_lines=frozenset(item.line - clean.body_line for item in items if item.overdue(today)),
        hide_empty=clean.status in ("PUBLISHED", "ARCHIVED"),
        additions=Additions(
            below={section.line - clean.body_line: drawn} if section is not None else {},
            instead=instead,
            timeline={line - clean.body_line: row for line, row in rows.items()},
        ),
    )
    body = Markup(html)  # noqa: S704  # made by body_html, which escapes everything from the document
    return drawn if section is None else Markup(), body, contents


def _state(document: Document, around: Around) -> str:
    """What stands for the state: `approved by Bob Ray and Carol Xu, verified`; "" where nobody stands for it yet."""
    approved = [around.names.get(handle, handle) for handle in around.approved]
    words = f"approved by {listed(approved)}" if approved else ""
    wrong = [one for one in (around.history.events if around.history else ()) if one.verdict == "violation"]
    if wrong:
        return ", ".join(filter(None, (words, "with acts that were not allowed")))
    if not words and document.status not in FINAL:
        return ""
    if around.marks or around.history is None or around.history.incomplete:
        return words
    return ", ".join(filter(None, (words, "verified")))


def _services(document: Document) -> str:
    return next((fact.text for fact in facts(document, {}) if fact.label == "Services"), "")


def _step(entry: Entry, names: Mapping[str, str]) -> Step:
    word, _, rest = entry.what.partition(" ")
    act = ACTS.get(word)
    did = act.past if act else _DONE.get(word, word)
    labels = ("record", "digest", "key", "content", "policy")
    proof = [(label.capitalize(), str(entry.evidence[label])) for label in labels if entry.evidence.get(label)]
    when = parse_utc(entry.at)
    return Step(
        at=entry.at,
        day=f"{when.day} {when:%b %Y %H:%M}" if when else entry.at,
        who=harmless(names.get(entry.who, entry.who)),
        what=harmless(_STATUS.sub(lambda found: status_words(found[0]), f"{did} {rest}".strip())),
        note=harmless(entry.note),
        verdict=_VERDICTS.get(entry.verdict, entry.verdict),
        fine=entry.verdict in _FINE,
        findings=tuple(map(harmless, entry.findings)),
        proof=tuple([*proof, ("Commit", entry.commit)] if entry.commit else proof),
    )


def _changes(name: str, versions: Sequence[PastVersion], names: Mapping[str, str]) -> Iterator[Change]:
    """What changed from each version to the next, the newest first, as far as there is room for it."""
    from pmctl.document.alignment import Budget
    from pmctl.document.comparison import compare
    from pmctl.output.comparison import Answer
    from pmctl.output.comparison_pages import changes_html

    pairs = list(pairwise(versions))[::-1]
    budget, room = Budget(), _ROOM
    for number, (before, after) in enumerate(pairs[:_CHANGES]):
        found = compare(before.document, after.document, before.files, after.files, budget)
        first, second = (_version_words(one.entry, names) for one in (before, after))
        html = changes_html(Answer(name, first, second, found), f"change-{number}")
        room -= len(html)
        if room < 0:
            html = '<p class="remark">The difference is too long for this page: <code>pmctl diff</code> shows it.</p>'
            room += len(html)
        yield Change(harmless(f"From {first} to {second}"), Markup(html))  # noqa: S704  # escaped by comparison_pages
    if len(pairs) > _CHANGES:
        more = plural(len(pairs) - _CHANGES, "earlier change")
        text = Markup('<p class="remark"><code>pmctl log</code> and <code>pmctl diff</code> show them.</p>')
        yield Change(f"And {more}", text)


def _version_words(entry: Entry, names: Mapping[str, str]) -> str:
    """`what Bob Ray submitted on 4 Oct 2026`."""
    act, when = ACTS.get(entry.what.partition(" ")[0]), parse_utc(entry.at)
    day = f" on {when.day} {when:%b %Y}" if when else ""
    return f"what {names.get(entry.who, entry.who)} {act.past if act else 'signed'}{day}"
