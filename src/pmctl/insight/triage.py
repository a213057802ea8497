"""Does an incident need a postmortem, and by which rule?

Input: an incident record, the team's triggers and the postmortems that exist. Output: a verdict with
every rule that applies and the reason in a sentence. Nothing is read or written here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from pmctl.document.duration import duration_text
from pmctl.insight.phrases import says_none, slug, stated, tagged
from pmctl.insight.triggers import RULES, TriggerSettings, Verdict
from pmctl.services.incident import EXEMPTIONS, UNKNOWN_SEVERITY, Incident, severity_rank
from pmctl.services.instants import parse_instant

if TYPE_CHECKING:
    from pmctl.insight.catalog import Summary
    from pmctl.insight.dismissals import Dismissal
    from pmctl.insight.similar import Alike


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that applies: its name (a key of RULES), what it asks for, and why in a sentence.

    `outweighed` is True when a skip rule beat it.
    """

    rule: str
    verdict: Verdict
    because: str
    outweighed: bool = False


Pattern = Literal["recurring pattern", "novel failure", ""]
RECURRING: Pattern = "recurring pattern"
NOVEL: Pattern = "novel failure"


@dataclass(frozen=True, slots=True)
class Triage:
    """The answer for one incident. `postmortem` is the id of the one that documents it already; `needed` says that the
    rules require one, be it written already or not. `pattern` says whether the failure is known, "" where nobody asked
    or can tell; `similar` are the postmortems of the same pattern."""

    incident: Incident
    verdict: Verdict
    reasons: tuple[Reason, ...]
    postmortem: str = ""
    needed: bool = False
    pattern: Pattern = ""
    similar: tuple[Alike, ...] = ()


@dataclass(frozen=True, slots=True)
class _Case:
    incident: Incident
    settings: TriggerSettings
    history: Sequence[Summary]
    now: datetime
    dismissed: Sequence[Dismissal]


_NOTHING = re.compile(r"\s*(?:none|no|false|n/?a|0|-|nil|unknown|tbd|internal(?: only)?)\.?\s*", re.IGNORECASE)
_CUSTOMER = re.compile(r"customer|user|client|external", re.IGNORECASE)


def triage(
    incident: Incident,
    settings: TriggerSettings,
    history: Sequence[Summary] = (),
    *,
    now: datetime,
    dismissed: Sequence[Dismissal] = (),
) -> Triage:
    """Ask every rule. A skip rule beats what it outweighs; of the rest the strongest verdict counts.

    An incident that is documented already, that somebody dismissed, or that was none, needs nothing more. That it
    resolved itself at once outweighs urgency and the recommendations, but not harm that was done. An incident to which
    no rule applies is skipped without a reason.
    """
    case = _Case(incident, settings, history, now, dismissed)
    reasons = [
        Reason(rule, settings.verdict(rule), because)
        for rule, check in _CHECKS.items()
        if settings.verdict(rule) is not Verdict.OFF and (because := check(case))
    ]
    weighed = _weighed(reasons)
    needed = _strongest(_weighed([reason for reason in reasons if reason.rule != "documented"])) is Verdict.REQUIRED
    return Triage(incident, _strongest(weighed), weighed, _documented_by(incident, history), needed)


def _weighed(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The reasons, of which those are marked that a skip rule among them beats."""
    beaten: set[str] = set()
    for reason in reasons:
        if reason.verdict is Verdict.SKIP:
            beaten |= _OUTWEIGHED.get(reason.rule, frozenset(RULES))
    return tuple(
        replace(reason, outweighed=reason.verdict is not Verdict.SKIP and reason.rule in beaten) for reason in reasons
    )


def _strongest(weighed: Iterable[Reason]) -> Verdict:
    standing = {reason.verdict for reason in weighed if not reason.outweighed}
    return next((v for v in (Verdict.REQUIRED, Verdict.RECOMMENDED) if v in standing), Verdict.SKIP)


def missing(
    incidents: Iterable[Incident],
    settings: TriggerSettings,
    history: Sequence[Summary],
    *,
    now: datetime,
    dismissed: Sequence[Dismissal] = (),
) -> tuple[Triage, ...]:
    """The resolved incidents that require a postmortem and have none, oldest first."""
    ended = (incident for incident in incidents if incident.resolved)
    found = (triage(incident, settings, history, now=now, dismissed=dismissed) for incident in ended)
    wanting = [answer for answer in found if answer.verdict is Verdict.REQUIRED and not answer.postmortem]
    return tuple(sorted(wanting, key=lambda answer: (answer.incident.started_at or now, answer.incident.id)))


def triage_documents(answers: Iterable[Triage]) -> list[dict[str, object]]:
    """The answers as in `pmctl/triage/v1`."""
    return [
        {
            **{name: getattr(answer.incident, name) for name in ("source", "id", "url", "title", "resolved")},
            "verdict": answer.verdict.value,
            "postmortem": answer.postmortem or None,
            "reasons": [asdict(reason) for reason in answer.reasons],
            "pattern": answer.pattern or None,
            "similar": [asdict(one) for one in answer.similar],
        }
        for answer in answers
    ]


def _high_urgency(case: _Case) -> str:
    incident = case.incident
    severity = incident.severity
    listed = {text.lower() for text in case.settings.high_severities}
    if severity.lower() in listed or (not listed and severity and severity_rank(severity) <= 2):
        return f"its severity is {severity}"
    # Somebody chose the severity or priority; the urgency only says how people were paged.
    chosen = bool(severity) and (bool(listed) or severity_rank(severity) < UNKNOWN_SEVERITY)
    return "its urgency is HIGH" if incident.urgency == "HIGH" and not chosen else ""


def _customer_impact(case: _Case) -> str:
    incident = case.incident
    for row in incident.impacts:
        if _CUSTOMER.search(row.kind) and not _NOTHING.fullmatch(row.measurement) and not says_none(row.measurement):
            return f"{row.kind}: {row.measurement[:80]}"
    if incident.source == "statuspage" and severity_rank(incident.severity) <= 2:
        return f"it was on the public status page with impact {incident.severity}"
    return _said(case, "customer-impact")


def _long_duration(case: _Case) -> str:
    incident = case.incident
    end = incident.resolved_at if incident.resolved else case.now
    if incident.started_at is None or end is None:
        return ""
    length = end - incident.started_at
    if length <= case.settings.longer_than:
        return ""
    verb = "it took" if incident.resolved else "it has been open for"
    return f"{verb} {duration_text(length)}, longer than {duration_text(case.settings.longer_than)}"


def _recurring(case: _Case) -> str:
    since = (case.incident.started_at or case.now) - case.settings.recurring_within
    until = case.incident.started_at or case.now
    mine = {slug(service) for service in case.incident.services}
    causes = {slug(cause) for cause in case.incident.root_causes}
    alike = [
        written
        for written in case.history
        if (started := parse_instant(written.started_at).at) is not None
        and since <= started <= until
        and not _same(case.incident, written)
        and (mine & set(map(slug, written.services)) or causes & set(map(slug, written.root_causes)))
    ]
    if len(alike) < case.settings.recurring_count:
        return ""
    days = case.settings.recurring_within // timedelta(days=1)
    names = ", ".join(written.id for written in alike[-3:])
    return f"{len(alike)} postmortems of the {days} days before are about the same: {names}"


def _novel(case: _Case) -> str:
    """A service that no postmortem is about yet. Without services or history nobody can tell."""
    earlier = [written for written in case.history if not _same(case.incident, written)]
    known = {slug(service) for written in earlier for service in written.services}
    mine = case.incident.services
    if not mine or not known or any(slug(service) in known for service in mine):
        return ""
    return f"no postmortem is about {', '.join(mine[:3])} yet"


def _several_teams(case: _Case) -> str:
    teams = case.incident.teams
    return f"{len(teams)} teams took part: {', '.join(teams[:5])}" if len(teams) >= case.settings.several_teams else ""


def _unknown_length(case: _Case) -> str:
    """Of a resolved incident without a start or an end no rule can tell how long it took: no all-clear."""
    incident = case.incident
    if not incident.resolved or (incident.started_at and incident.resolved_at):
        return ""
    end = "began" if incident.started_at is None else "ended"
    return f"the record does not say when it {end}: nobody knows how long it took"


def _false_positive(case: _Case) -> str:
    status = slug(case.incident.status)
    if status in ("declined", "canceled", "cancelled", "suppressed"):
        return f"its status is {case.incident.status}"
    return _said(case, "false-positive")


def _exempt(kind: str) -> Callable[[_Case], str]:
    return lambda case: case.incident.exempt_because if case.incident.exempt == kind else ""


def _dismissed(case: _Case) -> str:
    found = next((one for one in case.dismissed if one.about(case.incident.references)), None)
    return found.because if found else ""


def _documented(case: _Case) -> str:
    written = _documented_by(case.incident, case.history)
    return f"{written} documents it" if written else ""


def _auto_resolved(case: _Case) -> str:
    incident = case.incident
    if not incident.resolved or incident.started_at is None or incident.resolved_at is None:
        return ""
    length = incident.resolved_at - incident.started_at
    touched = incident.acknowledged_at is not None or any(event.who for event in incident.events)
    # A length of zero is a record that was entered afterwards, not one that ended by itself.
    if touched or not timedelta(0) < length <= case.settings.auto_resolved_within:
        return ""
    return f"it resolved itself after {duration_text(length)}"


_CHECKS: dict[str, Callable[[_Case], str]] = {
    "high-urgency": _high_urgency,
    "customer-impact": _customer_impact,
    "data-loss-or-security": lambda case: _said(case, "data-loss-or-security"),
    "long-duration": _long_duration,
    "recurring": _recurring,
    "near-miss": lambda case: _said(case, "near-miss"),
    "novel": _novel,
    "several-teams": _several_teams,
    "unknown-length": _unknown_length,
    "false-positive": _false_positive,
    "documented": _documented,
    "dismissed": _dismissed,
    **{kind: _exempt(kind) for kind in EXEMPTIONS},
    "auto-resolved": _auto_resolved,
}
# What a skip rule beats; one that is not listed beats everything.
_OUTWEIGHED: dict[str, frozenset[str]] = {
    "auto-resolved": frozenset(("high-urgency", "recurring", "near-miss", "novel", "several-teams")),
}


def _documented_by(incident: Incident, history: Iterable[Summary]) -> str:
    return next((written.id for written in history if _same(incident, written)), "")


def _same(incident: Incident, written: Summary) -> bool:
    return any((reference.source, reference.id) in written.incidents for reference in incident.references)


def _said(case: _Case, rule: str) -> str:
    """Whether the record says it: in its tags, impact, title, summary or timeline."""
    incident = case.incident
    if tag := tagged(incident.tags, rule):
        return f"it is tagged {tag}"
    texts = [incident.title, incident.summary, *(row.measurement for row in incident.impacts), *incident.tags]
    # A note that suspects a false alarm early on does not settle what the incident was.
    texts += [event.text for event in incident.events] if rule != "false-positive" else []
    phrase = stated(texts, rule, tuple(case.settings.words.get(rule, ())))
    return f"it says “{phrase}”" if phrase else ""
