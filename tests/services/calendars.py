"""Google Calendar and Zoom as they live in a test: real HTTP servers on loopback, strict about what they are sent.

A field or parameter that the service does not document, one that is missing, or a value out of its range is refused.
What they cannot be is the real thing: neither was ever tried here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from tests.services.trackers import Reply, Request, Tracker

REFRESH, ACCESS, CLIENT, CLIENT_SECRET = "1//s3cret-refresh", "ya29.s3cret-access", "client-1", "GOCSPX-s3cret"
CREDENTIALS = json.dumps(
    {"type": "authorized_user", "client_id": CLIENT, "client_secret": CLIENT_SECRET, "refresh_token": REFRESH}
)
SCOPES = "openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/calendar.events"
ZAK = "s3cret-zak"
ZOOM = {"ZOOM_ACCOUNT_ID": "acc-1", "ZOOM_CLIENT_ID": "zoom-client", "ZOOM_CLIENT_SECRET": "zoom-s3cret"}
SECRETS = (REFRESH, ACCESS, CLIENT_SECRET, ZAK, "zoom-s3cret", "zoom-access")

_EVENTS = "/calendar/v3/calendars/primary/events"
_FIELDS = {
    "id", "summary", "description", "location", "start", "end", "attendees", "visibility", "guestsCanInviteOthers",
    "guestsCanSeeOtherGuests", "extendedProperties", "conferenceData", "status",
}  # fmt: skip
_ALLOWED = {"conferenceDataVersion", "sendUpdates"}


def refusal(status: int, reason: str, message: str = "", **more: Any) -> Reply:
    """An error as the Calendar API words it."""
    error = {"errors": [{"domain": "calendar", "reason": reason, "message": message or reason}], "code": status}
    return status, {"error": {**error, "message": message or reason, **more}}


@dataclass
class Google(Tracker):
    """Accounts, tokens and the primary calendar of one account.

    `mails` are what Google tells people: (what, to whom, the event's title as they see it). `pending` is how often the
    Meet room of a new event is still being made when it is read. `login` is what the person at the browser does.
    """

    account: str = "jane@example.com"
    media: tuple[str, ...] = ("application/json", "application/x-www-form-urlencoded")
    scopes: str = SCOPES
    tells_account: bool = True
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    mails: list[tuple[str, str, str]] = field(default_factory=list)
    pending: int = 0
    room: str = "success"
    refresh: str = REFRESH
    login: str = "allow"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def answer(self, request: Request) -> Reply:
        if request.path == "/token" and request.method == "POST":
            return self.token(request)
        if request.path == "/o/oauth2/v2/auth" and request.method == "GET":
            return self.authorize({key: value[0] for key, value in request.query.items()})
        if request.headers.get("authorization") != f"Bearer {ACCESS}":
            return refusal(401, "authError", "Invalid Credentials")
        match = re.fullmatch(rf"{_EVENTS}(?:/([^/]+))?", request.path)
        if match is None:
            return refusal(404, "notFound", "Not Found")
        if "calendar.events" not in self.scopes:
            return refusal(403, "insufficientPermissions", "Insufficient Permission")
        if request.method == "GET" and not match[1]:
            return 200, {"kind": "calendar#events", "summary": self.account, "accessRole": "owner", "items": []}
        if request.method == "GET":
            return self.read(match[1])
        if set(request.query) - _ALLOWED or request.query.get("sendUpdates") != ["all"]:
            return refusal(400, "invalidParameter", "unknown or missing parameter")
        if request.method == "POST" and not match[1]:
            return self.insert(request)
        if request.method == "PATCH" and match[1]:
            return self.patch(match[1], request)
        if request.method == "DELETE" and match[1]:
            return self.delete(match[1])
        return refusal(404, "notFound")

    def token(self, request: Request) -> Reply:
        asked = request.body
        if set(asked) - {"client_id", "client_secret", "grant_type", "refresh_token", "code", "code_verifier",
                         "redirect_uri"}:  # fmt: skip
            return 400, {"error": "invalid_request", "error_description": "unknown parameter"}
        if (asked["client_id"], asked["client_secret"]) != (CLIENT, CLIENT_SECRET):
            return 401, {"error": "invalid_client", "error_description": "The OAuth client was not found."}
        more = {"refresh_token": self.refresh} if self.refresh else {}
        if asked["grant_type"] == "authorization_code":
            known = self.codes.pop(asked["code"], None)
            digest = hashlib.sha256(asked["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if known is None or known["code_challenge"] != challenge or known["redirect_uri"] != asked["redirect_uri"]:
                return 400, {"error": "invalid_grant", "error_description": "Malformed auth code."}
        elif asked["grant_type"] != "refresh_token" or asked["refresh_token"] != self.refresh:
            return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        else:
            more = {}
        claims = base64.urlsafe_b64encode(json.dumps({"email": self.account}).encode()).rstrip(b"=").decode()
        identity = {"id_token": f"e30.{claims}.sig"} if self.tells_account else {}
        return 200, {
            "access_token": ACCESS, "expires_in": 3599, "scope": self.scopes, "token_type": "Bearer", **identity, **more
        }  # fmt: skip

    def authorize(self, asked: dict[str, str]) -> Reply:
        """The page at which somebody allows it or not: it sends the browser back at once."""
        needed = {"client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge",
                  "code_challenge_method", "access_type", "prompt"}  # fmt: skip
        assert set(asked) == needed
        assert (asked["response_type"], asked["code_challenge_method"], asked["access_type"]) == (
            "code", "S256", "offline",
        )  # fmt: skip
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", asked["redirect_uri"])
        back = {"state": asked["state"] if self.login != "forge" else "another"}
        if self.login == "deny":
            back["error"] = "access_denied"
        else:
            code = f"4/{len(self.codes)}"
            self.codes[code] = asked
            back["code"] = code
        return 302, {}, {"Location": f"{asked['redirect_uri']}/?{urlencode(back)}"}  # type: ignore[return-value]

    def problem(self, body: dict[str, Any], *, new: bool) -> str:
        """What is wrong with an event; "" for nothing."""
        if odd := set(body) - _FIELDS:
            return f"unknown field {odd}"
        if new and not {"start", "end"} <= set(body):
            return "Missing end time."
        if "id" in body and not re.fullmatch(r"[a-v0-9]{5,1024}", body["id"]):
            return "Invalid resource id value."
        for key in ("start", "end"):
            if key in body and (set(body[key]) != {"dateTime", "timeZone"} or not body[key]["dateTime"].endswith("Z")):
                return f"Invalid {key}"
        if "start" in body and not body["start"]["dateTime"] < body["end"]["dateTime"]:
            return "The specified time range is empty."
        if any(set(one) - {"email", "responseStatus"} or "@" not in one["email"] for one in body.get("attendees", ())):
            return "Invalid attendee email."
        if len(body.get("description", "")) > 8192:
            return "description is too long"
        asked = body.get("conferenceData", {}).get("createRequest")
        if "conferenceData" in body and (
            not asked or not asked.get("requestId") or asked["conferenceSolutionKey"] != {"type": "hangoutsMeet"}
        ):
            return "Invalid conference type value."
        return ""

    def insert(self, request: Request) -> Reply:
        if problem := self.problem(request.body, new=True):
            return refusal(400, "invalid", problem)
        number = request.body["id"]
        if number in self.events:
            return refusal(409, "duplicate", "The requested identifier already exists.")
        event = {"status": "confirmed", "organizer": {"email": self.account}, **request.body}
        if "conferenceData" in event:
            assert request.query["conferenceDataVersion"] == ["1"]
            event["conferenceData"]["createRequest"]["status"] = {"statusCode": "pending"}
        self.events[number] = event
        self.tell("invited", [one["email"] for one in event.get("attendees", ())], event)
        return 200, self.shown(event)

    def patch(self, number: str, request: Request) -> Reply:
        if problem := self.problem(request.body, new=False):
            return refusal(400, "invalid", problem)
        if number not in self.events:
            return refusal(404, "notFound", "Not Found")
        event = self.events[number]
        if event["organizer"]["email"] != self.account:
            return refusal(403, "forbiddenForNonOrganizer", "Shared properties can only be changed by the organizer.")
        before = {one["email"] for one in event.get("attendees", ())}
        event.update(request.body)
        after = [one["email"] for one in event.get("attendees", ())]
        self.tell("cancelled", sorted(before - set(after)), event)
        self.tell("changed", [one for one in after if one in before and set(request.body) != {"attendees"}], event)
        self.tell("invited", [one for one in after if one not in before], event)
        return 200, self.shown(event)

    def delete(self, number: str) -> Reply:
        event = self.events.get(number)
        if event is None:
            return refusal(404, "notFound", "Not Found")
        if event["status"] == "cancelled":
            return refusal(410, "deleted", "Resource has been deleted")
        self.tell("cancelled", [one["email"] for one in event.get("attendees", ())], event)
        event["status"] = "cancelled"
        return 204, None

    def read(self, number: str) -> Reply:
        if number not in self.events:
            return refusal(404, "notFound", "Not Found")
        return 200, self.shown(self.events[number])

    def shown(self, event: dict[str, Any]) -> dict[str, Any]:
        """The event as it is answered; its room comes into being after so many looks."""
        if event["status"] == "cancelled":
            return {"id": event["id"], "status": "cancelled"}
        room = event.get("conferenceData")
        if room and self.pending > 0:
            self.pending -= 1
        elif room:
            room["createRequest"]["status"] = {"statusCode": self.room}
            if self.room == "success":
                room["entryPoints"] = [{"entryPointType": "video", "uri": "https://meet.google.com/abc-defg-hij"}]
        return event

    def tell(self, what: str, whom: list[str], event: dict[str, Any]) -> None:
        self.mails += [(what, one, event["summary"]) for one in whom]

    @property
    def only(self) -> dict[str, Any]:
        (one,) = self.events.values()
        return one


@dataclass
class Zoom(Tracker):
    """The meetings of one user. `lag` is in how many lists a new one does not show yet."""

    scopes: str = "meeting:write:admin meeting:read:admin user:read:admin"
    meetings: dict[int, dict[str, Any]] = field(default_factory=dict)
    age: dict[int, int] = field(default_factory=dict)
    lag: int = 0
    number: int = 85746065

    def answer(self, request: Request) -> Reply:
        if request.path == "/oauth/token" and request.method == "POST":
            return self.token(request)
        if request.headers.get("authorization") != "Bearer zoom-access":
            return 401, {"code": 124, "message": "Invalid access token."}
        writes = request.method != "GET"
        if ("meeting:write" if writes else "meeting:read") not in self.scopes and "meetings" in request.path:
            said = "Invalid access token, does not contain scopes:[meeting:write:admin]."
            return 400, {"code": 4711, "message": said}
        if request.path == "/v2/users/me":
            if "user:read" not in self.scopes:
                return 400, {
                    "code": 4711,
                    "message": "Invalid access token, does not contain scopes:[user:read:admin].",
                }
            return 200, {"id": "u1", "email": "rooms@example.com"}
        if request.path == "/v2/users/me/meetings":
            return self.create(request) if request.method == "POST" else self.list_(request)
        match = re.fullmatch(r"/v2/meetings/(\d+)", request.path)
        number = int(match[1]) if match else 0
        if number not in self.meetings:
            return 404, {"code": 3001, "message": f"Meeting does not exist: {number}."}
        if request.method == "GET":
            return 200, self.shown(number)
        if request.method == "DELETE":
            del self.meetings[number]
            return 204, None
        if request.method == "PATCH":
            if problem := self.problem(request.body):
                return 400, problem
            self.meetings[number].update(request.body)
            return 204, None
        return 404, {"code": 404, "message": "not found"}

    def token(self, request: Request) -> Reply:
        login = f"{ZOOM['ZOOM_CLIENT_ID']}:{ZOOM['ZOOM_CLIENT_SECRET']}"
        if request.headers.get("authorization") != f"Basic {base64.b64encode(login.encode()).decode()}":
            return 400, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}
        if request.query != {"grant_type": ["account_credentials"], "account_id": [ZOOM["ZOOM_ACCOUNT_ID"]]}:
            return 400, {"reason": "Bad request", "error": "invalid_request"}
        return 200, {"access_token": "zoom-access", "token_type": "bearer", "expires_in": 3599, "scope": self.scopes}

    def problem(self, body: dict[str, Any]) -> dict[str, Any] | None:
        """What is wrong with a meeting, None for nothing."""
        odd = set(body) ^ {"topic", "type", "start_time", "duration", "timezone", "agenda", "settings"}
        settings = set(body.get("settings", {})) - {"waiting_room", "join_before_host"}
        if odd or settings or body["type"] != 2 or not 0 < body["duration"] <= 1440 or len(body["agenda"]) > 2000:
            wrong = [{"field": one, "message": "Invalid field."} for one in sorted(odd | settings)]
            return {"code": 300, "message": "Validation Failed.", "errors": wrong}
        try:
            datetime.strptime(body["start_time"], "%Y-%m-%dT%H:%M:%SZ")
        except ValueError:
            return {"code": 300, "message": "Invalid start_time."}
        return None

    def create(self, request: Request) -> Reply:
        if problem := self.problem(request.body):
            return 400, problem
        self.number += 1
        self.meetings[self.number] = dict(request.body)
        self.age[self.number] = 0
        return 201, self.shown(self.number)

    def shown(self, number: int) -> dict[str, Any]:
        base = "https://us02web.zoom.us"
        return {
            "id": number, "uuid": "abc==", "join_url": f"{base}/j/{number}?pwd=x1",
            "start_url": f"{base}/s/{number}?zak={ZAK}", **self.meetings[number],
        }  # fmt: skip

    def list_(self, request: Request) -> Reply:
        if set(request.query) - {"type", "page_size", "next_page_token"} or request.query["type"] != ["upcoming"]:
            return 400, {"code": 300, "message": "Invalid parameter."}
        there = []
        for number in self.meetings:
            self.age[number] += 1
            if self.age[number] > self.lag:
                there.append({**self.shown(number), "agenda": self.meetings[number]["agenda"][:250]})
        start = int(request.query.get("next_page_token", ["0"])[0])  # two to a page, so that there are pages
        more = str(start + 2) if len(there) > start + 2 else ""
        return 200, {"page_size": 300, "next_page_token": more, "meetings": there[start : start + 2]}

    @property
    def only(self) -> dict[str, Any]:
        (one,) = self.meetings.values()
        return one
