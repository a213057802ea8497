"""Where a token may be sent: addresses, and the tokens themselves. Text in, checked text out; nothing is asked here."""

from __future__ import annotations

import ipaddress
from urllib.parse import quote, urlsplit

from pmctl.errors import EnvironmentProblem, UsageProblem


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port; no host and port -1 for what is no address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "", "", -1
    return parts.scheme.lower(), (parts.hostname or "").lower(), port or (443 if parts.scheme == "https" else 80)


def loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_base_url(url: str, variable: str) -> str:
    """An address that a token may be sent to; UsageProblem for anything but https (or loopback)."""
    address = url.strip().rstrip("/")
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    host = parts.hostname or ""
    if not host or origin(address)[2] < 0 or parts.scheme not in ("https", "http") or parts.query or parts.fragment:
        raise UsageProblem(f"{variable} is not a web address", hint="write it like https://api.example.com")
    if parts.username or parts.password:
        raise UsageProblem(f"{variable} holds a user name or password", hint="put the token into its own variable")
    if parts.scheme == "http" and not loopback(host):
        raise UsageProblem(f"{variable} is not https", hint="a token is only sent over https")
    return address


def checked_webhook(url: str, variable: str) -> tuple[str, str]:
    """A whole address that is a secret itself, as its origin, which may be shown, and the rest, which may not.

    Raises UsageProblem for anything but https (or loopback), which never shows it.
    """
    address = url.strip()
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    base = checked_base_url(f"{parts.scheme}://{parts.netloc}" if parts.netloc else "", variable)
    if parts.fragment or not address.isascii() or not address.isprintable() or " " in address:
        raise UsageProblem(f"{variable} is not a web address", hint="copy it again, whole, from the service")
    return base, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def checked_token(token: str, variable: str) -> str:
    """A token that fits into a header; the error never shows it."""
    trimmed = token.strip()
    if not trimmed.isascii() or not trimmed.isprintable() or " " in trimmed:
        raise EnvironmentProblem(f"{variable} holds characters that no token has", hint="set it again")
    return trimmed


def segment(text: str) -> str:
    """Text as one segment of a path."""
    return quote(text, safe="")
