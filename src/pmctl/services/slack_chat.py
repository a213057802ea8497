"""Slack, to which messages go: by a bot token (postMessage, update, direct messages) or an incoming webhook.

Slack answers 200 with `ok: false` and a word where it refuses; each word that a person can do something about has its
sentence here. Facts: docs.slack.dev, Web API methods and Block Kit limits (3,000 characters a section, 150 a header, 50
blocks; a message of more than about 13,000 characters in all is refused although no page says so).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import quote

from pmctl.errors import PmctlError
from pmctl.services.address import checked_base_url, checked_token, checked_webhook
from pmctl.services.client import Answer, Service, open_client
from pmctl.services.message import Message, NotTaken, Receipt, cut, listed
from pmctl.services.retrying import Reply, Uncertain
from pmctl.services.secrets import Secrets

TOKEN, ADDRESS, WEBHOOK = "SLACK_TOKEN", "SLACK_URL", "SLACK_WEBHOOK_"
_HEADER, _SECTION, _REASON, _FIELD, _TEXT = 150, 3000, 1000, 300, 200  # characters
_LINES = 20

_ADVICE = {
    "not_in_channel": "invite the app to the channel: /invite @its-name",
    "channel_not_found": "write the channel's id (C0123...) into pmctl.yaml; a private channel must have the app in it",
    "is_archived": "unarchive the channel, or name another one in pmctl.yaml",
    "invalid_auth": f"put a valid bot token (xoxb-...) into {TOKEN}",
    "not_authed": f"put a valid bot token (xoxb-...) into {TOKEN}",
    "account_inactive": f"the app was removed or its account is off: put a new bot token into {TOKEN}",
    "token_revoked": f"put a new bot token into {TOKEN}",
    "token_expired": f"put a new bot token into {TOKEN}",
    "missing_scope": "give the app the scope that is named, install it again, and use its new token",
    "users_not_found": "nobody in this workspace has that address; give the policy the address that Slack knows",
    "msg_too_long": "shorten the summary",
    "restricted_action": "an admin of the workspace must let the app post there",
    "ekm_access_denied": "an admin of the workspace has suspended posting",
    "no_service": "the webhook is off or gone: make a new one",
    "no_service_id": "the webhook is off or gone: make a new one",
    "no_team": "the webhook is of a workspace that is gone: make a new one",
    "channel_is_archived": "unarchive the webhook's channel, or make a webhook of another one",
    "action_prohibited": "an admin of the workspace must let the webhook post",
    "invalid_token": "the webhook is off or gone: make a new one",
}
_UNSURE = ("internal_error", "fatal_error", "request_timeout", "service_unavailable")
"""Words of an answer after which nobody knows whether the message is there."""


def body(message: Message) -> dict[str, Any]:
    """The text and the blocks of a message; where it goes is added to it."""
    blocks: list[dict[str, Any]] = []
    if message.title:
        header = {"type": "plain_text", "text": cut(message.title, _HEADER), "emoji": False}
        blocks.append({"type": "header", "text": header})
    blocks.append(_section(_escaped(message.reason, _REASON)))
    facts = [_mrkdwn(f"*{label}*\n{_escaped(text, _FIELD)}") for label, text in message.facts]
    if facts:
        blocks.append({"type": "section", "fields": facts[:10]})
    if message.summary:
        blocks.append(_section(_escaped(message.summary, _SECTION)))
    if message.lines:
        told = "\n".join(f"• {_escaped(line, _TEXT)}" for line in listed(message.lines, _LINES))
        blocks += [_section(part) for part in _parts(told)]
    if message.url:
        blocks.append({"type": "context", "elements": [_mrkdwn(f"<{_address(message.url)}|Open the postmortem>")]})
    return {"text": _escaped(message.reason, _REASON), "blocks": blocks, "unfurl_links": False}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _escaped(text: str, most: int) -> str:
    """Text in which nothing is live: `<!channel>`, `<@U1>` and links need their angle bracket. At most `most` long."""
    found, length = [], 0
    for letter in cut(text, most):
        shown = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(letter, letter)
        length += len(shown)
        if length > most:
            break
        found.append(shown)
    return "".join(found) or " "


def _parts(text: str) -> Iterator[str]:
    """Lines in portions that fit into a section each."""
    part = ""
    for line in text.split("\n"):
        if part and len(part) + len(line) + 1 > _SECTION:
            yield part
            part = ""
        part = f"{part}\n{line}" if part else line
    yield part


def _address(url: str) -> str:
    """A web address inside of a link, where | and > would end it."""
    return quote(url, safe=":/?#[]@!$&'()*+,;=%~-._").replace("&", "&amp;")


@contextmanager
def connected(secrets: Secrets, waits: Callable[[str], None]) -> Iterator[Service | None]:
    """The connection of the bot token, None without one."""
    token = checked_token(secrets(TOKEN), TOKEN)
    if not token:
        yield None
        return
    base = checked_base_url(secrets(ADDRESS) or "https://slack.com/api", ADDRESS)
    with open_client(base) as client:
        headers = {"Authorization": f"Bearer {token}"}
        yield Service("Slack", base, TOKEN, client, headers, waits, right="send messages")


def post(service: Service, channel: str, message: Message, place: Mapping[str, str]) -> Receipt:
    """Send a message to a channel or a person (an id).

    Where an earlier one about the same stands (`place`), that one is brought up to date, and what happened follows in
    its thread. Raises PmctlError; Uncertain where nobody can know whether it arrived.
    """
    sent = body(message)
    if place.get("ts") and place.get("channel"):
        where = {"channel": place["channel"], "ts": place["ts"]}
        try:
            _call(service, "chat.update", {**where, **sent}, once=False)
        except NotTaken as problem:
            if not problem.message.endswith(": message_not_found"):
                raise
        else:
            thread = {"channel": place["channel"], "thread_ts": place["ts"], "unfurl_links": False}
            _call(service, "chat.postMessage", {**thread, "text": sent["text"]}, once=True)
            return Receipt("updated, and told in its thread", dict(place))
    answer = _call(service, "chat.postMessage", {"channel": channel, **sent}, once=True)
    found = {"channel": str(answer.at("channel") or channel), "ts": str(answer.at("ts") or "")}
    return Receipt(f"ok, ts {found['ts']}", found)


def person(service: Service, email: str) -> str:
    """The id of whoever has an e-mail address. Raises NotTaken where nobody has."""
    answer = _checked(service.get("/users.lookupByEmail", "the person", {"email": email}), "users.lookupByEmail")
    return str(answer.at("user", "id") or "")


class Bot(NamedTuple):
    """Who a token is of, and its scopes; None where Slack does not say them."""

    name: str
    scopes: frozenset[str] | None


def account(service: Service) -> Bot:
    """Who the token is of. Raises NotTaken."""
    answer = _checked(service.post("/auth.test", "the token", {}), "auth.test")
    said = answer.headers.get("x-oauth-scopes")
    scopes = frozenset(one.strip() for one in said.split(",") if one.strip()) if said is not None else None
    return Bot(f"{answer.at('user') or 'an app'} in {answer.at('team') or 'a workspace'}", scopes)


def lacks(service: Service, bot: Bot, channels: Mapping[str, str], *, people: bool) -> list[str]:
    """What keeps messages from channels (their ids by name) and people, a sentence each. Nothing is sent."""
    needed = ("chat:write", *(("users:read.email", "im:write") if people else ()))
    found = [f"the token lacks the scope {one}" for one in needed if bot.scopes is not None and one not in bot.scopes]
    for name, channel in channels.items():
        try:
            answer = service.get("/conversations.info", f"the channel {channel}", {"channel": channel})
            info = _checked(answer, "conversations.info")
        except NotTaken as problem:
            if not problem.message.endswith(": missing_scope"):  # seeing channels is a right that sending does not need
                found.append(f"{name}: {problem.message}")
            continue
        anywhere = bot.scopes is not None and "chat:write.public" in bot.scopes and not info.at("channel", "is_private")
        if info.at("channel", "is_archived") is True:
            found.append(f"{name}: {channel} is archived")
        elif info.at("channel", "is_member") is False and not anywhere:
            found.append(f"{name}: the app is not in {channel}: /invite it there")
    return found


def _call(service: Service, method: str, sent: object, *, once: bool) -> Answer:
    what = f"a message ({method})"
    answer = service.create(f"/{method}", what, sent) if once else service.post(f"/{method}", what, sent)
    return _checked(answer, method)


def _checked(answer: Answer, method: str) -> Answer:
    if answer.at("ok") is True:
        return answer
    word = str(answer.at("error") or "")
    if not word or word in _UNSURE:
        raise Uncertain(f"Slack does not say whether {method} worked{f': {word}' if word else ''}")
    needed = str(answer.at("needed") or "")
    raise _refused(word, f" (needs {needed})" if needed else "")


def _refused(word: str, more: str = "") -> NotTaken:
    shown = word if word.isascii() and word.isprintable() else "an unknown error"
    return NotTaken(
        f"Slack refuses{more}: {cut(shown, 80)}", hint=_ADVICE.get(word, "see docs.slack.dev for what that means")
    )


def post_to_webhook(address: str, variable: str, message: Message, waits: Callable[[str], None]) -> Receipt:
    """Send a message to an incoming webhook, which is bound to one channel. Raises as `post`."""
    base, path = checked_webhook(address, variable)
    with open_client(base) as client:
        service = Service("Slack", base, variable, client, waits=waits, right="send messages", explain=_explained)
        answer = service.create(path, "the message", body(message))
    said = answer.data[:80].decode("utf-8", "replace").strip()
    if said != "ok":
        raise Uncertain("Slack does not say whether the message arrived", hint="look into the channel")
    return Receipt("ok")


def _explained(reply: Reply, what: str) -> PmctlError | None:
    """An incoming webhook says in plain text why it refuses."""
    word = reply.data[:80].decode("utf-8", "replace").strip()
    return _refused(word) if word in _ADVICE or word.startswith("invalid_") else None


def dry(message: Message, channel: str) -> str:
    """The request body as it would be sent, for reading."""
    return json.dumps({"channel": channel, **body(message)} if channel else body(message), ensure_ascii=False, indent=2)
