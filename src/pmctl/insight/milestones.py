"""When each postmortem was begun, submitted, approved and published according to history: the basis of targets.

commits -> files that they add -> dates per postmortem

A postmortem is begun by the commit that adds its file; every other date is that of the commit that adds the record of
the act. Dates are the authors' claims, good enough for a reminder; whether an act was allowed is the audit's business.
What a commit adds never changes, so the dates are cached under the git directory with the commit they were read at,
and only newer commits are read the next time. The file can be deleted at any time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import NoReturn

from pmctl import git
from pmctl.document.fields import id_of
from pmctl.errors import EnvironmentProblem
from pmctl.files import make_folder, read_object, write_atomic
from pmctl.policy import act as acts
from pmctl.repository.workspace import POSTMORTEMS
from pmctl.rules.context import History

_STORE = "milestones-v1.json"
_RECORDS = ".pmctl/records"
_ACTS = {name: acts.ACTS[name].past for name in (acts.SUBMIT, acts.APPROVE, acts.PUBLISH)}
_Dates = dict[str, dict[str, int]]
"""Seconds since 1970 by postmortem and milestone."""


def milestones(repo: git.Repository, head: str = "") -> Callable[[], Mapping[str, History]]:
    """Begin to read the dates of every postmortem that the history knows; calling the result gives them, by id.

    None before the first commit. `head` is the commit at HEAD where that is known. git reads while its caller does
    other things. The result raises EnvironmentProblem when git fails, or in a shallow clone, where every file seems to
    be added by the oldest commit.
    """
    if why := git.is_shallow_or_partial(repo.common_dir):
        return partial(_refuse, EnvironmentProblem(f"this is a {why}"))
    head = head or git.tip(repo)
    if not head:
        return dict
    known, dates = _load(repo)
    if known == head:
        return partial(_histories, dates)
    since: tuple[str, ...] = ()
    if known and git.run(repo.top, "merge-base", "--is-ancestor", known, head, check=False).code == 0:
        since = (f"^{known}",)
    else:
        dates = {}
    folders = [f":(literal){repo.prefix}{folder}" for folder in (POSTMORTEMS, _RECORDS)]
    listed = git.begin(
        repo.top, "log", "--format=%x00%at", "--name-only", "--diff-filter=A", "--no-renames",
        "--diff-merges=first-parent", head, *since, "--", *folders,
    )  # fmt: skip

    def finish() -> Mapping[str, History]:
        for when, path in _added(listed().text):
            _note(dates, path.removeprefix(repo.prefix), when)
        _save(repo, head, dates)
        return _histories(dates)

    return finish


def _refuse(problem: EnvironmentProblem) -> NoReturn:
    raise problem


def _histories(dates: _Dates) -> Mapping[str, History]:
    return {name: _history(found) for name, found in dates.items()}


def _added(listed: str) -> Iterator[tuple[int, str]]:
    """(seconds since 1970, path) of every file that a commit adds."""
    for commit in listed.split("\0")[1:]:
        when, _, paths = commit.partition("\n")
        with suppress(ValueError):
            at = int(when)
            yield from ((at, path) for path in paths.split("\n") if path)


def _note(dates: _Dates, path: str, when: int) -> None:
    """Note the date that the path stands for: the earliest one counts, of approvals the latest."""
    name, what = id_of(path), "created"
    if path.startswith(_RECORDS):
        from pmctl.ledger.record import parse_path

        parts = parse_path(path)
        name, what = (parts.doc, _ACTS.get(parts.act, "")) if parts is not None else (None, "")
    if name and what:
        found = dates.setdefault(name, {})
        found[what] = (max if what == "approved" else min)(when, found.get(what, when))


def _history(dates: Mapping[str, int]) -> History:
    moments = {}
    for name, when in dates.items():
        with suppress(ValueError, OverflowError, OSError):
            moments[name] = datetime.fromtimestamp(when, UTC)
    return History(**moments)


def _load(repo: git.Repository) -> tuple[str, _Dates]:
    """The commit up to which dates are known, and the dates; "" and none when the file is not there or damaged."""
    try:
        known = read_object(repo.state_dir / _STORE)[repo.prefix]
        names = ("created", "submitted", "approved", "published")
        dates = {
            str(doc): {name: int(when) for name, when in found.items() if name in names}
            for doc, found in known["dates"].items()
        }
        commit = str(known["commit"])
        return (commit, dates) if commit.isalnum() else ("", {})
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return "", {}


def _save(repo: git.Repository, head: str, dates: _Dates) -> None:
    """Keep the dates, beside those of the repository's other roots; a read-only git directory keeps nothing."""
    store = repo.state_dir / _STORE
    content = {**read_object(store), repo.prefix: {"commit": head, "dates": dates}}
    with suppress(OSError):
        make_folder(store.parent, repo.common_dir)
        write_atomic(store, json.dumps(content).encode())
