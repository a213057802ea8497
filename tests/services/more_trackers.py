"""GitLab, Linear and Asana as servers on loopback, as strict as they document themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.services.trackers import TOKEN, Reply, Request, Tracker, Wrong, day, unknown


@dataclass
class GitLab(Tracker):
    """One project of GitLab, acme/ops with the number 7. A description's line that begins with / is run."""

    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=lambda: {"jane": 31, "bob": 32, "carol": 33})
    merges: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    moved: dict[int, int] = field(default_factory=dict)
    """Issues that were moved: under a number before, which is closed, and under another now."""
    ran: list[str] = field(default_factory=list)
    level: int = 20

    def answer(self, request: Request) -> Any:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if TOKEN not in (request.headers.get("private-token"), bearer):
            return 401, {"message": "401 Unauthorized"}
        if request.path == "/api/graphql":
            number = int(request.body["variables"]["id"].removeprefix("gid://gitlab/Issue/")) - 900
            there = self.issues.get(number)
            return 200, {"data": {"issue": {"webUrl": self.shown(there)["web_url"]} if there else None}}
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
        found = {"id": self.people.get(name), "username": name, "state": "active"}
        left = {"id": 99, "username": f"{name}.left", "state": "blocked"}
        return 200, [left, found] if name in self.people else []

    def valid(self, body: dict[str, Any], known: str) -> None:
        """Refuse what GitLab refuses; a parameter that it does not know it would ignore, which nobody notices."""
        if strange := unknown(body, known):
            raise Wrong(400, {"error": f"{', '.join(strange)} are not known"})
        if "title" in body and not 0 < len(body["title"]) <= 255:
            raise Wrong(400, {"message": {"title": ["is too long (maximum is 255 characters)"]}})
        if len(body.get("description", "")) > 1_048_576:
            raise Wrong(400, {"message": {"description": ["is too long (maximum is 1048576 characters)"]}})
        if not all(type(one) is int for one in body.get("assignee_ids", ())):
            raise Wrong(400, {"error": "assignee_ids is invalid"})
        if not isinstance(body.get("labels", ""), str) or not isinstance(body.get("confidential", False), bool):
            raise Wrong(400, {"error": "labels is invalid"})
        if not (body.get("due_date", "") == "" or day(body["due_date"])):
            raise Wrong(400, {"error": "due_date is invalid"})
        if any(one not in (0, *self.people.values()) for one in body.get("assignee_ids", ())):
            raise Wrong(400, {"error": "assignee_ids does not have a valid value"})

    def create(self, body: dict[str, Any]) -> Reply:
        if "title" not in body:
            raise Wrong(400, {"error": "title is missing"})
        self.valid(body, "title description labels issue_type confidential due_date assignee_ids milestone_id")
        number = len(self.issues) + 1
        self.ran += [line for line in body["description"].split("\n") if re.match(r"\s*/\w", line)]
        self.issues[number] = {"iid": number, "state": "opened", "assignee_ids": [], "due_date": None, **body}
        return 201, self.shown(self.issues[number])

    def edit(self, issue: dict[str, Any], body: dict[str, Any]) -> Reply:
        self.valid(body, "title description labels state_event due_date assignee_ids confidential")
        event = body.pop("state_event", "")
        if event not in ("", "close", "reopen"):
            raise Wrong(400, {"error": "state_event does not have a valid value"})
        if not body and not event:
            raise Wrong(400, {"error": "title, description, state_event are missing, at least one is required"})
        issue |= body | ({"state": {"close": "closed", "reopen": "opened"}[event]} if event else {})
        return 200, self.shown(issue)

    def shown(self, issue: dict[str, Any]) -> dict[str, Any]:
        names = {number: name for name, number in self.people.items()}
        people = [{"id": one, "username": names[one]} for one in issue["assignee_ids"] if one]
        number = issue["iid"]
        return {
            **{key: issue[key] for key in ("iid", "title", "description")},
            "state": "closed" if number in self.moved else issue["state"],
            "moved_to_id": self.moved[number] + 900 if number in self.moved else None,
            "due_date": issue["due_date"] or None, "id": number + 900, "project_id": 7, "assignees": people,
            "merge_requests_count": len(self.merges.get(number, ())),
            "web_url": f"{self.base}/acme/ops/-/issues/{number}",
        }  # fmt: skip

    def list(self, request: Request) -> Any:
        if strange := unknown(request.query, "iids[] scope per_page page created_after order_by sort state"):
            raise Wrong(400, {"error": f"{', '.join(strange)} are not known"})
        asked = request.query.get("iids[]")
        there = [one for one in self.issues.values() if asked is None or str(one["iid"]) in asked]
        size = min(int(request.query["per_page"][0]), 100) if asked or len(there) > 10 else 3
        page = int(request.query.get("page", ["1"])[0])
        more = page * size < len(there)
        following = f"{self.base}/api/v4/projects/7/issues?scope=all&per_page=100&page={page + 1}"
        link = {"Link": f'<{self.base}/first>; rel="first", <{following}>; rel="next"'} if more else {}
        return 200, [self.shown(one) for one in there[(page - 1) * size : page * size]], link


STATES = {
    "s1": ("Todo", "unstarted"),
    "s2": ("Doing", "started"),
    "s3": ("Review", "started"),
    "s4": ("Done", "completed"),
    "s5": ("Canceled", "canceled"),
}
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


@dataclass
class Linear(Tracker):
    """Linear with one team, OPS. Everything is asked of one address, and errors come with 200.

    `labels` are names and the team whose they are, "" for everybody's; `trashed` are issues that were deleted, which
    it shows for some weeks.
    """

    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=lambda: {"jane@example.com": "u1", "bob@example.com": "u2"})
    labels: dict[str, str] = field(default_factory=lambda: {"postmortem": ""})
    trashed: set[str] = field(default_factory=set)
    by_identifier: bool = True

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != TOKEN:  # a personal key stands bare, without Bearer
            kind = {"type": "authentication error", "code": "AUTHENTICATION_ERROR"}
            return 401, {"errors": [{"message": "Authentication required, not authenticated", "extensions": kind}]}
        if request.path != "/graphql" or request.method != "POST":
            return 404, {"message": "Not Found"}
        query, given = request.body["query"], request.body.get("variables", {})
        declared = re.findall(r"\$(\w+): ", query.partition("{")[0])
        if query.count("{") != query.count("}") or set(declared) != set(given):
            said = {"message": "Variables do not fit the query", "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}
            return 400, {"errors": [said]}
        for word, answer in (
            ("issueCreate", self.create), ("issueUpdate", self.edit), ("teams(", self.teams), ("users(", self.users),
            ("issueLabels(", self.named), ("issues(", self.read), ("issue(", self.one), ("viewer", self.viewer),
        ):  # fmt: skip
            if word in query:
                return 200, answer(given)
        return 400, {"errors": [{"message": "Cannot query that"}]}

    def refused(self, message: str, shown: str = "") -> Any:
        extensions: dict[str, Any] = {
            "type": "invalid input",
            "code": "INPUT_ERROR",
            "statusCode": 400,
            "userError": True,
        }
        extensions |= {"userPresentableMessage": shown} if shown else {}
        return {"errors": [{"message": message, "extensions": extensions}], "data": None}

    def fits(self, wanted: dict[str, Any], known: str) -> str:
        """What is wrong with an input, "" for nothing."""
        if strange := unknown(wanted, known):
            return f"Field {strange[0]} is not defined by the type"
        if not 0 < len(wanted.get("title", "x")) <= 512:
            return "title must be longer than or equal to 1 characters"
        if not (wanted.get("dueDate") is None or day(wanted["dueDate"])):
            return "dueDate is not a TimelessDate"
        if type(wanted.get("priority", 0)) is not int or not 0 <= wanted.get("priority", 0) <= 4:
            return "priority must not be greater than 4"
        if wanted.get("assigneeId") not in (None, *self.people.values()):
            return "assigneeId must be the id of a user"
        if wanted.get("stateId", "s1") not in STATES:
            return "stateId must be a UUID"
        if any(one not in self.labels for one in wanted.get("labelIds", ())):  # here a label's id is its name
            return "labelIds contained an entry that could not be found"
        return ""

    def create(self, given: dict[str, Any]) -> Any:
        wanted = given["input"]
        if wanted["id"] in self.issues:
            return self.refused("conflict on insert")
        known = "id teamId title description priority labelIds dueDate assigneeId stateId"
        wrong = self.fits(wanted, known) or ("" if re.fullmatch(_UUID, wanted["id"]) else "id must be a UUID v4")
        if wrong or wanted.get("teamId") != "t1":
            return self.refused("Argument Validation Error", wrong or "teamId must be a UUID")
        self.issues[wanted["id"]] = {"stateId": "s1", "number": len(self.issues) + 1, "pulls": [], **wanted}
        return {"data": {"issueCreate": {"success": True, "issue": self.shown(self.issues[wanted["id"]])}}}

    def edit(self, given: dict[str, Any]) -> Any:
        if given["id"] not in self.issues:
            return self.refused("Entity not found: Issue", "Could not find referenced Issue.")
        if wrong := self.fits(given["input"], "title description priority labelIds dueDate assigneeId stateId"):
            return self.refused("Argument Validation Error", wrong)
        self.issues[given["id"]] |= given["input"]
        return {"data": {"issueUpdate": {"success": True}}}

    def teams(self, given: dict[str, Any]) -> Any:
        states = [
            {"id": key, "name": name, "type": kind, "position": float(key[1:])} for key, (name, kind) in STATES.items()
        ]
        team = {"id": "t1", "key": "OPS", "states": {"nodes": states}}
        return {"data": {"teams": {"nodes": [team] if given["key"] == "OPS" else []}}}

    def named(self, given: dict[str, Any]) -> Any:
        there = [(name, team) for name, team in self.labels.items() if name in given["names"]]
        nodes = [{"id": name, "name": name, "team": {"id": team} if team else None} for name, team in there]
        return {"data": {"issueLabels": {"nodes": nodes}}}

    def users(self, given: dict[str, Any]) -> Any:
        mail = given["email"]
        there = [{"id": self.people.get(mail), "displayName": mail.split("@")[0], "email": mail, "active": True}]
        return {"data": {"users": {"nodes": there if mail in self.people else []}}}

    def read(self, given: dict[str, Any]) -> Any:
        if "number" in given:
            found = [one for one in self.issues.values() if one["number"] == given["number"] and given["team"] == "OPS"]
        elif len(given["ids"]) > 50 or not all(re.fullmatch(_UUID, one) for one in given["ids"]):
            return self.refused("Argument Validation Error", "each value in id must be a UUID")
        else:
            found = [self.issues[one] for one in given["ids"] if one in self.issues]
        return {"data": {"issues": {"nodes": [self.shown(one) for one in found]}}}

    def one(self, given: dict[str, Any]) -> Any:
        found = [one for one in self.issues.values() if f"OPS-{one['number']}" == given["id"]]
        if not found or not self.by_identifier:
            return self.refused("Entity not found: Issue", "Could not find referenced Issue.")
        return {"data": {"issue": self.shown(found[0])}}

    def viewer(self, given: dict[str, Any]) -> Any:
        return {"data": {"viewer": {"displayName": "pmctl", "email": "bot@example.com"}}}

    def shown(self, one: dict[str, Any]) -> dict[str, Any]:
        name, kind = STATES[one["stateId"]]
        mails = {number: mail for mail, number in self.people.items()}
        who = one.get("assigneeId")
        linked = [{"url": url, "sourceType": "github", "metadata": {"status": state}} for url, state in one["pulls"]]
        return {
            "id": one["id"], "identifier": f"OPS-{one['number']}",
            "url": f"https://linear.app/acme/issue/OPS-{one['number']}/x",
            "dueDate": one.get("dueDate"), "description": one["description"], "state": {"name": name, "type": kind},
            "trashed": True if one["id"] in self.trashed else None,
            "assignee": {"id": who, "displayName": mails[who], "email": mails[who]} if who else None,
            "attachments": {"nodes": linked},
        }  # fmt: skip


@dataclass
class Asana(Tracker):
    """One project of Asana, 12001. Fields come only when they are asked for, and everything stands under `data`."""

    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=lambda: {"jane@example.com": "501", "bob@example.com": "502"})
    archived: bool = True

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, self.said("Not Authorized")
        path = request.path.removeprefix("/api/1.0")
        if path == "/projects/12001":
            return 200, {"data": {"gid": "12001", "name": "Ops", "archived": self.archived}}
        if match := re.fullmatch(r"/users/(.+)", path):
            if match[1] == "me":
                return 200, {"data": {"gid": "500", "name": "pmctl", "email": "bot@example.com"}}
            found = self.people.get(match[1])
            if not found:
                return 404, self.said(f"user: Unknown object: {match[1]}")
            return 200, {"data": {"gid": found, "name": match[1], "email": match[1]}}
        if path == "/tasks":
            return self.create(request) if request.method == "POST" else self.list(request)
        match = re.fullmatch(r"/tasks/(\d+)", path)
        task = self.issues.get(match[1]) if match else None
        if match is None or task is None:
            return 404, self.said(f"task: Unknown object: {match[1] if match else path}")
        if request.method == "PUT":
            task |= self.valid(request.body, "name notes assignee due_on completed")
        return 200, {"data": self.shown(task, request)}

    def said(self, message: str) -> dict[str, Any]:
        return {
            "errors": [{"message": message, "help": "For more information on API status codes and how to handle them"}]
        }

    def valid(self, body: Any, known: str) -> dict[str, Any]:
        """The data of a body. Refuses one without `data`, what is not known, and values in another form."""
        if not isinstance(body, dict) or set(body) != {"data"}:
            raise Wrong(400, self.said("Could not parse request data, invalid JSON"))
        data: dict[str, Any] = body["data"]
        if strange := unknown(data, known):
            raise Wrong(400, self.said(f"{strange[0]}: Unknown field"))
        if not (data.get("due_on") is None or day(data["due_on"])):
            raise Wrong(400, self.said("due_on: Invalid date"))
        if data.get("assignee") not in (None, "me", *self.people, *self.people.values()):
            raise Wrong(400, self.said("assignee: Not a recognized ID"))
        if not isinstance(data.get("completed", False), bool):
            raise Wrong(400, self.said("completed: Not a boolean"))
        return data

    def create(self, request: Request) -> Reply:
        data = self.valid(request.body, "name notes projects due_on assignee")
        if data.get("projects") != ["12001"]:
            raise Wrong(400, self.said("You should specify one of workspace, parent, projects"))
        number = str(77000000001 + len(self.issues))
        self.issues[number] = {"gid": number, "completed": False, "due_on": None, "assignee": None, **data}
        return 201, {"data": self.shown(self.issues[number], request)}

    def list(self, request: Request) -> Reply:
        if strange := unknown(request.query, "project opt_fields limit offset modified_since completed_since"):
            raise Wrong(400, self.said(f"{strange[0]}: Unknown parameter"))
        limit = int(request.query["limit"][0])
        if request.query.get("project") != ["12001"] or not 1 <= limit <= 100:
            raise Wrong(400, self.said("You should specify one of project, tag, section, user_task_list"))
        there = list(self.issues.values())
        mark = request.query.get("offset", ["mark-0"])[0]
        if not re.fullmatch(r"mark-\d+", mark):
            raise Wrong(400, self.said("offset: Your pagination token is invalid."))
        start, size = int(mark.removeprefix("mark-")), min(limit, 100 if len(there) > 10 else 3)
        more = start + size < len(there)
        following = (
            {"offset": f"mark-{start + size}", "path": "/tasks", "uri": "https://app.asana.com"} if more else None
        )
        return 200, {"data": [self.shown(one, request) for one in there[start : start + size]], "next_page": following}

    def shown(self, task: dict[str, Any], request: Request) -> dict[str, Any]:
        """What is asked for of a task; without opt_fields it is little."""
        wanted = request.query.get("opt_fields", ["name"])[0].split(",")
        who = task["assignee"]
        mail = next((mail for mail, number in self.people.items() if who in (mail, number)), "")
        person = {"gid": self.people.get(mail), "resource_type": "user"}
        person |= {name: mail for name in ("name", "email") if f"assignee.{name}" in wanted}
        whole = {
            **{key: task[key] for key in ("name", "completed", "due_on", "notes")},
            "permalink_url": f"https://app.asana.com/0/12001/{task['gid']}", "assignee": person if mail else None,
        }  # fmt: skip
        asked = {one.split(".")[0] for one in wanted}
        return {"gid": task["gid"], **{key: value for key, value in whole.items() if key in asked}}
