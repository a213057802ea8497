"""The incident commands: exit codes, JSON, what hostile and broken records do, and what is never half done."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pmctl.cli import main
from tests.cli.play import EXAMPLES, Play
from tests.drafts import DATABASE, SHOP, Team, shown

RECORDS = EXAMPLES / "incidents"


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    """A repository with a policy; the commands run in its folder."""
    made = Team(tmp_path / "team")
    monkeypatch.chdir(made.root)
    monkeypatch.setenv("PMCTL_NOW", "2025-06-01T00:00:00Z")
    return made


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., str]:
    """A function that writes a record file and returns its path."""

    def write(value: object, name: str = "record.json") -> str:
        path = tmp_path / name
        path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        return str(path)

    return write


def state(team: Team) -> tuple[str, str]:
    return team.git("rev-parse", "HEAD"), team.git("status", "--porcelain", "--untracked-files=all")


def test_show_as_json_names_every_path(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["incident", "show", str(RECORDS / "incident-io.json"), "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "pmctl/incident/v1"
    (incident,) = answer["incidents"]
    assert set(incident) == {
        "source", "id", "resolved", "fields", "timeline", "participants", "impact", "action_items", "warnings",
        "exempt", "exempt_because", "unused",
    }  # fmt: skip
    assert {"field": "severity", "value": "Major", "path": "$.incident.severity.name"} in incident["fields"]
    assert all(
        entry["path"].startswith("$") for key in ("fields", "timeline", "participants") for entry in incident[key]
    )


def test_show_of_several_incidents_and_of_standard_input(play: Callable[[str], Play]) -> None:
    stage = play("nothing")
    both = stage.do("jane", "pmctl incident show $EXAMPLES/incidents/pagerduty.json $EXAMPLES/incidents/generic.yaml")
    assert "pagerduty:PT7Q2ZC: resolved" in both
    assert "generic:ops-2024-17: resolved" in both
    assert "PT7Q2ZC" in stage.do("jane", "pmctl incident show - < $EXAMPLES/incidents/pagerduty.json")


def test_nothing_of_a_record_reaches_the_terminal_as_it_is(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    evil = {**SHOP, "title": "Down \x1b[31m\u202e<b>x</b>", "services": ["a\x07b"],
            "timeline": [{"at": "2024-01-15T14:00:00Z", "text": "\x1b]0;owned\x07 line\nbreak"}]}  # fmt: skip
    for command in ("show", "triage", "missing"):
        main(["incident", command, record(evil)])
        out, err = capsys.readouterr()
        assert not set(out + err) & {"\x1b", "\x07", "\u202e"}, command


def test_html_in_titles_and_texts_is_only_text(team: Team, record: Callable[..., str]) -> None:
    rows = [{"at": "2024-01-15T14:00:00Z", "text": "<img src=x onerror=y> | --> [a](javascript:b)"}]
    title, summary = "<script>alert(1)</script> | down", "## Heading\n<!-- hidden -->\n---"
    evil = {**SHOP, "title": title, "summary": summary, "timeline": rows}
    assert main(["incident", "triage", record({**evil, "urgency": "HIGH"}), "--create"]) == 0
    (name,) = team.workspace.ids()
    assert name == "2024-01-15-script-alert-1-script-down"
    document = team.document(name)
    assert document.title == "<script>alert(1)</script> | down"
    assert len(shown(document)) == 2
    assert [s.title for s in document.sections][:3] == ["Summary", "Timeline", "Impact"]
    assert "<script" not in document.body
    assert "<img" not in document.body
    assert main(["validate"]) == 0


def test_triage_exit_codes_json_and_rules_of_the_repository(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    quiet = {**SHOP, "severity": "SEV4", "urgency": "LOW", "resolved_at": "2024-01-15T14:30:00Z",
             "timeline": SHOP["timeline"][:2]}  # fmt: skip
    assert main(["incident", "triage", record(quiet)]) == 0
    assert capsys.readouterr().out.startswith("skip")
    (team.root / "pmctl.yaml").write_text("version: 1\ntriggers:\n  longer_than: 20m\n")
    assert main(["incident", "triage", record(quiet), "--format", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "pmctl/triage/v1"
    (one,) = answer["incidents"]
    assert (one["verdict"], [reason["rule"] for reason in one["reasons"]]) == ("required", ["long-duration"])
    assert main(["incident", "triage", record(quiet), "--create", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["incidents"][0]["postmortem"] == "2024-01-15-shop-down"
    (team.root / "pmctl.yaml").write_text("version: 1\ntriggers:\n  longer_than: soon\n  colour: red\n")
    assert main(["incident", "triage", record(quiet)]) == 2
    assert "pmctl.yaml:3:16: PM190 triggers.longer_than" in capsys.readouterr().err


def test_the_history_of_the_repository_counts(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2):
        team.new({**SHOP, "id": f"E{number}", "title": f"Shop down {number}",
                  "started_at": f"2024-01-0{number}T10:00:00Z"})  # fmt: skip
    short = {**SHOP, "severity": "SEV4", "urgency": "LOW", "resolved_at": "2024-01-15T14:30:00Z"}
    assert main(["incident", "triage", record(short)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("recommended")
    assert "recurring: 2 postmortems of the 90 days before are about the same" in out


def test_triage_says_whether_the_failure_is_known(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    loud = {**DATABASE, "id": "C", "title": "Replica gone", "summary": "The replica is missing.", "timeline": [],
            "action_items": [], "services": ["mail"]}  # fmt: skip
    assert main(["incident", "triage", record(loud)]) == 1
    assert "novel" not in capsys.readouterr().out  # there is nothing yet that it could be like
    team.new(DATABASE)
    again = {**DATABASE, "id": "B2", "started_at": "2024-03-01T10:00:00Z", "resolved_at": "2024-03-01T12:00:00Z"}
    assert main(["incident", "triage", record(again), record(loud, "c.json")]) == 1
    known, novel = capsys.readouterr().out.split("required    generic:C")
    lines = known.splitlines()
    at = lines.index("  recurring pattern")
    assert lines[at + 1] == "    2024-01-15-database-slow: Database slow"
    assert lines[at + 2].startswith("      still open: ") and "Add an index" in lines[at + 2]
    assert lines[at + 3].startswith("      both have: ") and "service db" in lines[at + 3]
    assert "  novel failure" in novel and "2024-01-15-database-slow" not in novel
    assert main(["incident", "triage", record([again, loud]), "--format", "json"]) == 1
    first, second = json.loads(capsys.readouterr().out)["incidents"]
    assert (first["pattern"], second["pattern"]) == ("recurring pattern", "novel failure")
    (alike,) = first["similar"]
    assert alike["id"] == "2024-01-15-database-slow" and alike["open_items"][0]["text"] == "Add an index"
    assert second["similar"] == []


def test_a_draft_is_not_like_itself_and_names_what_is_like_it_with_open_items_first(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["incident", "triage", record(DATABASE), "--create"]) == 0
    said = capsys.readouterr().out
    assert "written: 2024-01-15-database-slow" in said and "pattern" not in said and "novel" not in said
    again = {**DATABASE, "id": "B2", "title": "Database slow again"}
    assert main(["new", "--from", record(again)]) == 0
    lines = capsys.readouterr().err.splitlines()
    at = lines.index("like it: 2024-01-15-database-slow: Database slow")
    assert "still open: " in lines[at + 1] and "Add an index" in lines[at + 1] and "both have: " in lines[at + 2]
    assert not any("like it: 2024-01-15-database-slow-again" in line for line in lines)


def test_create_drafts_what_is_required_once_and_one_commit_each(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    still = {**SHOP, "id": "C", "title": "Mail slow", "status": "open", "resolved_at": None, "urgency": "HIGH"}
    files = [record({**SHOP, "urgency": "HIGH"}), record(DATABASE, "b.json"), record(still, "c.json"),
             record({**DATABASE, "id": "D"}, "d.json")]  # fmt: skip
    before = team.git("rev-list", "--count", "HEAD")
    assert main(["incident", "triage", *files, "--create"]) == 1
    err = capsys.readouterr().err
    assert "C: not drafted: it is not resolved yet; --allow-open drafts it" in err
    assert "D: not drafted: 2024-01-15-database-slow exists already" in err
    assert team.workspace.ids() == ["2024-01-15-database-slow", "2024-01-15-shop-down"]
    assert int(team.git("rev-list", "--count", "HEAD")) == int(before) + 2
    assert main(["incident", "triage", *files[:2], "--create"]) == 0
    assert int(team.git("rev-list", "--count", "HEAD")) == int(before) + 2
    assert main(["incident", "missing", *files]) == 1
    assert "generic:D" in capsys.readouterr().out
    assert main(["incident", "triage", files[2], "--create", "--allow-open"]) == 0


BROKEN: list[tuple[str, bytes, str]] = [
    ("empty", b"", "the file is empty"),
    ("blank", b" \n\t ", "the file is empty"),
    ("truncated", b'{"incident": {"id": "P1", "title": "x', "the file is truncated"),
    ("not JSON", b'{"id": P1}', "not valid JSON"),
    ("wrong shape", b'{"colour": "red"}', "not a record that pmctl knows"),
    ("a number", b"42", "neither an object nor a list"),
    ("HTML", b"<!doctype html><html><body>Log in</body></html>", "this is an HTML page"),
    ("deep", b"[" * 100_000, "nested more than"),
    ("binary", b"\x00\x01\xff\xfe\x80", "record.json"),
    ("parts only", b'{"log_entries": [{"type": "trigger_log_entry", "id": "x", "summary": "y"}]}', "record.json"),
]


@pytest.mark.parametrize(("what", "data", "message"), BROKEN, ids=[row[0] for row in BROKEN])
@pytest.mark.parametrize("command", ["show", "triage", "missing", "refresh", "link", "new"])
def test_a_broken_record_is_a_clear_error_and_nothing_is_half_done(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str],
    command: str, what: str, data: bytes, message: str,
) -> None:  # fmt: skip
    name = team.new(SHOP)
    before = state(team)
    path = record(data)
    words = {
        "new": ["new", "--from", path],
        "triage": ["incident", "triage", path, "--create"],
        "refresh": ["incident", "refresh", name, "--from", path, "--yes"],
        "link": ["incident", "link", name, "--from", path],
    }
    assert main(words.get(command, ["incident", command, path])) == 2, what
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert message in err
    assert "Traceback" not in err
    assert state(team) == before


def test_a_hundred_megabytes(team: Team, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.write(b'{"title": "x", "padding": "')
        file.truncate(100_000_000)
    before = state(team)
    assert main(["incident", "triage", str(path), "--create"]) == 2
    assert "100 MB is too large" in capsys.readouterr().err
    assert state(team) == before


def test_times_in_the_future_reversed_and_without_a_zone_are_said(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    odd = {**SHOP, "started_at": "2031-01-15T15:00:00", "resolved_at": "2031-01-15T14:00:00Z", "timeline": []}
    assert main(["incident", "show", record(odd)]) == 0
    err = capsys.readouterr().err
    for sentence in (
        "names no time zone, read as UTC",
        "resolved_at lies before started_at",
        "started_at lies in the future",
    ):
        assert sentence in err
    name = team.new(SHOP)
    assert main(["incident", "refresh", name, "--from", record(odd), "--yes"]) == 0
    assert "resolved_at lies before started_at" in capsys.readouterr().err
    assert main(["validate", name, "--strict"]) == 1
    assert "PM" in capsys.readouterr().out


def test_ten_thousand_events(team: Team, record: Callable[..., str]) -> None:
    rows = [{"at": f"2024-01-15T{14 + n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z", "text": f"event {n}"}
            for n in range(10_000)]  # fmt: skip
    assert main(["incident", "triage", record({**SHOP, "urgency": "HIGH", "timeline": rows}), "--create"]) == 0
    (name,) = team.workspace.ids()
    assert len(shown(team.document(name))) > 9_900
    assert main(["validate", name]) == 0


def test_refresh_asks_on_a_terminal(
    team: Team, record: Callable[..., str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pmctl.cli import prompts
    from pmctl.cli.session import Session

    name = team.new(SHOP)
    before = state(team)
    words = ["incident", "refresh", name, "--from", record({**SHOP, "severity": "SEV1"})]
    monkeypatch.setattr(Session, "interactive", True)
    asked: list[str] = []
    monkeypatch.setattr(prompts, "ask_yes", lambda question: asked.append(question))
    assert main(words) == 0
    assert asked == [f"Change {name}?"]
    assert "~ severity: SEV2 -> SEV1" in capsys.readouterr().out
    assert state(team) == before
    monkeypatch.setattr(prompts, "ask_yes", lambda question: True)
    assert main(words) == 0
    assert team.document(name).meta["severity"] == "SEV1"


@pytest.fixture
def pagerduty() -> Iterator[tuple[str, dict[str, Any]]]:
    """PagerDuty on loopback: its address, and the export whose parts it serves."""
    export = json.loads((RECORDS / "pagerduty.json").read_bytes())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            part = self.path.partition("?")[0].rsplit("/", 1)[-1]
            body = {"PT7Q2ZC": {"incident": export["incident"]}}.get(part, {part: export.get(part, []), "more": False})
            data = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            """Silence."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{listener.server_address[1]}", export
    listener.shutdown()
    thread.join()
    listener.server_close()


def test_refresh_without_a_file_asks_the_system(
    team: Team,
    pagerduty: tuple[str, dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url, export = pagerduty
    monkeypatch.setenv("PAGERDUTY_URL", url)
    monkeypatch.setenv("PAGERDUTY_TOKEN", "s3cr3t")
    assert main(["new", "--from", "pagerduty:PT7Q2ZC"]) == 0
    (name,) = team.workspace.ids()
    assert main(["incident", "refresh", name, "--yes"]) == 0
    assert "nothing new" in capsys.readouterr().err
    export["incident"]["priority"]["summary"] = "SEV1"
    assert main(["incident", "refresh", name, "--yes"]) == 0
    out, err = capsys.readouterr()
    assert "~ severity: SEV2 -> SEV1" in out
    assert "s3cr3t" not in out + err + team.git("log", "-p")
    assert team.document(name).meta["severity"] == "SEV1"


def test_refresh_of_what_cannot_be_fetched(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    name = team.new(SHOP)
    assert main(["incident", "refresh", name]) == 2
    assert f"pmctl incident refresh {name} --from FILE" in capsys.readouterr().err
    scratch = team.new(title="From scratch")
    assert main(["incident", "refresh", scratch]) == 2
    assert "names no incident" in capsys.readouterr().err


def test_refresh_takes_only_what_is_linked_out_of_an_export(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    name = team.new(SHOP)
    export = record([{**SHOP, "severity": "SEV1"}, DATABASE])
    assert main(["incident", "refresh", name, "--from", export, "--yes"]) == 0
    out, err = capsys.readouterr()
    assert out == "~ severity: SEV2 -> SEV1\n"
    assert "1 of 2 incidents in the files are not linked: left out" in err


def test_an_open_incident_blocks_the_publication(play: Callable[[str], Play]) -> None:
    stage = play("approved")
    path = stage.root / ".pmctl/imports" / f"{stage.file.stem}.json"
    imported = json.loads(path.read_bytes())
    imported["parts"][0]["resolved"] = False
    path.write_text(json.dumps(imported))
    stage.do("jane", "git commit -qam 'As if it had been open'")
    stage.do("jane", "pmctl status $ID")
    stage.file.write_text(stage.file.read_text().replace("resolved_at: 2024-01-15T14:45:00Z\n", ""))
    stage.do("jane", "git commit -qam 'Not over'")
    assert "pagerduty:PT7Q2ZC was not resolved" in stage.do("jane", "pmctl status $ID")
    stage.do("bob", "pmctl approve $ID")
    before = stage.snapshot()
    refused = stage.run("jane", "pmctl publish $ID")
    assert refused.returncode == 1
    assert "pmctl incident refresh" in refused.stderr
    assert stage.snapshot() == before


def test_the_audit_is_clean_after_link_refresh_and_unlink(play: Callable[[str], Play]) -> None:
    stage = play("draft")
    stage.do("jane", "pmctl incident link $ID --from $EXAMPLES/incidents/opsknight.json")
    stage.do("jane", "pmctl incident refresh $ID --from $EXAMPLES/incidents/pagerduty.json --yes")
    stage.do("jane", "pmctl incident unlink $ID opsknight:clr8x2k1p0001")
    stage.do("jane", "pmctl submit $ID --reviewer bob")
    stage.do("bob", "pmctl approve $ID")
    stage.do("jane", "pmctl publish $ID")
    report = json.loads(stage.do("alice", "pmctl audit --format json"))
    assert report["passed"] is True
    assert not any(report[layer][kind] for layer in ("proved", "attributed") for kind in ("violations", "warnings"))
    refused = stage.run("alice", "pmctl incident link $ID --from $EXAMPLES/incidents/opsknight.json")
    assert refused.returncode == 1
    assert "pmctl amend" in refused.stderr


def test_an_empty_export_is_no_incident(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("show", "triage", "missing"):
        assert main(["incident", command, record({"incidents": [], "more": False})]) == 0
        assert "0 incidents" in capsys.readouterr().err
    assert main(["new", "--from", record([])]) == 2
    assert "holds no incident" in capsys.readouterr().err


def test_show_says_what_a_draft_would_cut(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    timeline = [{"at": "2024-01-15T14:10:00Z", "text": "word " * 900}]
    assert main(["incident", "show", record({**SHOP, "timeline": timeline})]) == 0
    assert "has 4,499 characters: cut after 4,000, the rest is in the record" in capsys.readouterr().err
    assert main(["incident", "show", record(SHOP)]) == 0
    assert "cut after" not in capsys.readouterr().err


def test_one_page_of_an_export_is_judged_as_a_part(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    page = record({"incidents": [], "more": True})
    for command, code in (("show", 0), ("triage", 2), ("missing", 2)):
        assert main(["incident", command, page]) == code
        assert "holds 0 incidents and says that there are more" in capsys.readouterr().err


def test_an_unknown_length_is_no_all_clear(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    value = record(
        {"id": "U", "title": "x", "status": "resolved", "severity": "SEV4", "started_at": "2024-01-15T14:00:00Z"}
    )
    for command in ("triage", "missing"):
        assert main(["incident", command, value]) == 0
        said = capsys.readouterr()
        assert "U: the record does not say when it ended: nobody knows how long" in said.err
        assert ("recommended generic:U" in said.out) == (command == "triage")


def test_half_known_records_are_shown_and_not_judged(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    nearly = record({**SHOP, "severity": "SEV4", "urgency": "LOW", "began": "2024-01-15T12:00:00Z"})
    assert main(["incident", "show", nearly]) == 0
    shown_text = capsys.readouterr()
    assert "not used: $.began" in shown_text.out
    assert "not used, because the generic source has no such field: began" in shown_text.err
    for command in ("triage", "missing"):
        assert main(["incident", command, nearly]) == 2
        assert "has no began" in capsys.readouterr().err
        assert main(["incident", command, nearly, "--source", "generic"]) in (0, 1)
        capsys.readouterr()


def test_dismiss_is_heeded_and_a_damaged_file_is_named(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    loud = record({**SHOP, "severity": "SEV1"})
    assert main(["incident", "missing", loud]) == 1
    capsys.readouterr()
    assert main(["incident", "dismiss", "generic:A", "--because", "no-learning", "-m", "known", "--as", "jane"]) == 0
    assert capsys.readouterr().out == ".pmctl/dismissed/generic-A.yaml\n"
    assert main(["incident", "missing", loud]) == 0
    capsys.readouterr()
    assert main(["incident", "triage", loud]) == 0
    assert "dismissed: jane dismissed it on 2025-06-01" in capsys.readouterr().out
    (team.root / ".pmctl/dismissed/generic-A.yaml").write_text("nothing\n")
    team.git("commit", "-qam", "by hand")
    assert main(["incident", "missing", loud]) == 1
    assert "generic-A.yaml" in capsys.readouterr().err
    assert main(["incident", "dismiss", "generic:A", "--because", "bored", "-m", "x"]) == 2


def test_a_chat_becomes_rows(team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    name = team.new(SHOP)
    chat = record([{"type": "message", "user": "U1", "ts": "1705327500.1", "text": "Scaled up",
                    "reactions": [{"name": "pushpin", "count": 1}]}])  # fmt: skip
    before = state(team)
    assert main(["incident", "chat", name, chat, "--as", "jane"]) == 2
    assert "reactions in the files: pushpin (1)" in capsys.readouterr().err
    assert main(["incident", "chat", name, chat, "--reaction", "pushpin", "--dry-run", "--as", "jane"]) == 0
    assert state(team) == before
    assert main(["incident", "chat", name, chat, "--reaction", "pushpin", "--yes", "--as", "jane"]) == 0
    assert "Scaled up" in team.document(name).text


def test_a_day_in_the_future_and_strangers_are_refused(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "x", "--date", "2025-06-02", "--as", "jane"]) == 2
    assert "--date 2025-06-02: lies in the future" in capsys.readouterr().err
    assert main(["new", "x", "--team", "shopp", "--as", "jane"]) == 2
    assert "did you mean shop" in capsys.readouterr().err.lower()
    assert main(["new", "x", "--author", "mallory"]) in (1, 2)
    assert "mallory is not in the policy" in capsys.readouterr().err
