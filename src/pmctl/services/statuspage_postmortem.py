"""The postmortem of an incident at Atlassian Statuspage: a draft is put, then published.

PUT /v1/pages/PAGE/incidents/INCIDENT/postmortem takes Markdown; .../postmortem/publish shows it, and tells subscribers
where that is asked for. Facts: the REST API of Statuspage (api.statuspage.io).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pmctl.errors import EnvironmentProblem, NotFound
from pmctl.services.address import checked_base_url, checked_token, segment
from pmctl.services.client import Service, open_client
from pmctl.services.secrets import Secrets, how_to_set
from pmctl.services.statuspage import SYSTEM


class Place(NamedTuple):
    """An incident of a page at Statuspage, by their ids."""

    page: str
    incident: str

    @property
    def path(self) -> str:
        """Where its postmortem is."""
        return f"/v1/pages/{segment(self.page)}/incidents/{segment(self.incident)}/postmortem"


def put(place: Place, markdown: str, secrets: Secrets, waits: Callable[[str], None], *, notify: bool) -> str:
    """Show a text as the postmortem of an incident; says what was done. Subscribers hear of it with `notify`.

    Raises EnvironmentProblem without a token, NotFound where there is no such incident, Uncertain where nobody can know
    whether it is shown.
    """
    api = SYSTEM.api
    assert api is not None  # noqa: S101  the system is asked for incidents, too
    token = checked_token(secrets(api.credential), api.credential)
    if not token:
        right = "one that may manage incidents"
        raise EnvironmentProblem(f"no token for {SYSTEM.label}", hint=f"{right}: {how_to_set(api.credential)}")
    base_url = checked_base_url(secrets(api.address) or api.default_address, api.address)
    with open_client(base_url) as client:
        headers = api.headers_with(token)
        service = Service(SYSTEM.label, base_url, api.credential, client, headers, waits, "manage incidents")
        what = f"the postmortem of incident {place.incident}"
        if _shown(service, place, what) == markdown:
            return "it shows exactly this already"
        service.put(place.path, what, {"postmortem": {"body_draft": markdown}})
        telling = {"notify_twitter": False, "notify_subscribers": notify}
        service.put(f"{place.path}/publish", what, {"postmortem": telling}, once=True)
    return "published, and subscribers are told" if notify else "published"


def _shown(service: Service, place: Place, what: str) -> str | None:
    """The text that is published now; None for none."""
    try:
        found = service.get(place.path, what)
    except NotFound:
        return None  # the incident has none; or there is no such incident, as the next request says
    return str(found.at("body")) if found.at("published_at") and found.at("body") else None
