"""One page of a longer list is no whole export, in the words of each system."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pmctl.services.registry import read_incidents

from .records import EXAMPLES, NOW


def lacking(*values: object) -> list[str]:
    said: list[str] = []
    files = [(f"{number}.json", json.dumps(value).encode()) for number, value in enumerate(values)]
    read_incidents(files, now=NOW, lacking=said.append)
    return said


def one(name: str, *keys: str | int) -> Any:
    value = json.loads((EXAMPLES / name).read_bytes())
    for key in keys:
        value = value[key]
    return value


PAGES: dict[str, tuple[Any, str, list[dict[str, Any]], list[dict[str, Any]]]] = {
    "pagerduty": (
        one("pagerduty.json", "incident"), "incidents",
        [{"more": True}, {"total": 130}, {"offset": 25, "more": False}],
        [{"more": False, "limit": 25, "offset": 0, "total": None}, {"total": 1}],
    ),
    "splunk": (
        one("splunk-oncall.json", "incidents", 0), "incidents",
        [{"total": 130, "offset": 0}], [{"total": 1, "offset": 0}],
    ),
    "oncall": (
        one("grafana-oncall.json"), "results",
        [{"next": "https://x.example/?page=2"}, {"count": 3}, {"next": None, "previous": "https://x.example/"}],
        [{"next": None, "previous": None, "count": 1}],
    ),
    "rootly": (
        one("rootly.json", "data"), "data",
        [{"links": {"next": "https://x.example/"}}, {"meta": {"total_count": 4}},
         {"meta": {"current_page": 1, "total_pages": 2}}],
        [{"links": {"next": None, "self": "x"}, "meta": {"total_count": 1, "total_pages": 1, "current_page": 1}}],
    ),
    "opsgenie": (
        one("opsgenie.json", "data"), "data",
        [{"paging": {"next": "https://x.example/"}}, {"totalCount": 9}],
        [{"paging": {"first": "https://x.example/"}, "totalCount": 1}],
    ),
    "incident.io": (
        one("incident-io.json", "incident"), "incidents",
        [{"pagination_meta": {"after": "01", "page_size": 1}},
         {"pagination_meta": {"after": "01", "total_record_count": 9}}],
        [{"pagination_meta": {"after": "01", "page_size": 25}},
         {"pagination_meta": {"after": "01", "total_record_count": 1, "page_size": 1}}],
    ),
    "firehydrant": (
        one("firehydrant.json"), "data",
        [{"pagination": {"page": 1, "pages": 3, "count": 1}}, {"pagination": {"page": 3, "pages": 3}}],
        [{"pagination": {"page": 1, "pages": 1, "count": 1, "next": None}}],
    ),
    "datadog": (
        one("datadog.json", "data"), "data",
        [{"meta": {"pagination": {"offset": 0, "next_offset": 1, "size": 1}}},
         {"meta": {"pagination": {"next_offset": 1}}}],
        [{"meta": {"pagination": {"offset": 0, "next_offset": 10, "size": 10}}}],
    ),
    "jira": (
        one("jira.json"), "issues",
        [{"total": 130, "startAt": 0, "maxResults": 1}, {"isLast": False}],
        [{"total": 1, "startAt": 0, "maxResults": 50}, {"isLast": True}],
    ),
}  # fmt: skip


@pytest.mark.parametrize("system", PAGES)
def test_a_page_says_that_there_is_more_and_the_last_one_does_not(system: str) -> None:
    item, key, parts, wholes = PAGES[system]
    for beside in parts:
        assert len(lacking({key: [item], **beside})) == 1, beside
    for beside in wholes:
        assert lacking({key: [item], **beside}) == [], beside


def test_all_pages_together_are_the_whole() -> None:
    item = PAGES["pagerduty"][0]
    first = {"incidents": [item], "more": True, "offset": 0, "total": 2}
    last = {"incidents": [{**item, "id": "OTHER"}], "more": False, "offset": 1, "total": 2}
    assert lacking(first, last) == lacking(last, first) == []
    assert lacking(first) == ["0.json: holds 1 of 2 incidents"]
    assert lacking(last, last) != []


def test_no_entry_of_a_longer_list_is_a_part_too() -> None:
    assert lacking({"incidents": [], "more": True}) == ["0.json: holds 0 incidents and says that there are more"]
    assert lacking({"incidents": [], "more": False}) == []


def test_comments_within_an_issue_and_in_a_file_of_their_own() -> None:
    issue = one("jira.json")
    issue["fields"]["comment"] = {"comments": [], "total": 2, "maxResults": 0, "startAt": 0}
    assert lacking(issue) == ["0.json: holds 0 of 2 comments"]
    said = {"author": {"displayName": "Jane"}, "created": "2024-01-15T14:00:00Z", "updated": "", "body": "Seen"}
    assert lacking(issue, {"comments": [said | {"id": "1"}, said | {"id": "2"}]}) == []
    other = {**issue, "key": "OTHER-1", "fields": {**issue["fields"], "comment": {"comments": [said], "total": 1}}}
    assert len(lacking({"issues": [issue, other]})) == 1


def test_a_part_of_an_incident_can_be_one_page() -> None:
    log = one("pagerduty-log-entries.json", "log_entries")
    record = {"incident": one("pagerduty.json", "incident"), "log_entries": log, "more": True}
    assert len(lacking(record)) == 1
    hook = one("alertmanager.json")
    assert lacking(hook) == []
    assert lacking({**hook, "truncatedAlerts": 4}) != []
