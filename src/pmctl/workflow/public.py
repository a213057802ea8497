"""Draft a postmortem's public text: by rule from the postmortem, what is internal replaced. One commit of one file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pmctl.document import beside
from pmctl.document.actions import action_items
from pmctl.document.beside import Beside
from pmctl.document.completeness import is_unwritten
from pmctl.document.duration import duration_text
from pmctl.document.fields import ItemStatus
from pmctl.document.impact import measures
from pmctl.document.prompts import strip_comments
from pmctl.document.public_text import Part, PublicText, written
from pmctl.document.reader import Document
from pmctl.errors import Refused, advise
from pmctl.insight.public import NEVER, check, terms_of
from pmctl.ledger.current_state import current_state
from pmctl.policy.model import SIGNED
from pmctl.policy.public_files import check_right
from pmctl.repository.records import refusal
from pmctl.repository.transaction import Write, commit
from pmctl.repository.workspace import Workspace
from pmctl.rules.redaction import redact
from pmctl.rules.redaction_terms import Terms
from pmctl.text import parse_utc, plural, single_line
from pmctl.workflow.comment import Speaker
from pmctl.workflow.done import Done

_MARKS = re.compile(r"[*_`]+")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_FENCE = re.compile(r"(?ms)^(```|~~~).*?^\1[^\n]*$")
_TAG = re.compile(r"<[^>]+>")
_DURATION = re.compile(r"duration|dauer|durée|duración", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the words come from: the postmortem, and what is internal."""

    document: Document
    terms: Terms

    def said(self, title: str) -> str:
        """A section's text without comments, code, pictures and markup; "" when it is not written or never leaves."""
        section = self.document.section(title)
        if section is None or NEVER.search(section.text) or is_unwritten(section.text):
            return ""
        return _plain(section.text)

    def clean(self, text: str) -> str:
        """The text with what is internal replaced."""
        return redact(text, self.terms).text


def _plain(text: str) -> str:
    bare = _TAG.sub("", _LINK.sub(r"\1", _FENCE.sub("", strip_comments(text))))
    lines = [line for line in bare.splitlines() if not line.lstrip().startswith(("|", "#", ">"))]
    return _MARKS.sub("", "\n".join(lines)).strip()


def public_text(document: Document, terms: Terms) -> PublicText:
    """The public text that follows from a postmortem by rule; nothing is asked, and nothing of it is allowed."""
    source = _Source(document, terms)
    title = source.clean(single_line(document.title)).rstrip(".")
    started, ended = (parse_utc(str(document.meta.get(key, ""))) for key in ("started_at", "resolved_at"))
    length = duration_text(ended - started) if started is not None and ended is not None else ""
    public = dict(terms.services)
    named = document.meta.get("services")
    services = tuple(dict.fromkeys(public.get(str(one), "") for one in named)) if isinstance(named, list) else ()
    return PublicText(
        page=_page(document, title), title=title, started=started, ended=ended, duration=length,
        services=tuple(filter(None, services)), status="resolved" if ended is not None else "identified", allowed=(),
        parts=(
            Part("What happened", source.clean(source.said("Summary")) or _unknown(started)),
            Part("Impact", _impact(source, length)),
            Part("How it was resolved", _resolution(source, ended)),
            Part("What we are doing", _measures(source)),
        ),
    )  # fmt: skip


def _unknown(started: datetime | None) -> str:
    return f"Our service did not work as it should from {_when(started)}." if started else "Our service did not work."


def _when(at: datetime) -> str:
    return f"{at:%H:%M} UTC on {at:%B} {at.day}, {at.year}"


def _page(document: Document, title: str) -> str:
    """A day and the words of the title: an address that says nothing of the postmortem's id."""
    words = re.findall(r"[a-z0-9]+", title.lower().replace("’", "").replace("'", ""))[:8]
    return "-".join([document.id[:10], *(words or ["incident"])])


def _impact(source: _Source, length: str) -> str:
    """What the text of the section says, and the rows of its table as sentences."""
    lines = [source.clean(source.said("Impact"))]
    section = source.document.section("Impact")
    if section is not None and not NEVER.search(section.text):
        for one in measures(source.document):
            text = single_line(_plain(f"{one.type}: {one.measurement}"))
            lines += [f"- {source.clean(text)}"] if one.type and one.measurement else []
    if length and not any(_DURATION.search(line) for line in lines):
        lines.append(f"- Duration: {length}")
    return "\n".join(line for line in lines if line).strip() or "We do not know yet whom it affected."


def _resolution(source: _Source, ended: datetime | None) -> str:
    """That it is over, and since when. How it was done names what runs inside, so the text alone is taken."""
    said = source.clean(source.said("Resolution"))
    over = f"The problem was resolved at {_when(ended)}." if ended is not None else "We are still working on it."
    return f"{over}\n\n{said}".strip()


def _measures(source: _Source) -> str:
    """What is going to be done and what is done, without owners, tickets and days; what was decided against is not."""
    section = source.document.section("Action Items")
    if section is None or NEVER.search(section.text):
        return "We are reviewing what happened, to prevent that it happens again."
    done: list[str] = []
    planned: list[str] = []
    for one in action_items(source.document):
        text = single_line(_plain(one.description)).rstrip(".")
        if text and one.status != ItemStatus.WONT_DO:
            (done if one.status == ItemStatus.COMPLETED else planned).append(f"- {source.clean(text)}")
    parts = ["\n".join(["We have done this:", "", *done])] if done else []
    parts += ["\n".join(["We are going to do this:", "", *planned])] if planned else []
    return "\n\n".join(parts) or "We are reviewing what happened, to prevent that it happens again."


def draft(workspace: Workspace, who: Speaker, name: str, signing: Sequence[str], *, again: bool = False) -> Done:
    """Write the public text and commit it. Raises Refused where there is one already, or `who` may not."""
    path = beside.path_of(Beside.PUBLIC, name)
    if not again and (workspace.repo.root / path).exists():
        raise Refused(f"{name} has a public text: {path}", hint="edit it, or begin anew with --again")
    now, document = current_state(workspace.head, name), workspace.read_at(name)
    if not document.readable:
        raise Refused(f"{name} cannot be read as a postmortem", hint=advise("validate", id=name))
    if found := check_right(path, document, document, (who.committer,) if who.committer else (), now.state, now.policy):
        raise refusal(found)
    if now.policy.edits == SIGNED and not signing:
        raise Refused("AU705 the policy says edits: signed, and git is not set to sign commits with your key")
    settings = workspace.settings.public
    data = written(public_text(document, terms_of(now.policy, settings, document)))
    left = len(check(data, path, document, now.policy, settings).findings)
    message = f"Draft the public text of {name}\n\nPostmortem: {name}\n"
    write = Write(*beside.stored(Beside.PUBLIC, name, data))
    landed = commit(workspace.repo, [write], message, signing=signing, may_overwrite=again)
    facts = (path, f"{plural(left, 'place')} to decide about" if left else "nothing is left to decide about")
    return Done(
        act="public draft", id=name, by=who.handle, sentence=f"drafted the public text of {name}", landed=landed,
        facts=facts, next_step=advise("check-public", id=name),
    )  # fmt: skip
