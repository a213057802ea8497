"""Fetch an incident by `source:id` from the system that has it: a reference in, record files out.

What comes back is fed to `registry.read_records` like files that were exported by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pmctl.errors import EnvironmentProblem, UsageProblem
from pmctl.services.address import checked_base_url, checked_token
from pmctl.services.client import Declined, RecordFile, Service, open_client
from pmctl.services.cursor import Cursor
from pmctl.services.registry import SYSTEMS, system_by_name
from pmctl.services.secrets import Secrets, how_to_set
from pmctl.services.system import Api, System
from pmctl.text import did_you_mean

_REFERENCE = re.compile(r"([a-z][a-z0-9.-]*):(?!//)(\S.*)", re.IGNORECASE)
# What an id may look like in any of the systems, and nothing that changes the path of a request.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.#/-]{0,199}")


def parse_reference(text: str) -> tuple[System, Api, str] | None:
    """The system, its API and the id in `pagerduty:PT4KHLK`; None when the text is no such reference (a file name).

    Raises UsageProblem for an id that can't be one.
    """
    match = _REFERENCE.fullmatch(text.strip())
    if match is None:
        return None
    try:
        system = system_by_name(match[1])
    except UsageProblem:
        return None
    if system.api is None:
        return None
    incident = match[2].strip()
    if not _ID.fullmatch(incident) or ".." in incident or "//" in incident:
        raise UsageProblem(f"{incident[:80]!r} is not the id of an incident in {system.label}")
    return system, system.api, incident


def looks_like_reference(text: str) -> bool:
    """Whether somebody may have meant SOURCE:ID, whatever the source is called."""
    return _REFERENCE.fullmatch(text.strip()) is not None


def _unknown(text: str) -> UsageProblem:
    known = [system.name for system in SYSTEMS if system.api]
    match = _REFERENCE.fullmatch(text.strip())
    if match is None:
        return UsageProblem(f"{text[:80]!r} names no incident", hint=f"write SOURCE:ID with one of {', '.join(known)}")
    try:
        system = system_by_name(match[1])
    except UsageProblem:
        words = f"there is no file of that name, and the sources are {', '.join(known)}"
        return UsageProblem(
            f"{text[:80]}: no source is called {match[1]!r}", hint=did_you_mean(match[1].lower(), known, words)
        )
    return UsageProblem(f"{text[:80]}: {system.label} has no API to fetch from", hint="give its record as a file")


def fetch_reference(text: str, secrets: Secrets, waits: Callable[[str], None] = lambda said: None) -> list[RecordFile]:
    """Fetch what `source:id` names. `waits` is told why something takes longer.

    Raises UsageProblem, EnvironmentProblem, NotFound or BadInput; none of them shows the token.
    """
    parsed = parse_reference(text)
    if parsed is None:
        raise _unknown(text)
    system, api, incident = parsed
    with _connected(system, api, secrets, waits) as service:
        return api.fetch(incident, service)


def check_account(system: System, secrets: Secrets, waits: Callable[[str], None] = lambda said: None) -> str:
    """Whose token a system is reached with; "" where it was not asked, because no way to ask is documented.

    Raises PmctlError where the token is not accepted, or something is missing.
    """
    api = system.api
    if api is None:
        return ""
    with _connected(system, api, secrets, waits) as service:
        if not api.account or not service.headers:
            return ""
        path, *keys = api.account
        try:
            return Cursor(service.get(path, "your account").value).at(*keys).text or "an account without a name"
        except Declined as refused:
            if refused.status != 400:
                raise
            return "a token of no person"  # PagerDuty answers 400 to a token of the whole account


@contextmanager
def _connected(system: System, api: Api, secrets: Secrets, waits: Callable[[str], None]) -> Iterator[Service]:
    """An open connection to a system. Raises EnvironmentProblem for what is missing."""
    token = checked_token(secrets(api.credential), api.credential) if api.credential else ""
    others = {name: checked_token(secrets(name), name) for name in api.also}
    url = secrets(api.address) or api.default_address
    if not url:
        raise EnvironmentProblem(
            f"the address of your {system.label} is not known", hint=f"set {api.address}=https://..."
        )
    if not token and api.credential_required:
        raise EnvironmentProblem(
            f"no token for {system.label}", hint=f"one that may read incidents: {how_to_set(api.credential)}"
        )
    for name, required in api.also.items():
        if required and not others[name]:
            raise EnvironmentProblem(f"{system.label} needs {name} beside the token", hint=f"set {name}")
    base_url = checked_base_url(url, api.address)
    with open_client(base_url) as client:
        headers = api.headers_with(token, others)
        yield Service(system.label, base_url, api.credential, client, headers, waits)
