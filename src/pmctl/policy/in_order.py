"""What has to be in order about a postmortem before an act may move it, whoever acts. Pure.

Nothing that was signed is missing, and what is put away is the text in force.
"""

from __future__ import annotations

from pmctl.codes import WAIVE, Code
from pmctl.errors import advise
from pmctl.policy import act as acts
from pmctl.policy.act import Act
from pmctl.policy.permission import Violation
from pmctl.policy.state import PostmortemState, View

MOVING_NOTHING = (acts.APPROVE, acts.REQUEST_REVIEW)
"""Acts that neither move a postmortem nor bind its text: they hold beside whatever else was signed."""


def nothing_left_out(act: Act, state: PostmortemState, view: View) -> list[Violation]:
    """Is everything there that was signed about the postmortem? What moves it meanwhile would make that come late.

    Approvals and requests move nothing, and whatever is brought back counts beside them.
    """
    if not view.left_out or act.act in MOVING_NOTHING:
        return []
    message = f"{act.act} of {state.id} goes over what a merge left out: {', '.join(view.left_out)}"
    return [Violation("AU328", message, advise("bring-back-first"))]


def text_in_force(act: Act, state: PostmortemState, view: View) -> list[Violation]:
    """Is what gets archived the text that its records bind?"""
    if act.act != acts.ARCHIVE or not _is_other_text(act, state, view):
        return []
    message = f"archive of {state.id} would put away a text that is not the one in force"
    return [Violation("AU327", message, advise("amend", id=state.id))]


def _is_other_text(act: Act, state: PostmortemState, view: View) -> bool:
    """Whether an act is about a text of a final postmortem that is not in force, and was not when it was signed.

    An amend may have landed meanwhile: then the file says something else by now, or says it since this step.
    """
    if act.content == state.content:
        return False
    meanwhile = view.landing and (act.content != view.content or view.rewritten)
    return not meanwhile or act.content not in state.bound


CODES = (
    Code(
        "AU327",
        "archives-other-text",
        "What was archived is a text that no record binds.",
        "The file does not say what was approved; the act would make it look settled.",
        "An admin reads it and signs it first: pmctl amend ID -m TEXT shows the difference to the text in force.",
        "archive of a published postmortem in which a merge undid an amend",
    ),
    Code(
        "AU328",
        "over-left-out",
        "An act moved a postmortem, or bound its text, while a signed record about it was missing that a merge had left"
        " out (AU205). The act does not take effect, and the finding stays after the record is back.",
        "A refusal that is left out until the publication has landed would come too late.",
        "Bring the record back first: pmctl doctor --fix. Then act again. " + WAIVE,
        "git merge -s ours of a branch that holds a refusal, then publish",
    ),
)
