"""GitLab, Linear and Asana as servers on loopback, written from what they document."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.services.trackers import TOKEN, Reply, Request, Tracker


@dataclass
class GitLab(Tracker):
    """One project of GitLab, acme/ops with the number 7. A description's line that begins with / is run."""

    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=lambda: {"jane": 31, "bob": 32, "carol": 33})
    merges: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    level: int = 20

    def answer(self, request: Request) -> Any:
        if request.headers.get("private-token") != TOKEN:
            return 401, {"message": "401 Unauthorized"}
        path = request.path.removeprefix("/api/v4")
        if path == "/user":
            return 200, {"username": "pmctl-bot"}
        if path == "/users":
            return self.users(request)
        match = re.fullmatch(r"/projects/(?:acme/ops|7)(/issues)?(?:/(\d+))?(/closed_by)?", path)
        if match is None:
            return 404, {"message": "404 Project Not Found"}
        if not match[1]:
            return 200, {"issues_enabled": True, "permissions": {"project_access": {"access_level": self.level}}}
        if not match[2]:
            return self.create(request.body) if request.method == "POST" else self.list(request)
        issue = self.issues.get(int(match[2]))
        if issue is None:
            return 404, {"message": "404 Issue Not Found"}
        if match[3]:
            return 200, [{"web_url": url, "state": state} for url, state in self.merges.get(int(match[2]), [])]
        return self.edit(issue, request.body) if request.method == "PUT" else (200, self.shown(issue))

    def users(self, request: Request) -> Reply:
        name = request.query.get("username", [""])[0] or request.query["search"][0].split("@")[0]
        return 200, [{"id": self.people[name], "username": name}] if name in self.people else []

    def create(self, body: dict[str, Any]) -> Reply:
        if not body.get("title") or len(body["title"]) > 255:
            return 400, {"message": {"title": ["is too long (maximum is 255 characters)"]}}
        number = len(self.issues) + 1
        self.ran += [line for line in body["description"].split("\n") if line.startswith("/")]
        self.issues[number] = {"iid": number, "state": "opened", "assignee_ids": [], "due_date": None, **body}
        return 201, self.shown(self.issues[number])

    def edit(self, issue: dict[str, Any], body: dict[str, Any]) -> Reply:
        event = body.pop("state_event", "")
        issue |= body | ({"state": {"close": "closed", "reopen": "opened"}[event]} if event else {})
        return 200, self.shown(issue)

    def shown(self, issue: dict[str, Any]) -> dict[str, Any]:
        names = {number: name for name, number in self.people.items()}
        people = [{"id": one, "username": names[one]} for one in issue["assignee_ids"] if one]
        return {
            **{key: issue[key] for key in ("iid", "title", "description", "state")},
            "due_date": issue["due_date"] or None, "id": issue["iid"] + 900, "project_id": 7, "assignees": people,
            "web_url": f"{self.base}/acme/ops/-/issues/{issue['iid']}",
        }  # fmt: skip

    def list(self, request: Request) -> Any:
        asked = request.query.get("iids[]")
        there = [one for one in self.issues.values() if asked is None or str(one["iid"]) in asked]
        assert asked is None or len(asked) <= 100
        size = 100 if asked else 3
        page = int(request.query.get("page", ["1"])[0])
        more = page * size < len(there)
        link = {"Link": f'<{self.base}/api/v4/projects/7/issues?scope=all&page={page + 1}>; rel="next"'} if more else {}
        return 200, [self.shown(one) for one in there[(page - 1) * size : page * size]], link


STATES = {
    "s1": ("Todo", "unstarted"),
    "s2": ("Doing", "started"),
    "s3": ("Review", "started"),
    "s4": ("Done", "completed"),
    "s5": ("Canceled", "canceled"),
}


@dataclass
class Linear(Tracker):
    """Linear with one team, OPS. Everything is asked of one address, and errors come with 200."""

    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=lambda: {"jane@example.com": "u1", "bob@example.com": "u2"})

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != TOKEN:
            kind = {"type": "authentication error", "userPresentableMessage": "You need to authenticate."}
            return 200, {"errors": [{"message": "Authentication required", "extensions": kind}]}
        assert request.path == "/graphql"
        query, given = request.body["query"], request.body.get("variables", {})
        assert query.count("{") == query.count("}")
        for word, answer in (
            ("issueCreate", self.create), ("issueUpdate", self.edit), ("teams(", self.teams), ("users(", self.users),
            ("issues(", self.read), ("issue(", self.one), ("viewer", self.viewer),
        ):  # fmt: skip
            if word in query:
                return 200, answer(given)
        return 400, {"errors": [{"message": "Cannot query that"}]}

    def create(self, given: dict[str, Any]) -> Any:
        wanted = given["input"]
        if wanted["id"] in self.issues:
            return {
                "errors": [{"message": "conflict on insert", "extensions": {"type": "invalid input"}}],
                "data": None,
            }
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", wanted["id"])
        assert wanted["teamId"] == "t1"
        self.issues[wanted["id"]] = {"stateId": "s1", "number": len(self.issues) + 1, "pulls": [], **wanted}
        return {"data": {"issueCreate": {"success": True, "issue": self.shown(self.issues[wanted["id"]])}}}

    def edit(self, given: dict[str, Any]) -> Any:
        self.issues[given["id"]] |= given["input"]
        return {"data": {"issueUpdate": {"success": True}}}

    def teams(self, given: dict[str, Any]) -> Any:
        states = [
            {"id": key, "name": name, "type": kind, "position": float(key[1:])} for key, (name, kind) in STATES.items()
        ]
        team = {
            "id": "t1",
            "key": "OPS",
            "states": {"nodes": states},
            "labels": {"nodes": [{"id": "l1", "name": "postmortem"}]},
        }
        return {"data": {"teams": {"nodes": [team] if given["key"] == "OPS" else []}}}

    def users(self, given: dict[str, Any]) -> Any:
        mail = given["email"]
        there = [{"id": self.people[mail], "displayName": mail.split("@")[0], "email": mail, "active": True}]
        return {"data": {"users": {"nodes": there if mail in self.people else []}}}

    def read(self, given: dict[str, Any]) -> Any:
        assert len(given["ids"]) <= 50
        return {
            "data": {"issues": {"nodes": [self.shown(self.issues[one]) for one in given["ids"] if one in self.issues]}}
        }

    def one(self, given: dict[str, Any]) -> Any:
        found = [one for one in self.issues.values() if f"OPS-{one['number']}" == given["id"]]
        if not found:
            return {"errors": [{"message": "Entity not found: Issue"}], "data": None}
        return {"data": {"issue": self.shown(found[0])}}

    def viewer(self, given: dict[str, Any]) -> Any:
        return {"data": {"viewer": {"displayName": "pmctl", "email": "bot@example.com"}}}

    def shown(self, one: dict[str, Any]) -> dict[str, Any]:
        name, kind = STATES[one["stateId"]]
        mails = {number: mail for mail, number in self.people.items()}
        who = one.get("assigneeId")
        linked = [{"url": url, "sourceType": "github", "metadata": {"status": state}} for url, state in one["pulls"]]
        return {
            "id": one["id"], "identifier": f"OPS-{one['number']}", "url": f"https://linear.app/acme/issue/OPS-{one['number']}/x",
            "dueDate": one.get("dueDate"), "description": one["description"], "state": {"name": name, "type": kind},
            "assignee": {"id": who, "displayName": mails[who], "email": mails[who]} if who else None,
            "attachments": {"nodes": linked},
        }  # fmt: skip


@dataclass
class Asana(Tracker):
    """One project of Asana, 12001. Fields come only when they are asked for."""

    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=lambda: {"jane@example.com": "501", "bob@example.com": "502"})

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {"errors": [{"message": "Not Authorized"}]}
        path = request.path.removeprefix("/api/1.0")
        if path == "/projects/12001":
            return 200, {"data": {"gid": "12001", "name": "Ops", "archived": True}}
        if match := re.fullmatch(r"/users/(.+)", path):
            if match[1] == "me":
                return 200, {"data": {"gid": "500", "name": "pmctl", "email": "bot@example.com"}}
            found = self.people.get(match[1])
            if not found:
                return 404, {"errors": [{"message": "user: Unknown object"}]}
            return 200, {"data": {"gid": found, "name": match[1], "email": match[1]}}
        if path == "/tasks":
            return self.create(request) if request.method == "POST" else self.list(request)
        match = re.fullmatch(r"/tasks/(\d+)", path)
        task = self.issues.get(match[1]) if match else None
        if task is None:
            return 404, {"errors": [{"message": "task: Unknown object"}]}
        if request.method == "PUT":
            task |= request.body["data"]
        return 200, {"data": self.shown(task, request)}

    def create(self, request: Request) -> Reply:
        data = request.body["data"]
        assert data["projects"] == ["12001"]
        number = str(77000000001 + len(self.issues))
        self.issues[number] = {"gid": number, "completed": False, "due_on": None, "assignee": None, **data}
        return 201, {"data": self.shown(self.issues[number], request)}

    def list(self, request: Request) -> Reply:
        assert request.query["project"] == ["12001"]
        there = list(self.issues.values())
        start = int(request.query.get("offset", ["0"])[0])
        size = min(int(request.query["limit"][0]), 100 if len(there) > 10 else 3)
        following = {"offset": str(start + size)} if start + size < len(there) else None
        return 200, {"data": [self.shown(one, request) for one in there[start : start + size]], "next_page": following}

    def shown(self, task: dict[str, Any], request: Request) -> dict[str, Any]:
        wanted = {one.split(".")[0] for one in request.query.get("opt_fields", ["name"])[0].split(",")}
        who = task["assignee"]
        mail = next((mail for mail, number in self.people.items() if who in (mail, number)), "")
        whole = {
            **{key: task[key] for key in ("name", "completed", "due_on", "notes")},
            "permalink_url": f"https://app.asana.com/0/12001/{task['gid']}",
            "assignee": {"gid": self.people[mail], "name": mail, "email": mail} if mail else None,
        }  # fmt: skip
        return {
            "gid": task["gid"],
            **{key: value for key, value in whole.items() if any(one.split(".")[0] == key for one in wanted)},
        }
