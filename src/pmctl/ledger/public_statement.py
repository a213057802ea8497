"""Who signed a statement for customers: (share or withdrawal) -> a key; and what leaves of a public text."""

from __future__ import annotations

from pmctl.ledger.sshsig import SignatureProblem, verify
from pmctl.policy.act import Act
from pmctl.policy.public_statement import NAMESPACE
from pmctl.policy.state import Leaving


def sealed_by(act: Act) -> str:
    """The key that signed what the act tells customers, as `type base64`; "" when nothing holds."""
    if not act.statement:
        return ""
    try:
        return verify(act.seal.encode(), act.statement.encode(), NAMESPACE).key
    except SignatureProblem:
        return ""


def leaving(data: bytes) -> Leaving | None:
    """What customers would get of the bytes of a public text; None when it cannot be read."""
    from pmctl.document.public_text import digest, read_public, rendered_markdown  # for the few that share

    text = read_public(data)[0]
    return Leaving(text.page, digest(rendered_markdown(text))) if text is not None else None
