"""Microsoft Teams, by a Workflows webhook that takes an adaptive card. The address is the secret, and names a channel.

A workflow answers 202 before anything is posted, so what was taken need not have arrived. Facts:
learn.microsoft.com, "Create incoming webhooks with Workflows"; a message may have about 28 KB.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pmctl.errors import PmctlError
from pmctl.services.address import checked_webhook
from pmctl.services.client import Service, open_client
from pmctl.services.message import Message, NotTaken, Receipt, cut, listed
from pmctl.services.retrying import Reply

WEBHOOK = "TEAMS_WEBHOOK_"
LARGEST = 26_000  # bytes of the whole request, of the 28 KB that are taken
_LINES = 40


def body(message: Message) -> dict[str, Any]:
    """The request of a message; its texts are shortened until it fits."""
    for most in (8_000, 2_000, 400, 100):
        request = _request(message, most)
        if len(json.dumps(request).encode()) <= LARGEST:
            return request
    return _request(Message(message.id, cut(message.reason, 100), message.day, url=cut(message.url, 2000)), 100)


def _request(message: Message, most: int) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    if message.title:
        parts.append(_text(cut(message.title, most), size="Large", weight="Bolder"))
    parts.append(_text(cut(message.reason, most)))
    if message.facts:
        facts = [{"title": label, "value": _plain(cut(text, most))} for label, text in message.facts]
        parts.append({"type": "FactSet", "facts": facts})
    if message.summary:
        parts.append(_text(cut(message.summary, most)))
    parts += [_text(f"• {cut(line, most)}", spacing="None") for line in listed(message.lines, _LINES)]
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
        "body": parts,
    }  # fmt: skip
    if message.url:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open the postmortem", "url": message.url}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _text(text: str, **more: str) -> dict[str, Any]:
    return {"type": "TextBlock", "text": _plain(text), "wrap": True, **more}


def _plain(text: str) -> str:
    """Text of which the Markdown of a card makes no link, mention or picture."""
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace("<", "&lt;").replace("*", "\\*")


def post(address: str, variable: str, message: Message, waits: Callable[[str], None]) -> Receipt:
    """Send a message. Raises PmctlError; Uncertain where nobody can know whether it was taken."""
    base, path = checked_webhook(address, variable)
    with open_client(base) as client:
        service = Service("Teams", base, variable, client, waits=waits, right="send messages", explain=_explained)
        service.create(path, "the message", body(message))
    return Receipt("taken; Teams does not say whether it is shown")


def _explained(reply: Reply, what: str) -> PmctlError | None:
    if reply.status in (401, 403, 404, 410):
        return NotTaken(
            f"Teams does not take messages at this address ({reply.status})",
            hint="the workflow is off, gone, or its owner has left: make a new one and set its address",
        )
    if reply.status == 413:
        return NotTaken("Teams finds the message too large (413)", hint="shorten the summary")
    return None
