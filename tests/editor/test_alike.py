"""Postmortems of the same pattern in the editor: what is said, when, and that nothing waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("lsprotocol", reason="the language server needs the extra lsp")

from pmctl.editor import alike
from pmctl.editor.open_documents import OpenDocuments
from pmctl.insight.similar import Alike
from tests.editor.conftest import git
from tests.editor.editor import Editor

ABILITIES = {
    "workspace": {"codeLens": {"refreshSupport": True}},
    "window": {"showDocument": {"support": True}},
}
ITEMS = """
## Action Items

| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
|---|---|---|---|---|---|---|---|
| AI-1 | Size the [pool](command:run) <b> | bob | 2024-02-01 | HIGH | OPEN | | |
"""


def written(repository: Path, name: str, title: str, cause: str, more: str = "") -> str:
    text = (
        f'---\nid: {name}\ntitle: "{title}"\nstatus: DRAFT\nauthor: jane\nroot_causes: [{cause}]\n---\n\n'
        f"## Summary\n\nThe connection pool was empty.\n{more}"
    )
    file = repository / f"postmortems/2024/{name}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return text


def uri_of(repository: Path, name: str) -> str:
    return (repository / f"postmortems/2024/{name}.md").as_uri()


def lenses(editor: Editor, uri: str) -> list[dict[str, Any]]:
    return list(editor.request("textDocument/codeLens", {"textDocument": {"uri": uri}}))


def test_what_is_alike_stands_above_the_title_and_opens(repository: Path, editor_for: Callable[..., Editor]) -> None:
    written(repository, "2024-01-01-first", "A *pool*", "pool", ITEMS)
    text = written(repository, "2024-03-01-again", "Payments", "pool")
    other = written(repository, "2024-03-02-other", "Mail", "dns")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "Write")
    editor = editor_for(repository, ABILITIES)
    (repository / "pmctl.py").write_text("raise SystemExit('a module of the repository was run')\n")
    uri, first = uri_of(repository, "2024-03-01-again"), uri_of(repository, "2024-01-01-first")
    editor.open(uri, text)
    (lens,) = lenses(editor, uri)
    assert lens["range"]["start"] == {"line": 2, "character": 0}
    assert lens["command"]["title"] == "like 2024-01-01-first, 1 item still open"
    editor.request("workspace/executeCommand", {name: lens["command"][name] for name in ("command", "arguments")})
    (shown,) = [one["params"] for one in editor.requests if one["method"] == "window/showDocument"]
    assert shown["uri"] == first
    said = editor.at("hover", uri, 2, 9)["contents"]["value"]
    assert f"[2024-01-01-first]({first}): A \\*pool\\*" in said and "cause pool" in said
    assert said.index("still open: AI-1 Size the") < said.index("both have")
    assert r"Size the \[pool\](command:run) \<b\>" in said  # no link, no tag
    assert "Of the same pattern" in editor.at("hover", uri, 2, 2)["contents"]["value"]  # below the field's meaning
    editor.open(uri_of(repository, "2024-03-02-other"), other)
    assert lenses(editor, uri_of(repository, "2024-03-02-other")) == []
    # What is typed changes nothing; what is saved is asked about again, and the editor is told.
    changed = text.replace("[pool]", "[dns]")
    editor.change(uri, changed, 2)
    editor.published(uri, 2)
    assert [one["command"]["title"] for one in lenses(editor, uri)] == ["like 2024-01-01-first, 1 item still open"]
    written(repository, "2024-03-01-again", "Payments", "dns")
    editor.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    assert [one["command"]["title"] for one in lenses(editor, uri)] == ["like 2024-03-02-other"]
    assert "workspace/codeLens/refresh" in [one["method"] for one in editor.requests]
    assert editor.close() == 0


def test_what_is_no_saved_postmortem_is_not_asked_about(repository: Path, editor: Editor) -> None:
    text = written(repository, "2024-01-01-first", "A pool", "pool")
    (repository / "postmortems/2024/2024-01-01-first.md").unlink()
    for name in ("postmortems/2024/2024-01-01-first.md", "pmctl.yaml", "README.md"):
        uri = (repository / name).as_uri()
        editor.open(uri, text)
        assert lenses(editor, uri) == []
    assert editor.close() == 0


def test_nothing_waits_and_the_newest_question_counts(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = written(repository, "2024-01-01-first", "A pool", "pool")
    uri = uri_of(repository, "2024-01-01-first")
    opened = OpenDocuments().open(uri, text, "utf-16")
    found = Alike("2024-01-02-x", "", 1.0, (), (), True)
    asked: list[str] = []

    async def session() -> None:
        may_answer = asyncio.Event()

        async def answer(root: Path, name: str) -> tuple[Alike, ...]:
            asked.append(name)
            await may_answer.wait()
            return (found,) * len(asked)

        monkeypatch.setattr(alike, "_answer", answer)
        questions = alike.Asked()
        for _ in range(3):
            questions.ask(uri, opened)
            await asyncio.sleep(0)
        assert questions.known(uri) == ()
        waiting = asyncio.ensure_future(questions.answer(uri))
        may_answer.set()
        assert await waiting == (found, found)  # the first question and the third; the second was out of date
        assert asked == ["2024-01-01-first"] * 2 and questions.known(uri) == (found, found)
        questions.questions.pop(uri)
        assert await questions.answer(uri) == ()

    asyncio.run(session())


def test_a_question_that_cannot_be_answered(repository: Path, tmp_path: Path) -> None:
    assert asyncio.run(alike._answer(repository, "2024-01-01-nothing")) == ()
    assert asyncio.run(alike._answer(tmp_path / "nowhere", "2024-01-01-first")) == ()
