"""The JSON Schemas of what commands print with `--format json`: every key, and what kind of value it has.

Every key that is listed is always there. A later version of pmctl may add keys to an answer without another `vN` in its
name; it takes none away and changes none.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

Schema = dict[str, Any]

# The name of an answer's `schema`, pmctl/<name>/v1 -> the module and class of its value, whose docstring describes it.
ANSWERS = {
    "findings": ("pmctl.output.answers", "Findings"),
    "error": ("pmctl.output.answers_programs", "Problem"),
    "audit": ("pmctl.output.answers", "Audit"),
    "list": ("pmctl.output.answers", "Postmortems"),
    "section": ("pmctl.output.answers", "Section"),
    "status": ("pmctl.insight.status_overview", "StatusReports"),
    "log": ("pmctl.insight.history", "PostmortemHistory"),
    "diff": ("pmctl.output.comparison", "Answer"),
    "review": ("pmctl.insight.review_queue", "ReviewQueue"),
    "review-one": ("pmctl.insight.reviewing", "Reviewing"),
    "actions": ("pmctl.output.answers", "ActionItems"),
    "discussions": ("pmctl.insight.discussion", "Discussions"),
    "editors": ("pmctl.workflow.editors", "Editors"),
    "item-changes": ("pmctl.output.answers", "ItemChanges"),
    "tickets": ("pmctl.insight.tickets", "ItemTickets"),
    "item": ("pmctl.insight.items", "ItemHistory"),
    "events": ("pmctl.insight.events", "Events"),
    "similar": ("pmctl.insight.similar", "AlikeAnswer"),
    "report": ("pmctl.insight.report", "MeetingReport"),
    "trends": ("pmctl.insight.trends", "Trends"),
    "factors": ("pmctl.insight.factor_graph", "FactorGraph"),
    "effectiveness": ("pmctl.insight.effectiveness", "Effectiveness"),
    "metrics": ("pmctl.insight.metrics", "Metrics"),
    "people": ("pmctl.output.answers", "People"),
    "policy": ("pmctl.output.answers", "PolicyRules"),
    "policy-verify": ("pmctl.output.answers", "PolicyCheck"),
    "templates": ("pmctl.output.answers", "Templates"),
    "incident": ("pmctl.output.answers_incidents", "Records"),
    "triage": ("pmctl.output.answers_incidents", "TriagedIncidents"),
    "adopt": ("pmctl.output.answers", "AdoptedDocuments"),
    "act": ("pmctl.output.act_answer", "Act"),
    "merge": ("pmctl.output.answers", "Merge"),
    "sync": ("pmctl.output.answers", "Sync"),
    "site": ("pmctl.output.answers_publishing", "BuiltSite"),
    "links": ("pmctl.output.answers_public", "GivenLinks"),
    "public-text": ("pmctl.output.answers_public", "PublicExport"),
    "public-pages": ("pmctl.output.answers_public", "PublicPages"),
    "wiki": ("pmctl.output.answers_publishing", "Wiki"),
    "notify": ("pmctl.workflow.notify", "Notified"),
    "integrations": ("pmctl.workflow.integrations", "Connections"),
    "deliveries": ("pmctl.repository.deliveries", "Sent"),
    "reminders": ("pmctl.insight.reminders", "Reminders"),
    "agenda": ("pmctl.insight.agenda", "Agenda"),
    "meetings": ("pmctl.insight.meetings", "Meetings"),
    "tokens": ("pmctl.output.answers_programs", "Tokens"),
    "commands": ("pmctl.output.answers_programs", "Commands"),
    "config": ("pmctl.output.answers_programs", "HeldSettings"),
    "doctor": ("pmctl.insight.doctor", "Checks"),
}


def answer_schema(name: str) -> Schema:
    """The schema of one answer. Raises KeyError for a name that is none of ANSWERS."""
    from pydantic import TypeAdapter

    module, kind = ANSWERS[name]
    schema = _printed(TypeAdapter(getattr(import_module(module), kind)).json_schema(mode="serialization"))
    named = {"schema": {"const": f"pmctl/{name}/v1"}, **schema.pop("properties")}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"pmctl/{name}/v1",
        "description": schema.pop("description"),
        "type": schema.pop("type"),
        "properties": named,
        "required": list(named),
        "$defs": schema.get("$defs", {}),
    }


_ADVICE = {"$ref": "#/$defs/Advice"}


def _printed(schema: Any) -> Any:
    """A schema with the names as they are printed, and without the titles that repeat them.

    Advice is printed in words, and what has a default is printed all the same.
    """
    if isinstance(schema, list):
        return [part.rstrip("_") if isinstance(part, str) else _printed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if _ADVICE in schema.get("anyOf", ()):
        return {"type": "string"}
    if schema.get("type") == "object" and "properties" in schema:
        schema = {**schema, "required": list(schema["properties"])}
        schema["properties"] = {
            name: {key: value for key, value in part.items() if key != "default"}
            for name, part in schema["properties"].items()
        }
    return {
        name.rstrip("_"): _printed(part)
        for name, part in schema.items()
        if (name != "title" or isinstance(part, dict)) and name != "Advice"
    }
