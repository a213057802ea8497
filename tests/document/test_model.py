"""The models, their JSON and the table of fields belong together."""

from __future__ import annotations

import json
import typing
from pathlib import Path

import jsonschema
import pytest

from pmctl.document.fields import FIELDS, Kind
from pmctl.document.model import FrontMatter, Postmortem, to_model
from pmctl.document.reader import read
from pmctl.errors import BadInput
from pmctl.output.json_export import json_schema


def test_the_model_has_the_fields_of_the_table_in_order() -> None:
    assert list(FrontMatter.model_fields) == [field.name for field in FIELDS]
    for field in FIELDS:
        described = FrontMatter.model_fields[field.name]
        assert described.is_required() == field.required, field.name
        origin = typing.get_origin(described.annotation)
        lists = (Kind.TEXTS, Kind.HANDLES, Kind.INCIDENTS)
        assert (origin is list) == (field.kind in lists), field.name
        assert (origin is dict) == (field.kind in (Kind.EDITORS, Kind.CUSTOM)), field.name


def test_choices_are_those_of_the_table() -> None:
    schema = json_schema()["$defs"]
    for field in FIELDS:
        if field.choices:
            text = json.dumps(schema["FrontMatter"]["properties"][field.name])
            name = text.split("#/$defs/")[1].split('"')[0]
            assert schema[name]["enum"] == list(field.choices)


def test_the_example_becomes_json_of_the_published_schema(outage: bytes) -> None:
    model = to_model(read(outage, "postmortems/2024/2024-01-15-payment-api-outage.md"))
    value = json.loads(model.model_dump_json())
    assert value["schema"] == "pmctl/postmortem/v1"
    jsonschema.Draft202012Validator(json_schema()).validate(value)
    assert value["front_matter"]["started_at"] == "2024-01-15T14:00:00Z"
    assert value["timeline"][1] == {
        "time": "14:03",
        "at": "2024-01-15T14:03:00Z",
        "text": "Alert acknowledged",
        "who": "@jane",
        "problem": "",
    }
    assert value["impact"][1] == {"type": "Failed Transactions", "measurement": "2,347"}
    assert [item["id"] for item in value["action_items"]] == ["AI-7f3k", "AI-9q2z"]
    assert [item["title"] for item in value["sections"]][-1] == "Lessons Learned"
    assert Postmortem.model_validate(value) == model


def test_invalid_front_matter_is_refused_with_every_finding() -> None:
    with pytest.raises(BadInput) as caught:
        to_model(read(b"---\nid: x\nstatus: y\n---\n", "a.md"))
    assert len(caught.value.details) == 4
    assert caught.value.details[0].startswith("a.md:")


def test_documents_of_every_sort_become_models(corpus: list[Path], outage: bytes) -> None:
    head = outage[: outage.index(b"## Summary")]
    validator = jsonschema.Draft202012Validator(json_schema())
    for path in corpus:
        doc = read(head + b"# As found\n\n" + path.read_bytes())
        value = json.loads(to_model(doc).model_dump_json())
        validator.validate(value)
