"""Which files are checked, and against what: paths or ids, in the work tree or the index -> the findings of each.

Works without a repository too (a single file, the default rules), so that an editor or a hook can check any file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pmctl import git
from pmctl.document.beside import Beside, folder_of
from pmctl.document.fields import id_of
from pmctl.document.finding import Finding, Severity
from pmctl.document.templates import BUILTIN_NAMES, builtin_source
from pmctl.errors import EnvironmentProblem
from pmctl.insight.roots import Files, every_root, everything, is_below, is_path, named
from pmctl.insight.template_use import template_changes
from pmctl.policy.model import POLICY_PATH
from pmctl.processes import Progress
from pmctl.repository.settings import load_settings
from pmctl.repository.workspace import POSTMORTEMS, TEMPLATES, Workspace, template_files
from pmctl.rules.bulk import Checked, Item, check_many
from pmctl.rules.cache import open_cache
from pmctl.rules.context import Context, History, PeopleView
from pmctl.rules.settings import RuleSettings
from pmctl.rules.settings_reading import code_list, parse_rule_settings

if TYPE_CHECKING:
    from pmctl.document.template import Template
    from pmctl.policy.model import Policy

_ENOUGH_FOR_A_CACHE = 20
"""From so many documents on, keeping earlier results pays; a commit rarely changes as many."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What to check, and how. `author` is the e-mail address of whom git commits what is staged for, '' if not told;
    `reach` a range A..B whose merges are looked at, '' for the one at HEAD."""

    what: tuple[str, ...] = ()
    staged: bool = False
    strict: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    author: str = ""
    reach: str = ""


@dataclass(frozen=True)
class Validation:
    """The files that were checked, the context that they were checked in, and the findings.

    `general` are findings about settings and templates; `prefix` is the root's place in the git repository
    ("" or "sub/"), `shown` its place as seen from the folder that pmctl was started in ("" inside of it); `sources`
    holds the bytes of every file by path; `notes` say what could not be checked.
    """

    root: Path
    context: Context
    items: tuple[Item, ...]
    checked: tuple[Checked, ...]
    general: tuple[Finding, ...] = ()
    prefix: str = ""
    shown: str = ""
    sources: Mapping[str, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, those about the settings first, then file by file."""
        return (*self.general, *(finding for one in self.checked for finding in one.findings))

    @property
    def failed(self) -> bool:
        """Whether any of them is an error."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


def validations(directory: Path, selection: Selection, progress: Progress | None = None) -> tuple[Validation, ...]:
    """Check what `selection` names, seen from `directory`: one result for each pmctl root that is concerned.

    A file is judged by the root that it lies in, outside of every root by the one around `directory`, or by the
    default rules. When nothing is named it is everything below postmortems/ of the root around `directory`, or of
    every root of the repository when there is none around it. `progress` is told how far it is.

    Raises NotFound for an id that fits nothing or several, UsageProblem for unknown codes, and
    EnvironmentProblem when neither a repository nor a file is there.
    """
    start = os.path.realpath(directory)
    here: git.Repository | None = None
    every: list[git.Repository] = []
    try:
        here = git.discover(directory)
    except EnvironmentProblem:
        if not directory.is_dir():
            raise
        if selection.staged or not selection.what:
            every = every_root(directory)
            if not every:
                raise
    if selection.staged:
        from pmctl.insight.staged_documents import staged

        found = staged(here or every[0], within=here is not None)
        return tuple(_of_staged(repo, items, start, selection, files) for repo, items, files in found)
    if selection.what:
        timed = not any(is_path(start, word) for word in selection.what)
        return tuple(
            _of_named(repo._replace(progress=progress), items, start, selection, timed=timed)
            if repo
            else _without_repository(items, start, selection)
            for repo, items in named(here, start, selection.what).items()
        )
    whole = every if here is None else [here]
    return tuple(_of_whole_root(repo._replace(progress=progress), start, selection) for repo in whole)


def _of_whole_root(repo: git.Repository, start: str, selection: Selection) -> Validation:
    from pmctl.insight.by_hand import policy_findings
    from pmctl.insight.files_beside import findings_beside
    from pmctl.insight.host_merges import host_merge_findings
    from pmctl.insight.managed_paths import held_paths
    from pmctl.insight.message_files import message_findings

    history = _history(repo)  # git reads it while the files are read here
    run = _of_root(repo, everything(repo), start, selection, history=history, whole=True)
    beside = (*held_paths(repo), *host_merge_findings(repo, selection.reach), *message_findings(repo, run.context))
    beside = (*beside, *findings_beside(Workspace(repo)))
    return replace(run, general=(*policy_findings(Workspace(repo)), *run.general, *beside))


def _of_named(repo: git.Repository, items: list[Item], start: str, selection: Selection, *, timed: bool) -> Validation:
    """Files or ids that were named; with `timed` they are held against the history."""
    from pmctl.insight.by_hand import policy_findings, statuses_by_hand
    from pmctl.insight.files_beside import findings_beside
    from pmctl.insight.message_files import message_findings

    run = _of_root(repo, items, start, selection, history=_history(repo) if timed else None)
    workspace = Workspace(repo)
    policy = policy_findings(workspace) if any(item.path == POLICY_PATH for item in items) else ()
    selected = [item for item in run.items if run.context.settings.selection(item.path)("AU301")]
    messages = [item.path for item in items if _is_message(item.path)]
    said = tuple(message_findings(repo, run.context, messages)) if messages else ()
    others = [item.path for item in items if _lies_beside(item.path)]
    said += tuple(findings_beside(workspace, others)) if others else ()
    return replace(run, general=(*policy, *run.general, *statuses_by_hand(workspace, selected), *said))


def _of_staged(repo: git.Repository, items: list[Item], start: str, selection: Selection, files: Files) -> Validation:
    """What is staged, with what the audit would say of a commit of it."""
    from pmctl.insight.pre_commit import advice

    run = _of_root(repo, items, start, selection, files)
    return replace(run, general=(*run.general, *advice(repo, selection.author)))


def _history(repo: git.Repository) -> Callable[[], Mapping[str, History]]:
    from pmctl.insight.milestones import milestones

    return milestones(repo)


def _of_root(
    repo: git.Repository,
    items: list[Item],
    start: str,
    selection: Selection,
    files: Files | None = None,
    *,
    history: Callable[[], Mapping[str, History]] | None = None,
    whole: bool = False,
) -> Validation:
    """The result for one root, of which `items` are the `whole` or a part.

    Targets are held against its `history`, by id, if that is given.
    """
    items, notes = _judged(items)
    if history is not None:
        items, more = _with_history(history, items, selection.now)
        notes = (*notes, *more)
    workspace = Workspace(repo)
    context, general = context_of(workspace, selection, files)
    templates = files.templates if files is not None else template_files(repo.root)[0]
    if files is not None or history is not None or not all(_is_shipped(path, data) for path, data in templates.items()):
        general = (*general, *template_changes(workspace, templates))
    if not whole and any(item.data is not None and b"\nincidents:" in item.data for item in items):
        context = context._replace(incidents=_linked_elsewhere(workspace, items))
    cache = open_cache(repo.common_dir, context) if len(items) >= _ENOUGH_FOR_A_CACHE else None
    checked = check_many(items, context, cache=cache, progress=repo.progress)
    root = os.fspath(repo.root)
    shown = "" if is_below(start, root) else Path(os.path.relpath(root, start)).as_posix() + "/"
    return Validation(
        repo.root, context, tuple(items), tuple(checked), general, repo.prefix, shown, _sources(items), notes
    )


def _judged(items: list[Item]) -> tuple[list[Item], tuple[str, ...]]:
    """The items, those that are no postmortems without their content, and what was not checked at all.

    Settings, templates and the policy are checked with every root that they belong to, messages on their own.
    """
    found, notes = [], []
    for item in items:
        if item.path in (git.SETTINGS_FILE, POLICY_PATH) or item.path.startswith(TEMPLATES + "/"):
            found.append(item._replace(data=None))
        elif _is_message(item.path) or _lies_beside(item.path):
            found.append(item._replace(data=None, finding=None))
        elif item.path.startswith(".pmctl/"):
            notes.append(f"{item.path} is no postmortem and was not checked; pmctl policy verify and pmctl audit do")
        else:
            found.append(item)
    return found, tuple(notes)


def _is_message(path: str) -> bool:
    return path.startswith(folder_of(Beside.COMMENTS) + "/")


def _lies_beside(path: str) -> bool:
    kinds = (Beside.TICKETS, Beside.MEETINGS, Beside.PUBLIC)
    return path.startswith(tuple(folder_of(kind) + "/" for kind in kinds))


def _linked_elsewhere(workspace: Workspace, items: Iterable[Item]) -> dict[str, tuple[str, ...]]:
    """The paths of the postmortems of the work tree that are not checked, by the incidents that they link."""
    from pmctl.document.incidents import incident_name
    from pmctl.insight.catalog import catalog

    checked = {item.path for item in items}
    found: dict[str, tuple[str, ...]] = {}
    for summary in catalog(workspace):
        for name in {incident_name(*pair) for pair in summary.incidents if summary.path not in checked} - {""}:
            found[name] = (*found.get(name, ()), summary.path)
    return found


def _with_history(
    history: Callable[[], Mapping[str, History]], items: list[Item], now: datetime
) -> tuple[list[Item], tuple[str, ...]]:
    """The items with the dates that targets are held against, and why that could not be done.

    Only those that are under way: what is done is a figure, not a reminder. Hooks name files or read the index, and are
    spared: they are about the change at hand.
    """
    try:
        known = history()
    except EnvironmentProblem as problem:
        return items, (f"targets (PM95) are not compared with the history: {problem.message}",)
    new = History(created=_start_of_day(now))
    found = []
    for item in items:
        stem = item.path[item.path.rfind("/") + 1 : -len(".md")]
        if stem in known and item.path == f"{POSTMORTEMS}/{stem[:4]}/{stem}.md":
            dates: History | None = known[stem]
        else:
            dates = new if id_of(item.path) else None
        asked = dates is not None and item.data is not None and dates.published is None
        found.append(item._replace(history=dates) if asked else item)
    return found, ()


def _start_of_day(now: datetime) -> datetime:
    """The beginning of a day in UTC: results that rest on the present hold for a day."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _without_repository(items: list[Item], start: str, selection: Selection) -> Validation:
    context = context_alone(selection)
    checked = tuple(check_many(items, context))
    return Validation(Path(start), context, tuple(items), checked, sources=_sources(items))


def _sources(items: list[Item]) -> dict[str, bytes]:
    return {item.path: item.data for item in items if item.data is not None}


def context_alone(selection: Selection) -> Context:
    """What a document outside every repository is judged by: the default rules.

    Raises UsageProblem for unknown codes.
    """
    settings = _narrowed(RuleSettings(), selection)
    return Context(
        settings=settings, strict=selection.strict, now=selection.now, today=selection.now.date(), own_templates=()
    )


def context_of(
    workspace: Workspace, selection: Selection, files: Files | None = None, *, policy: Policy | None = None
) -> tuple[Context, tuple[Finding, ...]]:
    """What the documents of a repository are judged by, and what is wrong with its settings and templates.

    The one place that puts settings, templates and people together: for the command line, hooks and editors.
    Settings and templates are those of `files`, by default of the work tree; people those of `policy`, by default of
    HEAD. Raises UsageProblem for unknown codes.
    """
    root = workspace.repo.root
    if files is None:
        settings, general = workspace.settings_and_findings()
        own, unreadable = template_files(root)
        general = (*general, *unreadable)
        files = Files(b"", own, lambda path: (root / path).exists())
    else:
        settings, general = load_settings(files.settings, git.SETTINGS_FILE)
    rules, findings = parse_rule_settings(settings.blocks.get("rules"), git.SETTINGS_FILE)
    problems = [*general, *findings]
    if "triggers" in settings.blocks:
        from pmctl.insight.triggers import trigger_settings

        problems += trigger_settings(settings.blocks["triggers"], git.SETTINGS_FILE)[1]
    if "tickets" in settings.blocks:
        from pmctl.services.ticket_settings import ticket_settings

        problems += ticket_settings(settings.blocks["tickets"], git.SETTINGS_FILE)[1]
    if "meetings" in settings.blocks:
        from pmctl.insight.meeting_settings import meeting_settings

        problems += meeting_settings(settings.blocks["meetings"], git.SETTINGS_FILE)[1]
    if "notify" in settings.blocks:
        from pmctl.insight.notify_settings import notify_settings

        problems += notify_settings(settings.blocks["notify"], git.SETTINGS_FILE)[1]
    templates: tuple[Template, ...] = ()
    changed = {path: data for path, data in files.templates.items() if not _is_shipped(path, data)}
    if changed:
        from pmctl.document.template_library import parse_templates

        templates, wrong = parse_templates(changed)
        problems += wrong
    # Before `pmctl init` has been committed nobody is known; names then are not checked.
    policy = policy or workspace.known_people()
    people = PeopleView.of(policy.people, policy.teams) if policy is not None else None
    context = Context(
        settings=_narrowed(rules, selection),
        people=people,
        exists=files.exists,
        severities=settings.severities,
        item_targets=settings.item_targets,
        causes=settings.root_causes,
        today=selection.now.date(),
        now=_start_of_day(selection.now),
        strict=selection.strict,
        own_templates=templates,
    )
    return context, tuple(problems)


def _is_shipped(path: str, data: bytes) -> bool:
    """Whether a template is the copy that `pmctl init` wrote, and nobody changed: what there would be without it."""
    name = path.rpartition("/")[2].removesuffix(".md")
    return name in BUILTIN_NAMES and data == builtin_source(name)


def _narrowed(rules: RuleSettings, selection: Selection) -> RuleSettings:
    if selection.select:
        rules = replace(rules, select=_codes(selection.select, "--select"))
    if selection.ignore:
        rules = replace(rules, ignore=(*rules.ignore, *_codes(selection.ignore, "--ignore")))
    return rules


def _codes(words: tuple[str, ...], option: str) -> tuple[str, ...]:
    return code_list(words, option=option)
