"""Trackers that live in a test: real HTTP servers on loopback that keep tickets and answer as the services do.

Each keeps to what its service documents where the clients lean on it, and is no stricter than that needs: a field that
the service would refuse may pass here. `faults` change single answers: a refusal, an answer cut in half, one that comes
late, one that is lost after the deed.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

TOKEN = "s3cret-Token-1"
Reply = tuple[int, Any]


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, list[str]]
    body: Any
    headers: dict[str, str]


@dataclass
class Fault:
    """What goes wrong with the next `times` requests that match: answered so, or only after it was done (`after`)."""

    method: str
    pattern: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    times: int = 1
    after: bool = False  # the deed is done, and the answer lost
    half: bool = False  # the answer breaks off
    delay: float = 0.0


@dataclass
class Tracker:
    """What all of them have: people, requests so far, faults to come."""

    faults: list[Fault] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    base: str = ""
    before: Callable[[Request], None] = lambda request: None
    after: Callable[[Request], None] = lambda request: None
    lock: Any = field(default_factory=threading.RLock)

    def answer(self, request: Request) -> Reply:
        raise NotImplementedError

    def count(self, method: str, pattern: str) -> int:
        return sum(one.method == method and bool(re.search(pattern, one.path)) for one in self.requests)

    def fail(self, method: str, pattern: str, status: int = 0, **more: Any) -> None:
        self.faults.append(Fault(method, pattern, status, **more))

    def fault(self, request: Request) -> Fault | None:
        for one in self.faults:
            if one.times and one.method == request.method and re.search(one.pattern, request.path):
                one.times -= 1
                return one
        return None


class Gone(Exception):
    """The connection is to be cut."""


def _handler(tracker: Tracker) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            size = int(self.headers.get("content-length") or 0)
            raw = self.rfile.read(size)
            form = self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
            body = None if not raw else dict(parse_qsl(raw.decode())) if form else json.loads(raw)
            request = Request(
                self.command, unquote(parts.path), parse_qs(parts.query, keep_blank_values=True), body,
                {key.lower(): value for key, value in self.headers.items()},
            )  # fmt: skip
            with tracker.lock:
                tracker.requests.append(request)
                try:
                    tracker.before(request)
                except Gone:
                    self.close_connection = True
                    return
                fault = tracker.fault(request)
                if fault and fault.delay:
                    time.sleep(fault.delay)
                if fault and fault.status:
                    self._send(fault.status, fault.body if fault.body is not None else {}, fault.headers)
                    return
                status, value, *headers = tracker.answer(request)
                try:
                    tracker.after(request)
                except Gone:
                    self.close_connection = True
                    return
                if fault and fault.after:
                    self.close_connection = True
                    return
                self._send(status, value, headers[0] if headers else {}, half=bool(fault and fault.half))

        def _send(self, status: int, value: Any, headers: dict[str, str], *, half: bool = False) -> None:
            data = b"" if status == 204 else json.dumps(value).encode()
            self.send_response(status)
            for key, text in headers.items():
                self.send_header(key, text)
            if status != 204:
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
            with suppress(BrokenPipeError):  # whoever asked has given up
                self.end_headers()
                self.wfile.write(data[: len(data) // 2] if half else data)
            if half:
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815  the names that the base class calls

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def serving(tracker: Tracker) -> Iterator[Tracker]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(tracker))
    server.daemon_threads = True
    tracker.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield tracker
    finally:
        server.shutdown()
        server.server_close()


STATUSES = {"To Do": "new", "In Progress": "indeterminate", "Done": "done", "Won't Do": "done"}


@dataclass
class Jira(Tracker):
    """Jira Cloud, or Data Center when `cloud` is false. A search finds an issue only after `lag` more searches."""

    cloud: bool = True
    lag: int = 0
    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    age: dict[str, int] = field(default_factory=dict)
    transitions: dict[str, str] = field(default_factory=lambda: {"11": "To Do", "21": "In Progress", "31": "Done"})
    required: dict[str, Any] = field(default_factory=dict)
    people: dict[str, str] = field(
        default_factory=lambda: {f"{one}@example.com": one for one in ("jane", "bob", "carol")}
    )
    hidden_mail: bool = False
    unknown_fields: tuple[str, ...] = ()
    number: int = 0

    def answer(self, request: Request) -> Reply:
        login = request.headers.get("authorization", "")
        if not login.startswith("Basic " if self.cloud else "Bearer "):
            return 401, {"message": "Client must be authenticated to access this resource."}
        path = re.sub(r"^/rest/api/[23]", "", request.path)
        version = "3" if self.cloud else "2"
        if not request.path.startswith(f"/rest/api/{version}/"):
            return 404, {"errorMessages": [f"no resource {request.path}"]}
        if request.method == "POST" and path == "/issue":
            return self.create(request.body["fields"])
        if path == "/issue/bulkfetch" and self.cloud:
            asked = request.body["issueIdsOrKeys"]
            assert len(asked) <= 100
            there = [self.issue(one) for one in asked]
            return 200, {"issues": [one for one in there if one], "issueErrors": [{}] * there.count(None)}
        if path in ("/search/jql", "/search"):
            return self.search(request.body, path)
        if path == "/user/search":
            return self.users(request)
        if path == "/myself":
            return 200, {"displayName": "pmctl bot", "emailAddress": "bot@example.com"}
        if path == "/mypermissions":
            names = request.query["permissions"][0].split(",")
            return 200, {"permissions": {one: {"havePermission": one != "ASSIGN_ISSUES"} for one in names}}
        match = re.fullmatch(r"/issue/([^/]+)(/transitions)?", path)
        issue = self.issue(match[1]) if match else None
        if match is None or issue is None:
            return 404, {"errorMessages": ["Issue does not exist or you do not have permission to see it."]}
        return self.transition(request, issue) if match[2] else self.edit(request, issue)

    def create(self, fields: dict[str, Any]) -> Reply:
        wrong = {
            one: f"Field '{one}' cannot be set. It is not on the appropriate screen, or unknown."
            for one in self.unknown_fields
            if one in fields
        }
        wrong |= {
            one: f"{one} is required." for one in self.required if one.startswith("customfield") and one not in fields
        }
        if len(fields["summary"]) > 255 or "\n" in fields["summary"]:
            wrong["summary"] = "Summary must be one line of at most 255 characters."
        if any(" " in label for label in fields["labels"]):
            wrong["labels"] = "The label can't contain spaces."
        if isinstance(fields["description"], dict) is not self.cloud or not self._whole(fields["description"]):
            wrong["description"] = "Operation value must be an Atlassian Document"
        person = fields.get("assignee", {}).get("accountId" if self.cloud else "name")
        if person and person not in self.people.values():
            wrong["assignee"] = f"User '{person}' cannot be assigned issues."
        if wrong:
            return 400, {"errorMessages": [], "errors": wrong}
        self.number += 1
        key = f"{fields['project']['key']}-{self.number}"
        self.issues[str(10000 + self.number)] = {
            "id": str(10000 + self.number),
            "key": key,
            "state": "To Do",
            "resolution": None,
            **fields,
        }
        self.age[str(10000 + self.number)] = 0
        return 201, {
            "id": str(10000 + self.number),
            "key": key,
            "self": f"{self.base}/rest/api/3/issue/{10000 + self.number}",
        }

    def _whole(self, node: Any) -> bool:
        """No empty text node, which Jira refuses."""
        if isinstance(node, str):
            return True
        return (node["type"] != "text" or bool(node["text"])) and all(map(self._whole, node.get("content", ())))

    def issue(self, word: str) -> dict[str, Any] | None:
        """An issue by id or key, also an old one."""
        for one in self.issues.values():
            if word in (one["id"], one["key"], *one.get("old", ())):
                return self.shown(one)
        return None

    def shown(self, one: dict[str, Any]) -> dict[str, Any]:
        mail = next(
            (
                mail
                for mail, name in self.people.items()
                if name == (one.get("assignee") or {}).get("accountId", (one.get("assignee") or {}).get("name"))
            ),
            "",
        )
        name = self.people.get(mail, "")
        person = {"accountId" if self.cloud else "name": name, "displayName": name.title()} | (
            {} if self.hidden_mail else {"emailAddress": mail}
        )
        return {
            "id": one["id"], "key": one["key"],
            "fields": {
                "summary": one["summary"], "labels": one["labels"], "duedate": one.get("duedate"),
                "assignee": person if name else None, "resolution": one["resolution"],
                "status": {"name": one["state"], "statusCategory": {"key": STATUSES[one["state"]]}},
            },
        }  # fmt: skip

    def search(self, body: dict[str, Any], path: str) -> Reply:
        assert path == ("/search/jql" if self.cloud else "/search"), path
        jql = body["jql"]
        if match := re.match(r"issue in \((.*)\)", jql):
            found = [self.issue(one) for one in match[1].split(", ")]
            return 200, {"issues": [one for one in found if one], "total": len(found), "startAt": 0}
        match = re.match(r"labels in \((.*)\) order", jql)
        assert match, jql
        labels = json.loads(f"[{match[1]}]")
        found = []
        for one in self.issues.values():
            if set(labels) & set(one["labels"]):
                if self.age[one["id"]] >= self.lag:
                    found.append(self.shown(one))
                self.age[one["id"]] += 1
        size = 3  # small pages
        start = int(body.get("nextPageToken") or body.get("startAt") or 0)
        page, last = found[start : start + size], start + size >= len(found)
        if self.cloud:
            return 200, {"issues": page, "isLast": last} | ({} if last else {"nextPageToken": str(start + size)})
        return 200, {"issues": page, "startAt": start, "maxResults": size, "total": len(found)}

    def users(self, request: Request) -> Reply:
        mail = request.query["query" if self.cloud else "username"][0]
        name = self.people.get(mail)
        shown = {} if self.hidden_mail else {"emailAddress": mail}
        return 200, [
            {"accountId" if self.cloud else "name": name, "displayName": name.title(), **shown}
        ] if name else []

    def edit(self, request: Request, issue: dict[str, Any]) -> Reply:
        if request.method == "PUT":
            self.issues[issue["id"]] |= request.body["fields"]
            return 204, None
        return 200, issue

    def transition(self, request: Request, issue: dict[str, Any]) -> Reply:
        if request.method == "GET":
            every = []
            for number, name in self.transitions.items():
                to = {"name": name, "statusCategory": {"key": STATUSES[name]}}
                fields = self.required if STATUSES[name] == "done" else {}
                every.append({"id": number, "name": f"to {name}", "to": to, "fields": fields})
            return 200, {"transitions": every}
        name = self.transitions[request.body["transition"]["id"]]
        lacking = [
            one for one in self.required if STATUSES[name] == "done" and one not in request.body.get("fields", {})
        ]
        if lacking:
            return 400, {"errorMessages": [], "errors": {one: f"{one} is required." for one in lacking}}
        one = self.issues[issue["id"]]
        one["state"], one["resolution"] = name, request.body.get("fields", {}).get("resolution")
        return 204, None


@dataclass
class GitHub(Tracker):
    """One repository of GitHub, acme/ops, with issues and pull requests in one row of numbers."""

    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    logins: tuple[str, ...] = ("jane-doe", "bob")
    mails: dict[str, str] = field(default_factory=lambda: {"bob@example.com": "bob"})
    enabled: bool = True
    forbidden: set[str] = field(default_factory=set)

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials"}
        path = request.path
        if path == "/graphql":
            return self.graphql(request.body)
        if path == "/user":
            return 200, {"login": "pmctl-bot"}
        if path == "/search/users":
            login = self.mails.get(request.query["q"][0].split()[0])
            return 200, {"items": [{"login": login}] if login else []}
        if path == "/repos/acme/ops":
            return 200, {"has_issues": self.enabled, "permissions": {"push": False, "pull": True}}
        if match := re.fullmatch(r"/repos/acme/ops/assignees/(.+)", path):
            return (204, None) if match[1] in self.logins else (404, {"message": "Not Found"})
        if path == "/repos/acme/ops/issues":
            if not self.enabled:
                return 410, {"message": "Issues are disabled for this repo"}
            return self.create(request.body) if request.method == "POST" else self.list(request)
        match = re.fullmatch(r"/repos/acme/ops/issues/(\d+)", path)
        issue = self.issues.get(int(match[1])) if match else None
        if issue is None:
            return 404, {"message": "Not Found"}
        if request.method == "PATCH":
            issue |= request.body
        return 200, self.shown(issue)

    def create(self, body: dict[str, Any]) -> Reply:
        if any(one not in self.logins for one in body["assignees"]):
            errors = [{"resource": "Issue", "field": "assignees", "code": "invalid"}]
            return 422, {"message": "Validation Failed", "errors": errors}
        number = len(self.issues) + 1
        self.issues[number] = {"number": number, "state": "open", "state_reason": None, "pulls": [], **body}
        return 201, self.shown(self.issues[number])

    def shown(self, issue: dict[str, Any]) -> dict[str, Any]:
        number = issue["number"]
        people = [{"login": one} for one in issue["assignees"]]
        url = f"{self.base}/acme/ops/issues/{number}"
        return {
            **{key: issue[key] for key in ("number", "title", "body", "state", "state_reason")},
            "id": number * 7, "node_id": f"I_{number}", "html_url": url,
            "assignees": people, **({"pull_request": {}} if issue.get("pull") else {}),
        }  # fmt: skip

    def list(self, request: Request) -> Any:
        page = int(request.query.get("page", ["1"])[0])
        some = [self.shown(one) for one in list(self.issues.values())[(page - 1) * 3 : page * 3]]
        more = page * 3 < len(self.issues)
        link = {"Link": f'<{self.base}/repos/acme/ops/issues?state=all&page={page + 1}>; rel="next"'} if more else {}
        return 200, some, link

    def graphql(self, body: dict[str, Any]) -> Reply:
        nodes: list[Any] = []
        errors = []
        assert len(body["variables"]["ids"]) <= 100
        for one in body["variables"]["ids"]:
            issue = self.issues.get(int(one.removeprefix("I_")))
            if issue is None or one in self.forbidden:
                nodes.append(None)
                errors.append(
                    {"type": "NOT_FOUND", "message": f"Could not resolve to a node with the global id of '{one}'"}
                )
                continue
            pulls = [{"url": url, "state": state.upper()} for url, state in issue["pulls"]]
            nodes.append({
                "id": one, "number": issue["number"], "title": issue["title"], "body": issue["body"],
                "url": f"{self.base}/acme/ops/issues/{issue['number']}",
                "state": issue["state"].upper(), "stateReason": (issue["state_reason"] or "").upper() or None,
                "assignees": {"nodes": [{"login": login, "name": login, "email": ""} for login in issue["assignees"]]},
                "closedByPullRequestsReferences": {"nodes": pulls},
            })  # fmt: skip
        return 200, {"data": {"nodes": nodes}} | ({"errors": errors} if errors else {})
