"""Put a repository in order after an act was killed, and drop what can be computed again."""

from __future__ import annotations

import shutil

from pmctl import git
from pmctl.repository import transaction


def repair(repo: git.Repository) -> list[str]:
    """Finish or undo an interrupted act and delete pmctl's caches; returns what was done, a sentence each.

    Raises EnvironmentProblem when another act is running.
    """
    done = []
    with transaction.locked(repo):
        said = transaction.recover(repo)
        if said:
            done.append(said)
        for entry in sorted(repo.state_dir.iterdir()) if repo.state_dir.is_dir() else ():
            if entry.name == transaction.LOCK:
                continue
            try:
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
            except (OSError, RecursionError) as error:
                done.append(f"{entry} could not be deleted ({type(error).__name__}); delete it by hand")
                continue
            done.append(f"deleted the cache {entry.name}; it is computed again when needed")
    return done
