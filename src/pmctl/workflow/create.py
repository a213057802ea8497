"""Create a postmortem: a template, what an incident record or the person tells, one new file, one commit.

incident -> draft -> document. What was filled in from where is kept beside it in `.pmctl/imports/`, so that a later
refresh can tell what people have edited.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from pmctl.document import beside
from pmctl.document.beside import Beside
from pmctl.document.fields import MAX_ID, Priority, Status, path_of
from pmctl.document.incidents import incident_name
from pmctl.document.reader import Document
from pmctl.document.template import Template, field_problem, field_value
from pmctl.document.template_library import choose
from pmctl.document.templates import BUILTIN_NAMES
from pmctl.document.timeline import timeline_section
from pmctl.errors import BadInput, NotFound, Refused, UsageProblem
from pmctl.files import replace_file
from pmctl.repository.transaction import CommitResult, Write, commit
from pmctl.repository.workspace import Workspace
from pmctl.services.draft import Draft, draft_from
from pmctl.services.import_document import import_bytes
from pmctl.services.incident import MOMENTS, Incident
from pmctl.text import did_you_mean, single_line
from pmctl.workflow import template as templates
from pmctl.workflow.draft import render

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class NewPostmortem:
    """What the person asked for; empty means: from the incident, the settings or the template."""

    title: str = ""
    day: date | None = None
    author: str = ""
    template: str = ""
    severity: str = ""
    urgency: str = ""
    services: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Created:
    """The new postmortem: where it is, what it was filled with, and what the person should know.

    `template` is the one that was taken, with its version; `why` are the conditions that it was taken by, "" when it
    was asked for or is the one of the settings.
    """

    id: str
    path: str
    data: bytes
    template: str
    why: str
    filled: tuple[str, ...]
    warnings: tuple[str, ...]
    writes: tuple[Write, ...]


def draft_of(workspace: Workspace, incident: Incident) -> Draft:
    """The draft of an incident in which people are handles where the policy knows their address."""
    people = workspace.policy.people.values()
    return draft_from(incident, {email: person.handle for person in people for email in person.emails})


def plan(workspace: Workspace, wish: NewPostmortem, draft: Draft | None, *, today: date) -> Created:
    """The new postmortem in memory; nothing is written.

    Raises BadInput without a title, UsageProblem for a value that cannot be right, NotFound for an unknown template,
    Refused when the id is taken or the incident has a postmortem already.
    """
    _refuse_wrong_values(workspace, wish)
    draft = draft or Draft({})
    front = dict(draft.front)
    title = single_line(wish.title or str(front.get("title", "")))
    if not title:
        reasons = tuple(warning for warning in draft.warnings if "title" in warning)
        origin = " --from RECORD" if draft.front else ""
        what = "the record has no title, and a postmortem needs one" if origin else "a postmortem needs a title"
        raise BadInput(what, hint=f'pmctl new "What happened, in a few words"{origin}', details=reasons)
    _refuse_known_incident(workspace, front)
    chosen, why, notes = _template(workspace, wish, front)
    name = new_id(workspace, title, wish.day or _day_of(front) or today)
    front.update(
        id=name,
        title=title,
        status=Status.DRAFT.value,
        author=wish.author,
    )
    if "visibility" not in chosen.defaults:
        front["visibility"] = workspace.settings.visibility
    given: dict[str, object] = {"severity": wish.severity, "urgency": wish.urgency.upper()}
    given["services"] = list(wish.services)
    given |= {"teams": list(wish.teams), "tags": list(wish.tags), "fields": _custom(chosen, wish.fields)}
    front.update({key: value for key, value in given.items() if value})
    if wish.teams and not workspace.policy.teams:
        notes = (*notes, f"the policy has no teams: {', '.join(wish.teams)} is only a word in this postmortem")
    known = [team.lower() for team in draft.teams if team.lower() in workspace.policy.teams]
    if known and not wish.teams:
        front["teams"] = known
    items = tuple({**item, "ID": item_id()} for item in draft.action_items)
    document = render(chosen, replace(draft, front=front, action_items=items), path_of(name))
    lost = _without_place(document, draft)
    writes = [Write(document.path, document.data)]
    if draft.imported:
        writes.append(Write(*beside.stored(Beside.IMPORTS, name, import_bytes(draft.imported))))
    unused = tuple(
        f"template {chosen.reference} has no section {section}: {what} of the record left out" for section, what in lost
    )
    problems = (problem.message for problem in document.problems)
    warnings = (*notes, *draft.warnings, *unused, *problems)
    filled = _filled(front, draft, {section for section, _ in lost})
    return Created(name, document.path, document.data, chosen.reference, why, filled, warnings, tuple(writes))


def _refuse_wrong_values(workspace: Workspace, wish: NewPostmortem) -> None:
    """Raise UsageProblem for what somebody asked for and nothing can be: an unknown urgency or team."""
    if wish.urgency and wish.urgency.upper() not in tuple(Priority):
        known = [str(priority) for priority in Priority]
        guess = did_you_mean(wish.urgency.upper(), known, f"one of {', '.join(known)}")
        raise UsageProblem(f"--urgency {wish.urgency}: no urgency", hint=guess)
    teams = workspace.policy.teams
    for team in wish.teams:
        if teams and team not in teams:
            guess = did_you_mean(team, teams, f"the policy has {', '.join(sorted(teams)[:9])}")
            raise UsageProblem(f"--team {team}: the policy has no such team", hint=guess)


def land(workspace: Workspace, created: Created, signing: Sequence[str], note: str = "") -> CommitResult:
    """Write and commit the new postmortem; `signing` holds git's arguments for a signed commit or nothing.

    `note` is what the commit's message says beside the id.
    """
    told = f"{note}\n\n" if note else ""
    message = f"Draft {created.id}\n\n{told}Postmortem: {created.id}\n"
    return commit(workspace.repo, created.writes, message, signing=signing)


def write_only(workspace: Workspace, created: Created) -> None:
    """Write the files of the new postmortem without committing them."""
    repo = workspace.repo
    repo.state_dir.mkdir(parents=True, exist_ok=True)
    for write in created.writes:
        target = repo.root / write.path
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(target, write.data or b"", scratch=repo.state_dir)


def new_id(workspace: Workspace, title: str, day: date) -> str:
    """The id for a title on a day: YYYY-MM-DD-slug, at most 100 characters.

    Raises Refused when it is taken, also by an id that differs in case only.
    """
    slug = slug_of(title)
    name = f"{day.isoformat()}-{slug}"[:MAX_ID].rstrip("-")
    target = workspace.repo.root / path_of(name)
    if target.exists() or target.is_symlink() or workspace.head.file(path_of(name)) is not None:
        raise Refused(f"{name} exists already", hint=f"pmctl show {name}, or give another title")
    return name


def slug_of(title: str) -> str:
    """Lower-case letters, digits and hyphens that a title leaves; accents are dropped, never guessed.

    A title without a single such letter (Japanese, say) gives 'incident' and four random characters.
    """
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", re.sub(r"['’]", "", plain)).strip("-")
    return slug or "incident-" + random_characters(4)


def random_characters(count: int) -> str:
    """So many characters of a-z and 0-9, from the system's generator: no counter, so no two branches collide."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))


def item_id() -> str:
    """A new action item's id."""
    return "AI-" + random_characters(4)


def _template(
    workspace: Workspace, wish: NewPostmortem, front: Mapping[str, object]
) -> tuple[Template, str, tuple[str, ...]]:
    """The template to start from, the conditions that it was taken by, and what is wrong with templates."""
    own, findings = templates.load(workspace.repo.root)
    notes = templates.summary(findings)
    if wish.template:
        try:
            return templates.find(wish.template, own), "", notes
        except NotFound as error:
            raise NotFound(error.message, hint=error.hint, details=(*error.details, *notes)) from None
    fallback = workspace.settings.template
    if fallback not in (*BUILTIN_NAMES, *(template.name for template in own)):
        notes = (*notes, f"pmctl.yaml: there is no template {fallback!r}; default is used instead")
    services = wish.services or tuple(str(name) for name in _list(front.get("services")))
    severity = wish.severity or str(front.get("severity", ""))
    urgency = wish.urgency or str(front.get("urgency", ""))
    chosen = choose(own, severity=severity, urgency=urgency, services=services, fallback=fallback)
    fits = chosen.applies.given() and chosen.applies.hold(severity, urgency, services)
    return chosen, templates.describe_conditions(chosen) if fits else "", notes


def _custom(template: Template, given: Mapping[str, str]) -> dict[str, object]:
    """The custom fields as typed on the command line, each as the template declares it.

    Raises UsageProblem that lists every value that does not fit, and every name that the template does not declare.
    """
    declared = {one.name: one for one in template.fields}
    found: dict[str, object] = {}
    problems = []
    for name, text in given.items():
        if name in declared:
            found[name] = field_value(declared[name], text)
            problem = field_problem(declared[name], found[name])
            problems += [problem] if problem else []
        else:
            others = f"its fields are {', '.join(declared)}" if declared else "it has none"
            problems.append(f"template {template.name} has no field {name!r}; {did_you_mean(name, declared, others)}")
    if problems:
        raise UsageProblem(
            f"--field: {problems[0]}", hint=f"pmctl template show {template.reference}", details=tuple(problems[1:])
        )
    return found


def _without_place(document: Document, draft: Draft) -> list[tuple[str, str]]:
    """The sections that the record has something for and that the template does not have, with what that is."""
    wanted = (
        ("Summary", "the summary" if draft.summary else ""),
        ("Timeline", _counted(len(draft.timeline), "timeline entry", "timeline entries")),
        ("Impact", _counted(len(draft.impact), "impact figure", "impact figures")),
        ("Action Items", _counted(len(draft.action_items), "action item", "action items")),
    )
    missing = {title for title, _ in wanted if document.section(title) is None}
    if timeline_section(document) is not None:
        missing.discard("Timeline")
    return [(title, what) for title, what in wanted if what and title in missing]


def _counted(count: int, one: str, several: str) -> str:
    return "" if not count else f"{count} {one if count == 1 else several}"


def _filled(front: Mapping[str, object], draft: Draft, without: Container[str]) -> tuple[str, ...]:
    """What the incident record gave, for the person to see; sections in `without` are not there to be filled."""
    parts = [key for key in draft.front if key != "incidents" and front.get(key)]
    parts += ["summary"] if draft.summary and "Summary" not in without else []
    entries = _counted(len(draft.timeline), "entry", "entries")
    parts += [f"timeline ({entries})"] if entries and "Timeline" not in without else []
    items = len(draft.action_items)
    parts += [f"action items ({items})"] if items and "Action Items" not in without else []
    return tuple(parts)


def _refuse_known_incident(workspace: Workspace, front: Mapping[str, object]) -> None:
    entries = [entry for entry in _list(front.get("incidents")) if isinstance(entry, dict)]
    wanted = {incident_name(entry.get("source"), entry.get("id")): entry for entry in entries}
    wanted.pop("", None)
    if not wanted:
        return
    from pmctl.insight.catalog import catalog

    for summary in catalog(workspace):
        for name in wanted.keys() & {incident_name(*pair) for pair in summary.incidents}:
            raise Refused(
                f"{wanted[name]['source']} incident {wanted[name]['id']} has a postmortem already: {summary.id}",
                hint=f"pmctl show {summary.id}; bring in what is new: pmctl incident refresh {summary.id} --from FILE",
            )


def _day_of(front: Mapping[str, object]) -> date | None:
    moments = (front.get(name) for name, _ in MOMENTS)
    return next((at.date() for at in moments if isinstance(at, datetime)), None)


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()
