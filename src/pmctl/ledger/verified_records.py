"""Records whose form and signature hold, and the order in which they apply. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from pmctl.ledger.signatures import Signer
from pmctl.policy import act as acts
from pmctl.policy.act import Act

_RANK = {acts.REQUEST_REVIEW: 0, acts.APPROVE: 1}


@dataclass(frozen=True, slots=True)
class VerifiedRecord:
    """A record whose form and signature hold. `path` is below the pmctl root, `number` from its name."""

    act: Act
    digest: str
    path: str
    number: int
    signer: Signer


def in_order(records: list[VerifiedRecord]) -> list[VerifiedRecord]:
    """The records so that each comes after the one that it follows; on a tie requests and approvals first.

    A squash brings a whole review at once, and names alone do not tell the order of two people's acts.
    """
    follows = {one.digest: one.act.prev for one in records}

    def depth(digest: str) -> int:
        count, seen = 0, set()
        while digest in follows and digest not in seen:
            seen.add(digest)
            digest = follows[digest]
            count += 1
        return count

    return sorted(records, key=lambda one: (depth(one.digest), _RANK.get(one.act.act, 2), one.number, one.path))
