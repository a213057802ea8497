"""GitHub: an issue and its timeline, comments included (REST API, pages by Link header).

`github:OWNER/NAME#NUMBER`; public repositories need no token.
"""

from __future__ import annotations

import re

from pmctl.errors import UsageProblem
from pmctl.services.client import Service
from pmctl.services.paging import as_file, collect, segment

NAME = "github"
LABEL = "GitHub"
TOKEN_VARIABLE = "GITHUB_TOKEN"  # noqa: S105 - the name of a variable
URL_VARIABLE = "GITHUB_API_URL"
DEFAULT_URL = "https://api.github.com"
TOKEN_REQUIRED = False

_ISSUE = re.compile(r"([\w.-]+)/([\w.-]+)(?:#|/issues/)(\d+)", re.ASCII)


def headers(token: str) -> dict[str, str]:
    """A bearer token, where there is one, and the version of the API."""
    fixed = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    return {**fixed, "Authorization": f"Bearer {token}"} if token else fixed


def fetch(incident: str, service: Service) -> list[tuple[str, bytes]]:
    """Two files: the issue and its timeline."""
    match = _ISSUE.fullmatch(incident)
    if match is None:
        raise UsageProblem(f"{incident!r} is no issue", hint="write github:OWNER/NAME#NUMBER")
    path = f"/repos/{segment(match[1])}/{segment(match[2])}/issues/{match[3]}"
    what = f"issue {incident}"
    record = service.get(path, what)
    timeline = collect(
        lambda link: service.get(link, what) if link else service.get(f"{path}/timeline", what, {"per_page": 100}),
        lambda value: value,
        lambda answer: answer.next_url,
    )
    return [("issue.json", record.data), *([as_file("timeline.json", timeline)] if timeline else [])]
