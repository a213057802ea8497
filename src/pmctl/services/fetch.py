"""Fetch an incident by `source:id` from the system that has it: a reference in, record files out.

What comes back is fed to `sources.registry.read_records` like files that were exported by hand. Tokens
come from the environment only. Adding a system is a module with `fetch`, a line in FETCHERS and a test.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Protocol

from pmctl.errors import EnvironmentProblem, UsageProblem
from pmctl.services import (
    fetch_firehydrant,
    fetch_github,
    fetch_grafana_irm,
    fetch_incident_io,
    fetch_opsgenie,
    fetch_opsknight,
    fetch_pagerduty,
    fetch_rootly,
    fetch_statuspage,
)
from pmctl.services.client import Service, checked_base_url, checked_token, open_client
from pmctl.services.registry import source_by_name
from pmctl.services.text import single_line


class Fetcher(Protocol):
    """What a fetch module offers. DEFAULT_URL is "" where every customer has an own address."""

    NAME: str
    LABEL: str
    TOKEN_VARIABLE: str
    URL_VARIABLE: str
    DEFAULT_URL: str
    TOKEN_REQUIRED: bool

    def headers(self, token: str) -> dict[str, str]:
        """The headers of every request; `token` may be "" when none is required."""
        ...

    def fetch(self, incident: str, service: Service) -> list[tuple[str, bytes]]:
        """The record files of one incident."""
        ...


FETCHERS: tuple[Fetcher, ...] = (
    fetch_pagerduty,
    fetch_opsgenie,
    fetch_incident_io,
    fetch_grafana_irm,
    fetch_firehydrant,
    fetch_rootly,
    fetch_statuspage,
    fetch_github,
    fetch_opsknight,
)

_REFERENCE = re.compile(r"([a-z][a-z0-9.-]*):(?!//)(\S.*)", re.IGNORECASE)
# What an id may look like in any of the systems, and nothing that changes the path of a request.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.#/-]{0,199}")


def parse_reference(text: str) -> tuple[Fetcher, str] | None:
    """The system and the id in `pagerduty:PT4KHLK`; None when the text is no such reference (a file name).

    Raises UsageProblem for an id that can't be one.
    """
    match = _REFERENCE.fullmatch(text.strip())
    if match is None:
        return None
    try:
        name = source_by_name(match[1]).NAME
    except UsageProblem:
        return None
    fetcher = next((fetcher for fetcher in FETCHERS if name == fetcher.NAME), None)
    if fetcher is None:
        return None
    incident = match[2].strip()
    if not _ID.fullmatch(incident) or ".." in incident or "//" in incident:
        raise UsageProblem(f"{incident[:80]!r} is no id of an incident in {fetcher.LABEL}")
    return fetcher, incident


def fetch_reference(
    text: str, environ: Mapping[str, str] | None = None, base_urls: Mapping[str, str] | None = None
) -> list[tuple[str, bytes]]:
    """Fetch what `source:id` names. The address comes from the environment, else it is the system's usual one.

    `base_urls` (by source name) are addresses from the repository's settings. They are only used without a
    token: a repository that somebody cloned must not decide where a token of theirs is sent.
    Raises UsageProblem, EnvironmentProblem, NotFound or BadInput; none of them shows the token.
    """
    parsed = parse_reference(text)
    if parsed is None:
        raise UsageProblem(
            f"{text[:80]!r} names no incident",
            hint=f"write SOURCE:ID with one of {', '.join(f.NAME for f in FETCHERS)}",
        )
    fetcher, incident = parsed
    given = os.environ if environ is None else environ
    token = checked_token(given.get(fetcher.TOKEN_VARIABLE, ""), fetcher.TOKEN_VARIABLE)
    suggested = (base_urls or {}).get(fetcher.NAME, "")
    url = given.get(fetcher.URL_VARIABLE) or ("" if token else suggested) or fetcher.DEFAULT_URL
    if not url:
        raise EnvironmentProblem(
            f"the address of your {fetcher.LABEL} is not known",
            hint=f"set {fetcher.URL_VARIABLE}={single_line(suggested, 200) or 'https://...'}",
        )
    if not token and fetcher.TOKEN_REQUIRED:
        raise EnvironmentProblem(
            f"no token for {fetcher.LABEL}", hint=f"put one that may read incidents into {fetcher.TOKEN_VARIABLE}"
        )
    base_url = checked_base_url(url, fetcher.URL_VARIABLE)
    with open_client(base_url) as client:
        service = Service(fetcher.LABEL, base_url, fetcher.TOKEN_VARIABLE, client, fetcher.headers(token))
        return fetcher.fetch(incident, service)
