"""Which incidents of a file require a postmortem, judged as the commit has it. (commit, facts, incidents) -> Incidents.

The triggers, the dismissals and the postmortems that exist are those of the commit, the moment is the end of the day
that was asked for: so the answer is the same on every day and every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from pmctl import git
from pmctl.insight.dismissals import dismissals
from pmctl.insight.metrics import Incidents
from pmctl.insight.metrics_facts import Facts, Measured
from pmctl.insight.metrics_observations import Needed
from pmctl.insight.summary import Summary
from pmctl.insight.triage import Triage, triage
from pmctl.insight.triggers import trigger_settings
from pmctl.ledger.snapshot import Snapshots
from pmctl.repository.settings import load_settings
from pmctl.services.incident import Incident
from pmctl.text import utc


def required(
    repo: git.Repository, facts: Facts, incidents: Sequence[Incident], files: Sequence[tuple[str, bytes]], now: datetime
) -> Incidents:
    """The incidents that require a postmortem; `now` is the end of the day that was asked for."""
    answers = triaged(repo, facts, incidents, now)
    needed = tuple(
        Needed(
            f"{one.incident.source}:{one.incident.id}", _resolved(one, now), bool(one.postmortem),
            tuple(one.incident.teams), tuple(one.incident.services), one.incident.severity,
        )
        for one in answers
        if one.needed
    )  # fmt: skip
    digest = hashlib.sha256()
    for data in sorted(data for _, data in files):
        digest.update(hashlib.sha256(data).digest())
    return Incidents(digest.hexdigest(), len(incidents), needed)


def triaged(repo: git.Repository, facts: Facts, incidents: Sequence[Incident], now: datetime) -> tuple[Triage, ...]:
    """What the triage rules of the commit say of each incident that was over by then."""
    source = Snapshots(repo)
    with source.reader:
        snapshot = source.at(facts.as_of)
        settings, _ = trigger_settings(
            load_settings(snapshot.regular_file(git.SETTINGS_FILE) or b"")[0].blocks.get("triggers")
        )
        dismissed, _ = dismissals(snapshot)
    history = [_summary(one) for one in facts.postmortems]
    ended = [one for one in incidents if one.resolved and (one.resolved_at is None or one.resolved_at <= now)]
    return tuple(triage(one, settings, history, now=now, dismissed=dismissed) for one in ended)


def _resolved(answer: Triage, now: datetime) -> int:
    at = answer.incident.resolved_at or answer.incident.started_at or now
    return int(at.timestamp())


def _summary(one: Measured) -> Summary:
    """What the triggers ask of a postmortem."""
    started = utc(datetime.fromtimestamp(one.started, UTC)) if one.started is not None else ""
    path = f"postmortems/{one.id[:4]}/{one.id}.md"
    return Summary(
        path, one.id, one.title, one.status, severity=one.severity, started_at=started, teams=one.teams,
        services=one.services, root_causes=one.root_causes, incidents=one.incidents,
    )  # fmt: skip
