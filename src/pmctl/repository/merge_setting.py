"""Whether git merges postmortems by meaning in this clone: its configuration, and the attribute that asks for it.

git looks for two things: an attribute of the file, from .gitattributes (which every clone has) or `info/attributes`
in the git directory (which only this one has), and a program by that name in the configuration, which no clone brings.
"""

from __future__ import annotations

from typing import NamedTuple

from pmctl import git
from pmctl.document.attributes import MERGE_LINE

DRIVER = "merge.pmctl.driver"
TITLE = ("merge.pmctl.name", "postmortems by meaning (pmctl)")


class MergeSetting(NamedTuple):
    """The shell line that git would run, "" for none, and whether a postmortem's attributes ask for it."""

    driver: str
    named: bool

    @property
    def complete(self) -> bool:
        """Whether a merge in this clone goes through the driver."""
        return bool(self.driver) and self.named


def merge_setting(repo: git.Repository) -> MergeSetting:
    """What git would do with a postmortem here."""
    driver = git.run(repo.top, "config", "--get", DRIVER, check=False).text
    path = MERGE_LINE.partition(" ")[0].replace("**/*", "2000/2000-01-01-x")
    said = git.run(repo.top, "check-attr", "merge", "--", repo.prefix + path, check=False).text
    return MergeSetting(driver, said.endswith(": merge: pmctl"))
