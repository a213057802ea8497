"""What leaves the server whole: exports, numbers for Prometheus, and the site for a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.cli.play import ID, Settings
from tests.server.api import Answer, Office

EXPORTS = f"/api/postmortems/{ID}/exports"


@pytest.fixture(scope="module")
def office(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A team with a published postmortem, and a draft that only its author may read."""
    made = Office.of(settings.at("published", tmp_path_factory.mktemp("pages") / "stage"))
    made.play.do("jane", "pmctl new 'Known to few' && git push -q origin main")
    yield made
    made.end()


@pytest.fixture(scope="module")
def port(office: Office) -> int:
    return office.serve()


@pytest.fixture(scope="module")
def bob(office: Office) -> str:
    return office.token("bob")


def test_every_form_is_exported(office: Office, port: int, bob: str) -> None:
    for form, kind, beginning in (
        ("md", "text/markdown; charset=utf-8", b"---"), ("html", "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        ("json", "application/json", b"{"), ("pdf", "application/pdf", b"%PDF"),
    ):  # fmt: skip
        found = office.ask(port, "GET", f"{EXPORTS}/{form}", token=bob)
        assert found.status == 200 and found.body.lstrip().startswith(beginning), found.body[:200]
        assert found.headers["content-type"] == kind
        assert found.headers["content-disposition"] == f'attachment; filename="{ID}.{form}"'
    again = office.ask(port, "GET", f"{EXPORTS}/md", token=bob, If_None_Match=_etag(office, port, bob, "md"))
    assert (again.status, again.body) == (304, b"")
    proved = office.ask(port, "GET", f"{EXPORTS}/json?evidence=true", token=bob)
    assert json.loads(proved.body)["evidence"]
    assert office.ask(port, "GET", f"{EXPORTS}/docx", token=bob).status == 422
    assert office.ask(port, "GET", f"{EXPORTS}/md").status == 401


def _etag(office: Office, port: int, token: str, form: str) -> str:
    return office.ask(port, "HEAD", f"{EXPORTS}/{form}", token=token).headers["etag"]


def test_prometheus_reads_the_numbers(office: Office, port: int, bob: str) -> None:
    found = office.ask(port, "GET", "/metrics", token=bob)
    assert found.headers["content-type"].startswith("application/openmetrics-text")
    families = {one.name for one in text_string_to_metric_families(found.body.decode())}
    assert "pmctl_answer" in families and len(families) > 10
    assert office.ask(port, "GET", "/metrics").status == 401


def test_events_come_in_pages(office: Office, port: int, bob: str) -> None:
    whole = office.ask(port, "GET", "/api/events", token=bob).json["events"]
    path, found = "/api/events?limit=2", []
    while path:
        answer = office.ask(port, "GET", path, token=bob)
        found += answer.json["events"]
        link = answer.headers.get("link", "")
        path = link.partition("<")[2].partition(">")[0]
        assert bool(path) is answer.json["more"]
    assert found == whole and len(whole) > 4


def login(office: Office, port: int, token: str, **headers: str) -> Answer:
    body = urlencode({"token": token}).encode()
    return office.ask(port, "POST", "/login", body, Content_Type="application/x-www-form-urlencoded", **headers)


def test_a_browser_logs_in_by_token_and_reads_the_site(office: Office, port: int, bob: str) -> None:
    first = office.ask(port, "GET", "/")
    assert (first.status, first.headers["location"]) == (303, "/login")
    form = office.ask(port, "GET", "/login")
    assert form.status == 200 and "form-action 'self'" in form.headers["content-security-policy"]
    assert login(office, port, "pmctl_wrong").headers["location"] == "/login?wrong=true"
    assert "does not count" in office.ask(port, "GET", "/login?wrong=true").body.decode()
    assert login(office, port, bob, Sec_Fetch_Site="cross-site").status == 403
    done = login(office, port, bob)
    kept = done.headers["set-cookie"]
    assert done.status == 303 and "HttpOnly" in kept and "SameSite=lax" in kept
    cookie = kept.partition(";")[0]
    page = office.ask(port, "GET", "/", Cookie=cookie)
    assert page.status == 200 and b"Payment API" in page.body and b"Known to few" not in page.body
    assert office.ask(port, "GET", f"/postmortems/{ID}.html", Cookie=cookie).status == 200
    assert office.ask(port, "GET", "/site.js", Cookie=cookie).status == 200
    assert office.ask(port, "GET", "/", token=bob).body == page.body
    for path in ("/nothing", "/../pmctl.yaml", "/%2e%2e/pmctl.yaml", "/.pmctl-site.json", "//etc/passwd", "/a%00b"):
        assert office.ask(port, "GET", path, Cookie=cookie).status == 404, path
    assert office.ask(port, "GET", "/api/postmortems", Cookie=cookie).status == 401
    assert office.ask(port, "GET", f"/api/postmortems/{ID}/acts", token=bob).status == 405
    assert office.ask(port, "GET", "/api/nothing", token=bob).status == 404
    gone = office.ask(port, "POST", "/logout", Cookie=cookie)
    assert 'pmctl_token=""' in gone.headers["set-cookie"]


def test_the_pages_follow_the_branch(office: Office, port: int, bob: str) -> None:
    """What was archived meanwhile is shown so at once, and a revoked token opens nothing."""
    assert b"archived" not in office.ask(port, "GET", f"/postmortems/{ID}.html", token=bob).body.lower()
    office.play.do("alice", f"pmctl archive {ID} && git push -q origin main")
    jane = office.token("jane", "--scope write")
    drafted = office.ask(port, "POST", "/api/postmortems", {"title": "A write brings the server up to date"}, jane)
    assert drafted.status == 201, drafted.body
    assert b"archived" in office.ask(port, "GET", f"/postmortems/{ID}.html", token=bob).body.lower()
