"""What a rule may use besides the document: settings, template, people, the repository's files, dates.

A context is built once per run by the caller and narrowed per document with `_replace`.
Facts that can change while the document stays the same (does a file exist? what day is it?) are asked through methods
that note them, so that a cached result is used only while the answers stay the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pmctl.rules.settings import RuleSettings

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.document.template import Template, TemplateField

REQUIRED = ("Summary", "Timeline", "Impact", "Root Cause", "Resolution", "Action Items")
OPTIONAL = ("Lessons Learned", "Contributing Factors", "Detection", "Response")


class TemplateView(NamedTuple):
    """What the rules need of a template. `order` lists every section in its place; empty means the
    required ones, then the optional ones. Other sections are kept where they stand. `texts` are the texts that required
    sections begin with, by title in folded case. `missing` says why another template stands in for the recorded one.
    """

    name: str = "default"
    required: tuple[str, ...] = REQUIRED
    optional: tuple[str, ...] = OPTIONAL
    order: tuple[str, ...] = ()
    fields: tuple[TemplateField, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    missing: str = ""

    @property
    def sections(self) -> tuple[str, ...]:
        """Every section that the template knows, in order."""
        return self.order or self.required + self.optional

    @classmethod
    def recorded(cls, name: str, own: tuple[Template, ...]) -> TemplateView:
        """What the template that a postmortem records (name or name@version) asks of it."""
        if name in ("", "default", "default@1") and not any(template.name == "default" for template in own):
            return DEFAULT_TEMPLATE  # which nearly every postmortem records; a test holds it to the shipped file
        from pmctl.document.template_library import requirements

        asked = requirements(name, own)
        optional = tuple(title for title in asked.titles if title not in asked.required)
        return cls(name or "default", asked.required, optional, asked.titles, asked.fields, asked.texts, asked.hint)


DEFAULT_TEMPLATE = TemplateView()


class PolicyPerson(Protocol):
    """The part of a person that is read here."""

    @property
    def name(self) -> str: ...

    @property
    def emails(self) -> tuple[str, ...]: ...


class PeopleView(NamedTuple):
    """Who exists: handle -> full name, the teams' names and everybody's e-mail addresses (lower case)."""

    names: Mapping[str, str]
    teams: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()

    @classmethod
    def of(cls, people: Mapping[str, PolicyPerson], teams: Mapping[str, object]) -> PeopleView:
        """From `policy.people` and `policy.teams`."""
        return cls(
            {handle: person.name for handle, person in people.items()},
            frozenset(teams),
            frozenset(email.casefold() for person in people.values() for email in person.emails),
        )


class History(NamedTuple):
    """When things landed, from the ledger, in UTC; None for what has not happened (yet)."""

    created: datetime | None = None
    submitted: datetime | None = None
    approved: datetime | None = None
    published: datetime | None = None


@dataclass(slots=True)
class CacheDependencies:
    """The changeable facts that a check rests on: files by path with the answer, and the day."""

    files: dict[str, bool] = field(default_factory=dict)
    today: bool = False


class Context(NamedTuple):
    """Everything that a check may use. The default judges a document on its own.

    `status` overrides the document's own (a draft is judged as IN_REVIEW before it is submitted); `adopted` asks for
    the gentle profile; `ids` maps a case-folded id to the paths that carry it, `incidents` a linked incident to the
    paths that link it, `item_places` a case-folded id of an action item that several files have to the paths and lines
    where it stands; `exists` tells whether a path relative to the pmctl root is a file of the repository (None:
    unknown). `asked` collects which changeable facts were looked at, when somebody wants to know. With `own_templates`
    (the organisation's, possibly none) every document is judged by the template that it records, otherwise by
    `template`. `item_targets` says within how many days an action item of a priority is wanted, `causes` are the words
    by which the team names causes, without any when that is free. `look_back` asks for
    targets that were missed and that nobody can meet any more as well.
    """

    settings: RuleSettings = RuleSettings()
    template: TemplateView = DEFAULT_TEMPLATE
    people: PeopleView | None = None
    exists: Callable[[str], bool] | None = None
    ids: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    incidents: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    item_places: Mapping[str, tuple[tuple[str, int], ...]] = MappingProxyType({})
    severities: tuple[str, ...] = ()
    today: date | None = None
    now: datetime | None = None
    status: str = ""
    adopted: bool = False
    strict: bool = False
    history: History | None = None
    own_templates: tuple[Template, ...] | None = None
    item_targets: Mapping[str, int] = MappingProxyType({})
    causes: tuple[str, ...] = ()
    asked: CacheDependencies | None = None
    look_back: bool = False

    def has(self, path: str) -> bool | None:
        """Whether `path`, relative to the pmctl root, exists in the repository; None when nobody can say."""
        if self.exists is None:
            return None
        answer = self.exists(path)
        if self.asked is not None:
            self.asked.files[path] = answer
        return answer

    def day(self) -> date | None:
        """Today, noted as asked."""
        if self.asked is not None:
            self.asked.today = True
        return self.today

    def of_document(self, doc: Document) -> Context:
        """This context with the template that the document records, when the organisation's templates are known."""
        if self.own_templates is None:
            return self
        recorded = doc.meta.get("template")
        name = recorded if isinstance(recorded, str) else ""
        return self._replace(template=TemplateView.recorded(name, self.own_templates))

    def state(self, doc: Document) -> str:
        """The status by which the document is judged: the override, else its own, else DRAFT.

        Strictness asks of a draft what its review will ask.
        """
        state = self.status or doc.status or "DRAFT"
        return "IN_REVIEW" if self.strict and state == "DRAFT" else state
