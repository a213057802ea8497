"""A folder for auditors: what happened, by whom it was signed, and the command that checks each line again.

Values -> files by path. It holds copies of the postmortems, of the signed records with their signatures, and of the
keys that the policy names, so that ssh-keygen alone verifies every signature; git verifies where each came from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

from pmctl.output.rows import to_csv
from pmctl.text import plural

COLUMNS = ("kind", "postmortem", "subject", "what", "who", "at", "verdict", "commit", "path", "digest", "check")


class Control(TypedDict):
    """One control of a standard, in our words: which kinds of lines speak to it, and what none of them proves."""

    id: str
    about: str
    lines: list[str]
    not_proved: str


class Line(NamedTuple):
    """One statement. `kind` is triage, postmortem, record, item or exception; `check` the command that checks it."""

    kind: str
    postmortem: str
    subject: str
    what: str
    who: str
    at: str
    verdict: str
    commit: str
    path: str
    digest: str
    check: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What goes into the folder: lines, copies of files by path, the keys of people, and what it all rests on."""

    as_of: str
    trust_root: str
    since: str
    until: str
    policy_version: int
    namespace: str
    prefix: str
    incidents: str
    lines: Sequence[Line]
    copies: Mapping[str, bytes]
    signers: Sequence[tuple[str, str]]
    violations: int


def controls() -> list[Control]:
    """The controls that are known, from a data file."""
    from importlib.resources import files

    found: list[Control] = json.loads(files("pmctl.output").joinpath("controls.json").read_text(encoding="utf-8"))
    return found


def folder(found: Evidence, chosen: Sequence[Control]) -> dict[str, bytes]:
    """The files of the folder by path; the same evidence gives the same bytes."""
    kinds = {kind for control in chosen for kind in control["lines"]}
    lines = [one for one in found.lines if one.kind in kinds]
    rows = [
        {"control": one["id"], "about": one["about"], "lines": sum(line.kind in one["lines"] for line in lines),
         "kinds": one["lines"], "not_proved": one["not_proved"]}
        for one in chosen
    ]  # fmt: skip
    signers = [f'{name} namespaces="{found.namespace}" {key}\n' for name, key in found.signers]
    files = {
        "README.md": _readme(found, chosen, lines).encode(),
        "lines.csv": to_csv(COLUMNS, [one._asdict() for one in lines]).encode(),
        "controls.csv": to_csv(("control", "about", "lines", "kinds", "not_proved"), rows).encode(),
        "allowed_signers": "".join(signers).encode(),
    }
    return files | dict(found.copies)


def _readme(found: Evidence, chosen: Sequence[Control], lines: Sequence[Line]) -> str:
    violations = (
        f"**{plural(found.violations, 'violation')} stand in this time that nobody has accepted**: the lines with the"
        " verdict violation."
        if found.violations
        else "The audit found no violation in this time that nobody has accepted."
    )
    told = [
        "# Evidence", "",
        f"From {found.since} to {found.until}, as of commit `{found.as_of}`, policy {found.policy_version}, first"
        f" policy `{found.trust_root}`; {plural(len(lines), 'line')}.", "", violations, "", "## How to check it", "",
        "1. Take a clone from where you trust it, and compare the commit: `git rev-parse HEAD`.",
        "2. `pmctl audit` in it judges the whole history again: signatures, approvals, states.",
        "3. Without pmctl: each line of lines.csv names a commit, a path and a digest, and has a command."
        " They run in this folder, those with `git` after `export GIT_DIR=/where/the/clone/is/.git`.",
        f"4. The keys in allowed_signers are those of `{found.prefix}.pmctl/policy.yaml` at that commit; retired"
        " ones are among them, since they signed before.", "",
    ]  # fmt: skip
    if found.incidents:
        told += [f"The incident files that were judged have the SHA-256 `{found.incidents}`.", ""]
    else:
        told += ["No incident records were given: nothing here says which incidents required a postmortem.", ""]
    told += ["## What is not proved", ""]
    told += [f"- {one['id']}: {one['not_proved']}" for one in chosen]
    told += [
        "- Times in records and commits are what their authors claim; the order in which they landed is proved.",
        "- Items are changed by commits, and who did that is what commits say, unless they are signed.",
        "- That a signature is a person's rests on the policy: who added a key signed for it.",
    ]
    return "\n".join(told) + "\n"
