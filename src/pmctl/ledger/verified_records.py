"""Records whose form and signature hold, and the order in which they apply. Values only."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from pmctl.ledger.signatures import Signer
from pmctl.policy import act as acts
from pmctl.policy.act import Act

# Of acts that do not follow each other: those first that take nothing from the others.
_RANK = {
    acts.REQUEST_REVIEW: 0, acts.APPROVE: 1, acts.AMEND: 2, acts.ADD_ITEM: 2, acts.ENDORSE: 1, acts.SHARE: 2,
    acts.UNSHARE: 2,
    acts.REQUEST_CHANGES: 3, acts.WITHDRAW: 3, acts.BASELINE: 5,
}  # fmt: skip
_OTHERS = 4


@dataclass(frozen=True, slots=True)
class VerifiedRecord:
    """A record whose form and signature hold. `path` is below the pmctl root, `number` from its name."""

    act: Act
    digest: str
    path: str
    number: int
    signer: Signer


def in_order(records: list[VerifiedRecord], status: str = "") -> list[VerifiedRecord]:
    """The records of one step so that each comes after those that it follows.

    A squash brings a whole review at once, and names alone do not tell the order of two people's acts: those first
    that lead to the `status` which the document has, then what sends a postmortem back, before a publication.
    """
    known = {one.digest: one for one in records}
    followers: dict[str, list[VerifiedRecord]] = {}
    waiting: dict[str, int] = {}
    for one in records:
        rests_on = {one.act.prev, *one.act.approvals, *one.act.replaces} & known.keys() - {one.digest}
        waiting[one.digest] = len(rests_on)
        for digest in rests_on:
            followers.setdefault(digest, []).append(one)
    leading = _leading_to(records, status, followers)

    def entry(one: VerifiedRecord) -> tuple[int, bool, int, str, VerifiedRecord]:
        rank = _RANK.get(one.act.act, _OTHERS)
        moves = 3 <= rank <= _OTHERS
        tie = f"{one.number:06d}" if one.act.act == acts.BASELINE else one.digest
        # What somebody went on from was in force where they signed.
        behind = one.digest not in (leading if moves else followers)
        return 3 if moves else rank, behind, rank, tie, one

    ready = [entry(one) for one in known.values() if not waiting[one.digest]]
    heapq.heapify(ready)
    ordered = []
    while ready:
        *_, one = heapq.heappop(ready)
        ordered.append(one)
        for after in followers.get(one.digest, ()):
            waiting[after.digest] -= 1
            if not waiting[after.digest]:
                heapq.heappush(ready, entry(after))
    return ordered


def _leading_to(records: list[VerifiedRecord], status: str, followers: dict[str, list[VerifiedRecord]]) -> set[str]:
    """The digests of the records that end in this status, and of those that they follow."""
    ends = [one for one in records if one.act.to_status == status and not followers.get(one.digest)]
    known = {one.digest: one for one in records}
    found: set[str] = set()
    while ends:
        one = ends.pop()
        while one.digest not in found:
            found.add(one.digest)
            before = known.get(one.act.prev)
            if before is None:
                break
            one = before
    return found
