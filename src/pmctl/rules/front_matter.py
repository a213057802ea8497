"""Front matter beyond its schema: people and teams that exist, one id per file, times that follow each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from pmctl.document.fields import is_handle, is_id
from pmctl.document.finding import Finding
from pmctl.document.incidents import linked_incidents
from pmctl.errors import Hint, advise
from pmctl.rules.registry import WARNING, found_at, rule
from pmctl.text import did_you_mean, nearest, parse_day, parse_utc

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.document.strict_yaml import Node
    from pmctl.rules.context import Context

_MINUTE = timedelta(minutes=1)
_ORDER = (
    ("started_at", "detected_at"), ("started_at", "acknowledged_at"), ("started_at", "mitigated_at"),
    ("started_at", "resolved_at"), ("detected_at", "acknowledged_at"), ("detected_at", "mitigated_at"),
    ("detected_at", "resolved_at"), ("acknowledged_at", "resolved_at"), ("mitigated_at", "resolved_at"),
)  # fmt: skip
"""Which of the incident's times can't be later than which."""
TIMES = ("started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at")


@rule("PM150", "unknown-person", draft=WARNING)
def unknown_person(doc: Document, context: Context) -> Iterable[Finding]:
    """A handle names nobody whom the policy knows.

    What it does:
        Looks up author, editors, reviewers and participants in `.pmctl/policy.yaml`. What is no handle at all is
        PM105's.

    Why:
        A reviewer who does not exist can't approve, and the postmortem never gets published.

    Example:
        author: jnae

    Fix:
        author: jane
    """
    if context.people is None:
        return
    known = context.people.names
    for key in ("author", "editors", "reviewers", "participants"):
        for handle, node in _handles(doc.front.get(key)):
            if handle in known or not is_handle(handle):
                continue
            if handle in context.people.teams:
                message = f"{handle!r} in {key} is a team"
                yield found_at(node.line, node.column, message, "name a person", width=len(handle))
            else:
                otherwise = advise("add-handle", handle=handle)
                yield _unknown("person", handle, node, tuple(known), otherwise)


@rule("PM151", "unknown-team", draft=WARNING)
def unknown_team(doc: Document, context: Context) -> Iterable[Finding]:
    """A team is not in the policy.

    What it does:
        Looks up `teams` in `.pmctl/policy.yaml`. Says nothing while the policy has no teams.

    Why:
        Lists, trends and visibility go by team; a misspelt one is found by nobody.

    Example:
        teams: [paymnets]

    Fix:
        teams: [payments]
    """
    if context.people is None or not context.people.teams:
        return
    for name, node in _handles(doc.front.get("teams")):
        if name not in context.people.teams and is_handle(name):
            teams = tuple(sorted(context.people.teams))
            yield _unknown("team", name, node, teams, f"the policy has {', '.join(teams[:9])}")


@rule("PM152", "duplicate-id", draft=WARNING, adopted=WARNING)
def duplicate_id(doc: Document, context: Context) -> Iterable[Finding]:
    """Two files carry the same id.

    What it does:
        Compares ids without regard to case with every other postmortem of the run.

    Why:
        Records, approvals and links name a postmortem by its id alone.

    Example:
        id: 2024-01-15-payment-api-outage

    Fix:
        id: 2024-01-15-payment-api-latency
    """
    node = doc.front.get("id")
    others = [path for path in context.ids.get(doc.id.casefold(), ()) if path != doc.path]
    if node is not None and others:
        yield found_at(
            node.line,
            node.column,
            f"{', '.join(others)} {'has' if len(others) == 1 else 'have'} the same id",
            width=len(doc.id),
        )


@rule("PM158", "incident-twice", draft=WARNING, review=WARNING, adopted=WARNING)
def incident_twice(doc: Document, context: Context) -> Iterable[Finding]:
    """Another postmortem is about the same incident.

    What it does:
        Compares source and id of the linked incidents with those of every other postmortem of the repository.

    Why:
        Readers find one of two accounts, and trends count the incident twice. `pmctl new --from` refuses to begin a
        second one.

    Example:
        incidents: [{source: pagerduty, id: Q1A2B3}]

    Fix:
        incidents: [{source: pagerduty, id: Q4C5D6}]
    """
    node = doc.front.get("incidents")
    for name in linked_incidents(doc) if node is not None and context.incidents else ():
        others = [path for path in context.incidents.get(name, ()) if path != doc.path]
        if node is not None and others:
            message = f"{', '.join(others)} {'is' if len(others) == 1 else 'are'} about the incident {name}, too"
            fix = "keep one of the two, or take the incident out of the other"
            yield found_at(node.key_line, node.key_column, message, fix, width=len("incidents"))


@rule("PM153", "unknown-severity", review=WARNING)
def unknown_severity(doc: Document, context: Context) -> Iterable[Finding]:
    """The severity is not one of the organisation's.

    What it does:
        Compares `severity` with the list in pmctl.yaml, when there is one.

    Why:
        Trends by severity count words; "Sev-2" and "SEV2" are two.

    Example:
        severity: Sev-2

    Fix:
        severity: SEV2
    """
    node = doc.front.get("severity")
    value = doc.meta.get("severity")
    if node is not None and value and context.severities and value not in context.severities:
        message = f"{value!r} is not a severity of this organisation"
        near = _same_severity(str(value), context.severities)
        fix = f"did you mean {near}?" if near else f"write one of {', '.join(context.severities)}"
        yield found_at(node.line, node.column, message, fix)


def _same_severity(value: str, known: tuple[str, ...]) -> str:
    """The severity that differs in case and punctuation only, else the only one with the same number; "" otherwise."""
    for pattern in (r"\W|_", r"\D"):
        key = re.sub(pattern, "", value.casefold())
        same = [one for one in known if re.sub(pattern, "", one.casefold()) == key]
        if key and len(same) == 1:
            return same[0]
    return ""


@rule("PM154", "times-out-of-order", draft=WARNING)
def times_out_of_order(doc: Document, context: Context) -> Iterable[Finding]:
    """The incident's times contradict each other.

    What it does:
        Expects started_at <= detected_at <= acknowledged_at <= resolved_at, and detected_at <= mitigated_at <=
        resolved_at, give or take the seconds. Of times that contradict each other, the one that most others contradict
        is named.

    Why:
        Time to detect and time to resolve are computed from them; a typing error makes them negative.

    Example:
        started_at: 2024-01-15T14:00:00Z
        resolved_at: 2024-01-15T13:45:00Z

    Fix:
        started_at: 2024-01-15T14:00:00Z
        resolved_at: 2024-01-15T14:45:00Z
    """
    times = incident_times(doc)
    wrong = [
        (earlier, later)
        for earlier, later in _ORDER
        if earlier in times and later in times and times[earlier] - times[later] >= _MINUTE
    ]
    while wrong:
        # The time that contradicts most of the others is the one to look at; of two, the later one.
        counted = Counter(name for pair in wrong for name in pair)
        culprit = max(TIMES, key=lambda name: (counted[name], TIMES.index(name)))
        earlier, later = next(pair for pair in wrong if culprit in pair)
        other, side = (earlier, "before") if culprit == later else (later, "after")
        node = doc.front[culprit]
        message = f"{culprit} is {side} {other}, {doc.front[other].raw}"
        yield found_at(node.line, node.column, message, "correct the one that is wrong", width=len(node.raw))
        wrong = [pair for pair in wrong if culprit not in pair]


@rule("PM155", "custom-field", draft=WARNING)
def custom_field(doc: Document, context: Context) -> Iterable[Finding]:
    """A custom field is missing, of the wrong kind, or not declared by the template.

    What it does:
        Checks `fields` against the fields that the template declares.

    Why:
        Reports are made from these fields; one that is sometimes text and sometimes a number can't be counted.

    Example:
        fields: {cost_center: many}

    Fix:
        fields: {cost_center: 4711}
    """
    if context.template.missing:
        return  # nobody knows which fields there were
    node = doc.front.get("fields")
    given = node.value if node is not None and isinstance(node.value, dict) else {}
    declared = {field.name: field for field in context.template.fields}
    for name, field in declared.items():
        from pmctl.document.template import field_problem

        value = given.get(name)
        problem = field_problem(field, value.plain() if value is not None else None)
        if problem:
            place = value or node or doc.front.get("template")
            line, column = (place.line, place.column) if place is not None else (1, 1)
            if place is not None and place is not value:
                line, column = place.key_line, place.key_column
            about = f" ({field.description})" if field.description else ""
            fix = f"write {name}: {field.example}{about}"
            if value is None:
                fix = f"write fields: {{{name}: {field.example}}}{about}" if node is None else f"{fix} under fields"
            yield found_at(line, column, problem, fix)
    for name, value in given.items():
        if name not in declared:
            message = f"the template {context.template.name} declares no field {name!r}"
            fix = f"it declares {', '.join(declared)}" if declared else "declare it in the template, or remove it"
            yield found_at(value.key_line, value.key_column, message, fix, width=len(name))


@rule("PM157", "template-not-there", draft=WARNING, review=WARNING)
def template_not_there(doc: Document, context: Context) -> Iterable[Finding]:
    """The template that a postmortem was written with is not there any more, or never was.

    What it does:
        Looks the name and version in `template` up among the organisation's templates and those that come with pmctl.

    Why:
        Sections and custom fields are asked for by that version. Another one can only stand in for it: the nearest
        version, or for an unknown name the default template.

    Example:
        template: paymnets

    Fix:
        template: payments
    """
    node = doc.front.get("template")
    if node is None or not context.template.missing:
        return
    from pmctl.document.templates import BUILTIN_NAMES

    name = str(node.value).partition("@")[0]
    known = {template.name for template in context.own_templates or ()}.union(BUILTIN_NAMES)
    fix = "correct the name or the version, or bring its file back to .pmctl/templates/"
    fix = fix if name in known else did_you_mean(name, sorted(known), fix)
    yield found_at(node.line, node.column, context.template.missing, fix, width=len(node.raw))


@rule("PM156", "times-missing", review=WARNING)
def times_missing(doc: Document, context: Context) -> Iterable[Finding]:
    """The front matter does not say when the incident began or ended.

    What it does:
        Expects `started_at` and `resolved_at`.

    Why:
        Duration, time to resolve and every trend start from them.

    Example:
        started_at:
        resolved_at: 2024-01-15T14:45:00Z

    Fix:
        started_at: 2024-01-15T14:00:00Z
        resolved_at: 2024-01-15T14:45:00Z
    """
    if context.state(doc) == "ARCHIVED":
        return
    missing = [key for key in ("started_at", "resolved_at") if not doc.meta.get(key)]
    if missing:
        node = next((doc.front[key] for key in missing if key in doc.front), None)
        line, column = (node.key_line, node.key_column) if node is not None else (1, 1)
        day = doc.id[:10] if is_id(doc.id) else "2024-01-15"
        fix = f"add {' and '.join(missing)}, as in {missing[0]}: {day}T14:00:00Z"
        yield found_at(line, column, f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not given", fix)


@lru_cache(maxsize=2)
def incident_times(doc: Document) -> dict[str, datetime]:
    """The incident's times that the front matter gives in a readable form, in UTC, by field name.

    The first and the last year there is are left out, so that whoever adds a minute needs not think of them.
    """
    moments = {name: parse_utc(doc.front[name].raw) for name in TIMES if name in doc.front}
    return {name: moment for name, moment in moments.items() if moment is not None and 1 < moment.year < 9999}


def incident_day(doc: Document) -> date | None:
    """The day of the incident in UTC, by which days without a year are told: of `started_at`, otherwise of the id."""
    start = incident_times(doc).get("started_at")
    return start.date() if start is not None else parse_day(doc.id[:10])


def _handles(node: Node | None) -> Iterator[tuple[str, Node]]:
    """Every handle under a node that is a text, a list or a mapping by handle, with where it stands."""
    if node is None:
        return
    if isinstance(node.value, str):
        yield node.value, node
    elif isinstance(node.value, tuple):
        for item in node.value:
            if isinstance(item.value, str):
                yield item.value, item
    elif isinstance(node.value, dict):
        for key, value in node.value.items():
            yield key, value._replace(line=value.key_line, column=value.key_column)


def _unknown(kind: str, name: str, node: Node, known: tuple[str, ...], otherwise: Hint) -> Finding:
    meant = nearest(name, known)
    fix = f"did you mean {meant}?" if meant else otherwise
    return found_at(node.line, node.column, f"the policy knows no {kind} {name!r}", fix, width=len(name))
