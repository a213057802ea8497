"""What Python programs build on: open a repository and ask it what the command line is asked.

Every name here follows semantic versioning; nothing else of the package does. Answers are values, the same that
`--format json` prints. What is wrong is a `PmctlError` with a message, details and a hint. Nothing here writes to the
repository or asks a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pmctl.errors import BadInput, EnvironmentProblem, NotFound, PmctlError, Refused, UsageProblem

if TYPE_CHECKING:
    from pmctl.document.finding import Finding
    from pmctl.document.model import Postmortem
    from pmctl.insight.events import Events
    from pmctl.insight.history import PostmortemHistory
    from pmctl.insight.metrics import Metrics
    from pmctl.insight.similar import AlikeAnswer
    from pmctl.insight.status_report import StatusReport
    from pmctl.insight.summary import Summary
    from pmctl.ledger.report import Report
    from pmctl.repository.workspace import Workspace

__all__ = [
    "BadInput", "EnvironmentProblem", "NotFound", "PmctlError", "Refused", "Repository", "UsageProblem",
]  # fmt: skip


class Repository:
    """A git repository with postmortems, or the folder of one that holds them.

    Raises EnvironmentProblem when `path` lies in none. An object reads the repository at the moment of each question;
    `name` is an id, or any part of one that only one postmortem has.
    """

    def __init__(self, path: str | Path = ".") -> None:
        from pmctl import git

        self._repo = git.discover(Path(path))

    @property
    def path(self) -> Path:
        """The folder that holds `postmortems/`."""
        return self._repo.root

    @property
    def _workspace(self) -> Workspace:
        from pmctl.repository.workspace import Workspace

        return Workspace(self._repo)

    def find(self, part: str) -> str:
        """The id that a part of it means. Raises NotFound with the nearest, or with all that it could mean."""
        return self._workspace.find(part)

    def postmortems(
        self,
        *,
        status: Iterable[str] = (),
        author: Iterable[str] = (),
        service: Iterable[str] = (),
        team: Iterable[str] = (),
        severity: Iterable[str] = (),
        tag: Iterable[str] = (),
        since: date | None = None,
        until: date | None = None,
    ) -> list[Summary]:
        """The postmortems of the work tree, newest incident first, in the state that signed records prove.

        Of each filter any value may hold, and all filters must; days are those of the incident. One that cannot be
        read is in the answer, too, when nothing is filtered: its `problem` says why.
        """
        from pmctl.insight.catalog import proved_catalog
        from pmctl.insight.search import Query

        query = Query(
            status=tuple(status), author=tuple(author), service=tuple(service), team=tuple(team),
            severity=tuple(severity), tag=tuple(tag), since=since, until=until, mine="",
        )  # fmt: skip
        return [one for one in proved_catalog(self._workspace) if query.fits(one)]

    def read(self, name: str, *, at: str = "") -> Postmortem:
        """One postmortem whole: of the work tree, or of the commit `at`. State, author and reviewers are those proved.

        Raises NotFound, and BadInput with every reason for one that cannot be read.
        """
        from pmctl import git
        from pmctl.document.fields import is_id
        from pmctl.document.model import to_model
        from pmctl.insight.standing import shown

        workspace = self._workspace
        if not at:
            name = workspace.find(name)
            return to_model(shown(workspace.head, workspace.read(name), name).document)
        revision = git.resolve(self._repo.top, at)
        if not is_id(name):
            name = workspace.find(name)
        return to_model(shown(workspace.at(revision), workspace.read_at(name, revision), name).document)

    def status(self, name: str, *, on: date | None = None) -> StatusReport:
        """Where one postmortem stands, what keeps it from the next step, and whose turn it is."""
        from pmctl.insight.status_report import status_report

        workspace = self._workspace
        return status_report(workspace, workspace.find(name), on or datetime.now(workspace.zone).date())

    def history(self, name: str) -> PostmortemHistory:
        """Who did what when to one postmortem, with the verdict on every step."""
        from pmctl.insight.history import history

        return history(self._repo, self._workspace.find(name))

    def validate(self, *what: str | Path, strict: bool = False, now: datetime | None = None) -> tuple[Finding, ...]:
        """The findings about these ids, files or folders, about everything when none is named.

        `strict` judges drafts as submitted. Raises UsageProblem for what does not exist.
        """
        from pmctl.insight.validation import Selection, validations

        selection = Selection(tuple(map(str, what)), strict=strict, now=now or datetime.now(UTC))
        return tuple(finding for run in validations(self.path, selection) for finding in run.findings)

    def audit(self, *, root: str = "", at: str = "HEAD") -> Report:
        """Re-check the whole history up to a commit. `root` is the trust root that it has to begin with, if known.

        Nothing is remembered and nothing that was remembered is asked: the same history gives the same report.
        """
        from pmctl import git
        from pmctl.ledger.audit import audit

        return audit(self._repo, tip=git.resolve(self._repo.top, at), root=root or None, seen=())

    def events(self, *, at: str = "HEAD") -> Events:
        """What happened up to a commit, in the order in which it landed."""
        from pmctl.insight.events import events

        return events(self._repo, at)

    def metrics(
        self,
        *,
        on: date | None = None,
        since: date | None = None,
        until: date | None = None,
        period: str = "",
        by: str = "",
        at: str = "HEAD",
    ) -> Metrics:
        """The numbers, a pure function of the commit and the day `on` (default: today, where the team is).

        `period` is week, month or quarter, `by` team, service, severity, owner or cause; UsageProblem otherwise.
        """
        from zoneinfo import ZoneInfo

        from pmctl.insight.metrics import GROUPS, PERIODS, MetricsQuery, metrics
        from pmctl.insight.metrics_reading import facts

        for name, value, known in (("period", period, PERIODS), ("by", by, GROUPS)):
            if value and value not in known:
                raise UsageProblem(f"{name} {value!r} is none of {', '.join(known)}")
        found = facts(self._repo, at)
        zone = ZoneInfo(found.time_zone)
        query = MetricsQuery(on or datetime.now(zone).date(), since, until, period, by)
        return metrics(found, query, zone)

    def similar(self, name: str, *, most: int = 5) -> AlikeAnswer:
        """The postmortems that are most like one, with the terms that they share."""
        from pmctl.document.fields import path_of
        from pmctl.insight.similar import similar, terms_of

        workspace = self._workspace
        name = workspace.find(name)
        return similar(
            self._repo, terms_of(workspace.read(name).data, path_of(name)), name=name, without=name, most=most
        )
