"""pmctl serve: the REST API over real servers, clones and a git server."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection

import pytest

from pmctl.output.schemas import published
from tests.cli.play import ID, Settings
from tests.server.api import Answer, Office, messages

POSTMORTEMS = "/api/postmortems"
ITEMS = f"{POSTMORTEMS}/{ID}/action-items"


@pytest.fixture(scope="module")
def office(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A team with a draft of jane's in review nowhere, its git server, and what is running."""
    made = Office.of(settings.at("draft", tmp_path_factory.mktemp("office") / "stage"))
    yield made
    made.end()


@pytest.fixture(scope="module")
def port(office: Office) -> int:
    return office.serve()


@pytest.fixture(scope="module")
def jane(office: Office) -> str:
    return office.token("jane", "--scope write --name laptop")


@pytest.fixture(scope="module")
def bob(office: Office) -> str:
    return office.token("bob")


def problem(answer: Answer, status: int) -> dict[str, object]:
    """The problem that an answer is, of this status."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, object] = answer.json
    assert found["status"] == status and found["detail"] and found.keys() >= {"type", "title", "fix", "errors"}
    return found


def test_the_two_examples_of_every_manual_work(office: Office, port: int, jane: str) -> None:
    made = office.ask(
        port, "POST", POSTMORTEMS, {
            "title": "Payment API Outage - Jan 15", "incidentId": "pagerduty:inc_abc123",
            "summary": "Database connection pool exhaustion caused 45-minute outage", "status": "DRAFT",
        }, jane,
    )  # fmt: skip
    assert made.status == 201, made.body
    front = made.json["front_matter"]
    assert (front["author"], front["status"]) == ("jane", "DRAFT")
    assert [(one["source"], one["id"]) for one in front["incidents"]] == [("pagerduty", "inc_abc123")]
    name = front["id"]
    assert made.headers["location"] == f"{POSTMORTEMS}/{name}"
    summary = next(one for one in made.json["sections"] if one["title"] == "Summary")
    assert summary["markdown"] == "Database connection pool exhaustion caused 45-minute outage"
    item = office.ask(
        port, "POST", f"{POSTMORTEMS}/inc_abc123/action-items", {
            "description": "Add connection pool monitoring", "ownerId": "jane", "dueDate": "2024-02-22",
            "priority": "HIGH",
        }, jane,
    )  # fmt: skip
    assert item.status == 201, item.body
    assert (item.json["owner"], item.json["due"], item.json["status"]) == ("jane", "2024-02-22", "OPEN")
    assert office.ask(port, "GET", item.headers["location"], token=jane).json == item.json
    listed = office.ask(port, "GET", f"{POSTMORTEMS}/{name}/action-items", token=jane).json["action_items"]
    assert item.json in listed
    told = messages(office.origin)
    assert "Jane Doe <jane@example.com> / pmctl server: Draft" in told
    assert "Jane Doe <jane@example.com> / pmctl server: Add action item" in told


def test_what_is_changed_has_to_be_what_was_read(office: Office, port: int, jane: str) -> None:
    path = f"{POSTMORTEMS}/{ID}"
    read = office.ask(port, "GET", path, token=jane)
    assert read.status == 200, read.body
    etag = read.headers["etag"]
    assert office.ask(port, "GET", path, token=jane, If_None_Match=etag).status == 304
    problem(office.ask(port, "PATCH", path, {"title": "Another"}, jane), 428)
    done = office.ask(
        port, "PATCH", path, {"severity": "SEV1", "sections": {"Lessons Learned": "Pools."}}, jane, If_Match=etag
    )
    assert done.status == 200, done.body
    assert done.json["front_matter"]["severity"] == "SEV1" and done.headers["etag"] != etag
    assert next(one for one in done.json["sections"] if one["title"] == "Lessons Learned")["markdown"] == "Pools."
    problem(office.ask(port, "PATCH", path, {"title": "Too late"}, jane, If_Match=etag), 412)
    refused = problem(office.ask(port, "PATCH", path, {"status": "PUBLISHED"}, jane, If_Match="*"), 409)
    assert "publish" in str(refused["fix"])
    problem(office.ask(port, "PATCH", path, {"titel": "Typo"}, jane, If_Match="*"), 422)
    item = office.ask(port, "GET", ITEMS, token=jane).json["action_items"][0]["id"]
    tag = office.ask(port, "GET", f"{ITEMS}/{item}", token=jane).headers["etag"]
    moved = office.ask(port, "PATCH", f"{ITEMS}/{item}", {"status": "IN_PROGRESS"}, jane, If_Match=tag)
    assert (moved.status, moved.json["status"]) == (200, "IN_PROGRESS")
    problem(office.ask(port, "PATCH", f"{ITEMS}/{item}", {"status": "WONT_DO"}, jane, If_Match="*"), 422)


def test_the_same_request_twice_is_one_commit(office: Office, port: int, jane: str, bob: str) -> None:
    body = {"description": "Write the runbook", "ownerId": "jane", "priority": "LOW", "dueDate": "2024-03-01"}
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(office.ask, port, "POST", ITEMS, body, jane, Idempotency_Key="run-1") for _ in range(4)]
        answers = [one.result() for one in asked]
    assert sorted(one.status for one in answers) == [200, 200, 200, 201]
    assert len({one.body for one in answers}) == 1
    other = office.serve("second")
    again = office.ask(other, "POST", ITEMS, body, jane, Idempotency_Key="run-1")
    assert (again.status, again.json) == (200, answers[0].json)
    problem(office.ask(other, "POST", ITEMS, body | {"priority": "HIGH"}, jane, Idempotency_Key="run-1"), 422)
    problem(office.ask(port, "POST", POSTMORTEMS, {"title": "Other"}, jane, Idempotency_Key="run-1"), 422)
    fresh = office.ask(other, "POST", ITEMS, body, jane, Idempotency_Key="run-2")
    assert fresh.status == 201 and fresh.json["id"] != again.json["id"]


def test_who_may_read_and_write(office: Office, port: int, jane: str, bob: str) -> None:
    for token in ("", "nonsense", jane[:-1] + ("A" if jane[-1] != "A" else "B"), f"pmctl_{'0' * 10}_{'x' * 43}"):
        answer = office.ask(port, "GET", POSTMORTEMS, token=token)
        problem(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")
    problem(office.ask(port, "POST", ITEMS, {"description": "x", "ownerId": "bob", "priority": "LOW"}, bob), 403)
    writer = office.token("bob", "--scope write")
    refused = problem(office.ask(port, "PATCH", f"{POSTMORTEMS}/{ID}", {"title": "Mine"}, writer, If_Match="*"), 403)
    assert "AU702" in str(refused["detail"])
    private = office.ask(port, "POST", POSTMORTEMS, {"title": "Only for us"}, jane).json["front_matter"]["id"]
    assert office.ask(port, "GET", f"{POSTMORTEMS}/{private}", token=bob).status == 200
    stage = office.play
    stage.do("jane", "git pull -q --rebase")
    file = stage.root / f"postmortems/{private[:4]}/{private}.md"
    file.write_text(file.read_text().replace("visibility: organization", "visibility: private"))
    stage.do("jane", "git commit -qam 'For us' && git push -q")
    written = office.ask(port, "POST", f"{POSTMORTEMS}/{private}/comments", {"text": "Seen?"}, jane)
    assert written.status == 201, written.body
    for title in ("Only for us", "only: FOR us"):
        refused = problem(office.ask(port, "POST", POSTMORTEMS, {"title": title}, writer), 409)
        assert private not in str(refused)
        assert private in str(problem(office.ask(port, "POST", POSTMORTEMS, {"title": title}, jane), 409))
    hidden = [
        office.ask(port, "GET", f"{POSTMORTEMS}/{name}{rest}", token=bob)
        for name in (private, "no-such-outage") for rest in ("", "/action-items", "/comments", "/history", "/status")
    ]  # fmt: skip
    assert {one.status for one in hidden} == {404}
    assert {one.body.replace(private.encode(), b"no-such-outage") for one in hidden} == {hidden[-1].body}
    for path in (POSTMORTEMS, "/api/events", "/api/metrics"):
        answer = office.ask(port, "GET", path, token=bob)
        assert answer.status == 200 and private.encode() not in answer.body
        assert private.encode() in office.ask(port, "GET", path + "?limit=200", token=jane).body or "metrics" in path


def test_what_could_not_be_answered_does_not_land(office: Office, port: int, jane: str) -> None:
    before = messages(office.origin)
    for body in (
        {"title": "Left\u202eright"}, {"title": "a\x00b"}, {"title": "a\nb"},
        {"title": "ok", "severity": "SEV1\nstatus: X"},
        {"title": "ok", "services": ["\u202e"]}, {"title": "ok", "incidentId": "pager:a\x00"},
    ):  # fmt: skip
        problem(office.ask(port, "POST", POSTMORTEMS, body, jane), 422)
    assert messages(office.origin) == before


def test_a_stream_ends_with_its_token_and_head_has_no_body(office: Office, port: int) -> None:
    problem(office.ask(port, "GET", "/api/events/stream?since=none", token=(text := office.token("bob"))), 422)
    assert office.ask(port, "HEAD", "/api/events/stream", token=text).status == 200
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/api/events/stream", headers={"Authorization": f"Bearer {text}"})
    stream = connection.getresponse()
    assert stream.readline().startswith(b":")
    office.play.do("bob", f"pmctl serve token revoke {text.split('_')[1]}")
    assert stream.read().count(b"\n") < 200  # it ends
    connection.close()


def test_a_token_ends_when_it_is_revoked_or_too_old(office: Office, port: int) -> None:
    text = office.token("bob", "--expires 1h")
    assert office.ask(port, "GET", POSTMORTEMS, token=text).status == 200
    stage = office.play
    assert text.split("_")[2] not in stage.do("bob", "git show refs/pmctl/server && pmctl serve token list")
    assert stage.run("bob", "pmctl serve token create --for jane").returncode == 1
    stage.do("alice", f"pmctl serve token revoke {text.split('_')[1]}")
    wait = threading.Event()
    for _ in range(200):
        if office.ask(port, "GET", POSTMORTEMS, token=text).status == 401:
            break
        wait.wait(0.1)
    problem(office.ask(port, "GET", POSTMORTEMS, token=text), 401)


def test_pages_filters_and_methods(office: Office, port: int, jane: str) -> None:
    for number in range(3):
        assert (
            office.ask(port, "POST", POSTMORTEMS, {"title": f"Page {number}", "services": ["pages"]}, jane).status
            == 201
        )
    whole = office.ask(port, "GET", f"{POSTMORTEMS}?service=pages", token=jane).json
    names = [one["id"] for one in whole["postmortems"]]
    assert len(names) == 3 and whole["more"] is False
    seen, path = [], f"{POSTMORTEMS}?service=pages&limit=2"
    while path:
        answer = office.ask(port, "GET", path, token=jane)
        seen += [one["id"] for one in answer.json["postmortems"]]
        path = answer.headers.get("link", "").partition(">")[0].removeprefix("<")
    assert seen == names
    row = published()["list"]()["$defs"]["ListedPostmortem"]["required"]
    assert set(whole["postmortems"][0]) == set(row)
    head = office.ask(port, "HEAD", POSTMORTEMS, token=jane)
    assert (head.status, head.body) == (200, b"") and head.headers["etag"]
    problem(office.ask(port, "DELETE", POSTMORTEMS, token=jane), 405)
    problem(office.ask(port, "GET", "/api/nothing", token=jane), 404)
    problem(office.ask(port, "GET", f"{POSTMORTEMS}?limit=0", token=jane), 422)
    problem(office.ask(port, "GET", f"{POSTMORTEMS}/..%2f..%2fetc%2fpasswd", token=jane), 404)
    zipped = office.ask(port, "GET", f"{POSTMORTEMS}/{ID}", token=jane, Accept_Encoding="gzip")
    assert zipped.headers["content-encoding"] == "gzip"
    assert (
        "access-control-allow-origin"
        not in office.ask(port, "GET", POSTMORTEMS, token=jane, Origin="https://x.example").headers
    )
    assert office.ask(port, "GET", f"{POSTMORTEMS}/{ID}/history", token=jane).json["id"] == ID
    assert office.ask(port, "GET", f"{POSTMORTEMS}/{ID}/status", token=jane).json["status"] == "DRAFT"
    assert office.ask(port, "GET", "/api/metrics?by=service", token=jane).json["postmortems"] >= 4
    events = office.ask(port, "GET", "/api/events?limit=5", token=jane).json["events"]
    later = office.ask(port, "GET", f"/api/events?since={events[0]['id']}&limit=4", token=jane).json["events"]
    assert [one["id"] for one in later] == [one["id"] for one in events[1:]]


def test_what_is_no_request_is_said_so(office: Office, port: int, jane: str) -> None:
    problem(office.ask(port, "POST", POSTMORTEMS, b"{not json", jane), 422)
    problem(office.ask(port, "POST", POSTMORTEMS, {"title": "x", "status": "PUBLISHED"}, jane), 409)
    problem(office.ask(port, "POST", POSTMORTEMS, {"title": ""}, jane), 422)
    only = office.ask(port, "POST", POSTMORTEMS, {"title": "Of the only source", "incidentId": "inc_1"}, jane)
    assert only.json["front_matter"]["incidents"][0]["source"] == "pagerduty"
    problem(office.ask(port, "POST", POSTMORTEMS, {"title": "Again", "incidentId": "inc_1"}, jane), 409)
    problem(office.ask(port, "POST", ITEMS, {"description": "x", "ownerId": "nobody", "priority": "LOW"}, jane), 422)
    problem(office.ask(port, "POST", ITEMS, b'{"x":"' + b"y" * 1_100_000 + b'"}', jane), 413)
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(b"POST /api/postmortems HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 413")
    assert office.ask(port, "GET", "/healthz").status == 200


def test_acknowledged_writes_survive_and_the_history_is_clean(office: Office, jane: str) -> None:
    """Two servers, eight writers, one of the servers killed in the middle, somebody who pushes by hand: nothing is lost
    or doubled, and the audit passes."""
    one, two = office.serve("third"), office.serve("fourth")
    killed = office.running[-1]
    acknowledged: list[str] = []
    lock = threading.Lock()

    def write(number: int) -> None:
        for step in range(4):
            body = {
                "description": f"Step {number}.{step}",
                "ownerId": "bob",
                "priority": "LOW",
                "dueDate": "2024-03-01",
            }
            try:
                answer = office.ask(
                    (one, two)[number % 2], "POST", ITEMS, body, jane, Idempotency_Key=f"w{number}.{step}"
                )
            except OSError:
                answer = office.ask(one, "POST", ITEMS, body, jane, Idempotency_Key=f"w{number}.{step}")
            assert answer.status in (200, 201), answer.body
            with lock:
                acknowledged.append(answer.json["id"])
                if len(acknowledged) == 12:
                    os.killpg(killed.pid, signal.SIGKILL)

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(write, number) for number in range(8)]:
            done.result()
    stage = office.play
    stage.do("alice", "git pull -q --rebase")
    listed = json.loads(stage.do("alice", f"pmctl actions list --postmortem {ID} --json id,description"))
    steps = [item for item in listed if item["description"].startswith("Step ")]
    assert len(steps) == 32 and {item["id"] for item in steps} == set(acknowledged)
    assert "passed" in stage.do("alice", "pmctl audit")


def test_a_service_drafts_nothing(office: Office, port: int, jane: str) -> None:
    add = "pmctl people add deploys --name Deploys --email deploys@example.com --key ../deploys.pub --kind service"
    office.play.do("alice", f"git pull -q --rebase && ssh-keygen -q -t ed25519 -N '' -f ../deploys && {add}")
    office.play.do("alice", "git push -q origin main")
    robot = office.token("alice", "--for deploys --scope write")
    # A write brings the server up to date, the new person included.
    assert office.ask(port, "POST", POSTMORTEMS, {"title": "By a person"}, jane).status == 201
    refused = problem(office.ask(port, "POST", POSTMORTEMS, {"title": "By a robot"}, robot), 403)
    assert "AU702" in str(refused["detail"])


def test_what_upstream_refuses_or_forgets_is_not_there(office: Office, port: int, jane: str) -> None:
    def draft(key: str) -> Answer:
        return office.ask(port, "POST", POSTMORTEMS, {"title": "Never was"}, jane, Idempotency_Key=key)

    hook = office.origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho the branch is frozen >&2\nexit 1\n")
    hook.chmod(0o755)
    refused = problem(draft("frozen"), 503)
    hook.unlink()
    assert "the branch is frozen" in str(refused["detail"]) and str(office.origin) not in str(refused)
    assert (draft("frozen").status, draft("frozen").status) == (201, 200)
    git = ("git", "-C", str(office.origin), "update-ref", "refs/heads/main", "main~1")
    subprocess.run(git, check=True)
    assert draft("frozen").status == 201


def test_a_clone_with_somebodys_work_is_not_served(office: Office) -> None:
    stage = office.play
    clone = stage.root.parent / "busy"
    stage.do("jane", f"git clone -q {office.origin} {clone} && cd {clone} && git commit -q --allow-empty -m Mine")
    done = stage.run("jane", "pmctl serve --port 1", cwd=clone)
    assert done.returncode == 2 and "not pushed" in done.stderr
    stage.do("jane", f"cd {clone} && git reset -q --hard origin/main && echo >> pmctl.yaml")
    assert "not committed" in stage.run("jane", "pmctl serve --port 1", cwd=clone).stderr


def test_what_upstream_refuses_of_one_is_no_other_ones_failure(office: Office, port: int, jane: str) -> None:
    """A hook refuses one of several writes that came at once, and so went in one push: the others land."""
    hook = office.origin / "hooks" / "pre-receive"
    hook.write_text(
        "#!/bin/sh\n"
        "while read old new ref; do git log --format=%B $old..$new | grep -qi forbidden && exit 1; done\nexit 0\n"
    )
    hook.chmod(0o755)
    titles = [*(f"Fine {number}" for number in range(6)), "Forbidden", ""]
    try:
        with ThreadPoolExecutor(8) as pool:
            found = pool.map(lambda title: office.ask(port, "POST", POSTMORTEMS, {"title": title}, jane).status, titles)
            assert list(found) == [201] * 6 + [503, 422]
    finally:
        hook.unlink()


def test_text_that_deceives_is_refused(office: Office, port: int, jane: str) -> None:
    drafted = office.ask(port, "POST", POSTMORTEMS, {"title": "Plain text"}, jane)
    path, headers = drafted.headers["location"], {"If_Match": drafted.headers["etag"]}
    for deceiving in ("\u202egnihton", "a\x1b[31mb", "a\x00b", "a\u2066b"):
        for body in (
            {"title": deceiving}, {"summary": deceiving}, {"sections": {"Root Cause": deceiving}},
            {"sections": {deceiving: "x"}}, {"services": [deceiving]},
        ):  # fmt: skip
            answer = office.ask(port, "PATCH", path, body, jane, **headers)
            assert answer.status in (409, 422), (body, answer.body)
        item = {"description": deceiving, "ownerId": "jane", "priority": "LOW"}
        answer = office.ask(port, "POST", f"{path}/action-items", item, jane)
        assert answer.status in (409, 422), answer.body
        answer = office.ask(port, "POST", f"{path}/comments", {"text": deceiving}, jane)
        assert answer.status in (409, 422), answer.body


def test_many_connections_and_endless_bodies(office: Office, port: int, jane: str) -> None:
    """500 clients that say nothing keep nobody from being answered; a body without a length ends at the limit."""
    idle = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(500)]
    try:
        assert office.ask(port, "GET", ITEMS, token=jane).status == 200
        with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
            head = f"POST {ITEMS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {jane}\r\n"
            raw.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
            with suppress(OSError):  # it may close before all of it is sent
                for _ in range(100):
                    raw.sendall(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")
            assert raw.recv(100).startswith(b"HTTP/1.1 413")
    finally:
        for one in idle:
            one.close()


def test_a_server_that_lost_its_git_server_says_so(office: Office, jane: str) -> None:
    port = office.serve("fifth")
    gone = office.origin.with_name("gone.git")
    office.origin.rename(gone)
    try:
        refused = problem(office.ask(port, "POST", POSTMORTEMS, {"title": "Never was"}, jane), 503)
        assert "origin" not in str(refused) and "try again later" in str(refused["fix"])
        clone = office.play.root.parent / "fifth"
        clone.rename(clone.with_name("sixth"))
        problem(office.ask(port, "GET", f"{ITEMS}/../history", token=jane), 404)
        problem(office.ask(port, "GET", f"{POSTMORTEMS}/{ID}/history", token=jane), 503)
    finally:
        gone.rename(office.origin)
