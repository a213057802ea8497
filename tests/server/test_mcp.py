"""pmctl mcp: the tools, spoken to by the official client as old and new programs do, and what an agent may not."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

from pmctl.server.assistant import Assistant
from tests.cli.play import EXAMPLES, FILE, ID, Play
from tests.server.api import Office

READS, WRITES = set(Assistant.READS), set(Assistant.WRITES)


@pytest.fixture
def agent(play: Callable[[str], Play]) -> Play:
    """A team with a draft of jane's and the agent robo, who may edit it; git commits as robo from now on."""
    stage = play("draft")
    stage.do("alice", "ssh-keygen -q -t ed25519 -N '' -C robo -f ../robo")
    words = "--name Robo --email robo@example.com --key ../robo.pub --kind agent"
    stage.do("alice", f"pmctl people add robo {words} && pmctl editors add {ID} robo")
    stage.do("alice", "git config user.email robo@example.com && git config user.signingkey ../robo")
    return stage


def ask(play: Play, *calls: tuple[str, dict[str, Any]], mode: str = "auto", words: tuple[str, ...] = ()) -> list[Any]:
    """The names of the tools, and what each call answers: its data, or the text of its error."""
    environment = dict(play.environment)
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "pmctl", "mcp", *words], env=environment, cwd=play.root
    )

    async def talk() -> list[Any]:
        async with Client(stdio_client(server), mode=mode) as client:
            tools = (await client.list_tools()).tools
            found: list[Any] = [tools]
            for name, arguments in calls:
                answer = await client.call_tool(name, arguments)
                texts = [part.text for part in answer.content if hasattr(part, "text")]
                found.append("\n".join(texts) if answer.is_error else answer.structured_content)
            return found

    return asyncio.run(asyncio.wait_for(talk(), 120))


FOR_JANE = ("--for", "jane")


def test_a_person_gets_the_reading_tools_in_both_eras(play: Callable[[str], Play]) -> None:
    stage = play("published")
    stage.do("bob", "true")
    calls = (
        ("search", {"words": "pool", "status": ["PUBLISHED"]}),
        ("read", {"postmortem": "payment", "section": "root cause"}),
        ("read", {"postmortem": ID}),
        ("status", {"postmortem": ID}),
        ("similar", {"text": "connection pool exhausted"}),
        ("validate", {"postmortem": ID}),
        ("explain", {"code": "PM701"}),
        ("metrics", {"by": "service", "since": "2024-01-01"}),
        ("read", {"postmortem": "nothing-like-it"}),
        ("metrics", {"by": "decade"}),
        ("explain", {"code": "XX1"}),
    )
    answers = []
    for mode in ("legacy", "auto"):
        tools, *found = ask(stage, *calls, mode=mode)
        assert {one.name for one in tools} == READS
        assert all(one.annotations.read_only_hint and one.description for one in tools)
        answers.append(json.dumps(found))
    assert answers[0] == answers[1]
    search, section, whole, status, alike, checked, explained, numbers, missing, decade, unknown = found
    assert [one["id"] for one in search["postmortems"]] == [ID] and search["postmortems"][0]["snippet"]
    assert section["section"] == "Root Cause" and section["markdown"].strip()
    assert whole["front_matter"]["status"] == "PUBLISHED" and whole["cut"] == []
    assert status["status"] == "PUBLISHED"
    assert [one["id"] for one in alike["similar"]] == [ID]
    assert checked["found"] == len(checked["findings"])
    assert "Blameful" in explained["markdown"] or "PM701" in explained["markdown"]
    assert numbers["postmortems"] == 1 and "behind" not in json.dumps(numbers)
    assert "nothing-like-it" in missing and "decade" in decade and "XX1" in unknown
    assert stage.git("status", "--porcelain") == ""


def test_an_agent_drafts_and_comments_for_a_person(agent: Play) -> None:
    record = json.dumps({**json.loads((EXAMPLES / "incidents/alertmanager.json").read_text())})
    tools, drafted, written, items, commented = ask(
        agent,
        ("draft_from_incident", {"record": record, "title": "The disk filled up"}),
        (
            "write_section",
            {"postmortem": "disk-filled", "section": "Summary", "text": "The disk of the cart filled up."},
        ),
        (
            "add_action_items",
            {
                "postmortem": ID,
                "items": [{"action": "Alert on disks", "owner": "jane", "priority": "high", "due": "2024-03-01"}],
            },
        ),
        ("comment", {"postmortem": ID, "text": "Which alert came first?", "section": "Timeline"}),
        words=FOR_JANE,
    )
    assert {one.name for one in tools} == READS | WRITES
    hints = {one.name: one.annotations.read_only_hint for one in tools}
    assert {name for name, reads in hints.items() if not reads} == WRITES
    assert drafted["id"].endswith("disk-filled-up"), drafted
    assert written["section"] == "Summary", written
    assert items["added"][0].startswith("AI-"), items
    assert commented["thread"], commented
    text = (agent.root / drafted["path"]).read_text()
    assert "author: jane" in text and "robo: edit" in text and "The disk of the cart filled up." in text
    log = agent.git("log", "-4", "--format=%ae %G? %B")
    assert log.count("by agent/robo for jane") == 4 and log.count("robo@example.com") == 4
    assert "passed" in agent.do("bob", "git config --unset user.email; git config --unset user.signingkey; pmctl audit")


def test_what_an_agent_may_not_is_refused_and_nothing_is_left(agent: Play) -> None:
    agent.do(
        "alice",
        f"git config --unset user.email && git config --unset user.signingkey && pmctl editors remove {ID} robo",
    )
    agent.do("alice", "git config user.email robo@example.com && git config user.signingkey ../robo")
    before = agent.snapshot()
    _, *refused = ask(
        agent,
        ("write_section", {"postmortem": ID, "section": "Summary", "text": "It was Bob."}),
        ("write_section", {"postmortem": ID, "section": "Summary", "text": "x" * 20_001}),
        ("add_action_items", {"postmortem": ID, "items": []}),
        ("add_action_items", {"postmortem": ID, "items": [{"action": "A", "owner": "jane", "priority": "HIGH"}]}),
        ("comment", {"postmortem": ID, "text": "Hello"}),
        ("draft_from_incident", {"record": "{}"}),
        ("draft_from_incident", {"record": "not json"}),
        words=FOR_JANE,
    )
    assert all(isinstance(one, str) for one in refused), refused
    assert "AU702" in refused[0] and "20000" in refused[1] and "1 to 10" in refused[2] and "AU7" in refused[4], refused
    assert agent.snapshot() == before
    alone = agent.run("alice", "pmctl mcp < /dev/null")
    assert alone.returncode == 1 and "--for" in alone.stderr
    other = agent.run("alice", "pmctl mcp --for robo < /dev/null")
    assert other.returncode == 1 and "works for a person" in other.stderr
    forged = agent.run("alice", f"pmctl submit {ID} --reviewer bob")
    assert forged.returncode == 1 and "AU224" in forged.stderr


def test_what_the_reader_may_not_know_of_is_not_there(play: Callable[[str], Play]) -> None:
    stage = play("draft")
    page = stage.root / FILE
    assert "visibility: organization" in page.read_text()
    page.write_text(page.read_text().replace("visibility: organization", "visibility: private"))
    stage.do("jane", "git commit -qam 'For us'")
    stage.do(
        "alice",
        "ssh-keygen -q -t ed25519 -N '' -f ../eve &&"
        " pmctl people add eve --name Eve --email e@x.example --key ../eve.pub",
    )
    calls = (
        ("search", {}), ("read", {"postmortem": ID}), ("similar", {"text": "pool"}), ("validate", {"postmortem": ID}),
        ("metrics", {}),
    )  # fmt: skip
    stage.do("alice", "git config user.email e@x.example && git config user.signingkey ../eve")
    _, search, read, alike, checked, numbers = ask(stage, *calls)
    assert (search["found"], alike["similar"], numbers["postmortems"]) == (0, [], 0)
    assert all(one.endswith(f"no postmortem has '{ID}' in its id") for one in (read, checked)), (read, checked)
    stage.do("jane", "git config --unset user.email; git config --unset user.signingkey")
    assert ask(stage, calls[0])[1]["found"] == 1


def test_the_server_has_the_reading_tools_for_each_token(play: Callable[[str], Play]) -> None:
    """Two readers of one server at once, in both eras of the protocol: each is told of what they may read."""
    stage = play("draft")
    page = stage.root / FILE
    page.write_text(page.read_text().replace("visibility: organization", "visibility: private"))
    stage.do("jane", "git commit -qam 'For us'")
    words = "--name Eve --email e@x.example --key ../eve.pub"
    stage.do("alice", f"ssh-keygen -q -t ed25519 -N '' -f ../eve && pmctl people add eve {words}")
    office = Office.of(stage)
    tokens = {"jane": office.token("jane"), "eve": office.token("alice", "--for eve")}

    async def talk(person: str, mode: str, port: int) -> tuple[set[str], list[str]]:
        headers = {"Authorization": f"Bearer {tokens[person]}"}
        async with create_mcp_http_client(headers=headers) as http:
            transport = streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)
            async with Client(transport, mode=mode) as client:
                names = {one.name for one in (await client.list_tools()).tools}
                answer = await client.call_tool("search", {})
                assert answer.structured_content is not None
                return names, [one["id"] for one in answer.structured_content["postmortems"]]

    async def all_of_them(port: int) -> list[tuple[set[str], list[str]]]:
        return await asyncio.gather(
            *(talk(person, mode, port) for mode in ("legacy", "auto") for person in ("jane", "eve"))
        )

    try:
        port = office.serve()
        assert office.ask(port, "POST", "/mcp", {}).status == 401
        assert asyncio.run(asyncio.wait_for(all_of_them(port), 120)) == [(READS, [ID]), (READS, [])] * 2
        assert office.ask(port, "GET", "/healthz").status == 200
    finally:
        office.end()
