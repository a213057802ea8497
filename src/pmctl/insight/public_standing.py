"""Where the public text of one postmortem stands, in sentences: who may read it, what changed, what it waits for."""

from __future__ import annotations

from pmctl.document.beside import Beside, path_of
from pmctl.ledger.current_state import CurrentState
from pmctl.policy.sharing import reviews_missing
from pmctl.repository.workspace import Workspace


def public_facts(workspace: Workspace, now: CurrentState) -> tuple[str, ...]:
    """A sentence; none for a postmortem without a public text. Only the last commit and its records are asked."""
    state, name = now.state, now.state.id
    data = workspace.head.regular_file(path_of(Beside.PUBLIC, name))
    if data is None and not state.shared:
        return ()
    from pmctl.document.public_text import digest

    there = digest(data) if data is not None else ""
    if state.shared:
        if there == state.shared:
            return ("customers may read its public text",)
        edited = "was removed since" if data is None else "was edited since, which nobody shared"
        return (f"customers may read its public text as it was shared; the file {edited}",)
    given = sorted({one.by for one in state.endorsed if one.content == there})
    approved = f", approved by {', '.join(given)}" if given else ""
    waits = "; it waits for reviews" if reviews_missing(there, "", state, now.policy) else ""
    return (f"its public text is not shared{approved}{waits}",)
