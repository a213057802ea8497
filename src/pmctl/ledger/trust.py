"""What this user saw of each repository before: its root, the last tip audited, the policy version.

Like ssh's known hosts: the first sight is remembered and said; afterwards a different root, a rollback and
a rewritten history are reported as what they are. Kept in the folder that the command line names for what this
user remembers, never in a repository.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pmctl.codes import Code
from pmctl.files import make_folder, read_object, write_atomic
from pmctl.git import Repository
from pmctl.ledger.history import contains
from pmctl.ledger.report import AuditFinding, Report
from pmctl.object_reader import ObjectReader
from pmctl.objects import CorruptObject, MissingObject

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}").fullmatch
_COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})?").fullmatch


@dataclass(frozen=True, slots=True)
class KnownRepository:
    """What was seen of a repository at its last audit: digest of the first policy, commit, policy version.

    `earlier` are tips of former audits that the main line needs to be found again: at some merge, they alone say
    which parent it comes from.
    """

    root: str
    tip: str
    version: int
    earlier: tuple[str, ...] = ()


def recall(repo: Repository, places: Sequence[str] = ()) -> KnownRepository | None:
    """What this user saw of `repo` before; None at first sight (or when what was kept cannot be read).

    `places` are the folders where its root lay before it was moved, newest first: what was seen there counts where
    nothing was seen of the present one.
    """
    known = (_recall(repo._replace(prefix=f"{place}/" if place else "")) for place in places)
    return _recall(repo) or next(filter(None, known), None)


def _recall(repo: Repository) -> KnownRepository | None:
    file = _file(repo)
    value = read_object(file) if file is not None else {}
    root, tip, version, earlier = value.get("root"), value.get("tip"), value.get("version"), value.get("earlier", [])
    if not (isinstance(root, str) and isinstance(tip, str) and type(version) is int and isinstance(earlier, list)):
        return None
    # Every file says which repository it is about, so that one that was put into another's place tells nothing.
    if not _DIGEST(root) or not _COMMIT(tip) or version < 1 or value.get("place") != _place(repo):
        return None
    if not all(isinstance(one, str) and _COMMIT(one) for one in earlier):
        return None
    return KnownRepository(root, tip, version, tuple(earlier))


def damaged(repo: Repository) -> str:
    """Where something lies in the place of what was remembered that cannot be read; '' when nothing is wrong."""
    file = _file(repo)
    return str(file) if file is not None and os.path.lexists(file) and recall(repo) is None else ""


def tips(repo: Repository, places: Sequence[str] = ()) -> tuple[str, ...]:
    """The commits that this user has seen on the protected branch of `repo`, the newest first."""
    seen = recall(repo, places)
    return tuple(filter(None, (seen.tip, *seen.earlier))) if seen is not None else ()


def remember(repo: Repository, report: Report) -> None:
    """Keep what an audit saw. Only a complete audit with a policy is remembered.

    Raises OSError when it cannot be written.
    """
    if not report.complete or report.policy is None or not report.root:
        return
    path = _file(repo)
    if path is None or repo.user_folder is None:
        return
    make_folder(path.parent, repo.user_folder, 0o700)
    known = KnownRepository(report.root, report.tip, report.policy.version, report.decided_by)
    data = json.dumps({**asdict(known), "place": _place(repo)})
    write_atomic(path, f"{data}\n".encode(), durable=True)


def compare(repo: Repository, report: Report, seen: KnownRepository) -> tuple[AuditFinding, ...]:
    """What changed since `seen` that honest work does not change.

    AU106 another first policy; AU605 the tip went back to an older commit; AU604 the tip seen before is no longer
    part of the history; AU606 the policy went back to an older version.
    """
    found: list[AuditFinding] = []
    if report.root and report.root != seen.root:
        message = f"the first policy is {report.root}; until now it was {seen.root}"
        hint = "another repository lies at this place, or its history was replaced: find out before you trust it"
        found.append(AuditFinding("AU106", message, hint=hint))
    if seen.tip and report.complete and seen.tip != report.tip and not is_part(repo, report.tip, seen.tip):
        back = is_part(repo, seen.tip, report.tip)
        code = "AU605" if back else "AU604"
        what = "went back to an older commit" if back else "was rewritten (a force-push, or another branch)"
        message = f"the history {what}: {seen.tip[:12]}, audited before, is not part of {report.tip[:12]}"
        hint = "ask who did it and why; what was taken away is still in the clone that saw it"
        found.append(AuditFinding(code, message, report.tip, hint=hint))
    if report.policy is not None and report.policy.version < seen.version:
        message = f"the policy is at version {report.policy.version}; it was at {seen.version} before"
        found.append(AuditFinding("AU606", message, report.tip))
    return tuple(found)


def is_part(repo: Repository, tip: str, commit: str) -> bool:
    """Whether `commit` is in the history of `tip`, read without replace refs and grafts; a commit that is not here is
    in nobody's history."""
    with ObjectReader(repo.common_dir) as reader:
        try:
            return contains(reader, tip, commit)
        except (MissingObject, CorruptObject):
            return False


def _place(repo: Repository) -> str:
    return f"{repo.common_dir.resolve()}//{repo.prefix}"


def _file(repo: Repository) -> Path | None:
    name = hashlib.sha256(_place(repo).encode()).hexdigest()[:32] + ".json"
    return repo.user_folder / "roots" / name if repo.user_folder is not None else None


CODES = (
    Code(
        "AU605",
        "rolled-back",
        "The history ends before a commit that was audited already.",
        "The newest acts were taken away, or an old copy is served.",
        "Fetch again, and compare with another clone.",
        "main set back by two commits",
    ),
    Code(
        "AU606",
        "policy-rolled-back",
        "The policy is older than the one that was seen at the last audit.",
        "Keys that were taken out since would count again.",
        "Fetch again, and compare with another clone.",
        "version 3 where version 4 was seen",
    ),
)
