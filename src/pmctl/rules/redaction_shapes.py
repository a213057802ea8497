"""What is internal by its form alone: addresses, paths, ids, versions, names that only programs have.

token -> the kind of thing that it is, "" for what is written in any text: a word, a number, a time, an amount.
"""

from __future__ import annotations

import re

_TICKET = re.compile(r"#?[A-Z][A-Z0-9]{1,9}-\d{1,7}|(?:INC|CHG|PRB|RITM|REQ|TASK)\d{5,}|#\d+|[A-Z]\d{4,7}|!\d+")
_COMMIT = re.compile(r"(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2}|:\d{1,5})?")
_IPV6 = re.compile(r"(?=.*::|(?:[^:]*:){5})[0-9A-Fa-f:]{3,45}(?:%\w+)?(?:/\d{1,3})?")
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]){4,}[0-9A-Fa-f]{2}")
_CLOUD = re.compile(
    r"arn:.+|s3://.+|gs://.+|projects/.+|/subscriptions/.+|(?:i|sg|vol|vpc|subnet|ami|eni|snap|rtb|igw|eipalloc)-[0-9a-f]{8,}"
    r"|[a-z]{2,9}-(?:north|south|east|west|central|northeast|southeast|northwest|southwest)-?[1-9][a-z]?(?:-[a-z])?"
    r"|[a-z]{2,9}-[a-z]{4,9}[1-9](?:-[a-z])?"
)
_POD = re.compile(r"[a-z][a-z0-9-]*-[a-f0-9]{7,10}-[a-z0-9]{5}")
_PATH = re.compile(r"(?:~|\.{1,2})?/[\w.@+-]+(?:/[\w.@+-]*)*|[A-Za-z]:\\.*|[\w.@+-]+(?:/[\w.@+-]+)+\.\w{1,5}|\\\\.+")
_VERSION = re.compile(r"v\d+(?:\.\d+)*(?:[-+.]?[\w.+-]+)?|\d+\.\d+\.\d+(?:[-+.][\w.+-]+)*")
_HOST = re.compile(r"(?:[A-Za-z0-9_-]+\.)+[A-Za-z][A-Za-z0-9-]*(?::\d+)?(?:/.*)?|localhost(?::\d+)?(?:/.*)?")

_KINDS = (
    ("a cloud resource", _CLOUD), ("an id", _UUID), ("an address", _MAC), ("an address", _IPV4), ("an address", _IPV6),
    ("a pod", _POD), ("a ticket", _TICKET), ("a version", _VERSION), ("a path", _PATH), ("a commit", _COMMIT),
    ("a host", _HOST),
)  # fmt: skip

_NUMBER = re.compile(
    r"[~≈±+-]?[$€£¥]?\d{1,3}(?:[ ,.\u00a0\u202f’']\d{3})*(?:[.,]\d{1,2})?"
    r"(?:%|‰|€|\$|£|k|K|M|x|×|h|s|m|min|ms|am|pm|st|nd|rd|th|er|e|º|ª)?"
    r"|\d{1,6}(?:%|x)?|(?:19|20)\d\d"
)
_TIME = re.compile(r"\d{1,2}[:.h]\d{2}(?::\d{2})?(?:am|pm|Z|h)?(?:[–-]\d{1,2}[:.h]\d{2}(?::\d{2})?)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?Z?)?|\d{1,2}[./]\d{1,2}[./](?:\d{2}|\d{4})")
_RANGE = re.compile(r"\d{1,4}(?:[.,]\d)?[–-]\d{1,4}(?:[.,]\d)?%?")
_COMPOUND = re.compile(r"\d{1,4}-(?:minute|hour|day|week|month|year|fold|second)s?")
_HARMLESS = (_NUMBER, _TIME, _DATE, _RANGE, _COMPOUND)
_PHONE = re.compile(r"(?<![\w.])\+\d[\d ()/.-]{6,18}\d|(?<![\w.,:-])\d(?:[ -]?\d){7,}(?![\w:])")
_LOG = re.compile(
    r"(?m)^.*?(?<!\w)(?:FATAL|ERROR|WARN|WARNING|INFO|DEBUG|CRITICAL|PANIC|Traceback|Exception in|panic:)(?!\w).*$"
    r"|^[ \t]*at [\w$.]+\([^)\n]*\).*$"
)
_PORT = re.compile(r"(?i)\b(?:port|ports|puerto|puertos)\s+(\d{2,5})\b")
_GROUPED = re.compile(r"\d{1,3}(?: \d{3})+")


def kind_of(token: str) -> str:
    """What a token is that is more than a word; "" for what any text has, "?" for what nobody can tell."""
    if any(form.fullmatch(token) for form in _HARMLESS):
        return ""
    return next((kind for kind, form in _KINDS if form.fullmatch(token)), "?")


def log_lines(text: str) -> list[tuple[int, int]]:
    """Where a line of a log is quoted: the whole line."""
    return [match.span() for match in _LOG.finditer(text)]


def long_numbers(text: str) -> list[tuple[int, int]]:
    """Telephone numbers and numbers of accounts, with their blanks."""
    return [
        match.span() for match in _PHONE.finditer(text) if not (_GROUPED.fullmatch(match[0]) or _DATE.match(match[0]))
    ]


def ports(text: str) -> list[tuple[int, int]]:
    """Numbers of ports."""
    return [match.span(1) for match in _PORT.finditer(text)]
