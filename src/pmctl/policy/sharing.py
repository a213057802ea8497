"""What an act that shares or withdraws a public text has to bind. Pure."""

from __future__ import annotations

from pmctl.codes import Code
from pmctl.errors import advise
from pmctl.policy import act as acts
from pmctl.policy.act import Act
from pmctl.policy.permission import Violation
from pmctl.policy.state import PostmortemState, View


def public_text_bound(act: Act, state: PostmortemState, view: View) -> list[Violation]:
    """Does a share bind a public text that is there, and was it made from what was approved?"""
    if act.act == acts.UNSHARE:
        if state.shared:
            return []
        return [Violation("AU723", f"{state.id} has no public text that is shared, so that none can be withdrawn")]
    if act.act != acts.SHARE:
        return []
    if view.public is not None and act.text not in view.public:
        message = f"{act.by} shared another public text of {state.id} than the one that is there"
        return [Violation("AU722", message, advise("check-public", id=state.id))]
    if act.content != state.content and act.content not in state.bound:
        message = f"{act.by} shared a public text that was made from other content than {state.id} is bound to"
        return [Violation("AU722", message, advise("amend", id=state.id))]
    return []


CODES = (
    Code(
        "AU722",
        "shares-other-text",
        "A share binds a public text that is not there, or one that was made from content which no record binds.",
        "Customers would read what nobody signed for them.",
        "Check what is there (pmctl public check ID) and share that.",
        "a share with the digest of another postmortem's public text",
    ),
    Code(
        "AU723",
        "nothing-to-withdraw",
        "A public text was withdrawn where none is shared.",
        "The chain of statements that customers see would say what did not happen.",
        "pmctl log ID says what was shared and withdrawn.",
        "two withdrawals of one share",
    ),
)
