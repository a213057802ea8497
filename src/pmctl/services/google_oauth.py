"""Who pmctl is to Google: a refresh token from the secret store in, an access token out; and how one logs in.

The credential is one JSON text, in the form that Google's own tools call `authorized_user`. Logging in is the flow of
installed apps: the browser comes back to a port of this machine, PKCE ties the code to who asked for it. Facts: RFCs
6749, 7636 and 8252; developers.google.com, OAuth 2.0 for Mobile & Desktop Apps.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets as random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from pmctl.errors import BadInput, EnvironmentProblem, PmctlError, Refused, UsageProblem, advise
from pmctl.services.address import checked_base_url, checked_token
from pmctl.services.client import Service, open_client
from pmctl.services.cursor import Cursor
from pmctl.services.retrying import Reply
from pmctl.services.secrets import Secrets, how_to_set
from pmctl.services.tracker import said_by

CREDENTIALS, ADDRESS = "GOOGLE_CREDENTIALS", "GOOGLE_URL"
CLIENT, CLIENT_SECRET = "GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"  # names of variables
EVENTS = "https://www.googleapis.com/auth/calendar.events"
_ENOUGH = (EVENTS, "https://www.googleapis.com/auth/calendar")
_ASKED = ("openid", "email", EVENTS)
"""`openid email` has every answer say whose calendar it is."""
LOG_IN = advise("google-login")
_KEYS = ("client_id", "client_secret", "refresh_token")


@dataclass(frozen=True, slots=True)
class Credential:
    """What an access token is asked for with."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)

    @property
    def text(self) -> str:
        """As it is kept in the secret store: one line."""
        return json.dumps({"type": "authorized_user", **{key: getattr(self, key) for key in _KEYS}})


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token, what it is good for (empty where Google does not say), and the address whose account it is."""

    token: str = field(repr=False)
    scopes: tuple[str, ...]
    account: str

    @property
    def missing(self) -> tuple[str, ...]:
        """What it may not do, a sentence each."""
        able = not self.scopes or any(one in _ENOUGH for one in self.scopes)
        return () if able else (f"may not write events: the scope {EVENTS} was not granted",)


def credential(secrets: Secrets) -> Credential:
    """The credential of the environment. Raises EnvironmentProblem, which never shows it."""
    text = secrets(CREDENTIALS).strip()
    if not text:
        raise EnvironmentProblem(
            "Google Calendar is not connected",
            hint=advise("google-connect", set=how_to_set(CREDENTIALS)),
        )
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise EnvironmentProblem(f"{CREDENTIALS} is not JSON", hint=LOG_IN)
    if found.get("type") == "service_account":
        raise EnvironmentProblem(
            f"{CREDENTIALS} is the key of a service account, which may not invite people", hint=LOG_IN
        )
    values = [found.get(key) for key in _KEYS]
    if found.get("type", "authorized_user") != "authorized_user" or not all(
        isinstance(one, str) and one.strip() for one in values
    ):
        raise EnvironmentProblem(f"{CREDENTIALS} lacks one of {', '.join(_KEYS)}", hint=LOG_IN)
    return Credential(*(checked_token(str(one), CREDENTIALS) for one in values))


def base_urls(secrets: Secrets) -> tuple[str, str, str]:
    """Where people log in, where tokens are given out, and where calendars are. Raises UsageProblem."""
    given = secrets(ADDRESS)
    if given:
        base = checked_base_url(given, ADDRESS)
        return base, base, base
    return "https://accounts.google.com", "https://oauth2.googleapis.com", "https://www.googleapis.com"


def refreshed(secrets: Secrets, waits: Callable[[str], None]) -> Grant:
    """An access token for the credential of the environment. Raises EnvironmentProblem."""
    known = credential(secrets)
    asked = {key: getattr(known, key) for key in _KEYS}
    answer = _ask_for_token(secrets, waits, {**asked, "grant_type": "refresh_token"})
    return _grant(answer)


def _ask_for_token(secrets: Secrets, waits: Callable[[str], None], asked: Mapping[str, str]) -> Cursor:
    base = base_urls(secrets)[1]
    with open_client(base) as client:
        service = Service("Google", base, CREDENTIALS, client, {"Accept": "application/json"}, waits, explain=_refused)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return Cursor(service.post("/token", "an access token", urlencode(asked).encode(), form).value)


def _refused(reply: Reply, what: str) -> PmctlError | None:
    """What the token endpoint says no with: a word, as in RFC 6749, 5.2."""
    try:
        told = Cursor(json.loads(reply.data))
    except (ValueError, RecursionError):
        return None
    word, said = told.at("error").text, said_by(told.at("error_description").text)
    if word == "invalid_grant":
        return EnvironmentProblem(
            f"Google does not accept the login any more: {said or word}",
            hint=advise("google-login-ended"),
        )
    if word in ("invalid_client", "unauthorized_client", "deleted_client"):
        return EnvironmentProblem(
            f"Google does not know the OAuth client: {said or word}",
            hint=advise("google-client", client=CLIENT, secret=CLIENT_SECRET),
        )
    return EnvironmentProblem(f"Google gives no access token: {said or word}", hint=LOG_IN) if word else None


def _grant(answer: Cursor) -> Grant:
    token = answer.at("access_token").text
    if not token:
        raise BadInput("Google gave no access token", hint=LOG_IN)
    return Grant(checked_token(token, CREDENTIALS), tuple(answer.at("scope").text.split()), _account(answer))


def _account(answer: Cursor) -> str:
    """The address in the id token. It came from Google itself over TLS, so its signature says nothing new (OpenID
    Connect Core, 3.1.3.7)."""
    part = [*answer.at("id_token").text.split("."), "", ""][1]
    try:
        claims: Any = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return ""
    email = claims.get("email") if isinstance(claims, dict) else None
    return email if isinstance(email, str) else ""


@dataclass(frozen=True, slots=True)
class Login:
    """A login that is under way: whose client asks, where the browser comes back to, and what only this run knows."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


def begun(secrets: Secrets, redirect: str) -> Login:
    """A new login. Raises EnvironmentProblem without a client."""
    client, secret = (checked_token(secrets(name), name) for name in (CLIENT, CLIENT_SECRET))
    if not client or not secret:
        raise EnvironmentProblem(
            f"{CLIENT if not client else CLIENT_SECRET} is not set: for which OAuth client is the login?",
            hint="make one of the kind Desktop app in your organization's project at console.cloud.google.com, and "
            f"{how_to_set(CLIENT if not client else CLIENT_SECRET)}",
        )
    return Login(client, secret, redirect, random.token_urlsafe(32), random.token_urlsafe(64))


def address(login: Login, secrets: Secrets) -> str:
    """Where a browser goes to be asked."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(login.verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": login.client_id, "redirect_uri": login.redirect, "response_type": "code",
        "scope": " ".join(_ASKED), "state": login.state, "code_challenge": challenge, "code_challenge_method": "S256",
        "access_type": "offline", "prompt": "consent",
    }  # fmt: skip
    return f"{base_urls(secrets)[0]}/o/oauth2/v2/auth?{urlencode(asked)}"


def finished(
    login: Login, came: Mapping[str, str], secrets: Secrets, waits: Callable[[str], None]
) -> tuple[Credential, Grant]:
    """The credential for what the browser came back with. Raises Refused where somebody said no, UsageProblem for an
    answer to another login, EnvironmentProblem."""
    if not random.compare_digest(came.get("state", "").encode(), login.state.encode()):
        raise UsageProblem("the browser came back from another login (wrong state)", hint=LOG_IN)
    if word := came.get("error", ""):
        why = "it was not allowed" if word == "access_denied" else said_by(word)
        raise Refused(f"Google did not log you in: {why}", hint="allow it, or ask the admin of your organization")
    asked = {
        "client_id": login.client_id, "client_secret": login.client_secret, "code": came.get("code", ""),
        "code_verifier": login.verifier, "grant_type": "authorization_code", "redirect_uri": login.redirect,
    }  # fmt: skip
    answer = _ask_for_token(secrets, waits, asked)
    grant, token = _grant(answer), answer.at("refresh_token").text
    if not token:
        raise EnvironmentProblem(
            "Google gave no refresh token, without which the login ends within the hour",
            hint=advise("google-forget"),
        )
    if grant.missing:
        raise Refused(f"the login {grant.missing[0]}", hint=advise("google-tick"))
    return Credential(login.client_id, login.client_secret, checked_token(token, CREDENTIALS)), grant
