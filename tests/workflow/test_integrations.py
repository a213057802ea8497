"""What is connected: the tracker, the incident systems and Slack, asked as servers on loopback answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pmctl.errors import UsageProblem
from pmctl.repository.workspace import Workspace
from pmctl.services.secrets import from_environment
from pmctl.workflow import integrations
from pmctl.workflow.integrations import Connection, incident_systems, meeting_services, tracker
from pmctl.workflow.notify import read_settings
from pmctl.workflow.sending import outlet
from tests.services.calendars import CREDENTIALS, ZOOM, Google, Zoom
from tests.services.fakes import Fake, Reply, Request, Slack, said, served
from tests.services.trackers import TOKEN, GitHub, Jira, serving
from tests.world import World

NOW = datetime(2024, 1, 24, 9, 0, tzinfo=UTC)
SLACK = "notify: {channels: {ops: {slack: C001}, pay: {slack: C002}}, people: [slack]}\n"

SCOPES = "chat:write,channels:read,users:read.email,im:write"


def repository(folder: Path, settings: str) -> Workspace:
    world = World(folder / "team")
    world.init()
    world.write("pmctl.yaml", f"version: 1\n{settings}")
    world.commit("Settings", "alice")
    return Workspace(world.repo)


def ask(workspace: Workspace, environ: Mapping[str, str], name: str) -> Connection:
    secrets, settings = from_environment(environ), read_settings(workspace)
    with outlet(secrets, settings, workspace.policy, NOW, lambda line: None) as out:
        return integrations.tested(out, name, workspace).connections[-1]


def test_the_tracker(tmp_path: Path) -> None:
    workspace = repository(tmp_path, "tickets: {system: github, repository: acme/ops}\n")
    (found,) = tracker(workspace, from_environment({}))
    assert (found.name, found.mark, found.said) == ("github", "missing", "GITHUB_TOKEN is not set here")
    assert ask(workspace, {}, "github").mark == "missing"
    with serving(GitHub()) as server:
        environ = {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": server.base}
        (found,) = tracker(workspace, from_environment(environ))
        assert (found.mark, server.requests) == ("set", [])
        found = ask(workspace, environ, "github")
        assert found.mark == "BAD"
        assert found.said.startswith("pmctl-bot; may not assign or label issues in acme/ops")
        found = ask(workspace, environ | {"GITHUB_TOKEN": "wrong-and-secret"}, "github")
        assert "does not accept the token" in found.said
        assert "secret" not in f"{found}"
        assert {one.method for one in server.requests} == {"GET"}


def test_no_tracker_and_no_such_name(tmp_path: Path) -> None:
    workspace = repository(tmp_path, "")
    assert tracker(workspace, from_environment({})) == []
    with pytest.raises(UsageProblem, match="nothing is called"):
        ask(workspace, {}, "linear")
    workspace = repository(tmp_path / "other", "tickets: {system: jria}\n")
    (found,) = tracker(workspace, from_environment({}))
    assert (found.name, found.mark) == ("tickets", "missing")


def answers(**of: Any) -> Fake:
    def reply(request: Request) -> Reply:
        name = request.path.strip("/").replace("/", "_")
        return said(of[name]) if name in of else (404, {}, b"{}")

    return Fake(reply=reply)


@pytest.mark.parametrize(
    ("name", "environ", "path", "answer", "who"),
    [
        ("pagerduty", "PAGERDUTY", "users_me", {"user": {"name": "Jane"}}, "Jane"),
        ("opsgenie", "OPSGENIE", "v2_account", {"data": {"name": "acme"}}, "acme"),
        ("incident-io", "INCIDENT_IO", "v1_identity", {"identity": {"name": "pm", "roles": ["viewer"]}}, "pm"),
        ("firehydrant", "FIREHYDRANT", "v1_ping", {"actor": {"name": "pm bot", "type": "bot"}}, "pm bot"),
        ("rootly", "ROOTLY", "v1_users_me", {"data": {"attributes": {"name": "Jane"}}}, "Jane"),
        ("gitlab", "GITLAB", "api_v4_user", {"username": "jane"}, "jane"),
        ("jira", "JIRA", "rest_api_2_myself", {"displayName": "Jane"}, "Jane"),
    ],
)
def test_an_incident_system_says_whose_token_it_is(
    tmp_path: Path, name: str, environ: str, path: str, answer: Any, who: str
) -> None:
    workspace = repository(tmp_path, "")
    with served(answers(**{path: answer})) as fake:
        variables = {f"{environ}_TOKEN": "t0ken", f"{environ}_URL": fake.url}
        found = ask(workspace, variables, name)
        assert (found.mark, found.said) == ("ok", who)
        fake.reply = lambda request: (401, {}, b"{}")
        assert ask(workspace, variables, name).mark == "BAD"


def test_incident_systems_that_cannot_be_asked_or_lack_something(tmp_path: Path) -> None:
    workspace = repository(tmp_path, "")
    environ = {"SQUADCAST_TOKEN": "t", "JIRA_TOKEN": "t", "DATADOG_TOKEN": "t"}
    found = {one.name: one for one in incident_systems(from_environment(environ), every=False)}
    assert {name: one.mark for name, one in found.items()} == {
        "squadcast": "set", "jira": "missing", "datadog": "missing",
    }  # fmt: skip
    assert found["jira"].said == "JIRA_URL is not set"
    assert found["datadog"].said == "DATADOG_API_KEY is not set"
    every = incident_systems(from_environment({}), every=True)
    assert {one.mark for one in every} == {"unset"}
    assert len(every) > 12
    asked = ask(workspace, environ, "squadcast")
    assert (asked.mark, asked.said) == ("set", "SQUADCAST_TOKEN is set; Squadcast is not asked whose it is")
    assert ask(workspace, {}, "pagerduty").mark == "missing"


ACCOUNTS: list[tuple[str, type[Google] | type[Zoom], dict[str, Any], str, str]] = [
    ("google", Google, {}, "ok", "jane@example.com"),
    ("google", Google, {"tells_account": False, "account": "rooms@example.com"}, "ok", "rooms@example.com"),
    ("google", Google, {"scopes": "openid"}, "BAD", "calendar.events was not granted"),
    ("google", Google, {"refresh": "another"}, "BAD", "not accept the login any more"),
    ("zoom", Zoom, {}, "ok", "rooms@example.com"),
    ("zoom", Zoom, {"scopes": "meeting:read:admin user:read:admin"}, "BAD", "may not create meetings"),
    ("zoom", Zoom, {"scopes": "meeting:write:meeting:admin"}, "BAD", "meeting:read:list_meetings:admin"),
    ("zoom", Zoom, {"scopes": ""}, "ok", "does not say whose it is"),
]


def test_calendars_say_whose_they_are_and_what_is_missing(tmp_path: Path) -> None:
    workspace = repository(tmp_path, "meetings: {calendar: google, video: zoom}\n")
    for name, server, changes, mark, told in ACCOUNTS:
        with serving(server(**changes)) as there:
            environ = {"GOOGLE_CREDENTIALS": CREDENTIALS, **ZOOM, f"{name.upper()}_URL": there.base}
            assert [one.mark for one in meeting_services(workspace, from_environment(environ))] == ["set", "set"]
            found = ask(workspace, environ, name)
            assert (found.kind, found.mark) == ("meetings", mark), found
            assert told in found.said
            assert {one.path for one in there.requests if one.method == "POST"} <= {"/token", "/oauth/token"}
    for one in meeting_services(workspace, from_environment({})):
        assert one.mark == "missing"
        assert "is not set" in one.said


def test_a_tracker_goes_before_incidents_of_the_same_name(tmp_path: Path) -> None:
    workspace = repository(tmp_path, "tickets: {system: jira, project: OPS}\n")
    with serving(Jira()) as server:
        environ = {"JIRA_TOKEN": TOKEN, "JIRA_URL": server.base, "JIRA_EMAIL": "bot@example.com"}
        found = ask(workspace, environ, "jira")
        assert (found.kind, found.mark) == ("tracker", "BAD")
        assert found.said == "pmctl bot bot@example.com; may not assign issues in OPS"


@pytest.mark.parametrize(
    ("scopes", "others", "lacking"),
    [
        (SCOPES, {}, ["pay: Slack refuses: channel_not_found"]),
        (SCOPES, {"C002": {"is_member": True}}, []),
        ("channels:read,im:write", {"C002": {"is_member": True}}, ["scope chat:write", "scope users:read.email"]),
        (SCOPES, {"C002": {"is_member": False}}, ["pay: the app is not in C002"]),
        (SCOPES + ",chat:write.public", {"C002": {"is_member": False}}, []),
        (
            SCOPES + ",chat:write.public",
            {"C002": {"is_member": False, "is_private": True}}, ["pay: the app is not in C002"],
        ),
        (SCOPES, {"C002": {"is_archived": True}}, ["pay: C002 is archived"]),
        ("chat:write,users:read.email,im:write", {}, []),
    ],
)  # fmt: skip
def test_slack_says_what_the_token_and_the_channels_lack(
    tmp_path: Path, scopes: str, others: dict[str, Any], lacking: list[str]
) -> None:
    workspace = repository(tmp_path, SLACK)
    slack = Slack("xoxb-1", {"alice@example.com": "U1"}, {"C001"}, others=others, scopes=scopes)
    with served(Fake(reply=slack.reply)) as fake:
        environ = {"SLACK_TOKEN": "xoxb-1", "SLACK_URL": fake.url}
        found = ask(workspace, environ, "slack")
        assert found.mark == ("BAD" if lacking else "ok")
        told = found.said.split("; ")
        assert told[0] == "pmctl in Example"
        assert len(told) == len(lacking) + 1
        assert all(word in line for word, line in zip(lacking, told[1:], strict=True))
        assert not [one for one in fake.seen if "chat." in one.path]
        if others and "is not in" in "".join(lacking):
            assert ask(workspace, environ, "ops").mark == "ok", "one channel is asked for itself"
