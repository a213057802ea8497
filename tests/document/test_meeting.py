"""The file of a meeting: what is written is read back and keeps to the published schema, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pmctl.document.meeting import Meeting, id_of, name_of, read_meeting, written
from pmctl.output.schemas import published

moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(
    lambda one: one.replace(microsecond=0, tzinfo=UTC)
)
people = st.lists(st.sampled_from(["jane", "bob", "true", "null", "1e5", "a.b+c@example.org"]), unique=True, max_size=5)
meetings = st.builds(
    Meeting,
    id=st.just("k3x9p2"),
    at=moments,
    minutes=st.integers(15, 120),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Etc/GMT+5"]),
    organizer=st.sampled_from(["jane", "null"]),
    attendees=people.filter(bool).map(tuple),
    former=people.map(tuple),
    changed=moments,
    calendar=st.sampled_from(["none", "mail"]),
    sequence=st.integers(0, 99),
    cancelled=st.booleans(),
    link=st.sampled_from(["", "https://meet.example.com/a?b=c#d"]),
)


kept = st.builds(
    lambda one, way, since, run: replace(one, **way, announced=since, run=run if since is not None else ""),
    meetings,
    st.sampled_from(
        [
            {"calendar": "google"},
            {"calendar": "google", "room": "meet", "account": "pm@example.com"},
            {"calendar": "google", "room": "zoom", "zoom": "85746065"},
            {"room": "zoom", "zoom": "123456789012"},
        ]
    ),
    st.none() | moments,
    st.sampled_from(["0123456789abcdef", "1e10000000000000"]),
)


@given(meetings | kept)
def test_what_is_written_is_read_back(meeting: Meeting) -> None:
    data = written(meeting)
    assert read_meeting(data, name_of(meeting.id)) == (meeting, "")
    plain = yaml.load(data, yaml.BaseLoader)  # noqa: S506  texts only
    schema = published()["meeting"]()
    kinds = {"minutes": int, "sequence": int, "cancelled": "true".__eq__}
    Draft202012Validator(schema).validate({key: kinds.get(key, lambda one: one)(value) for key, value in plain.items()})


def test_names() -> None:
    assert id_of("k3x9p2.yaml") == "k3x9p2"
    assert [id_of(one) for one in ("k3x9p2", "K3X9P2.yaml", "k3x9p.yaml", "../../x.yaml")] == [""] * 4
