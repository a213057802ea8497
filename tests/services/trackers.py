"""Trackers that live in a test: real HTTP servers on loopback that keep tickets and answer as the services do.

Each is as strict as its service documents: it refuses fields that it does not know and values in another form, wants
its own header for the token, pages its lists, and answers errors in its own words. `faults` change single answers: a
refusal, an answer cut in half, one that comes late, one that is no JSON, one that leads elsewhere, one that is lost
after the deed.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

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
    when: Callable[[Request], bool] = lambda request: True


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
            fits = one.method in (request.method, "") and re.search(one.pattern, request.path) and one.when(request)
            if one.times and fits:
                one.times -= 1
                return one
        return None


class Wrong(Exception):
    """A request that the service refuses; `answer` is what it says."""

    def __init__(self, status: int, value: Any) -> None:
        super().__init__(status)
        self.answer = (status, value)


def day(text: Any) -> bool:
    """Whether a value is a day as all of them write it."""
    return isinstance(text, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text))


def unknown(body: Any, known: str) -> list[str]:
    """The members of a body that are not among the known ones."""
    return sorted(set(body) - set(known.split())) if isinstance(body, dict) else ["no object"]


class Gone(Exception):
    """The connection is to be cut."""


def _handler(tracker: Tracker) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            size = int(self.headers.get("content-length") or 0)
            raw = self.rfile.read(size)
            body = json.loads(raw) if raw else None
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
                try:
                    if raw and self.headers.get("content-type") != "application/json":
                        raise Wrong(415, {"message": "Unsupported Media Type"})
                    status, value, *headers = tracker.answer(request)
                except Wrong as wrong:
                    (status, value), headers = wrong.answer, []
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
            page = isinstance(value, bytes)
            data = value if page else b"" if status == 204 else json.dumps(value).encode()
            self.send_response(status)
            for key, text in headers.items():
                self.send_header(key, text)
            if status != 204:
                self.send_header("Content-Type", "text/html" if page else "application/json")
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

    def answer(self, request: Request) -> Any:
        pair = base64.b64encode(f"bot@example.com:{TOKEN}".encode()).decode()
        if request.headers.get("authorization") != (f"Basic {pair}" if self.cloud else f"Bearer {TOKEN}"):
            said = b"Client must be authenticated to access this resource."
            return 401, said, {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
        path = re.sub(r"^/rest/api/[23]", "", request.path)
        version = "3" if self.cloud else "2"
        if not request.path.startswith(f"/rest/api/{version}/"):
            return 404, {"errorMessages": [f"no resource {request.path}"]}
        if request.method == "POST" and path == "/issue":
            self.known(request.body, "fields update")
            return self.create(request.body["fields"])
        if path == "/issue/bulkfetch" and self.cloud:
            self.known(request.body, "expand fields fieldsByKeys issueIdsOrKeys properties")
            asked = request.body["issueIdsOrKeys"]
            if len(asked) > 100:
                raise Wrong(400, {"errorMessages": ["The maximum number of issues is 100."]})
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

    def known(self, body: Any, names: str) -> None:
        if strange := unknown(body, names):
            raise Wrong(400, {"errorMessages": [f'Unrecognized field "{one}"' for one in strange]})

    def create(self, fields: dict[str, Any]) -> Reply:
        wrong = self.ill_formed(fields)
        if "project" not in fields or "issuetype" not in fields or "summary" not in fields:
            wrong["project"] = "Specify a valid project ID or key"
        wrong |= {
            one: f"Field '{one}' cannot be set. It is not on the appropriate screen, or unknown."
            for one in self.unknown_fields
            if one in fields
        }
        wrong |= {
            one: f"{one} is required." for one in self.required if one.startswith("customfield") and one not in fields
        }
        if wrong:
            raise Wrong(400, {"errorMessages": [], "errors": wrong})
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

    def ill_formed(self, fields: dict[str, Any]) -> dict[str, str]:
        """What Jira says of fields that it does not know or that have another form."""
        names = ("project", "issuetype", "summary", "description", "labels", "priority", "duedate", "assignee")
        wrong = {
            one: f"Field '{one}' cannot be set. It is not on the appropriate screen, or unknown."
            for one in fields
            if one not in names and not one.startswith("customfield_")
        }
        summary = fields.get("summary", "x")
        if not summary or len(summary) > 255 or "\n" in summary:
            wrong["summary"] = "Summary must be one line of at most 255 characters."
        if any(re.search(r"\s", label) or len(label) > 255 for label in fields.get("labels", ())):
            wrong["labels"] = "The label can't contain spaces."
        if "description" in fields and not self._whole(fields["description"]):
            wrong["description"] = "Operation value must be an Atlassian Document"
        if not (fields.get("duedate") is None or day(fields["duedate"])):
            wrong["duedate"] = "Error parsing date string"
        who = fields.get("assignee") or {}
        key = "accountId" if self.cloud else "name"
        if set(who) - {key} or (who.get(key) and who[key] not in self.people.values()):
            wrong["assignee"] = f"User '{who}' cannot be assigned issues."
        if fields.get("priority", {"name": "High"}).get("name") not in ("Highest", "High", "Medium", "Low", "Lowest"):
            wrong["priority"] = "The priority selected is invalid."
        return wrong

    def _whole(self, text: Any) -> bool:
        """Whether it is a text in the form of this Jira: wiki markup, or a document (ADF)."""
        if not self.cloud:
            return isinstance(text, str) and len(text) <= 32767
        return isinstance(text, dict) and text.get("type") == "doc" and text.get("version") == 1 and self._node(text)

    def _node(self, node: dict[str, Any]) -> bool:
        """No empty text, no mark that does not exist, blocks in the document and text in its paragraphs."""
        inside = {"doc": ("paragraph",), "paragraph": ("text", "hardBreak")}.get(node["type"], ())
        if node["type"] == "text":
            marks = node.get("marks", ())
            return bool(node["text"]) and all(one["type"] == "link" and one["attrs"]["href"] for one in marks)
        below = node.get("content", ())
        return all(one["type"] in inside and self._node(one) for one in below)

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
        if path != ("/search/jql" if self.cloud else "/search"):
            said = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API."
            raise Wrong(410 if self.cloud else 404, {"errorMessages": [said]})
        more = "nextPageToken reconcileIssues fieldsByKeys failFast" if self.cloud else "startAt validateQuery"
        self.known(body, f"jql maxResults fields expand properties {more}")
        jql = body["jql"]
        if not re.search(r"\b(in|=|>|<)", jql):
            raise Wrong(400, {"errorMessages": ["Unbounded JQL queries are not allowed here."]})
        if match := re.match(r"issue in \((.*)\)", jql):
            asked = match[1].split(", ")
            found = [one for one in map(self.issue, asked) if one]
            if len(found) < len(asked) and body.get("validateQuery") is not False:
                raise Wrong(400, {"errorMessages": ["An issue with that key does not exist for field 'issue'."]})
            return 200, {"issues": found[: body["maxResults"]], "total": len(found), "startAt": 0}
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
        if strange := unknown(request.query, f"{'query accountId' if self.cloud else 'username'} startAt maxResults"):
            raise Wrong(400, {"errorMessages": [f"The parameter {strange[0]} is not known."]})
        mail = request.query["query" if self.cloud else "username"][0]
        name = self.people.get(mail)
        shown = {} if self.hidden_mail else {"emailAddress": mail}
        return 200, [
            {"accountId" if self.cloud else "name": name, "displayName": name.title(), **shown}
        ] if name else []

    def edit(self, request: Request, issue: dict[str, Any]) -> Reply:
        if request.method == "PUT":
            self.known(request.body, "fields update")
            if wrong := self.ill_formed(request.body["fields"]):
                raise Wrong(400, {"errorMessages": [], "errors": wrong})
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
        self.known(request.body, "transition fields update")
        name = self.transitions.get(request.body["transition"]["id"], "")
        if not name:
            raise Wrong(
                400, {"errorMessages": ["It seems that you have tried to perform an illegal workflow operation."]}
            )
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
    moved: dict[int, int] = field(default_factory=dict)
    """Issues that were transferred: under a number before, under another now."""
    deleted: set[int] = field(default_factory=set)

    def answer(self, request: Request) -> Any:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"}
        if not request.headers.get("user-agent"):
            return 403, {"message": "Request forbidden by administrative rules."}
        if request.headers.get("x-github-api-version") not in ("2022-11-28", "2026-03-10"):
            return 400, {"message": "Invalid API version"}
        path = request.path
        if path == "/graphql":
            return self.graphql(request.body)
        if path == "/user":
            return 200, {"login": "pmctl-bot"}
        if path == "/search/users":
            login = self.mails.get(request.query["q"][0].split()[0])
            return 200, {"items": [{"login": login}] if login else []}
        if match := re.fullmatch(r"/users/(.+)", path):
            mail = next((mail for mail, login in self.mails.items() if login == match[1]), None)
            return (
                (200, {"login": match[1], "email": mail})
                if match[1] in self.logins
                else (404, {"message": "Not Found"})
            )
        if path == "/repos/acme/ops":
            return 200, {"has_issues": self.enabled, "permissions": {"push": False, "pull": True}}
        if match := re.fullmatch(r"/repos/acme/ops/assignees/(.+)", path):
            return (204, None) if match[1] in self.logins else (404, {"message": "Not Found"})
        if path == "/repos/acme/ops/issues":
            if not self.enabled:
                return 410, {"message": "Issues are disabled for this repo"}
            return self.create(request.body) if request.method == "POST" else self.list(request)
        match = re.fullmatch(r"/repos/acme/ops/issues/(\d+)", path)
        number = int(match[1]) if match else 0
        if number in self.moved:
            return 301, {"message": "Moved Permanently"}, {"Location": f"/repos/acme/ops/issues/{self.moved[number]}"}
        if number in self.deleted:
            return 410, {"message": "This issue was deleted"}
        issue = self.issues.get(number)
        if issue is None:
            return 404, {"message": "Not Found"}
        if request.method == "PATCH":
            self.valid(request.body)
            issue |= request.body
        return 200, self.shown(issue)

    def valid(self, body: dict[str, Any]) -> None:
        """Refuse what GitHub refuses, in its words."""
        wrong = [
            (one, "unknown") for one in unknown(body, "title body labels assignees milestone type state state_reason")
        ]
        if not 0 < len(body.get("title", "x")) <= 256:
            wrong.append(("title", "invalid"))
        if len(body.get("body", "")) > 65536:
            wrong.append(("body", "invalid"))
        if any(one not in self.logins for one in body.get("assignees", ())):
            wrong.append(("assignees", "invalid"))
        if any(len(one) > 50 for one in body.get("labels", ())):
            wrong.append(("labels", "invalid"))
        reasons = {"closed": ("completed", "not_planned", "duplicate"), "open": ("reopened",)}
        if "state" in body and body["state_reason"] not in reasons.get(body["state"], ()):
            wrong.append(("state_reason", "invalid"))
        if wrong:
            errors = [{"resource": "Issue", "field": name, "code": code} for name, code in wrong]
            raise Wrong(422, {"message": "Validation Failed", "errors": errors, "status": "422"})

    def create(self, body: dict[str, Any]) -> Reply:
        if not body.get("title"):
            raise Wrong(422, {"message": 'Invalid request.\n\n"title" wasn\'t supplied.'})
        self.valid(body)
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
        if strange := unknown(body, "query variables operationName"):
            raise Wrong(400, {"message": f"Unknown {strange[0]}"})
        if re.search(r"\bemail\b", body["query"]):
            said = "Your token has not been granted the required scopes: 'email' requires ['user:email', 'read:user']."
            return 200, {"data": None, "errors": [{"type": "INSUFFICIENT_SCOPES", "message": said}]}
        if len(body["variables"]["ids"]) > 100:
            said = "You may not provide more than 100 node ids; you provided too many."
            return 200, {"data": {"nodes": None}, "errors": [{"type": "ARGUMENT_LIMIT", "message": said}]}
        for one in body["variables"]["ids"]:
            issue = self.issues.get(int(one.removeprefix("I_")))
            number = issue["number"] if issue is not None else 0
            if issue is None or one in self.forbidden or number in self.moved or number in self.deleted:
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
                "assignees": {"nodes": [{"login": login, "name": login} for login in issue["assignees"]]},
                "closedByPullRequestsReferences": {"nodes": pulls},
            })  # fmt: skip
        return 200, {"data": {"nodes": nodes}} | ({"errors": errors} if errors else {})
