"""The commands that send, as processes: killed while they wait, and with nothing secret in anything they print."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pmctl.policy import act as acts
from tests.services.fakes import Fake, Request, Slack, served
from tests.world import DOC, World

TOKEN = "xoxb-s3cr3t-T0KEN"
SETTINGS = """
notify:
  channels:
    ops: {slack: C0123, events: [all]}
    hook: {slack: webhook, events: [all]}
    pay: {teams: pay, events: [all]}
    bot: {webhook: bot, events: [all]}
  people: [slack, mail]
"""


@pytest.fixture
def fake() -> Iterator[Fake]:
    slack = Slack(TOKEN, {"bob@example.com": "UBOB"}, {"C0123"})
    with served(Fake(reply=lambda one: (200, {}, b"ok") if "s3cr3t" in one.path else slack.reply(one))) as made:
        yield made


def environment(fake: Fake) -> dict[str, str]:
    return {
        **os.environ, "SLACK_TOKEN": TOKEN, "SLACK_URL": fake.url, "PMCTL_NOW": "2024-01-24T09:00:00Z",
        "SLACK_WEBHOOK_HOOK": f"{fake.url}/services/s3cr3t", "TEAMS_WEBHOOK_PAY": f"{fake.url}/flows?sig=s3cr3t",
        "PMCTL_WEBHOOK_BOT_URL": f"{fake.url}/s3cr3t-path",
        "PMCTL_WEBHOOK_BOT_SECRET": "whsec_czNjcjN0LXMzY3IzdC1zM2NyM3QtczNjcjN0",
        "SMTP_URL": "smtps://localhost:9", "SMTP_USER": "pm", "SMTP_PASSWORD": "s3cr3t", "SMTP_FROM": "pm@example.com",
    }  # fmt: skip


def start(world: World, fake: Fake, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pmctl", *words]
    return subprocess.Popen(
        command, cwd=world.root, env=environment(fake), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def pmctl(world: World, fake: Fake, *words: str) -> tuple[int, str]:
    process = start(world, fake, *words)
    out, err = process.communicate(timeout=60)
    return process.returncode, out + err


def settings(world: World, text: str = SETTINGS) -> None:
    world.write("pmctl.yaml", text)
    world.commit("Settings", "alice")


def test_killed_while_a_service_is_asked(world: World, fake: Fake) -> None:
    settings(world, "notify: {channels: {ops: {slack: C0123, events: [all]}}}\n")
    assert pmctl(world, fake, "notify")[0] == 0
    world.new()
    before, waiting = fake.reply, []

    def slow(request: Request) -> tuple[int, dict[str, str], bytes]:
        waiting.append(request)
        time.sleep(1)
        return before(request)

    fake.reply = slow
    process = start(world, fake, "notify")
    while not waiting:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    fake.reply = before
    code, said = pmctl(world, fake, "notify")
    assert code == 1
    assert "nobody knows whether ops got this" in said
    assert "another run may be sending it still: pmctl notify --resend" in said
    assert len(waiting) == 1
    assert "intended" in pmctl(world, fake, "integrations", "log")[1]


def test_nothing_secret_is_printed_or_kept(world: World, fake: Fake, tmp_path: Path) -> None:
    settings(world)
    assert pmctl(world, fake, "notify")[0] == 0
    begun = world.head
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    said = [pmctl(world, fake, "notify", "--dry-run", "--since", begun)[1]]
    assert "would tell bot" in said[0]
    good = fake.reply
    for reply in (
        lambda one: (302, {"Location": "https://s3cr3t.example/s3cr3t"}, b""),
        lambda one: (403, {}, b"s3cr3t"),
        lambda one: (500, {}, b"s3cr3t xoxb-s3cr3t-T0KEN"),
    ):
        fake.reply = reply
        said.append(pmctl(world, fake, "--verbose", "notify", "--resend")[1])
    fake.reply = good
    commands = (
        ("notify", "--resend"), ("integrations", "list"), ("integrations", "test", "slack"),
        ("integrations", "test", "mail"), ("integrations", "test", "bot"), ("integrations", "log"), ("doctor",),
        ("notify", DOC, "--to", "bot"), ("integrations", "log", "--format", "json"),
    )  # fmt: skip
    said += [pmctl(world, fake, *words)[1] for words in commands]
    kept = world.git("log", "-p", "refs/pmctl/delivered")
    for text in (*said, kept):
        assert "T0KEN" not in text
        assert "czNjcjN0" not in text
        assert "s3cr3t" not in text.replace("s3cr3t.example", "")
    assert "pmctl in Example" in said[-7]
    paths = {one.path.partition("?")[0] for one in fake.seen}
    assert {"/services/s3cr3t", "/flows", "/s3cr3t-path"} <= paths


def test_what_is_missing_is_named(world: World, fake: Fake) -> None:
    settings(world, SETTINGS + "    \n".strip())
    world.write(
        "pmctl.yaml", SETTINGS.replace("events: [all]}\n  people", 'events: [all], audience: "team:pay"}\n  people')
    )
    world.commit("A team that there is not", "alice")
    fake.reply = lambda one: (
        200,
        {},
        json.dumps({"ok": False, "error": "missing_scope", "needed": "im:write"}).encode(),
    )
    code, said = pmctl(world, fake, "integrations", "test", "slack")
    assert code == 1
    assert "needs im:write" in said
    code, said = pmctl(world, fake, "integrations", "list")
    assert code == 1
    assert "the policy has no team pay" in said
