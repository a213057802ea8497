"""What a record must say: for each act its keys, and for each key a value of its kind. Nothing else is a record."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pmctl.document.fields import HANDLE, ID, MAX_HANDLE, MAX_ID
from pmctl.errors import BadInput
from pmctl.policy.act import ACTS

TYPE = "pmctl-record-v1"
MOST_REVIEWERS = 1000
HIGHEST_NUMBER = 999_999
MOST_STATED, MOST_SEALED = 4096, 16 * 1024  # characters of a statement for customers, and of its signature

STATUSES = frozenset(("", "DRAFT", "IN_REVIEW", "PUBLISHED", "ARCHIVED", "DELETED"))

_Check = Callable[[str], object]  # None means no

_digest = re.compile(r"sha256:[0-9a-f]{64}").fullmatch
_salt = re.compile(r"[0-9a-f]{64}").fullmatch
_commit = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?").fullmatch
_finding = re.compile(r"[A-Z]{2}[0-9]{3}").fullmatch
_root_folder = re.compile(r"(?!.{1001})(?!(?:.*/)?\.{1,2}(?:/|$))[^/\x00-\x1f\x7f]+(?:/[^/\x00-\x1f\x7f]+)*").fullmatch
_at = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z").fullmatch

_COMMON = frozenset(
    ("act", "at", "base", "by", "content", "doc", "from", "note", "policy", "prev", "root", "round", "to", "type")
)


class RecordProblem(BadInput):
    """A record is not what a record must be. `code` is the audit finding's code (AU201 to AU204)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def handle_form(text: str) -> re.Match[str] | None:
    return HANDLE.fullmatch(text) if len(text) <= MAX_HANDLE else None


def _id(text: str) -> re.Match[str] | None:
    return ID.fullmatch(text) if len(text) <= MAX_ID else None


def about(act: str, doc: str) -> bool:
    """Whether an act of this kind can be about `doc`: a postmortem's id, or the name for repository-wide acts."""
    folder = ACTS[act].folder
    return doc == folder if folder else _id(doc) is not None


def check_fields(value: dict[str, Any]) -> None:
    """Raise RecordProblem unless the fields are those of the act, each with a value of its kind."""
    if value.get("type") != TYPE:
        raise RecordProblem("AU203", f"the record's type is not {TYPE}; a newer pmctl may know it")
    act = value.get("act")
    if not isinstance(act, str) or act not in ACTS:
        raise RecordProblem("AU203", f"unknown act {_shown(act)}")
    expected = _COMMON | ACTS[act].keys
    if missing := expected - value.keys():
        raise RecordProblem("AU203", f"a record of {act!r} lacks {', '.join(sorted(missing))}")
    if unknown := value.keys() - expected:
        raise RecordProblem("AU203", f"a record of {act!r} has no {', '.join(map(_shown, sorted(unknown)))}")
    _check_common(value)
    _check_extra(value)


def _check_common(value: dict[str, Any]) -> None:
    for key in ("policy", "round"):
        _expect_number(value, key)
    _expect(value, "by", handle_form, "a handle")
    _expect(value, "root", _digest, "a digest")
    for key in ("content", "prev"):
        _expect_or_empty(value, key, _digest, "a digest")
    _expect_or_empty(value, "base", _commit, "a full object id")
    for key in ("from", "to"):
        if not isinstance(value[key], str) or value[key] not in STATUSES:
            raise RecordProblem("AU203", f"{key!r} is not a status: {_shown(value[key])}")
    _expect(value, "at", _at, "a time like 2024-01-17T10:00:00Z")
    try:
        datetime.fromisoformat(value["at"][:-1])
    except ValueError as error:
        raise RecordProblem("AU203", f"'at' is no time that exists: {value['at']}") from error
    note = value["note"]
    if not isinstance(note, str) or any("\ud800" <= character <= "\udfff" for character in note):
        raise RecordProblem("AU203", "'note' is not text")
    if not isinstance(value["doc"], str) or not about(value["act"], value["doc"]):
        raise RecordProblem("AU203", f"a record of {value['act']!r} cannot be about {_shown(value['doc'])}")


def _check_extra(value: dict[str, Any]) -> None:
    if "reviewers" in value:
        _expect_list(value, "reviewers", handle_form, "a handle", MOST_REVIEWERS)
    if "editors" in value:
        _expect_list(value, "editors", handle_form, "a handle", MOST_REVIEWERS)
    if "author" in value:
        _expect_or_empty(value, "author", handle_form, "a handle")
    for key in ("template", "was"):
        if key in value:
            _expect_or_empty(value, key, _digest, "a digest")
    if "replaces" in value:
        _expect_list(value, "replaces", _digest, "a digest", MOST_REVIEWERS)
    if "approvals" in value:
        _expect_list(value, "approvals", _digest, "a digest", MOST_REVIEWERS)
    if "finding" in value:
        _expect(value, "finding", _finding, "a finding's code")
        _expect(value, "commit", _commit, "a full object id")
        _expect_or_empty(value, "about", _id, "a postmortem's id")
        _expect_number(value, "covers")
    if "text" in value:
        _expect(value, "text", _digest, "a digest")
        _expect(value, "settings", _digest, "a digest")
    if "salt" in value:
        _expect(value, "salt", _salt, "64 hex digits")
    for key, most in (("statement", MOST_STATED), ("seal", MOST_SEALED)):
        if key in value and not (isinstance(value[key], str) and value[key].isascii() and len(value[key]) <= most):
            raise RecordProblem("AU203", f"{key!r} is not a text of at most {most} characters")
    if "old" in value:
        for key in ("old", "new"):
            _expect_or_empty(value, key, _root_folder, "a folder of the repository")
        if value["old"] == value["new"]:
            raise RecordProblem("AU203", "'old' and 'new' are the same folder")
    if "documents" in value:
        _expect_or_empty(value, "tip", _commit, "a full object id")
        _expect_list(value, "dropped", _digest, "a digest", HIGHEST_NUMBER)
        documents = value["documents"]
        if not isinstance(documents, dict):
            raise RecordProblem("AU203", "'documents' is not an object")
        for id_, entry in documents.items():
            if not isinstance(id_, str) or _id(id_) is None:
                raise RecordProblem("AU203", f"'documents' names {_shown(id_)}, which is no postmortem's id")
            if not isinstance(entry, dict) or entry.keys() != {"content", "status"}:
                raise RecordProblem("AU203", f"the entry of {id_} has other fields than content and status")
            _expect(entry, "content", _digest, "a digest")
            if not isinstance(entry["status"], str) or not entry["status"] or entry["status"] not in STATUSES:
                raise RecordProblem("AU203", f"the entry of {id_} has no status")


def _expect(value: Mapping[str, Any], key: str, matches: _Check, what: str) -> None:
    if not isinstance(value[key], str) or matches(value[key]) is None:
        raise RecordProblem("AU203", f"{key!r} is not {what}: {_shown(value[key])}")


def _expect_or_empty(value: Mapping[str, Any], key: str, matches: _Check, what: str) -> None:
    if value[key] != "":
        _expect(value, key, matches, what)


def _expect_number(value: Mapping[str, Any], key: str) -> None:
    number = value[key]
    if type(number) is not int or not 0 <= number <= HIGHEST_NUMBER:
        raise RecordProblem("AU203", f"{key!r} is not a number from 0 to {HIGHEST_NUMBER}")


def _expect_list(value: Mapping[str, Any], key: str, matches: _Check, what: str, most: int) -> None:
    items = value[key]
    if not isinstance(items, list) or len(items) > most:
        raise RecordProblem("AU203", f"{key!r} is not a list of at most {most}")
    for item in items:
        if not isinstance(item, str) or matches(item) is None:
            raise RecordProblem("AU203", f"{key!r} holds something that is not {what}: {_shown(item)}")
    if len(set(items)) != len(items):
        raise RecordProblem("AU203", f"{key!r} names something twice")


def _shown(value: object) -> str:
    """A value from a hostile record, short and printable."""
    return ascii(value)[:80] if isinstance(value, str | int | type(None)) else f"a {type(value).__name__}"
