"""Sessions with `pmctl lsp` over stdio, as editors have them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.editor.conftest import SETTINGS, git, make_repository
from tests.editor.editor import PUBLISHED, SECONDS, Editor, after
from tests.rules.sample import source

PATH = "postmortems/2024/2024-01-15-payment-api-outage.md"
PEOPLE = "[carol]"


def uri_of(repository: Path, path: str = PATH) -> str:
    return (repository / path).as_uri()


def codes(found: list[dict[str, Any]]) -> list[str]:
    return [one["code"] for one in found]


def validated(repository: Path, path: str = PATH) -> list[tuple[str, int, int]]:
    """What the command line says about a file: code, line, column."""
    words = [sys.executable, "-m", "pmctl", "validate", path]
    out = subprocess.run([*words, "--format", "json"], cwd=repository, capture_output=True, check=False).stdout
    return [(one["code"], max(one["line"], 1), max(one["column"], 1)) for one in json.loads(out)["findings"]]


def test_it_says_what_it_can_do(editor: Editor) -> None:
    """Hover, completion and code actions are announced; texts come whole; UTF-16 without any agreement."""
    found = editor.answer["capabilities"]
    assert found["positionEncoding"] == "utf-16"
    assert found["textDocumentSync"]["change"] == 1
    assert found["hoverProvider"]
    assert "@" in found["completionProvider"]["triggerCharacters"]
    assert "quickfix" in found["codeActionProvider"]["codeActionKinds"]
    assert editor.answer["serverInfo"]["name"] == "pmctl"
    assert editor.close() == 0


def test_findings_are_those_of_validate(repository: Path, editor: Editor) -> None:
    """The same codes at the same places as `pmctl validate`, with the repository's settings and people."""
    front = "status: DRAFT\nparticipants: [jane, carol]\n"
    text = source(f"{front}## Impact\n\nSome payments failed, obviously.\n## Root Cause\n\n")
    (repository / PATH).parent.mkdir(parents=True, exist_ok=True)
    (repository / PATH).write_text(text)
    found = editor.open(uri_of(repository), text)
    assert codes(found), "the sample has mistakes"
    places = [(d["code"], d["range"]["start"]["line"] + 1, d["range"]["start"]["character"] + 1) for d in found]
    assert sorted(places) == sorted(validated(repository))
    assert any("carol" in one["message"] for one in found), "carol is not in the policy"
    assert not any(code.startswith("PM8") for code in codes(found)), "the settings ignore PM8"
    assert {one["source"] for one in found} == {"pmctl"}


def test_unsaved_text_is_what_is_checked(repository: Path, editor: Editor) -> None:
    """The file on disk is neither read nor written."""
    (repository / PATH).write_text(source())
    broken = source().replace("status: IN_REVIEW", "status: IN_REVEIW")
    first = editor.open(uri_of(repository), source())
    editor.change(uri_of(repository), broken, 2)
    second = editor.published(uri_of(repository), 2)
    assert "PM104" not in codes(first)
    assert [one for one in second if "IN_REVEIW" in one["message"]]
    assert (repository / PATH).read_text() == source()


def test_fast_typing_is_checked_once(repository: Path, editor: Editor) -> None:
    """Ten changes in a row give one answer, for the last of them."""
    uri = uri_of(repository)
    editor.open(uri, source())
    for version in range(2, 12):
        editor.change(uri, source().replace("title: Payment", f"title: {'x' * version} Payment"), version)
    editor.published(uri, 11)
    time.sleep(0.6)
    editor.at("hover", uri, 0, 0)
    again = [one for one in editor.kept if one.get("method") == PUBLISHED]
    assert again == []


def test_closing_takes_the_findings_away(repository: Path, editor: Editor) -> None:
    """An editor's list of problems holds nothing of a closed file."""
    uri = uri_of(repository)
    assert editor.open(uri, "---\nstatus: X\n---\n")
    editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert editor.published(uri, None) == []


def test_saving_the_settings_checks_everything_again(repository: Path, editor: Editor) -> None:
    """What is open is judged by the new settings as soon as they are saved."""
    text = source("severity: SEV9")
    found = editor.open(uri_of(repository), text)
    assert [one for one in found if "SEV9" in one["message"]]
    settings = uri_of(repository, "pmctl.yaml")
    new = SETTINGS.replace("[SEV1, SEV2]", "[SEV1, SEV9]")
    assert editor.open(settings, new) == []
    (repository / "pmctl.yaml").write_text(new)
    editor.notify("textDocument/didSave", {"textDocument": {"uri": settings}})
    again = editor.published(uri_of(repository), 1)
    assert not [one for one in again if "SEV9" in one["message"]]


def test_a_policy_that_lands_is_noticed(repository: Path, editor_for: Callable[..., Editor]) -> None:
    """The editor is asked to watch the files that others change, and their news are taken up."""
    editor = editor_for(repository, {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}})
    text = source("participants: [jane, carol]")
    assert [one for one in editor.open(uri_of(repository), text) if "carol" in one["message"]]
    watched = [one for one in editor.requests if one["method"] == "client/registerCapability"]
    assert "pmctl.yaml" in json.dumps(watched)
    policy = repository / ".pmctl/policy.yaml"
    policy.write_text(
        policy.read_text().replace(
            "  jane:\n", "  carol:\n    name: C\n    emails: [c@example.com]\n    keys: []\n  jane:\n"
        )
    )
    git(repository, "commit", "-q", "-am", "Add carol")
    editor.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": policy.as_uri(), "type": 2}]})
    assert not [one for one in editor.published(uri_of(repository), 1) if "carol" in one["message"]]


def test_several_repositories_in_one_session(tmp_path: Path, editor_for: Callable[..., Editor]) -> None:
    """Each text is judged by the settings and people of its own repository, in a subfolder of a larger one as well."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        make_repository(tmp_path / name)
    larger = tmp_path / "two/repo"
    (larger / "deep/down").mkdir(parents=True)
    for path in ("pmctl.yaml", ".pmctl", "postmortems"):
        (larger / path).rename(larger / "deep/down" / path)
    settings = larger / "deep/down/pmctl.yaml"
    settings.write_text(settings.read_text().replace("SEV2", "SEV9"))
    policy = larger / "deep/down/.pmctl/policy.yaml"
    policy.write_text(policy.read_text().replace("bob", "carol"))
    git(larger, "add", "-A")
    git(larger, "commit", "-q", "-m", "Move into a subfolder")
    editor = editor_for(tmp_path)
    text = source("severity: SEV9\nparticipants: [jane, bob]")
    for _ in range(2):
        first = " ".join(one["message"] for one in editor.open(uri_of(tmp_path / "one/repo"), text))
        second = " ".join(one["message"] for one in editor.open(uri_of(larger / "deep/down"), text))
        assert "SEV9" in first
        assert "'bob'" not in first
        assert "SEV9" not in second
        assert "'bob'" in second


def test_what_changes_on_disk_is_noticed_without_being_told(repository: Path, editor: Editor) -> None:
    """Neovim on Linux watches no files: settings, a template and the people of a new commit count from the next
    change of the text on.
    """
    text = source("severity: SEV9\nparticipants: [jane, carol, bob]\ntemplate: cellar")
    first = [one["message"] for one in editor.open(uri_of(repository), text)]
    assert [one for one in first if "SEV9" in one]
    assert [one for one in first if "'carol'" in one]
    assert not [one for one in first if "'bob'" in one]
    assert [one for one in first if "'Barrels'" in one]
    (repository / "pmctl.yaml").write_text(SETTINGS.replace("SEV2", "SEV9"))
    template, policy = repository / ".pmctl/templates/cellar.md", repository / ".pmctl/policy.yaml"
    template.write_text(template.read_text().replace("## Barrels", "## Summary of barrels"))
    policy.write_text(policy.read_text().replace("bob", "carol"))
    git(repository, "commit", "-q", "-am", "Change everything")
    editor.change(uri_of(repository), text + "\n", 2)
    second = [one["message"] for one in editor.published(uri_of(repository), 2)]
    assert not [one for one in second if "SEV9" in one]
    assert not [one for one in second if "'carol'" in one]
    assert [one for one in second if "'bob'" in one]
    assert not [one for one in second if "'Barrels'" in one]
    assert [one for one in second if "'Summary of barrels'" in one]


def test_settings_and_templates_are_checked_as_well(repository: Path, editor: Editor) -> None:
    """The files that every check rests on have findings of their own, at their place."""
    found = editor.open(uri_of(repository, "pmctl.yaml"), "version: 1\nseverites: [A]\nrules: {ignore: [PM999]}\n")
    assert {(one["code"], one["range"]["start"]["line"]) for one in found} == {("PM191", 1), ("PM260", 2)}
    template = uri_of(repository, ".pmctl/templates/cellar.md")
    assert codes(editor.open(template, "---\nname: attic\n---\n\n## Summary\n")) == ["PM281"]


def test_other_markdown_is_left_alone(repository: Path, editor: Editor) -> None:
    """A README, an attachment and a blog post are none of pmctl's business."""
    for path, text in (
        ("README.md", "# Readme\n\n## TODO\n"),
        ("postmortems/2024/2024-01-15-payment-api-outage/notes.md", "# Notes"),
        ("blog/post.md", "---\ntitle: A post\nauthor: Jane\n---\n\nText"),
    ):
        uri = uri_of(repository, path)
        assert editor.open(uri, text) == []
        assert editor.at("hover", uri, 0, 1) is None
        assert editor.at("completion", uri, 0, 1)["items"] == []
        assert editor.actions(uri, {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}) == []


def test_texts_outside_of_a_repository(tmp_path: Path, editor_for: Callable[..., Editor]) -> None:
    """An untitled text, a file in a bare folder and one on another machine are judged by the default rules."""
    (tmp_path / "bare").mkdir()
    editor = editor_for(tmp_path / "bare")
    text = source("participants: [jane, carol]").replace("urgency: HIGH", "urgency: VERY")
    for uri in (
        "untitled:Untitled-1",
        (tmp_path / "bare/x.md").as_uri(),
        "vscode-remote://ssh+host/x.md",
        "file:///no/such/folder/x.md",
    ):
        found = editor.open(uri, text)
        assert [one for one in found if "VERY" in one["message"]], uri
        assert not [one for one in found if "carol" in one["message"]], "nobody knows who exists here"
        assert editor.at("completion", uri, 3, 8)["items"], uri


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("\x00\x01\x02\x7fELF\x00" * 100, "PM002"),
        ("---\nid: [\n", "PM011"),
        ("---\nid: [\n---\n\n## Summary\n", "PM020"),
        ("---\n" + "a: &a [*a, *a]\n" * 50 + "---\n", ""),
        ("---\nid: x\n---\n\n" + "| a |\n|---|\n" + "| b |\n" * 200_000, "PM003"),
        ("[" * 50_000, "PM010"),
        ("---\ntitle: \ud800 \udfff\n---\n", "PM001"),
        ("", "PM010"),
        ("\ufeff\r\r\n\x0c\u2028---\r\n", ""),
    ],
    ids=["binary", "unclosed", "broken", "aliases", "huge", "brackets", "surrogates", "empty", "breaks"],
)
def test_hostile_texts(long_session: Editor, text: str, code: str) -> None:
    """Whatever is opened, there is an answer with a code, and the session goes on."""
    editor = long_session
    uri = uri_of(editor.folder)
    found = editor.open(uri, text)
    assert found
    assert code in codes(found) or not code
    for line in (0, 1, 5, 10**6):
        editor.at("hover", uri, line, 10**6)
        editor.at("completion", uri, line, 10**6)
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": 10**6, "character": 10**6}}
    editor.actions(uri, everything)
    editor.change(uri, source(), 2)
    assert "PM0" not in "".join(codes(editor.published(uri, 2)))


def test_hostile_messages(repository: Path, editor: Editor) -> None:
    """Nonsense in place of a message, and questions about texts that are not open, end nothing."""
    editor.raw(b'{"jsonrpc": "2.0", "id": 900, "method": "textDocument/hover", "params": {"nonsense": 1}}')
    editor.raw(b'{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": 7}')
    editor.raw(b"not json at all")
    assert editor.at("hover", "file:///nowhere.md", 3, 3) is None
    assert editor.at("completion", uri_of(repository), 0, 0)["items"] == []
    assert editor.open(uri_of(repository), "x")


def test_a_broken_repository_is_no_obstacle(repository: Path, editor: Editor) -> None:
    """Settings that can't be read, a policy that is none: the text is still checked by what is left."""
    (repository / "pmctl.yaml").write_bytes(b"\xff\xfe: [")
    (repository / ".pmctl/templates/cellar.md").write_text("{% broken")
    (repository / ".pmctl/policy.yaml").write_text("people: 7\n")
    git(repository, "commit", "-q", "-am", "Break everything")
    found = editor.open(uri_of(repository), source().replace("urgency: HIGH", "urgency: VERY"))
    assert [one for one in found if "VERY" in one["message"]]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", 0),
        (os.urandom(10_000), 0),
        (b"hello\nworld\n", 0),
        (b"Content-Length: abc\r\n\r\n{}", 0),
        (b"Content-Length: 9999\r\n\r\n{}", 0),
        (b"Content-Length: 99999999999999999999999\r\n\r\n{}", 2),
    ],
    ids=["nothing", "noise", "words", "length", "short", "endless"],
)
def test_what_is_no_protocol_at_all(repository: Path, data: bytes, code: int) -> None:
    """Whatever else is piped into it, it ends, and without the message for defects of pmctl."""
    words = [sys.executable, "-m", "pmctl", "lsp"]
    run = subprocess.run(words, cwd=repository, input=data, capture_output=True, timeout=SECONDS, check=False)
    assert run.returncode == code, run.stderr
    assert b"defect" not in run.stderr


def test_it_ends_with_its_editor(repository: Path, editor: Editor) -> None:
    """An editor that dies leaves no server behind."""
    assert editor.process.stdin is not None
    editor.process.stdin.close()
    assert editor.process.wait(10) is not None


def test_without_the_extra(repository: Path) -> None:
    """One line that says what to install, and exit code 2."""
    hidden = "import sys; sys.modules['pygls'] = sys.modules['lsprotocol'] = None\n"
    hidden += "from pmctl.cli import main; sys.exit(main(['lsp']))"
    run = subprocess.run([sys.executable, "-c", hidden], cwd=repository, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.splitlines() == ["error: the language server needs an extra: pip install 'pmctl[lsp]'"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", ""])
def test_positions_in_the_agreed_encoding(repository: Path, editor_for: Callable[..., Editor], encoding: str) -> None:
    """Behind an emoji, the three encodings count differently; range, completion and edit all follow the agreement."""
    editor = editor_for(repository, {"general": {"positionEncodings": [encoding]}} if encoding else {})
    encoding = encoding or "utf-16"
    assert editor.answer["capabilities"]["positionEncoding"] == encoding
    row = "| AI-7f3k | Alert when 🦆é is 80 % used | @jane | 2999-01-22 | high | OPEN | | |"
    text = source(
        "## Action Items\n\n| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |\n"
        "|---|---|---|---|---|---|---|---|\n" + row
    )
    uri = uri_of(repository)
    found = next(one for one in editor.open(uri, text) if one["code"] == "PM510")
    codec = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[encoding]
    width = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    column = len(row[: row.index("high")].encode(codec)) // width
    assert found["range"]["start"]["character"] == column
    fix = next(one for one in editor.actions(uri, found["range"]) if one.get("isPreferred"))
    fixed = after(text, fix["edit"]["changes"][uri], encoding)
    assert fixed == text.replace("| high |", "| HIGH |")
    items = editor.at("completion", uri, found["range"]["start"]["line"], column + 2)["items"]
    assert [one["label"] for one in items] == ["HIGH"]
    assert items[0]["textEdit"]["range"]["start"]["character"] == column


def test_the_editor_is_sent_to_the_reason(repository: Path, editor_for: Callable[..., Editor]) -> None:
    """An ignore is an edit for the version at hand, and a command that shows where the reason is to be typed."""
    abilities = {
        "workspace": {"workspaceEdit": {"documentChanges": True}},
        "window": {"showDocument": {"support": True}},
    }
    editor = editor_for(repository, abilities)
    uri = uri_of(repository)
    text = source("## Root Cause\n\nBob should have known better for 45 minutes.\n")
    found = editor.open(uri, text, version=4)
    where = next(one for one in found if one["code"].startswith("PM7"))["range"]
    action = next(one for one in editor.actions(uri, where, ["quickfix"]) if one["title"].startswith("Ignore"))
    change = action["edit"]["documentChanges"][0]
    assert change["textDocument"] == {"uri": uri, "version": 4}
    editor.change(uri, after(text, change["edits"]), 5)
    assert "PM262" in codes(editor.published(uri, 5))
    command = action["command"]
    editor.request("workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]})
    shown = next(one["params"] for one in editor.requests if one["method"] == "window/showDocument")
    line = after(text, change["edits"]).split("\n")[shown["selection"]["start"]["line"]]
    assert line[shown["selection"]["start"]["character"] :] == " -->"
