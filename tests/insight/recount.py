"""Metrics a second time, straight from `git log` and the files, with none of pmctl's own reading.

Front matter through PyYAML, tables by splitting lines, records as JSON, commits as git prints them. Slow and plain on
purpose: what it says must agree with `pmctl.insight.metrics` to the digit.
"""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml


def out(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True).stdout


def seconds(said: Any) -> int | None:
    if said is None:
        return None
    at = said if isinstance(said, datetime) else datetime.fromisoformat(str(said))
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def items_in(text: str) -> dict[str, list[str]]:
    rows = [re.split(r"\s*\|\s*", line.strip())[1:-1] for line in text.splitlines() if line.startswith("| AI-")]
    return {row[0]: row for row in rows}


TARGETS = {
    "draft": ("created", 1),
    "complete": ("submitted", 2),
    "review": ("approved", 7),
    "publish": ("published", 14),
}
"""What pmctl.yaml has by default, in days after the incident's end."""


def recount(root: Path, on: date, incidents: list[dict[str, Any]]) -> dict[str, list[tuple[str, float]]]:
    """(id, value) of every observation, by metric. For histories of one line in UTC and the default settings."""
    docs: dict[str, dict[str, Any]] = {}
    steps = out(root, "log", "--reverse", "--format=%H %ct").split("\n")
    for line in filter(None, steps):
        commit, when = line.split()
        at = int(when)
        changed = out(root, "show", "--name-status", "--no-renames", "--format=", commit).splitlines()
        for entry in sorted(changed, key=lambda entry: "/records/" in entry):
            status, path = entry.split("\t")
            if path.startswith("postmortems/"):
                name = Path(path).stem
                if status == "D":
                    docs.pop(name, None)
                    continue
                text = out(root, "show", f"{commit}:{path}")
                one = docs.setdefault(name, {"created": at, "items": {}, "reviews": [], "asked": {}})
                one["front"] = yaml.safe_load(text.split("---\n")[1])
                rows = items_in(text)
                for item, row in rows.items():
                    was = one["items"].get(item)
                    now = {"row": row, "closed": None, "slips": [], "added": at} if was is None else was
                    before = ["", "", "", row[3], "", "OPEN"] if was is None else was["row"]
                    if row[3] > before[3]:
                        now["slips"].append((date.fromisoformat(row[3]) - date.fromisoformat(before[3])).days)
                    if row[5] != before[5]:
                        now["closed"] = at if row[5] in ("COMPLETED", "WONT_DO") else None
                    now["row"] = row
                    one["items"][item] = now
                one["items"] = {item: one["items"][item] for item in rows}
            elif "/records/2" in path and path.endswith(".json") and status == "A":
                record = json.loads(out(root, "show", f"{commit}:{path}"))
                one = docs.get(record["doc"])
                if one is not None:
                    act(one, record, min(at, seconds(record["at"]) or 0))
    found = observations(docs, on)
    linked = {link["id"] for one in docs.values() for link in one["front"].get("incidents") or ()}
    for one in incidents:
        end = datetime.fromisoformat(one["resolved_at"]) if "resolved_at" in one else None
        if end is None or end.date() > on:
            continue
        hours = (end - datetime.fromisoformat(one["started_at"])).total_seconds() / 3600
        if one["urgency"] == "HIGH" or hours > 1:
            written = one["id"] in linked
            found.setdefault("required_documented", []).append((f"generic:{one['id']}", float(written)))
            if not written:
                found.setdefault("required_missing", []).append((f"generic:{one['id']}", 1))
    return found


def act(one: dict[str, Any], record: dict[str, Any], claimed: int) -> None:
    last = one.get("last", one["created"])
    at = one["last"] = max(claimed, last)
    kind, by = record["act"], record["by"]
    if kind == "submit":
        one.setdefault("submitted", at)
        one["asked"] = dict.fromkeys(record["reviewers"], at)
    elif kind in ("approve", "request-changes"):
        one["reviews"].append((by, one["asked"].pop(by, None), at))
        if kind == "approve" and "published" not in one:
            one["approved"] = at
    elif kind == "publish":
        one.setdefault("published", at)
    if kind in ("request-changes", "withdraw", "publish"):
        one["asked"] = {}


def observations(docs: dict[str, dict[str, Any]], on: date) -> dict[str, list[tuple[str, float]]]:
    found: dict[str, list[tuple[str, float]]] = {}

    def note(metric: str, what: str, value: float | None) -> None:
        if value is not None:
            found.setdefault(metric, []).append((what, value))

    def span(first: int | None, last: int | None, unit: int) -> float | None:
        return None if first is None or last is None or last < first else (last - first) / unit

    for name, one in docs.items():
        front = one["front"]
        started, resolved = seconds(front.get("started_at")), seconds(front.get("resolved_at"))
        note("created", name, 1)
        note("drafts", name, 1 if front["status"] == "DRAFT" else None)
        note("in_review", name, 1 if front["status"] == "IN_REVIEW" else None)
        note("completion_rate", name, 1 if "published" in one else 0)
        note("draft_hours", name, span(resolved, one["created"], 3600))
        detected, acknowledged, mitigated = (
            seconds(front.get(f"{key}_at")) for key in ("detected", "acknowledged", "mitigated")
        )
        note("detect_minutes", name, span(started, detected, 60))
        note("acknowledge_minutes", name, span(detected, acknowledged, 60))
        note("mitigate_minutes", name, span(started, mitigated, 60))
        for target, (step, days) in TARGETS.items():
            if resolved is not None:
                until = resolved + days * 86400
                if step in one:
                    note(f"{target}_on_target", name, 1 if one[step] <= until else 0)
                elif datetime.fromtimestamp(until, UTC).date() < on:
                    note(f"{target}_on_target", name, 0)
        note("resolve_minutes", name, span(started, resolved, 60))
        note("impact_minutes", name, span(started, resolved, 60))
        for metric, key in (
            ("complete_hours", "submitted"),
            ("review_hours", "approved"),
            ("publish_hours", "published"),
        ):
            note(metric, name, span(resolved, one.get(key), 3600) if key in one else None)
        if "published" in one:
            note("published", name, 1)
            note("days_from_incident", name, span(resolved, one["published"], 86400))
            note("days_from_draft", name, span(one["created"], one["published"], 86400))
        for _, asked, answered in one["reviews"]:
            note("reviews", name, 1)
            note("review_wait_hours", name, span(asked, answered, 3600))
        for _ in one["asked"]:
            note("reviews_waiting", name, 1)
        for item, now in one["items"].items():
            what, due, status = f"{name} {item}", now["row"][3], now["row"][5]
            late = date.fromisoformat(due) < on
            for days in now["slips"]:
                note("slips", what, days)
                note("slip_days", what, days)
            if status in ("OPEN", "IN_PROGRESS"):
                note("items_open", what, 1)
                note("item_age_days", what, max((on - datetime.fromtimestamp(now["added"], UTC).date()).days, 0))
                if late:
                    note("items_overdue", what, 1)
                    note("items_on_time", what, 0)
            elif status == "WONT_DO":
                note("items_wont_do", what, 1)
            else:
                note("items_completed", what, 1)
                in_time = datetime.fromtimestamp(now["closed"], UTC).date().isoformat() <= due
                note("items_on_time", what, 1 if in_time else 0)
                if not in_time:
                    note("items_late", what, 1)
    return found
