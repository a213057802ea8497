"""Live fetching, against a real HTTP server on loopback that answers as the systems do."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pmctl.errors import BadInput, EnvironmentProblem, NotFound, PmctlError, UsageProblem
from pmctl.services import client
from pmctl.services.fetch import fetch_reference, parse_reference
from pmctl.services.registry import SYSTEMS, read_records
from pmctl.services.secrets import from_environment

EXAMPLES = Path(__file__).parents[2] / "examples" / "incidents"
TOKEN = "s3cr3t-T0KEN-value"
NOW = datetime(2025, 6, 1, tzinfo=UTC)
Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Server:
    """The system under test's other side. `answer` gets (method, path, query, body)."""

    url: str = ""
    answer: Callable[[str, str, dict[str, list[str]], Any], Reply] = lambda *_: (404, {}, b"{}")
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def reply(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            data = self.rfile.read(length)
            is_json = length and "json" in self.headers.get("content-type", "")
            body = json.loads(data) if is_json else data or None
            parts = urlsplit(self.path)
            state.seen.append((self.command, self.path, dict(self.headers.items())))
            status, headers, data = state.answer(self.command, parts.path, parse_qs(parts.query), body)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = reply  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
            """Silence."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{listener.server_address[1]}"
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    listener.shutdown()
    thread.join()
    listener.server_close()


def ok(value: object, **headers: str) -> Reply:
    return 200, {"Content-Type": "application/json", **headers}, json.dumps(value).encode()


def load(name: str) -> Any:
    return json.loads((EXAMPLES / name).read_bytes())


def environment(server: Server, reference: str) -> dict[str, str]:
    parsed = parse_reference(reference)
    assert parsed is not None
    _, api, _ = parsed
    return {api.credential: TOKEN, api.address: server.url, **dict.fromkeys(api.also, "other")}


def fetch(server: Server, reference: str) -> list[tuple[str, bytes]]:
    return fetch_reference(reference, from_environment(environment(server, reference)))


def refused(server: Server, reference: str = "pagerduty:P1") -> PmctlError:
    with pytest.raises(PmctlError) as caught:
        fetch(server, reference)
    error = caught.value
    shown = [error.message, error.hint, *error.details, repr(error), *traceback.format_exception(error)]
    assert not any(TOKEN in text for text in shown)
    return error


def test_pagerduty_in_pages(server: Server) -> None:
    whole = load("pagerduty.json")
    entries = whole["log_entries"]

    def answer(method: str, path: str, query: dict[str, list[str]], body: Any) -> Reply:
        if path == "/incidents/PT7Q2ZC/log_entries":
            page = 0 if query["offset"] == ["0"] else 1
            return ok({"log_entries": entries[page * 3 : page * 3 + 3], "offset": page * 100, "more": page == 0})
        if path == "/incidents/PT7Q2ZC/notes":
            return ok({"notes": whole["notes"]})
        return ok({"incident": whole["incident"]}) if path == "/incidents/PT7Q2ZC" else (404, {}, b"{}")

    server.answer = answer
    incident = read_records(fetch(server, "pagerduty:PT7Q2ZC"), now=NOW)
    assert (incident.id, len(incident.events)) == ("PT7Q2ZC", 5)
    assert incident.provenance["title"] == "incident.json:$.incident.title"
    headers = server.seen[0][2]
    assert headers["Authorization"] == f"Token token={TOKEN}"
    assert headers["Accept"] == "application/vnd.pagerduty+json;version=2"


def test_opsgenie(server: Server) -> None:
    entries = load("opsgenie-timeline.json")["data"]["entries"]

    def answer(method: str, path: str, query: dict[str, list[str]], body: Any) -> Reply:
        if path.startswith("/v2/incident-timelines/8f0c8a1e-payments"):
            second = "offset" in query
            return ok(
                {"data": {"entries": entries[2:] if second else entries[:2], "nextOffset": "" if second else "m"}}
            )
        return ok(load("opsgenie.json"))

    server.answer = answer
    incident = read_records(fetch(server, "opsgenie:8f0c8a1e-payments"), now=NOW)
    assert (incident.title, len(incident.events)) == ("Checkout is slow", 4)
    assert server.seen[0][2]["Authorization"] == f"GenieKey {TOKEN}"


def test_incident_io(server: Server) -> None:
    whole = load("incident-io.json")
    updates = whole["incident_updates"]

    def answer(method: str, path: str, query: dict[str, list[str]], body: Any) -> Reply:
        if path == "/v2/incident_updates":
            assert query["incident_id"] == [whole["incident"]["id"]]
            second = "after" in query
            meta = {"page_size": 250} if second else {"after": updates[0]["id"]}
            return ok({"incident_updates": updates[1:] if second else updates[:1], "pagination_meta": meta})
        if path == "/v2/follow_ups":
            return ok({"follow_ups": whole["follow_ups"]})
        return ok({"incident": whole["incident"]}) if path == "/v2/incidents/88" else (404, {}, b"{}")

    server.answer = answer
    incident = read_records(fetch(server, "incident.io:INC-88"), now=NOW)
    assert (incident.title, len(incident.action_items)) == ("Search returns nothing", 3)
    assert "Rebuilding the index from the last snapshot." in [event.text for event in incident.events]


def test_grafana_irm(server: Server) -> None:
    whole = load("grafana-irm.json")
    items = whole["activityItems"]

    def answer(method: str, path: str, query: dict[str, list[str]], body: Any) -> Reply:
        assert method == "POST"
        if path.endswith("/IncidentsService.GetIncident"):
            assert body == {"incidentID": "42"}
            return ok({"incident": whole["incident"]})
        second = "cursor" in body
        cursor = {"hasMore": not second, "nextValue": "n"}
        return ok({"activityItems": items[1:] if second else items[:1], "cursor": cursor})

    server.answer = answer
    incident = read_records(fetch(server, "grafana:42"), now=NOW)
    assert (incident.title, len(incident.events)) == ("Metrics arrive late", 4)


def test_firehydrant(server: Server) -> None:
    events = load("firehydrant-events.json")["data"]

    def answer(method: str, path: str, query: dict[str, list[str]], body: Any) -> Reply:
        if path.endswith("/events"):
            second = query["page"] == ["2"]
            return ok({"data": events[1:] if second else events[:1], "pagination": {"next": None if second else 2}})
        return ok(load("firehydrant.json"))

    server.answer = answer
    incident = read_records(fetch(server, "firehydrant:3c0f5a52-0000-4000-8000-000000000001"), now=NOW)
    assert "Redis refuses writes: OOM" in [event.text for event in incident.events]


def test_rootly_follows_links_of_the_same_host(server: Server) -> None:
    events = load("rootly-events.json")["data"]
    later = {**events[0], "id": "e2", "attributes": {**events[0]["attributes"], "event": "Checked the invoices"}}

    def answer(method: str, path: str, query: dict[str, list[str]], body: Any) -> Reply:
        if path.endswith("/events"):
            second = query.get("page[number]") == ["2"]
            link = None if second else f"{server.url}{path}?page%5Bnumber%5D=2"
            return ok({"data": [later] if second else events, "links": {"next": link}})
        return ok(load("rootly-action-items.json")) if path.endswith("/action_items") else ok(load("rootly.json"))

    server.answer = answer
    incident = read_records(fetch(server, "rootly:19-invoices-are-sent-twice"), now=NOW)
    assert {"Stopped the billing queue", "Checked the invoices"} <= {event.text for event in incident.events}
    assert len(incident.action_items) == 2


def test_statuspage_public_old_and_managed(server: Server) -> None:
    whole = load("statuspage.json")
    paths: list[str] = []

    def answer(method: str, path: str, query: dict[str, list[str]], body: Any) -> Reply:
        paths.append(path)
        if path == "/api/v2/incidents.json":
            return ok({"page": whole["page"], "incidents": [whole["incident"]]})
        if path in ("/incidents/old.json", "/v1/pages/pg/incidents/sp1xkq0c2m9d"):
            return ok(whole["incident"])
        return 404, {}, b"{}"

    server.answer = answer
    public = {"STATUSPAGE_URL": server.url}
    assert (
        read_records(fetch_reference("statuspage:sp1xkq0c2m9d", from_environment(public)), now=NOW).title
        == "Delayed webhooks"
    )
    assert "Authorization" not in server.seen[0][2]
    assert (
        read_records(fetch_reference("statuspage:old", from_environment(public)), now=NOW).title == "Delayed webhooks"
    )
    assert read_records(fetch(server, "statuspage:pg/sp1xkq0c2m9d"), now=NOW).title == "Delayed webhooks"
    assert paths[-1] == "/v1/pages/pg/incidents/sp1xkq0c2m9d"


def test_github_without_and_with_a_token(server: Server) -> None:
    comments = [{**comment, "event": "commented"} for comment in load("github-comments.json")]

    def answer(method: str, path: str, query: dict[str, list[str]], body: Any) -> Reply:
        if path.endswith("/timeline"):
            if query.get("page") == ["2"]:
                return ok(comments[1:])
            return ok(comments[:1], Link=f'<{server.url}{path}?page=2>; rel="next"')
        return ok(load("github-issue.json")) if path == "/repos/example/ops/issues/321" else (404, {}, b"{}")

    server.answer = answer
    files = fetch_reference("github:example/ops#321", from_environment({"GITHUB_API_URL": server.url}))
    assert [event.who for event in read_records(files, now=NOW).events] == ["", "bob-ray", "ci[bot]", ""]
    assert "Authorization" not in server.seen[0][2]
    fetch(server, "github:example/ops#321")
    assert server.seen[-1][2]["Authorization"] == f"Bearer {TOKEN}"


def test_opsknight(server: Server) -> None:
    server.answer = lambda *_: ok(load("opsknight.json"))
    assert read_records(fetch(server, "opsknight:clr8x2k1p0001"), now=NOW).title == "Payment API outage"


@pytest.mark.parametrize(
    ("status", "kind", "said", "hint"),
    [
        (401, EnvironmentProblem, "PagerDuty does not accept the token (401)", "PAGERDUTY_TOKEN"),
        (403, EnvironmentProblem, "does not allow this token to use incident P1 (403)", "PAGERDUTY_TOKEN"),
        (404, NotFound, "PagerDuty has no incident P1 (404)", "check the id"),
        (400, client.Declined, "answered 400 for incident P1", "check the id"),
    ],
)
def test_refusals_are_clear_and_not_repeated(
    server: Server, status: int, kind: type[PmctlError], said: str, hint: str
) -> None:
    server.answer = lambda *_: (status, {}, f"you sent {TOKEN}".encode())
    error = refused(server)
    assert isinstance(error, kind)
    assert said in error.message
    assert hint in error.hint
    assert len(server.seen) == 1


def test_retry_after_is_honoured_as_a_number_and_as_a_date(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    waits = [{"Retry-After": "1"}, {"Retry-After": soon}]
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)

    def answer(method: str, path: str, query: dict[str, list[str]], body: Any) -> Reply:
        return (429, waits.pop(0), b"") if waits else ok(load("opsknight.json"))

    server.answer = answer
    assert fetch(server, "opsknight:1")
    assert len(server.seen) == 3
    assert len(waited) == 2 and waited[0] >= 1 and 0 < waited[1] <= 2


def test_a_pause_of_an_hour_is_an_error_at_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answer = lambda *_: (429, {"Retry-After": "3600"}, b"")
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("nobody waits for an hour"))
    error = refused(server)
    assert "asks for fewer requests (429)" in error.message
    assert error.hint == "try again in 3600 s"
    assert len(server.seen) == 1


def test_a_broken_server_is_asked_four_times(server: Server) -> None:
    server.answer = lambda *_: (503, {"Retry-After": "0"}, b"")
    assert "PagerDuty is not working (answered 503)" in refused(server).message
    assert len(server.seen) == client.ATTEMPTS


def test_silence_ends_with_a_time_out(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUT", 0.2)
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    server.answer = lambda *_: (time.sleep(0.6), ok({}))[1]
    assert "did not answer within" in refused(server).message


def test_nobody_listening_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    with pytest.raises(EnvironmentProblem, match=r"PagerDuty at 127\.0\.0\.1:9 can't be reached \(ConnectError\)"):
        fetch_reference(
            "pagerduty:P1", from_environment({"PAGERDUTY_TOKEN": TOKEN, "PAGERDUTY_URL": "http://127.0.0.1:9"})
        )


@pytest.mark.parametrize("target", ["http://localhost:{port}/x", "https://evil.example/x", "//evil.example/x", ""])
def test_a_redirect_to_another_host_is_not_followed(server: Server, target: str) -> None:
    port = server.url.rsplit(":", 1)[1]
    server.answer = lambda *_: (302, {"Location": target.format(port=port)}, b"")
    assert "redirects to another host" in refused(server).message
    assert len(server.seen) == 1


def test_a_redirect_on_the_same_host_is_followed_and_a_circle_ends(server: Server) -> None:
    moved = "/api/incidents/2"
    server.answer = lambda m, path, q, b: ok({"id": 1}) if path == moved else (307, {"Location": moved}, b"")
    assert fetch(server, "opsknight:1")[0][1] == b'{"id": 1}'
    server.answer = lambda *_: (302, {"Location": "/again"}, b"")
    assert "keeps redirecting" in refused(server).message


def test_a_next_page_on_another_host_gets_no_token(server: Server) -> None:
    def answer(method: str, path: str, query: dict[str, list[str]], body: Any) -> Reply:
        if path.endswith("/events"):
            return ok({"data": [{}], "links": {"next": "https://evil.example/steal"}})
        return ok(load("rootly.json"))

    server.answer = answer
    error = refused(server, "rootly:1")
    assert isinstance(error, BadInput)
    assert "another host (evil.example)" in error.message


def test_a_list_without_end_ends(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pmctl.services.client.PAGE_LIMIT", 3)

    def answer(method: str, path: str, query: dict[str, list[str]], body: Any) -> Reply:
        offset = int(query.get("offset", ["0"])[0])
        return ok({"log_entries": [{}], "offset": offset, "more": True, "incident": {}})

    server.answer = answer
    assert "more than 3 pages" in refused(server).message


def test_no_json_and_too_much_of_it(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answer = lambda *_: (200, {}, b"<html>Sign in</html>")
    assert "not JSON for incident P1" in refused(server).message
    monkeypatch.setattr(client, "RESPONSE_LIMIT", 1_000_000)
    server.answer = lambda *_: (200, {}, b"[" + b" " * 1_100_000 + b"]")
    assert "more than 1 MB" in refused(server).message


def test_the_token_is_in_no_log_line(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.answer = lambda *_: (503, {"Retry-After": "0"}, b"")
    refused(server)
    assert caplog.records
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://api.example.com", "is not https"),
        ("https://user:pw@api.example.com", "user name or password"),
        ("ftp://example.com", "not a web address"),
        ("example.com", "not a web address"),
        ("https://example.com/?a=b", "not a web address"),
    ],
)
def test_addresses_that_no_token_is_sent_to(url: str, said: str) -> None:
    with pytest.raises(UsageProblem, match=said):
        fetch_reference("pagerduty:P1", from_environment({"PAGERDUTY_TOKEN": TOKEN, "PAGERDUTY_URL": url}))


def test_a_missing_or_broken_token_names_the_variable() -> None:
    with pytest.raises(EnvironmentProblem) as caught:
        fetch_reference("pagerduty:P1", from_environment({}))
    assert (caught.value.message, "PAGERDUTY_TOKEN" in caught.value.hint) == ("no token for PagerDuty", True)
    with pytest.raises(EnvironmentProblem) as broken:
        fetch_reference("pagerduty:P1", from_environment({"PAGERDUTY_TOKEN": f"{TOKEN}\nX-Evil: 1"}))
    assert broken.value.message == "PAGERDUTY_TOKEN holds characters that no token has"


@pytest.mark.parametrize("identity", ["../users", "a/../b", "a b", "-x", "a?b", "a//b", "x" * 300, "a\nb", "%2e%2e"])
def test_ids_that_would_change_the_request_are_refused(identity: str) -> None:
    with pytest.raises(UsageProblem):
        fetch_reference(
            f"pagerduty:{identity}", from_environment({"PAGERDUTY_TOKEN": TOKEN, "PAGERDUTY_URL": "http://127.0.0.1:9"})
        )


def test_references_and_file_names_are_told_apart() -> None:
    for text in ("record.json", "./pagerduty.json", "C:\\x.json", "https://example.com/x", "nagios:1", "-", ""):
        assert parse_reference(text) is None, text
    found = parse_reference("PagerDuty:PT4KHLK")
    assert found is not None
    assert (found[0].name, found[2]) == ("pagerduty", "PT4KHLK")
    with pytest.raises(UsageProblem, match="names no incident"):
        fetch_reference("record.json", from_environment({}))
    with pytest.raises(UsageProblem, match="is not an issue"):
        fetch_reference("github:321", from_environment({"GITHUB_API_URL": "http://127.0.0.1:9"}))


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "stamina", None)
    with pytest.raises(EnvironmentProblem) as caught:
        fetch_reference("pagerduty:P1", from_environment({"PAGERDUTY_TOKEN": TOKEN}))
    assert caught.value.hint == "pip install 'pmctl[integrations]'"


def test_every_system_has_its_own_variables() -> None:
    apis = [system.api for system in SYSTEMS if system.api]
    variables = {name for api in apis for name in (api.credential, api.address)}
    assert len(variables) == 2 * len(apis)


RECORDS: dict[str, dict[str, Any]] = {
    "pagerduty:P1": {"/incidents/P1": {"incident": {
        "id": "P1", "incident_number": 1, "title": "x", "status": "resolved", "created_at": "2025-01-01T10:00:00Z",
        "service": {"summary": "s"}}}},
    "rootly:r1": {"/v1/incidents/r1": {"data": {"id": "r1", "type": "incidents", "attributes": {
        "title": "x", "status": "resolved", "created_at": "2025-01-01T10:00:00Z"}}}},
    "opsgenie:o1": {"/v1/incidents/o1": {"data": {
        "id": "o1", "message": "x", "status": "closed", "priority": "P3", "createdAt": "2025-01-01T10:00:00Z"}}},
    "incident-io:i1": {"/v2/incidents/i1": {"incident": {
        "id": "i1", "name": "x", "created_at": "2025-01-01T10:00:00Z", "incident_status": {"category": "closed"},
        "incident_timestamp_values": [], "reference": "INC-1"}}},
    "firehydrant:f1": {"/v1/incidents/f1": {
        "id": "f1", "name": "x", "created_at": "2025-01-01T10:00:00Z", "milestones": [],
        "current_milestone": "resolved"}},
    "grafana-irm:g1": {"/api/plugins/grafana-irm-app/resources/api/v1/IncidentsService.GetIncident": {"incident": {
        "incidentID": "g1", "title": "x", "status": "resolved", "createdTime": "2025-01-01T10:00:00Z"}}},
    "opsknight:k1": {"/api/incidents/k1": {
        "id": "k1", "title": "x", "status": "RESOLVED", "createdAt": "2025-01-01T10:00:00Z", "urgency": "LOW"}},
    "statuspage:s1": {"/incidents/s1.json": {
        "id": "s1", "name": "x", "status": "resolved", "created_at": "2025-01-01T10:00:00Z", "incident_updates": []}},
    "github:a/b#1": {"/repos/a/b/issues/1": {
        "number": 1, "title": "x", "state": "closed", "created_at": "2025-01-01T10:00:00Z",
        "html_url": "https://github.com/a/b/issues/1"}, "/repos/a/b/issues/1/timeline": []},
    "datadog:d1": {"/api/v2/incidents/d1": {"data": {"id": "d1", "type": "incidents", "attributes": {
        "title": "x", "created": "2025-01-01T10:00:00Z", "state": "resolved", "public_id": 1}}}},
    "gitlab:a/b#1": {"/api/v4/projects/a%2Fb/issues/1": {
        "id": 7, "iid": 1, "title": "x", "state": "closed", "created_at": "2025-01-01T10:00:00Z",
        "web_url": "https://gitlab.com/a/b/-/issues/1"}, "/api/v4/projects/a%2Fb/issues/1/notes": []},
    "grafana-oncall:c1": {"/api/v1/alert_groups/c1/": {
        "id": "c1", "title": "x", "state": "resolved", "created_at": "2025-01-01T10:00:00Z", "integration_id": "I",
        "alerts_count": 1}},
    "squadcast:q1": {"/v3/incidents/q1": {"data": {
        "id": "q1", "message": "x", "status": "resolved", "created_at": "2025-01-01T10:00:00Z", "logs": [],
        "event_count": 1}}},
    "splunk-oncall:5": {"/api-reporting/v2/incidents": {"incidents": [{
        "incidentNumber": "5", "currentPhase": "RESOLVED", "startTime": "2025-01-01T10:00:00Z", "transitions": [],
        "entityDisplayName": "x"}]}},
    "google-cloud:z1": {"/incidents.json": [{
        "id": "z1", "begin": "2025-01-01T10:00:00Z", "external_desc": "x", "updates": [], "status_impact": "S",
        "most_recent_update": {"when": "2025-01-01T10:00:00Z", "text": "y"}}]},
    "servicenow:INC0001": {"/api/now/table/incident": {"result": [{
        "sys_id": {"value": "a" * 32}, "number": {"value": "INC0001"}, "state": {"value": "6"},
        "short_description": {"value": "x", "display_value": "x"}, "opened_at": {"value": "2025-01-01 10:00:00"}}]}},
    "jira:OPS-1": {"/rest/api/2/issue/OPS-1": {"key": "OPS-1", "fields": {
        "summary": "x", "created": "2025-01-01T10:00:00.000+0000", "status": {"name": "Done"}}}},
}  # fmt: skip
EMPTY = {"notes": [], "log_entries": [], "incident_updates": [], "follow_ups": [], "activityItems": [], "results": [],
         "comments": [], "data": [], "result": [], "incidents": [], "values": []}  # fmt: skip


@pytest.mark.parametrize("reference", RECORDS)
def test_an_incident_whose_lists_are_all_empty_is_fetched(server: Server, reference: str) -> None:
    server.answer = lambda method, path, query, body: ok(RECORDS[reference].get(path, EMPTY))
    incident = read_records(fetch(server, reference), now=NOW)
    assert (incident.source, incident.title) == (reference.partition(":")[0], "x")
    assert len(incident.events) <= 2


def test_every_system_with_an_api_is_tried_with_empty_lists() -> None:
    assert {reference.partition(":")[0] for reference in RECORDS} == {one.name for one in SYSTEMS if one.api}


@pytest.mark.parametrize(
    ("reference", "answers", "events", "headers"),
    [
        ("datadog:d", {"/api/v2/incidents/d": "datadog.json", "/api/v2/incidents/d/timeline": "datadog-timeline.json",
                       "/api/v2/incidents/d/relationships/todos": "datadog-todos.json"}, 6,
         {"DD-APPLICATION-KEY": TOKEN, "DD-API-KEY": "other"}),
        ("gitlab:infra/ci#48", {"/api/v4/projects/infra%2Fci/issues/48": "gitlab.json",
                                "/api/v4/projects/infra%2Fci/issues/48/notes": "gitlab-notes.json",
                                "/api/graphql": "gitlab-timeline.json"}, 4, {"PRIVATE-TOKEN": TOKEN}),
        ("grafana-oncall:IX7Q2PL9", {"/api/v1/alert_groups/IX7Q2PL9/": "grafana-oncall.json",
                                     "/api/v1/alerts/": "grafana-oncall-alerts.json"}, 5, {"Authorization": TOKEN}),
        ("squadcast:65aa", {"/v3/incidents/65aa": "squadcast.json"}, 3, {"Authorization": f"Bearer {TOKEN}"}),
        ("splunk-oncall:3107", {"/api-public/v1/incidents": "splunk-oncall.json"}, 3,
         {"X-VO-Api-Key": TOKEN, "X-VO-Api-Id": "other"}),
        ("servicenow:INC0041877", {"/api/now/table/incident": "servicenow.json",
                                   "/api/now/table/sys_journal_field": "servicenow-journal.json"}, 4,
         {"Authorization": "Basic b3RoZXI6czNjcjN0LVQwS0VOLXZhbHVl"}),
        ("jira:OPS-318", {"/rest/api/2/issue/OPS-318": "jira.json",
                          "/rest/api/2/issue/OPS-318/comment": "jira-comments.json"}, 6,
         {"Authorization": "Basic b3RoZXI6czNjcjN0LVQwS0VOLXZhbHVl"}),
        ("google-cloud:aB3dE5fG7hJ9kLmN1pQr", {"/incidents.json": "google-cloud.json"}, 3, {}),
    ],
)  # fmt: skip
def test_the_other_systems(
    server: Server, reference: str, answers: dict[str, str], events: int, headers: dict[str, str]
) -> None:
    server.answer = lambda method, path, query, body: ok(load(answers[path])) if path in answers else (404, {}, b"{}")
    incident = read_records(fetch(server, reference), now=NOW)
    assert len(incident.events) == events
    assert headers.items() <= server.seen[0][2].items()


def test_a_second_secret_that_is_missing_is_asked_for(server: Server) -> None:
    with pytest.raises(EnvironmentProblem, match="Datadog needs DATADOG_API_KEY beside the token"):
        fetch_reference("datadog:1", from_environment({"DATADOG_TOKEN": TOKEN, "DATADOG_URL": server.url}))
    assert server.seen == []


def test_a_user_makes_the_token_a_password_and_none_leaves_it_a_token() -> None:
    parsed = parse_reference("jira:OPS-1")
    assert parsed is not None
    assert parsed[1].headers_with("t", {"JIRA_EMAIL": ""})["Authorization"] == "Bearer t"
    assert parsed[1].headers_with("t", {"JIRA_EMAIL": "a@b"})["Authorization"] == "Basic YUBiOnQ="
