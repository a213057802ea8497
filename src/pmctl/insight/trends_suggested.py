"""Root causes for postmortems that have none: those of the ones most like them. (repository, facts) -> function."""

from __future__ import annotations

from collections.abc import Callable

from pmctl import git
from pmctl.document.fields import path_of
from pmctl.insight.metrics_facts import Facts
from pmctl.insight.similar import similar, terms_of
from pmctl.insight.trends import Suggestion
from pmctl.ledger.snapshot import Snapshots

_MOST = 20  # postmortems that are looked at: the newest, which somebody still remembers
_CAUSES = 2


def suggested(repo: git.Repository, facts: Facts) -> Callable[[str], Suggestion | None]:
    """A function from an id to what is suggested for it; None where nothing like it has a cause, and for all but the
    newest without one."""
    causes = {one.id: one.root_causes for one in facts.postmortems}
    newest = [one.id for one in facts.postmortems if not one.root_causes][-_MOST:]

    def suggest(name: str) -> Suggestion | None:
        if name not in newest:
            return None
        source = Snapshots(repo)
        with source.reader:
            data = source.at(facts.as_of).regular_file(path_of(name))
        if data is None:
            return None
        found = similar(repo, terms_of(data, path_of(name)), without=name, readable=_having(causes)).similar
        votes: dict[str, float] = {}
        for one in found:
            for cause in causes[one.id]:
                votes[cause] = votes.get(cause, 0) + one.score
        best = sorted(votes, key=lambda cause: (-round(votes[cause], 3), cause))[:_CAUSES]
        like = tuple(one.id for one in found if set(causes[one.id]) & set(best))
        return Suggestion(name, tuple(best), like) if best else None

    return suggest


def _having(causes: dict[str, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(name for name, named in causes.items() if named)
