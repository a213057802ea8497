"""Which approvals are still missing before a postmortem may be published. Pure.

The same answer serves `pmctl status` (what blocks), `pmctl publish` (refuse) and the audit (report).
"""

from __future__ import annotations

from dataclasses import dataclass

from pmctl.errors import Hint, advise
from pmctl.policy.model import Policy
from pmctl.policy.state import Approval, PostmortemState


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that approvals lack: a sentence, the next step, and the reviewers who could close it."""

    message: str
    hint: Hint = ""
    waiting_for: tuple[str, ...] = ()


def approval_gaps(state: PostmortemState, policy: Policy, approvals: tuple[Approval, ...]) -> tuple[Gap, ...]:
    """What `approvals` (those that count for the content) lack under the policy's review rules."""
    given = {approval.by for approval in approvals if approval.by in state.reviewers}
    waiting = tuple(handle for handle in state.reviewers if handle not in given)
    hint = advise("they-approve", id=state.id)
    gaps = []
    if policy.review.approvals is None:
        if waiting:
            gaps.append(Gap(f"the approval of {_names(waiting)} is missing for this content", hint, waiting))
    elif len(given) < policy.review.approvals:
        message = f"{len(given)} of {policy.review.approvals} approvals that the policy asks for"
        gaps.append(Gap(message, hint, waiting))
    if not gaps and len(given) < policy.review.minimum:
        message = f"{len(given)} of at least {policy.review.minimum} approvals"
        gaps.append(Gap(message, hint if waiting else "request another review", waiting))
    team = policy.teams.get(policy.review.team) if policy.review.team else None
    if team is not None and not given & set(team):
        members = tuple(handle for handle in team if handle in waiting)
        gaps.append(
            Gap(
                f"nobody of the team {policy.review.team} has approved this content",
                hint if members else advise("ask-one-of", id=state.id, people=_names(team, "or")),
                members,
            )
        )
    return tuple(gaps)


def _names(handles: tuple[str, ...], word: str = "and") -> str:
    if len(handles) < 2:
        return "".join(handles)
    return f"{', '.join(handles[:-1])} {word} {handles[-1]}"
