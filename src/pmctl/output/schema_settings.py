"""The JSON Schema of pmctl.yaml, for editors: what may be set, what it means, which values there are.

Built from the same tables that the readers of the settings use; a test holds the schema and the readers together. It
is stricter where a reader forgives: codes in capitals, lists as lists. Draft 7, which editors' YAML servers know best.
"""

from __future__ import annotations

from typing import Any

from pmctl.codes import codes
from pmctl.document.fields import ItemStatus, Priority, Visibility
from pmctl.document.finding import Severity
from pmctl.document.meeting import CALENDARS, LINK, LONGEST, SHORTEST
from pmctl.document.node_reader import DAYS, DURATION
from pmctl.document.templates import BUILTIN_NAMES, NAME
from pmctl.document.ticket import FIELDS
from pmctl.insight import notify_settings as notify
from pmctl.insight.event import EventKind
from pmctl.insight.meeting_settings import MINUTES, VIDEO_WORDS
from pmctl.insight.triggers import MOST, RULES, WORD_RULES, Verdict
from pmctl.policy.audience import AUDIENCE, GROUP
from pmctl.repository import wiki_settings
from pmctl.repository.settings import CURRENT_VERSION, URL
from pmctl.rules.settings import HOST, PHRASE_FAMILIES, PLACE, TARGETS
from pmctl.services.ticket_settings import DIRECTIONS
from pmctl.services.trackers import TRACKERS

Schema = dict[str, Any]

_WORD = {"type": "string", "pattern": r"\S"}
_WORDS: Schema = {"type": "array", "items": _WORD}
_HOSTS: Schema = {"type": "array", "items": {"type": "string", "pattern": f"^(?:{HOST})$"}}
_DURATION: Schema = {"type": "string", "pattern": f"^{DURATION}$", "examples": ["30m", "24h", "7d", "2w"]}


def settings_schema() -> Schema:
    """The schema of the whole file."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "pmctl/settings/v1",
        "description": "Settings of pmctl for a repository. Who may do what is in .pmctl/policy.yaml.",
        "definitions": {
            "code": {
                "description": "The code of a finding, or its beginning: PM7 is all of blameless language.",
                "enum": _prefixes(),
            }
        },
        **_mapping(
            {
                "version": ({"const": CURRENT_VERSION}, "The version of this file's format."),
                "template": (
                    {"type": "string", "pattern": f"^{NAME.pattern}$", "examples": list(BUILTIN_NAMES)},
                    "The template of `pmctl new`: a built-in one, or the name of a file in .pmctl/templates/.",
                ),
                "severities": (
                    {"type": "array", "items": {"type": ["string", "integer"], "pattern": r"\S"}},
                    "The severities that the team uses, worst first. Without the list any text is allowed.",
                ),
                "visibility": (
                    {"enum": list(Visibility)},
                    "Who may see a postmortem that says nothing about it.",
                ),
                "time_zone": (
                    {"type": "string", "pattern": r"\S", "examples": ["UTC", "Europe/Berlin", "America/New_York"]},
                    "The time zone in which days begin, by its name in the IANA database: what is due today.",
                ),
                "root_causes": (
                    _WORDS,
                    "The words that root_causes and contributing_factors may use. Without the list any is allowed.",
                ),
                "actions": (_actions(), "How action items are followed up."),
                "rules": (_rules(), "Which checks run, how much they weigh, and what they look for."),
                "triggers": (_triggers(), "Which incidents need a postmortem."),
                "integrations": ({"type": "object"}, "Services that are connected."),
                "tickets": (_tickets(), "Where action items are tracked, and which side decides."),
                "meetings": (_meetings(), "How meetings about postmortems are planned, unless it is said otherwise."),
                "url": (
                    {"type": "string", "pattern": f"^(?:{URL})$", "examples": ["https://pm.example.com/"]},
                    "The start of every link in what leaves: where the pages of postmortems are.",
                ),
                "notify": (_notify(), "What is told to whom."),
                "site": (_site(), "What `pmctl site` builds."),
                "services": (_services(), "What is known of services, by their names."),
                "public": (_public(), "What public texts may say, and where they go."),
                "publishing": ({"type": "object"}, "How published postmortems are shown."),
                "wiki": (_or_blank(_wiki()), "Which kind of wiki pmctl wiki makes, for whom, and where it goes."),
            }
        ),
    }


def _services() -> Schema:
    facts = {"team": (_WORD, "The team that owns it."), "public": (_WORD, "What customers know it by.")}
    return {"type": "object", "additionalProperties": _mapping(facts)}


_PAGE_ID: Schema = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}


def _public() -> Schema:
    return _mapping(
        {
            "terms": (_WORDS, "Words of your own that must never leave."),
            "words": (_WORDS, "Words of your own that customers know, as the names of products."),
            "status_page": (_PAGE_ID, "The id of your page at Statuspage, for pmctl public status-page."),
        }
    )


def _site() -> Schema:
    audience = {"type": "string", "pattern": f"^(?:{AUDIENCE})$", "default": "organization"}
    return _mapping({"audience": (audience, "For whom the site is: organization, team:NAME or person:HANDLE.")})


def _notify() -> Schema:
    targets: dict[str, Schema] = {
        "slack": {"type": "string", "pattern": f"^(?:{notify.SLACK_ID})$", "examples": ["C0123ABCD", "webhook"]},
        "teams": {"type": "string", "pattern": f"^{notify.NAMED}$"},
        "webhook": {"type": "string", "pattern": f"^{notify.NAMED}$"},
        "mail": {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": f"^{notify.MAIL}$"}},
    }
    words = {
        "slack": "The id of a Slack channel, or webhook for the one that SLACK_WEBHOOK_<CHANNEL> leads to.",
        "teams": "The name that the variable TEAMS_WEBHOOK_<NAME> ends with.",
        "webhook": "The name in the variables PMCTL_WEBHOOK_<NAME>_URL and _SECRET.",
        "mail": "Whom mail goes to.",
    }
    kinds: Schema = {"type": "array", "items": {"enum": [*(str(kind) for kind in EventKind), notify.ALL]}}
    channel = _mapping(
        {name: (targets[name], text) for name, text in words.items()}
        | {
            "events": (kinds, "What the channel is told; without it what is submitted, to be reviewed and published."),
            "audience": (
                {"type": "string", "pattern": f"^(?:{GROUP})$"},
                "Who reads the channel: organization, or team:NAME, which is told of that team's postmortems alone.",
            ),
        }
    )
    channel["oneOf"] = [{"required": [str(system)]} for system in notify.System]
    names = {"propertyNames": {"pattern": f"^{notify.CHANNEL}$"}, "additionalProperties": channel}
    people: Schema = {"type": "array", "items": {"enum": [str(one) for one in notify.PERSONAL]}}
    return _mapping(
        {
            "channels": ({"type": "object", **names}, "Where events are told, by names of your own."),
            "people": (people, "How one person is reached: the first that works."),
            "quiet": ({"type": "array", "items": {"enum": list(notify.DAYS)}}, "Days on which nobody is reminded."),
        }
    )


def _actions() -> Schema:
    days: Schema = {"type": "string", "pattern": f"^{DAYS}$", "examples": ["7d", "2w"]}
    due = {str(name): (days, f"Within how long an item of priority {name} is wanted.") for name in Priority}
    return _mapping({"due": (_mapping(due), "When a new action item is due that names no day, by its priority.")})


def _wiki() -> Schema:
    def text(pattern: str) -> Schema:
        return {"type": "string", "pattern": f"^(?:{pattern})$"}

    members: dict[str, tuple[Schema, str]] = {
        "flavour": ({"enum": list(wiki_settings.FLAVOURS), "default": wiki_settings.FLAVOURS[0]}, "What it is for."),
        "to": (
            text(wiki_settings.REMOTE_URL),
            "The address of the wiki's repository; by default that of the remote, with .wiki before .git.",
        ),
        "audience": (
            {**text(AUDIENCE), "default": "organization"},
            "Who reads it: organization, team:NAME or person:HANDLE.",
        ),
        "space": (text(wiki_settings.SPACE), "Confluence: the space's key."),
        "parent": ({"type": ["string", "integer"]}, "Confluence: the page above all others, by title or id."),
    }
    return _mapping({name: (_or_blank(schema), words) for name, (schema, words) in members.items()})


def _or_blank(schema: Schema) -> Schema:
    """The same, or nothing behind the key, which is as if it were not there."""
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    types = schema["type"]
    return {**schema, "type": [*(types if isinstance(types, list) else [types]), "null"]}


def _tickets() -> Schema:
    """What any of the trackers understands; that a key belongs to another one is the reader's to say."""
    shown: dict[str, list[str]] = {}
    for one in TRACKERS.values():
        shown.setdefault(one.place, []).append(f"with {one.label} as in {one.place_shown}")
    places: dict[str, tuple[Schema, str]] = {
        place: ({"type": ["string", "integer"], "pattern": r"\S"}, f"Where tickets go: {'; '.join(words)}.")
        for place, words in shown.items()
    }
    statuses = {
        str(one): ({"type": "string"}, f"The tracker's status for {one}, where several fit.") for one in ItemStatus
    }
    named = {str(one): ({"type": "string"}, f"What {one} is called there.") for one in Priority}
    sync = {
        one: ({"enum": [*DIRECTIONS, False], "default": "both"}, f"Which side decides about the {one}.")
        for one in FIELDS
    }
    accounts: Schema = {"type": "object", "additionalProperties": {"type": ["string", "integer"]}}
    members: dict[str, tuple[Schema, str]] = {
        "system": ({"enum": list(TRACKERS)}, "Which tracker."),
        **places,
        "type": ({"type": "string", "default": "Task"}, "Jira's issue type, by its name or its id."),
        "labels": (_WORDS, "Further labels of every new ticket."),
        "priority": (_mapping(named), "What priorities are called there; an empty text leaves one out."),
        "people": (accounts, "Accounts of people whom their e-mail address does not find, by handle."),
        "states": (_mapping(statuses), "The tracker's statuses, where several of them mean the same."),
        "fields": ({"type": "object"}, "Further fields of every new Jira issue, as its API takes them."),
        "wont_do": ({"type": "string"}, "Jira's resolution that means WONT_DO."),
        "audience": ({"type": "string", "pattern": f"^(?:{GROUP})$"}, "Whose postmortems may have tickets."),
        "sync": (_mapping(sync), "For each field which side decides: both, ours, theirs, or off."),
    }
    return {**_mapping(members), "required": ["system"]}


def _meetings() -> Schema:
    length: Schema = {"type": "string", "pattern": f"^{MINUTES}$", "default": "45m", "examples": ["45m", "1h"]}
    video: Schema = {"type": "string", "pattern": f"^(?:{'|'.join(VIDEO_WORDS)}|{LINK.pattern})$"}
    meet: Schema = {
        "if": {"properties": {"video": {"const": "meet"}}, "required": ["video"]},
        "then": {"properties": {"calendar": {"const": "google"}}, "required": ["calendar"]},
    }
    members = _mapping(
        {
            "for": (length, f"How long one takes: {SHORTEST} to {LONGEST} minutes."),
            "calendar": ({"enum": list(CALENDARS)}, "Who invites: pmctl by mail, Google Calendar, or nobody."),
            "video": (video, "Where people meet: the address of a room, a new one of meet or zoom, or none."),
        }
    )
    return {**members, **meet}


def _mapping(members: dict[str, tuple[Schema, str]]) -> Schema:
    properties = {name: {**schema, "description": text} for name, (schema, text) in members.items()}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _codes() -> Schema:
    return {"type": "array", "items": {"$ref": "#/definitions/code"}}


def _prefixes() -> list[str]:
    """Every code, behind the beginnings that stand for several, so that an editor offers families first."""
    known = codes()
    beginnings = {code[:length] for code in known for length in range(1, len(code))}
    return [*sorted(beginnings), *known]


def _rules() -> Schema:
    phrases = {family: (_WORDS, f"Further phrases of the kind {family}.") for family in PHRASE_FAMILIES}
    severities = [*(str(severity) for severity in Severity), "off", False]
    targets = {
        name: ({**_DURATION, "default": f"{hours}h"}, f"How long after the end of an incident to {name}.")
        for name, hours in TARGETS.items()
    }
    return _mapping(
        {
            "select": (_codes(), "Only these checks run."),
            "ignore": (_codes(), "These checks don't run."),
            "severity": (
                {
                    "type": "object",
                    "propertyNames": {"$ref": "#/definitions/code"},
                    "additionalProperties": {"enum": severities},
                },
                "What a finding weighs, whatever the state of the postmortem. The longest beginning wins.",
            ),
            "paths": (
                {"type": "object", "propertyNames": {"pattern": f"^{PLACE}$"}, "additionalProperties": _codes()},
                "Checks that don't run for some files: folders or patterns such as postmortems/2019/**, and the codes.",
            ),
            "phrases": (
                _mapping(
                    {
                        "add": (_mapping(phrases), "Further phrases to find."),
                        "remove": (_WORDS, "Phrases to let pass."),
                    }
                ),
                "The vocabulary of blameless language.",
            ),
            "targets": (_mapping(targets), "How soon after an incident each step is expected."),
            "internal": (_HOSTS, "Endings of host names that must not be published."),
            "customers": (_HOSTS, "E-mail domains of customers; without the list every foreign one."),
            "detect_secrets": ({"type": "boolean"}, "Also run the detect-secrets package, when it is installed."),
        }
    )


def _triggers() -> Schema:
    count: Schema = {"type": "integer", "minimum": 1, "maximum": MOST}
    recurring = _mapping({"count": (count, "How many."), "within": (_DURATION, "Within which time.")})
    words = {rule: (_WORDS, f"Further words of the rule {rule}.") for rule in WORD_RULES}
    verdicts: Schema = {"enum": [*(str(verdict) for verdict in Verdict), False]}
    rules = {rule: ({**verdicts, "default": str(usual)}, f"What {rule} says.") for rule, usual in RULES.items()}
    return _mapping(
        {
            "longer_than": (_DURATION, "An incident that takes longer needs a postmortem."),
            "auto_resolved_within": (_DURATION, "An incident that ends by itself sooner needs none."),
            "recurring": ({**recurring, "minProperties": 1}, "How many earlier ones make an incident a recurring one."),
            "several_teams": (count, "From how many teams on it is worth a postmortem."),
            "high_severities": (_WORDS, "The severities that need a postmortem; by default the two worst."),
            "words": (_mapping(words), "Further words to look for in a record."),
            "rules": (_mapping(rules), "What each rule says."),
        }
    )
