"""A pmctl server: where acts are signed without a right to push. Its problems (RFC 9457) become ours again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pmctl.errors import BadInput, EnvironmentProblem, NotFound, PmctlError, Refused, UsageProblem
from pmctl.services.address import checked_base_url, checked_token
from pmctl.services.client import Service, open_client
from pmctl.services.cursor import Cursor
from pmctl.services.retrying import Reply
from pmctl.services.secrets import Secrets, how_to_set
from pmctl.text import single_line

TOKEN = "PMCTL_TOKEN"  # noqa: S105  the variable's name
_KINDS: dict[str, type[PmctlError]] = {
    kind.kind: kind for kind in (Refused, NotFound, UsageProblem, BadInput, EnvironmentProblem)
}


@contextmanager
def connect(url: str, secrets: Secrets, waits: Callable[[str], None]) -> Iterator[Service]:
    """A connection to the server at an address that the person gave, with PMCTL_TOKEN. Raises as Secrets do."""
    base_url, token = checked_base_url(url, "--remote"), secrets(TOKEN)
    if not token:
        raise EnvironmentProblem("no token for the pmctl server", hint=how_to_set(TOKEN))
    headers = {"Authorization": f"Bearer {checked_token(token, TOKEN)}", "Accept": "application/json"}
    with open_client(base_url) as client:
        yield Service("the pmctl server", base_url, TOKEN, client, headers, waits, right="write", explain=_explained)


def _explained(reply: Reply, what: str) -> PmctlError | None:
    """The problem that the server tells, None where it tells none or the usual words say it better."""
    try:
        told = Cursor(json.loads(reply.data))
    except (ValueError, RecursionError):
        return None
    kind = _KINDS.get(told.at("kind").text)
    if kind is None or reply.status == 401:
        return None
    wrong = told.at("errors").value
    details = [single_line(one)[:500] for one in wrong if isinstance(one, str)] if isinstance(wrong, list) else []
    hint, detail = (single_line(told.at(name).text)[:1000] for name in ("fix", "detail"))
    return kind(f"the server says: {detail}", hint=hint, details=tuple(details[:50]))
