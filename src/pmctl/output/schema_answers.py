"""The JSON Schemas of what commands print with `--format json`: every key, and what kind of value it has.

Every key that is listed is always there. A later version of pmctl may add keys to an answer without another `vN` in its
name; it takes none away and changes none.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "integer"}
TEXTS: Schema = {"type": "array", "items": TEXT}
ANY: Schema = {}


def _object(**members: Schema) -> Schema:
    return {"type": "object", "properties": members, "required": list(members)}


def _list(**members: Schema) -> Schema:
    return {"type": "array", "items": _object(**members)}


def _one_of(*values: str) -> Schema:
    return {"enum": list(values)}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


_FINDING = {
    "code": TEXT,
    "severity": _one_of("error", "warning", "hint"),
    "message": TEXT,
    "fix": TEXT,
    "path": TEXT,
    "line": NUMBER,
    "column": NUMBER,
    "end_line": NUMBER,
    "end_column": NUMBER,
    "commit": TEXT,
}
_AUDIT_FINDINGS = _list(
    code=TEXT, message=TEXT, commit=TEXT, postmortem=TEXT, path=TEXT, severity=_one_of("error", "warning", "hint"),
    fix=TEXT, waived_by=TEXT, waived_note=TEXT,
)  # fmt: skip
_LAYER = _object(violations=_AUDIT_FINDINGS, warnings=_AUDIT_FINDINGS, waived=_AUDIT_FINDINGS)
_PERSON = {"name": TEXT, "email": TEXT, "handle": TEXT, "path": TEXT}
_VERDICTS = ("required", "recommended", "skip")

# Name -> (what it is, its members). The name is that of the answer's `schema`: pmctl/<name>/v1.
ANSWERS: dict[str, tuple[str, dict[str, Schema]]] = {
    "findings": (
        "pmctl validate: what was found. Lines and columns count from 1 and are 0 for a whole file.",
        {
            "checked": NUMBER,
            "counts": _object(error=NUMBER, warning=NUMBER, hint=NUMBER),
            "findings": _list(**_FINDING),
        },
    ),
    "audit": (
        "pmctl audit: the whole history, what is proved apart from what is attributed.",
        {
            "passed": FLAG,
            "complete": FLAG,
            "incomplete": TEXT,
            "root": TEXT,
            "root_source": TEXT,
            "tip": TEXT,
            "base": TEXT,
            "policy_version": NUMBER,
            "steps": NUMBER,
            "records": NUMBER,
            "proved": _LAYER,
            "attributed": _LAYER,
            "postmortems": _list(id=TEXT, status=TEXT, round=NUMBER, author=TEXT, content=TEXT),
        },
    ),
    "list": (
        "pmctl list: the postmortems of the work tree, and the files that could not be read as one.",
        {
            "postmortems": _list(
                id=TEXT, path=TEXT, title=TEXT, status=TEXT, author=TEXT, severity=TEXT, urgency=TEXT, services=TEXTS,
                teams=TEXTS, tags=TEXTS, reviewers=TEXTS, started_at=_or_null(TEXT), resolved_at=_or_null(TEXT),
                action_items=NUMBER,
            ),
            "unreadable": _list(path=TEXT, problem=TEXT),
        },
    ),
    "section": ("pmctl show --section: one section.", {"id": TEXT, "title": TEXT, "line": NUMBER, "text": TEXT}),
    "status": (
        "pmctl status: what stands between each postmortem and its next state.",
        {
            "postmortems": _list(
                id=TEXT, status=TEXT, round=NUMBER, facts=TEXTS, blockers=_list(message=TEXT, fix=TEXT, who=TEXT),
                next_step=TEXT,
            )
        },
    ),
    "log": (
        "pmctl log: who did what to a postmortem, oldest first. `evidence` is empty for what no record proves.",
        {
            "id": TEXT,
            "root": TEXT,
            "incomplete": TEXT,
            "events": _list(
                commit=TEXT, at=TEXT, who=TEXT, what=TEXT, verdict=TEXT, note=TEXT, findings=TEXTS,
                evidence={
                    "type": "object",
                    "properties": {
                        "record": TEXT, "digest": TEXT, "key": TEXT, "content": TEXT, "policy": NUMBER, "round": NUMBER,
                        "layer": _one_of("proved", "attributed"),
                    },
                },
            ),
        },
    ),
    "actions": (
        "pmctl actions list: action items, the earliest due day first.",
        {
            "items": _list(
                id=TEXT, postmortem=TEXT, description=TEXT, owner=TEXT, due=TEXT, priority=TEXT, status=TEXT,
                ticket=TEXT, notes=TEXT, overdue=FLAG, path=TEXT, line=NUMBER,
            )
        },
    ),
    "people": (
        "pmctl people list: the people of the policy and their keys.",
        {
            "policy_version": NUMBER,
            "people": _list(
                handle=TEXT, name=TEXT, emails=TEXTS, admin=FLAG, teams=TEXTS,
                keys=_list(key=TEXT, fingerprint=TEXT, status=_one_of("active", "retired", "compromised"), since=TEXT),
            ),
        },
    ),
    "policy": (
        "pmctl policy show: the rules in force, in words.",
        {"version": NUMBER, "digest": TEXT, "rules": {"type": "object", "additionalProperties": TEXT}},
    ),
    "policy-verify": (
        "pmctl policy verify: the chain of signed policies, and what is wrong with it.",
        {
            "passed": FLAG,
            "root": TEXT,
            "root_source": TEXT,
            "version": NUMBER,
            "signatures": _list(version=NUMBER, by=TEXT, commit=TEXT, key=TEXT, verdict=TEXT),
            "problems": _list(code=TEXT, message=TEXT, fix=TEXT),
            "waiting_for": TEXTS,
        },
    ),
    "templates": (
        "pmctl template list: the templates; `path` is empty for those that are shipped with pmctl.",
        {
            "templates": _list(
                name=TEXT, version=NUMBER, description=TEXT, applies=TEXT, required=TEXTS, path=TEXT,
            )
        },
    ),
    "incident": (
        "pmctl incident show: what was understood of each record, with the path in the source that it came from.",
        {
            "incidents": _list(
                source=TEXT, id=TEXT, resolved=FLAG,
                fields=_list(field=TEXT, value={"anyOf": [TEXT, TEXTS]}, path=TEXT),
                timeline=_list(at=TEXT, text=TEXT, who=TEXT, moment=_or_null(TEXT), path=TEXT),
                participants=_list(**_PERSON),
                impact=_list(type=TEXT, measurement=TEXT, path=TEXT),
                action_items=_list(
                    description=TEXT, status=TEXT, owner=_or_null(_object(**_PERSON)), due=TEXT, priority=TEXT,
                    ticket=TEXT, path=TEXT,
                ),
                warnings=TEXTS,
            )
        },
    ),
    "triage": (
        "pmctl incident triage: whether each incident needs a postmortem, and by which rules.",
        {
            "incidents": _list(
                source=TEXT, id=TEXT, url=TEXT, title=TEXT, resolved=FLAG, verdict=_one_of(*_VERDICTS),
                postmortem=_or_null(TEXT),
                reasons=_list(rule=TEXT, verdict=_one_of(*_VERDICTS), because=TEXT, outweighed=FLAG),
            )
        },
    ),
    "adopt": (
        "pmctl adopt: what becomes, or became, of each document.",
        {
            "written": FLAG,
            "commit": TEXT,
            "documents": _list(
                source=TEXT, state=_one_of("adopt", "skipped", "problem"), reason=TEXT, id=_or_null(TEXT),
                path=_or_null(TEXT),
                recognised={
                    "type": "array",
                    "items": {"type": "object", "properties": {"what": TEXT, "value": ANY, "from": TEXT},
                              "required": ["what", "value", "from"]},
                },
                kept=TEXTS, questions=TEXTS, confidence=_or_null({"type": "number"}), moved=FLAG, attachments=TEXTS,
            ),
        },
    ),
    "doctor": (
        "pmctl doctor: what is missing or wrong on this machine and in this repository.",
        {"checks": _list(subject=TEXT, mark=_one_of("ok", "note", "BAD"), message=TEXT, fix=TEXT)},
    ),
}  # fmt: skip


def answer_schema(name: str) -> Schema:
    """The schema of one answer. Raises KeyError for a name that is none of ANSWERS."""
    description, members = ANSWERS[name]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"pmctl/{name}/v1",
        "description": description,
        **_object(schema={"const": f"pmctl/{name}/v1"}, **members),
    }
