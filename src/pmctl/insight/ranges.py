"""Ranges of history, and which postmortems one is about.

"A..B" -> the ids of those whose files, or what lies beside them, differ between the two commits.
"""

from __future__ import annotations

from pmctl import git
from pmctl.document import beside
from pmctl.document.fields import is_id
from pmctl.errors import UsageProblem
from pmctl.ledger import record
from pmctl.ledger.paths import belongs_to


def ends_of(reach: str) -> tuple[str, str]:
    """The two revisions of a range "A..B", of which the second is HEAD where it is left out.

    Raises UsageProblem for what is no range.
    """
    base, dots, tip = reach.partition("..")
    if not dots or not base or tip.startswith("."):
        raise UsageProblem(f"--range {reach}: not a range", hint="write it as BASE..TIP, for example v1..HEAD")
    return base, tip or "HEAD"


def changed_postmortems(repo: git.Repository, reach: str) -> tuple[str, ...]:
    """The ids of the postmortems of which a range "A..B" changes text, attachments, records, comments or imports.

    One that it deletes is among them. Raises UsageProblem for what is no range, EnvironmentProblem for a commit that is
    not there.
    """
    base, tip = (git.resolve(repo.top, end) for end in ends_of(reach))
    words = ("--literal-pathspecs", "diff-tree", "-r", "-z", "--name-only", "--no-renames", base, tip, "--")
    listed = git.run(repo.top, *words, repo.prefix or ".").stdout.decode(errors="surrogateescape").split("\0")
    return tuple(sorted({_owner(path.removeprefix(repo.prefix)) for path in listed if path} - {""}))


def _owner(path: str) -> str:
    """The postmortem that a path below the pmctl root is about, "" for none."""
    if doc := belongs_to(path)[0]:
        return doc
    parts = record.parse_path(path)
    if parts is not None:
        return parts.doc if is_id(parts.doc) else ""
    owned = beside.owner_of(path)
    return owned.doc if owned is not None else ""
