"""A postmortem as JSON for programs: the whole model without prompts, and what is known about its approvals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pmctl.document.reader import Document, read
from pmctl.output.markdown import to_markdown
from pmctl.text import json_text


def to_json(
    document: Document,
    evidence: Mapping[str, object] | None = None,
    *,
    marks: Sequence[str] = (),
    approved: Sequence[str] = (),
    discussion: Sequence[Mapping[str, object]] | None = None,
) -> str:
    """Indented JSON with a final newline: the keys of `document.model.Postmortem`, and what is known beyond the file.

    `evidence` and `discussion` hold JSON's own kinds of values; `marks` are sentences about what the file says and no
    record proves; `approved` are reviewers whose approvals count. Raises BadInput for a document whose front matter is
    not valid.
    """
    from pmctl.document.digest import content_digest
    from pmctl.document.model import to_model

    to_model(document)  # says what is wrong with it, with its lines
    clean = read(to_markdown(document).encode("utf-8"), document.path)
    content: dict[str, Any] = to_model(clean).model_dump(mode="json", by_alias=True)
    content["content"] = content_digest(document)
    for section in content["sections"]:
        section["markdown"] = section["markdown"].strip()
    content["approved"] = list(approved)
    if marks:
        content["unproved"] = list(marks)
    if discussion is not None:
        content["discussion"] = list(discussion)
    if evidence is not None:
        content["evidence"] = dict(evidence)
    return json_text(content)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that `to_json` keeps to."""
    from pmctl.document.model import Postmortem

    schema = Postmortem.model_json_schema(mode="serialization", by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    texts: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
    schema["properties"]["approved"] = {
        **texts,
        "description": "The reviewers whose signed approvals count for this text.",
    }
    schema["properties"]["unproved"] = {
        **texts,
        "description": "What the file says and no signed record proves, a sentence each. Absent when they agree.",
    }
    schema["properties"]["discussion"] = {
        "type": "array",
        "items": {"type": "object"},
        "description": "Its threads, when they were asked for, as in pmctl/discussions/v1.",
    }
    schema["properties"]["evidence"] = {
        "type": "object",
        "description": "What is known about state, approvals and audit at the time of the export.",
    }
    return schema
