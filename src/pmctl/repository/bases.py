"""Where the protected branch was, as far as this clone knows: what a record says when it is signed.

(what is committed, branch) -> the newest commit on the main line of the remote's branch that HEAD contains. Never a
local branch, and never HEAD itself: what was not pushed is on nobody's line.
"""

from __future__ import annotations

from collections.abc import Iterator

from pmctl import git
from pmctl.ledger.history import Lines, lines_of
from pmctl.ledger.openpgp import Keyrings
from pmctl.ledger.snapshot import Snapshot, Snapshots
from pmctl.repository.git_settings import GitSettings, git_settings, remote_names

REMOTE = "pmctl.remote"


def base_of(head: Snapshot, branch: str, settings: GitSettings | None = None) -> str:
    """The base of a record that is signed now, on top of `head`, as a full object id; '' when nothing is known.

    Of several remotes with the branch the oldest answer counts; `git config pmctl.remote NAME` names the one to ask. A
    clone that lacks history knows too little. `settings` are git's, where they are known. Raises MissingObject or
    CorruptObject for a damaged one.
    """
    source = head.source
    if not head.commit or not branch or git.is_shallow_or_partial(source.repo.common_dir):
        return ""
    with Keyrings() as keyrings:
        tips = set(remote_tips(source.repo, branch, settings))
        found = {_newest_contained(source, tip, head.commit, keyrings) for tip in tips}
    return next((one for one in found if all(_is_part(source, other, one) for other in found)), "")


def remote_tips(repo: git.Repository, branch: str, settings: GitSettings | None = None) -> Iterator[str]:
    """Where the remotes have the branch, as this clone fetched it last; full object ids."""
    settings = git_settings(repo) if settings is None else settings
    chosen = dict(settings).get(REMOTE, "")
    wanted = [f"refs/remotes/{remote}/{branch}" for remote in ([chosen] if chosen else remote_names(settings))]
    if not wanted:
        return
    refs = git.run(repo.top, "for-each-ref", "--format=%(objectname) %(refname)", "--", *wanted, check=False)
    for line in refs.text.splitlines():
        oid, _, ref = line.partition(" ")
        if ref in wanted:  # a pattern also means what lies below it
            yield oid


def _newest_contained(source: Snapshots, tip: str, head: str, keyrings: Keyrings) -> str:
    """The newest commit of the main line up to `tip` that `head` contains; '' for none."""
    ahead = source.reader.commit_ids(tip, (head,))
    if ahead is None:
        return ""
    missing, at = frozenset(ahead), tip
    lines: Lines | None = None
    while at in missing:
        parents = source.reader.commit(at).parents
        if len(parents) > 1 and lines is None:
            source.reader.fetch_history(tip)
            lines = lines_of(source, tip, keyrings)
        at = lines.main_parent(at) if lines is not None else parents[0] if parents else ""
    return at


def _is_part(source: Snapshots, tip: str, commit: str) -> bool:
    """Whether `commit` is '' or part of the history of `tip`."""
    return not commit or (bool(tip) and source.reader.commit_ids(commit, (tip,)) == [])
