"""report --evidence: gather what is proved about the postmortems of a time, and write it to a folder."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pmctl.cli.metrics import Asked
from pmctl.git import SETTINGS_FILE
from pmctl.output.evidence import Control, Evidence, Line

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.insight.metrics_facts import Measured

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


def write_evidence(
    session: Session, asked: Asked, output: Path | None, wanted: Sequence[str], incidents: Sequence[str]
) -> None:  # fmt: skip
    """Write the folder. Raises UsageProblem when it is there already, or a control is not known; ends with 2, and
    writes nothing, when the history is not all there."""
    from pmctl.cli.exporting import write_file
    from pmctl.errors import UsageProblem
    from pmctl.output.evidence import folder

    chosen = _chosen(wanted)
    if output is None or output.exists():
        what = f"{output} is there already" if output is not None else "say which folder to write"
        raise UsageProblem(what, hint="-o FOLDER, one that is not there yet")
    session.end_if_incomplete(asked.facts.incomplete)
    found = _gathered(session, asked, incidents)
    for path, data in folder(found, chosen).items():
        file = output / path
        file.parent.mkdir(parents=True, exist_ok=True)
        write_file(file, data)
    session.note(f"wrote {output}: {output / 'README.md'} says how to check it, and what is not proved")


def _chosen(wanted: Sequence[str]) -> list[Control]:
    from pmctl.cli.options import choose_known
    from pmctl.output.evidence import controls

    known = controls()
    choose_known("--control", wanted, [one["id"] for one in known])
    named = {one.casefold() for one in wanted}
    return [one for one in known if not named or one["id"].casefold() in named]


def _gathered(session: Session, asked: Asked, names: Sequence[str]) -> Evidence:
    """Everything about the postmortems whose incident, or publication, lies in the time."""
    from pmctl.insight.evidence import gathered
    from pmctl.insight.metrics_incidents import required, triaged
    from pmctl.insight.metrics_observations import midnight

    since = str(asked.query.since or "0001-01-01")
    until = str(asked.query.until or asked.query.on)
    ids = frozenset(one.id for one in asked.facts.postmortems if _is_in(one, since, until, asked))
    found = gathered(session.repo, asked.facts, ids)
    lines = [Line(*one) for one in found.lines]
    digest = ""
    if names:
        from pmctl.cli.writing import record_files
        from pmctl.services.registry import read_incidents

        files = record_files(session, list(names))
        end = datetime.fromtimestamp(midnight(asked.query.on + timedelta(days=1), asked.zone) - 1, UTC)
        read = read_incidents(files, now=end, whole=True, lacking=session.warn)
        digest = required(session.repo, asked.facts, read, files, end).digest
        copies = {f"incidents/{at}-{_NOT_PLAIN.sub('-', Path(name).name)}": data
                  for at, (name, data) in enumerate(files, 1)}  # fmt: skip
        rules = f"git ls-tree {asked.facts.as_of} -- {shlex.quote(session.repo.prefix + SETTINGS_FILE)}"
        sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\\n" for name, data in copies.items())
        check = f"{rules} && printf '{sums}' | sha256sum -c -"
        found.copies.update(copies)
        for answer in triaged(session.repo, asked.facts, read, end):
            at = answer.incident.resolved_at or answer.incident.started_at
            day = at.astimezone(asked.zone).date().isoformat() if at is not None else ""
            if since <= day <= until:
                why = "; ".join(f"{one.rule}: {one.because}" for one in answer.reasons) or "no rule applies"
                subject = f"{answer.incident.source}:{answer.incident.id}"
                lines.append(Line("triage", answer.postmortem, subject, why, "", day, answer.verdict.value,
                                  asked.facts.as_of, SETTINGS_FILE, "", check))  # fmt: skip
    return Evidence(
        asked.facts.as_of, found.root, since, until, asked.facts.policy, found.namespace, session.repo.prefix, digest,
        tuple(lines), found.copies, found.signers, found.violations,
    )  # fmt: skip


def _is_in(one: Measured, since: str, until: str, asked: Asked) -> bool:
    published = ""
    if one.published is not None:
        published = datetime.fromtimestamp(one.published, asked.zone).date().isoformat()
    return since <= one.day <= until or since <= published <= until
