"""Code that belongs to a row of the timeline: it stands below the table, and follows its record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pmctl.document.reader import read
from pmctl.document.template_file import builtin
from pmctl.document.timeline import entries
from pmctl.services.draft import Draft, draft_from
from pmctl.services.import_document import ImportDocument
from pmctl.services.refresh import refresh
from pmctl.workflow.draft import render
from pmctl.workflow.import_timeline import with_timeline
from pmctl.workflow.imports import Plan, land
from pmctl.workflow.linking import plan_link, plan_unlink
from pmctl.workflow.refresh import plan_refresh
from pmctl.workflow.timeline_code import section_text
from tests.drafts import DATABASE, SHOP, Team, each, told
from tests.workflow.test_chat import said

HARD = "```sh\nkubectl get <pod> | grep '<!--'\n\techo `date`  \n---\n# no heading\n| a | b |\n~~~\n\n\nend\n```"
TILDES = "~~~~python title=x\n```\n## Impact\n~~~\n~~~~"


def record(**texts: str) -> dict[str, Any]:
    """A record with one entry for each text, at 14:01, 14:02 and so on."""
    rows = [{"at": f"2024-01-15T14:{minute:02}:30Z", "text": text, "who": "Jane"}
            for minute, text in enumerate(texts.values(), 1)]  # fmt: skip
    return {**SHOP, "timeline": [*SHOP["timeline"], *rows]}


def landed(team: Team, planned: Plan) -> Plan:
    if planned.changes:
        land(team.workspace, planned, "Refresh", ())
    return planned


def refreshed(team: Team, name: str, value: dict[str, Any]) -> Plan:
    return landed(team, plan_refresh(team.workspace, "jane", name, each(value)))


def section(team: Team, name: str) -> str:
    found = team.document(name).section("Timeline")
    assert found is not None
    return found.text


def test_code_stands_below_the_table_under_the_time_of_its_row(team: Team) -> None:
    name = team.new(record(first=f"Ran this:\n{HARD}\nand it worked", second=TILDES, open="cut\n```yaml\na: 1"))
    text = section(team, name)
    assert "| 14:01 | Ran this: (code of 14:01:30 UTC below) and it worked | Jane |" in text
    assert "| 14:02 | (code of 14:02:30 UTC below) | Jane |" in text
    behind = text[text.index("| 15:00 | Incident resolved | |\n\n") :].partition("\n\n")[2]
    labels = [f"Code of 2024-01-15 14:0{minute}:30 UTC:" for minute in (1, 2, 3)]
    blocks = [HARD, TILDES, "```yaml\na: 1\n```"]
    parts = [part for pair in zip(labels, blocks, strict=True) for part in pair]
    assert behind.startswith("\n\n".join(parts))
    assert [entry.problem for entry in entries(team.document(name))] == [""] * 7
    assert not [one for one in team.document(name).problems if one.severity == "error"]
    assert "## Impact" in [f"## {found.title}" for found in team.document(name).sections]


def test_the_same_record_again_changes_nothing_and_a_new_one_comes_in_its_place(team: Team) -> None:
    name = team.new(record(first=f"a\n{HARD}"))
    assert not refreshed(team, name, record(first=f"a\n{HARD}")).changes
    more = record(first=f"a\n{HARD}", second=f"b\n{TILDES}")
    assert told(refreshed(team, name, more)) == [
        "+ timeline: 2024-01-15T14:02:30Z  b (code of 14:02:30 UTC below) [3 lines of code]"
    ]
    text = section(team, name)
    assert text.index(HARD) < text.index("Code of 2024-01-15 14:02:30 UTC:") < text.index(TILDES)
    assert not refreshed(team, name, more).changes


def test_code_follows_its_record_until_somebody_edits_it(team: Team) -> None:
    name = team.new(record(first=f"a\n{TILDES}"))
    assert refreshed(team, name, record(first=f"a\n{HARD}")).changes
    assert TILDES not in section(team, name)
    assert section(team, name).count(HARD) == 1
    team.edit(name, ("echo `date`", "echo today"))
    planned = refreshed(team, name, record(first="a\n```\nother\n```"))
    assert not planned.differences
    assert [one.text for one in planned.kept] == [
        "2024-01-15T14:01:30Z  edited here or taken out; the record now says: a (code of 14:01:30 UTC below)"
    ]
    assert "other" not in section(team, name)


def test_a_comment_in_code_between_two_tables_is_no_day(team: Team) -> None:
    name = team.new(SHOP)
    table = "| Time (UTC) | Event | Who |\n|---|---|---|\n"
    team.edit(name, ("## Impact", f"Later:\n\n{table}| 16:00 | Looked again | |\n\n## Impact"))
    before = [entry.at for entry in entries(team.document(name))]
    assert refreshed(team, name, record(first="a\n```sh\n# 2024-03-09 nightly\n**10 March 2024**\nx\n```")).changes
    after = [entry.at for entry in entries(team.document(name))]
    assert [at for at in after if at in before] == before
    assert "# 2024-03-09 nightly" in section(team, name)


def test_code_goes_with_its_incident_and_leaves_no_label(team: Team) -> None:
    name = team.new(record(first=f"a\n{HARD}"))
    before = section(team, name)
    event = {"at": "2024-01-15T14:30:00Z", "text": f"two\n{TILDES}\nblocks\n{HARD}"}
    other = {**DATABASE, "timeline": [*DATABASE["timeline"], event]}
    landed(team, plan_link(team.workspace, "jane", name, each(other)))
    assert section(team, name).count(HARD) == 2
    assert "Shop down: a (code" in section(team, name) or "A: a (code" in section(team, name)
    landed(team, plan_unlink(team.workspace, "jane", name, "B"))
    assert section(team, name).replace("A: ", "") == before


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_messages_of_a_chat_keep_their_code(team: Team, newline: str) -> None:
    import json

    from pmctl.services.slack import read_messages
    from pmctl.workflow.chat import plan_chat

    name = team.new(SHOP)
    if newline == "\r\n":
        path = team.root / team.document(name).path
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        team.commit("Windows")
    shared = "look: ```kubectl get pods\n\tweb 1/1 &lt;ok&gt;```"
    messages = read_messages(
        [("d.json", json.dumps([said("1705327500.1", shared), said("1705327501.1", shared)]).encode())]
    )
    planned = landed(team, plan_chat(team.workspace, "jane", name, messages, since="14:00", until="15:00"))
    assert planned.counted == "2 of 2 messages fit, 2 are new"
    block = newline.join(("```", "kubectl get pods", "\tweb 1/1 <ok>", "```"))
    assert section(team, name).count(block) == 2
    again = plan_chat(team.workspace, "jane", name, messages, since="14:00", until="15:00")
    assert not again.changes


TEXTS = st.lists(
    st.sampled_from(
        ["```", "~~~", "````sh", "a", "| a | b |", "|---|---|", "<!-- x", "## Impact", "---", "text ```", "x```",
         "- ```", "   code", "\tmake", "`b`", "# 2024-03-01", "**2024-03-02**", "", "Code of 2024-01-15 14:01:00 UTC:",
         "> ```", "=======", "<<<<<<< a", "{{ x }}", "[x]: y"]
    ),
    min_size=1, max_size=8,
).map("\n".join)  # fmt: skip
ENTRIES = st.lists(st.tuples(st.integers(0, 3599), TEXTS), min_size=1, max_size=5)


def drafted(told: Sequence[tuple[int, str]]) -> Draft:
    at = datetime(2024, 1, 15, 14, tzinfo=UTC)
    rows = [{"at": (at + timedelta(seconds=second)).isoformat(), "text": text} for second, text in told]
    (incident,) = each({"title": "Shop down", "started_at": at.isoformat(), "timeline": rows})
    return draft_from(incident, {})


@given(ENTRIES, ENTRIES, st.sampled_from(["\n", "\r\n"]))
@example([(0, "```\n~~~"), (1, "```")], [(0, "```\n```\n```"), (1, "```\n~~~")], "\n")  # one takes another's code
@settings(max_examples=60, deadline=None)
def test_no_code_is_lost_and_no_refresh_says_anything_twice(
    before: list[tuple[int, str]], after: list[tuple[int, str]], newline: str
) -> None:
    draft = drafted(before)
    front = {**draft.front, "id": "2024-01-15-shop-down", "status": "DRAFT", "author": "jane"}
    data = render(builtin("default"), replace(draft, front=front)).data
    document, imported = read(data.replace(b"\n", newline.encode())), draft.imported or ImportDocument()
    for record_now in (before, after, [*before, *after], after):
        now = drafted(record_now).imported or ImportDocument()
        texts = [entry.text for entry in entries(document)]
        found = refresh(imported, now, {}, texts, section_text(document))
        document, _ = with_timeline(document, document, found, forget=False)
        texts = [entry.text for entry in entries(document)]
        assert not refresh(found.imported, now, {}, texts, section_text(document)).rows
        assert all(block in section_text(document) for row in now.timeline for block in row.code)
        assert not any(entry.problem for entry in entries(document))
        imported = found.imported
