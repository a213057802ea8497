"""Webhooks of one's own, signed as the Standard Webhooks specification says (standardwebhooks.com, version 1).

A receiver verifies that a request is from here and unchanged, and leaves out what it has seen: `webhook-id` is the id
of the event, the same however often it is sent.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from pmctl.errors import EnvironmentProblem
from pmctl.services.address import checked_webhook
from pmctl.services.client import Service, open_client
from pmctl.services.message import Message, Receipt, variable_part
from pmctl.services.secrets import Secrets, how_to_set

_SHORTEST, _LONGEST = 24, 64  # bytes of a secret


def variables(name: str) -> tuple[str, str]:
    """The variables of a webhook's address and secret."""
    part = variable_part(name)
    return f"PMCTL_WEBHOOK_{part}_URL", f"PMCTL_WEBHOOK_{part}_SECRET"


def body(message: Message) -> dict[str, Any]:
    """What is sent about the event of a message: its kind, when it happened, and all that is known of it."""
    [event] = message.events
    data = {**event, "title": message.title, "status": message.state, "severity": message.severity, "url": message.url}
    return {"type": event["kind"], "timestamp": event["at"], "data": data}


def keys(secret: str, variable: str) -> list[bytes]:
    """The keys in a secret; several, with blanks between, while one takes another's place.

    Raises EnvironmentProblem, which never shows it.
    """
    found = []
    for one in secret.split():
        try:
            key = base64.b64decode(one.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not one.startswith("whsec_") or not _SHORTEST <= len(key) <= _LONGEST:
            raise EnvironmentProblem(
                f"{variable} is no secret of a webhook",
                hint="write whsec_ and the base64 of 24 to 64 random bytes: echo whsec_$(openssl rand -base64 32)",
            )
        found.append(key)
    if not found:
        raise EnvironmentProblem(f"{variable} is not set", hint=how_to_set(variable))
    return found


def headers(event: str, moment: datetime, data: bytes, secrets: list[bytes]) -> Mapping[str, str]:
    """The three headers that the receiver verifies."""
    stamp = str(int(moment.timestamp()))
    signed = b".".join((event.encode(), stamp.encode(), data))
    signatures = (base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in secrets)
    return {
        "webhook-id": event, "webhook-timestamp": stamp, "Content-Type": "application/json",
        "webhook-signature": " ".join(f"v1,{one}" for one in signatures),
    }  # fmt: skip


def post(secrets: Secrets, name: str, message: Message, waits: Callable[[str], None]) -> Receipt:
    """Send the event of a message. Raises PmctlError; Uncertain where nobody can know whether it was taken."""
    address, secret = variables(name)
    if not secrets(address):
        raise EnvironmentProblem(f"the address of the webhook {name} is not set", hint=how_to_set(address))
    signing = keys(secrets(secret), secret)
    base, path = checked_webhook(secrets(address), address)
    data = json.dumps(body(message), separators=(",", ":")).encode()
    with open_client(base) as client:
        service = Service(f"the webhook {name}", base, secret, client, waits=waits, right="send events")
        # The receiver holds the time against its own clock, so it is the present one, whatever day is asked for.
        service.create(path, "the event", data, headers(message.id, datetime.now(UTC), data, signing))
    return Receipt("taken")
