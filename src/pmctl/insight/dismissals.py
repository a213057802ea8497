"""Incidents that somebody decided to write no postmortem about: `.pmctl/dismissed/<source>-<id>.yaml`.

Files of the commit -> dismissals, for triage and for whoever asks what is missing. One file is one decision, so that
any host merges two; the commit that adds it says who signed it and when.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pmctl.document.node_reader import NodeReader
from pmctl.document.strict_yaml import load
from pmctl.ledger.snapshot import Snapshot
from pmctl.services.incident import Reference

FOLDER = ".pmctl/dismissed"
REASONS = {"no-learning": "there is nothing to learn from it", "covered-by": "another postmortem covers it"}
_KEYS = ("source", "id", "because", "covered_by", "reason", "by", "at")
_SIZE_LIMIT = 64 * 1024  # bytes; the file holds a sentence
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Dismissal:
    """One decision: which incident, why (a key of REASONS), in whose words, and who took it when."""

    source: str
    id: str
    why: str
    reason: str
    by: str
    at: str
    covered_by: str = ""

    def about(self, references: Iterable[Reference]) -> bool:
        """Whether it is about one of these incidents."""
        return any((one.source, one.id) == (self.source, self.id) for one in references)

    @property
    def because(self) -> str:
        """The decision as a clause."""
        what = f"{self.covered_by} covers it" if self.covered_by else REASONS[self.why]
        return f"{self.by} dismissed it on {self.at[:10]}: {what}: {self.reason}"


def dismissal_path(source: str, incident: str) -> str:
    """Where the decision about an incident is. An id that no file can be called gets a part of its digest."""
    name = _UNSAFE.sub("-", incident).strip("-.")[:80]
    if name != incident:
        name = f"{name}-{hashlib.sha256(incident.encode()).hexdigest()[:8]}".lstrip("-")
    return f"{FOLDER}/{source}-{name}.yaml"


def dismissals(head: Snapshot) -> tuple[tuple[Dismissal, ...], tuple[str, ...]]:
    """All decisions in a commit, and a sentence about every file that holds none that counts."""
    found, problems = [], []
    for name in head.names(FOLDER):
        path = f"{FOLDER}/{name}"
        one = _read(path, head.regular_file(path) or b"")
        if isinstance(one, Dismissal):
            found.append(one)
        else:
            problems.append(f"{path}: {one}; it dismisses nothing")
    return tuple(found), tuple(problems)


def _read(path: str, data: bytes) -> Dismissal | str:
    """The decision in a file, or what is wrong with it."""
    try:
        parsed = load(data[:_SIZE_LIMIT].decode("utf-8"), path=path)
    except UnicodeDecodeError:
        return "not UTF-8 text"
    if parsed.problems or len(data) > _SIZE_LIMIT:
        return parsed.problems[0].message if parsed.problems else "too large"
    reader = NodeReader(path, "PM190")
    members = reader.mapping(parsed.node, "it", _KEYS)
    texts = {key: reader.text(members.get(key), key) for key in _KEYS if key != "at"}
    texts["at"] = members["at"].raw if "at" in members else ""
    missing = [key for key in _KEYS if key != "covered_by" and not texts[key].strip()]
    if reader.findings or missing:
        return reader.findings[0].message if reader.findings else f"it has no {', '.join(missing)}"
    if texts["because"] not in REASONS or bool(texts["covered_by"]) != (texts["because"] == "covered-by"):
        return f"because must be one of {', '.join(REASONS)}, and covered-by names a postmortem in covered_by"
    if dismissal_path(texts["source"], texts["id"]) != path:
        return f"its name is not that of {texts['source']}:{texts['id']}"
    return Dismissal(
        texts["source"], texts["id"], texts["because"], texts["reason"], texts["by"], texts["at"], texts["covered_by"]
    )
