"""The table of trackers, and how one is opened: settings and secrets in, a connection out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pmctl.errors import EnvironmentProblem
from pmctl.services import asana, github_issues, gitlab_issues, jira_issues, linear
from pmctl.services.address import checked_base_url, checked_token
from pmctl.services.client import Service, open_client
from pmctl.services.rehearsal import Sent, rehearse
from pmctl.services.secrets import Secrets, how_to_set
from pmctl.services.tracker import Access, Desk, TicketSettings, Tracker

TRACKERS: dict[str, Tracker] = {
    one.name: one
    for one in (jira_issues.TRACKER, github_issues.TRACKER, gitlab_issues.TRACKER, linear.TRACKER, asana.TRACKER)
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A tracker that can be asked. `sent` holds, in a rehearsal, what would have been sent; None otherwise."""

    tracker: Tracker
    desk: Desk
    sent: list[Sent] | None = None


@contextmanager
def open_tracker(
    settings: TicketSettings,
    secrets: Secrets,
    waits: Callable[[str], None] = lambda said: None,
    *,
    rehearsal: bool = False,
) -> Iterator[Opened]:
    """A connection to the tracker of the settings. In a rehearsal nothing that writes is sent, and without a token
    nothing at all.

    Raises EnvironmentProblem for a missing address or token, UsageProblem for an address that is none.
    """
    tracker = TRACKERS[settings.system]
    api = tracker.api
    token = checked_token(secrets(api.credential), api.credential)
    others = {name: checked_token(secrets(name), name) for name in api.also}
    url = secrets(api.address) or api.default_address
    if not url and rehearsal and not token:
        url = "https://tracker.invalid"
    if not url:
        raise EnvironmentProblem(f"the address of your {tracker.label} is not known", hint=how_to_set(api.address))
    if not token and not rehearsal:
        raise EnvironmentProblem(
            f"no token for {tracker.label}", hint=f"one that may {tracker.right}: {how_to_set(api.credential)}"
        )
    base_url = checked_base_url(url, api.address)
    with open_client(base_url) as client:
        sent = rehearse(client, offline=not token) if rehearsal else None
        service = Service(
            tracker.label, base_url, api.credential, client, api.headers_with(token, others), waits, tracker.right,
            tracker.slow_down, tracker.explain,
        )  # fmt: skip
        yield Opened(tracker, Desk(service, settings), sent)


def check_access(
    settings: TicketSettings, secrets: Secrets, waits: Callable[[str], None] = lambda said: None
) -> Access:
    """With which account the tracker of the settings is reached, and what that account may not do there.

    Raises PmctlError where it cannot be reached at all.
    """
    with open_tracker(settings, secrets, waits) as opened:
        return opened.tracker.access(opened.desk)
