"""What an organisation says to its customers about a public text: `pmctl-public-v1`. Values <-> canonical text. Pure.

One line of canonical JSON, and a chain: each statement names the digest of the one before it, so that a correction or a
withdrawal cannot be left out. It names nobody, and nothing by which the postmortem is known inside; `made_from` commits
to the content with a salt that stays inside. docs/formats.md specifies the form.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from pmctl.document.fields import PAGE
from pmctl.policy import act as acts
from pmctl.policy.act import Act
from pmctl.policy.state import Leaving

NAMESPACE = "pmctl-public-v1"
"""The type of the statement, and the purpose of its signature (`ssh-keygen -Y verify -n`)."""
PUBLISHED, CORRECTED, WITHDRAWN = "published", "corrected", "withdrawn"
LARGEST = 4096  # characters

_DIGEST = r"sha256:[0-9a-f]{64}"
_FORMS = {
    "at": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", "by": r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}",
    "made_from": _DIGEST, "page": PAGE, "prev": rf"(?:{_DIGEST})?",
    "says": f"{PUBLISHED}|{CORRECTED}|{WITHDRAWN}", "text": _DIGEST, "type": re.escape(NAMESPACE),
}  # fmt: skip


class Statement(NamedTuple):
    """One statement. `text` is the digest of the Markdown that customers get, `page` names its page, `prev` is the
    digest of the statement before it ("" for the first), `number` counts from 1, `at` is when it was made, a claim."""

    by: str
    says: str
    page: str
    text: str
    made_from: str
    at: str
    number: int
    prev: str


def to_text(one: Statement) -> str:
    """The line that is signed, with its newline."""
    from pmctl.document.digest import canonical_json  # brings the YAML reader along

    return (canonical_json({**one._asdict(), "type": NAMESPACE}) + b"\n").decode("ascii")


def from_text(text: str) -> Statement | None:
    """The statement in a line; None for whatever `to_text` would not have written."""
    import json

    if len(text) > LARGEST:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or value.keys() != {*_FORMS, "number"} or not _fits(value):
        return None
    found = Statement(**{name: value[name] for name in Statement._fields})
    return found if to_text(found) == text else None


def _fits(value: Mapping[str, Any]) -> bool:
    number = value["number"]
    return (
        type(number) is int and 0 < number < 1_000_000
        and all(isinstance(value[key], str) and re.fullmatch(form, value[key]) for key, form in _FORMS.items())
    )  # fmt: skip


def digest(text: str) -> str:
    """`sha256:<hex>` of a statement, by which the next one names it; "" for none."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest() if text else ""


def commitment(salt: str, content: str) -> str:
    """What a statement says of the postmortem: whoever gets the salt can check it, and nobody else learns anything."""
    return "sha256:" + hashlib.sha256(f"{NAMESPACE}\n{salt}\n{content}\n".encode()).hexdigest()


def statement_of(act: Act, organization: str, before: str, leaving: Leaving) -> str:
    """The one statement that fits a share or a withdrawal; `before` is the newest one that customers were told.

    `leaving` is what customers get by a share; a withdrawal repeats what is withdrawn.
    """
    last = from_text(before)
    says = PUBLISHED if last is None or last.says == WITHDRAWN else CORRECTED
    made_from = commitment(act.salt, act.content)
    if act.act == acts.UNSHARE and last is not None:
        says, leaving, made_from = WITHDRAWN, Leaving(last.page, last.text), last.made_from
    number = last.number + 1 if last is not None else 1
    return to_text(Statement(organization, says, leaving.page, leaving.text, made_from, act.at, number, digest(before)))
