"""Pages in Confluence: what is made, changed, left alone, and what is done when it says no."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pmctl.errors import EnvironmentProblem, PmctlError, UsageProblem
from pmctl.output.wiki.article import Article, Collection
from pmctl.repository.wiki_settings import WikiSettings
from pmctl.services import client
from pmctl.services.secrets import from_environment
from pmctl.workflow.wiki import Written
from pmctl.workflow.wiki_confluence import push
from tests.output.wiki.samples import PNG, article

from .confluence_center_server import Center
from .confluence_server import Confluence
from .test_fetch import TOKEN, Reply, Server, server

__all__ = ["server"]  # the fixture

SETTINGS = WikiSettings("confluence", space="OPS", parent="Postmortems")
TITLES = {"First (2024-01-01)", "Second (2024-02-01)", "Third (2024-03-01)"}


@pytest.fixture(params=[Confluence, Center], ids=["cloud", "data center"])
def host(request: pytest.FixtureRequest, server: Server, monkeypatch: pytest.MonkeyPatch) -> Confluence:
    """Either Confluence: both keep the same promises."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    made: Confluence = request.param(f"{server.url}{request.param.base}", server.seen)
    server.answer = made.answer
    return made


def three(folder: Path) -> list[Article]:
    own = folder / "2024-01-01-first"
    own.mkdir(parents=True, exist_ok=True)
    (own / "graph 1.png").write_bytes(PNG)
    body = "## Summary\n\n![graph](<2024-01-01-first/graph 1.png>) and [next](2024-02-01-second.md)\n"
    return [
        article(folder, "2024-03-01-third", "Third", "## Summary\n\nc\n"),
        article(folder, "2024-02-01-second", "Second", "## Summary\n\nb\n"),
        article(folder, "2024-01-01-first", "First", body),
    ]


def pushed(host: Confluence, articles: list[Article], settings: WikiSettings = SETTINGS, **chosen: bool) -> Written:
    host.said.clear()
    environ = {"CONFLUENCE_URL": host.url, "CONFLUENCE_EMAIL": host.email, "CONFLUENCE_TOKEN": TOKEN}
    return push(Collection(tuple(articles)), settings, from_environment(environ), **chosen)


def kept(done: Written) -> list[tuple[str, str]]:
    return [(one.path, one.why) for one in done.changes.kept]


def test_pages_are_made_and_then_left_alone(host: Confluence, tmp_path: Path) -> None:
    done = pushed(host, three(tmp_path))
    assert set(done.changes.write) == host.titles() == TITLES
    first = host.titled("First (2024-01-01)")
    assert first["parentId"] == "2" and 'ri:filename="graph-1.png"' in first["body"]["storage"]["value"]
    assert host.attachments == {first["id"]: {"graph-1.png": "data"}}
    assert host.properties[first["id"]]["value"]["postmortem"] == "2024-01-01-first"
    assert not pushed(host, three(tmp_path)).changes.write and not host.writes()


def test_a_changed_a_renamed_and_a_vanished_one(host: Confluence, tmp_path: Path) -> None:
    third, second, first = three(tmp_path)
    pushed(host, [third, second, first])
    numbers = {page["title"]: page["id"] for page in host.pages.values()}
    second = replace(second, title="Renamed", body="## Summary\n\nother\n")
    first = replace(first, attachments={}, body="## Summary\n\nno picture\n")
    done = pushed(host, [second, first])
    assert done.changes.remove == ("Third (2024-03-01)",)
    assert set(done.changes.write) == host.titles() == {"Renamed (2024-02-01)", "First (2024-01-01)"}
    renamed = host.titled("Renamed (2024-02-01)")
    assert renamed["id"] == numbers["Second (2024-02-01)"] and renamed["version"]["number"] == 2
    assert not any(host.attachments.values())
    assert not pushed(host, [second, first]).changes.write and not host.writes()


def test_what_people_edited_stays_until_it_is_forced(host: Confluence, tmp_path: Path) -> None:
    pushed(host, three(tmp_path))
    host.edit("First (2024-01-01)", "by hand")
    host.edit("Third (2024-03-01)", "by hand, too")
    host.put("50", "Somebody's", "2", "theirs")
    done = pushed(host, three(tmp_path)[1:])
    assert kept(done) == [
        ("Third (2024-03-01)", "somebody edited it in the wiki; its postmortem is no longer shown"),
        ("First (2024-01-01)", "somebody edited it in the wiki"),
    ]
    assert host.titled("First (2024-01-01)")["body"]["storage"]["value"] == "by hand" and not host.writes()
    pushed(host, three(tmp_path)[1:], force=True)
    assert host.titles() == {"First (2024-01-01)", "Second (2024-02-01)", "Somebody's"}
    assert host.titled("First (2024-01-01)")["body"]["storage"]["value"] != "by hand"
    assert host.pages["50"]["body"]["storage"]["value"] == "theirs"


def test_a_title_that_another_page_has_gets_the_id(host: Confluence, tmp_path: Path) -> None:
    host.put("60", "second (2024-02-01)", "1", "an old page")
    pushed(host, three(tmp_path))
    assert "Second (2024-02-01-second)" in host.titles()
    assert host.pages["60"]["body"]["storage"]["value"] == "an old page"
    assert not pushed(host, three(tmp_path)).changes.write


def test_a_page_that_was_moved_is_found_by_its_title(host: Confluence, tmp_path: Path) -> None:
    pushed(host, three(tmp_path))
    host.titled("Second (2024-02-01)")["parentId"] = "1"
    pushed(host, three(tmp_path))
    assert host.titles() == TITLES


def test_a_push_that_was_cut_off_goes_on(host: Confluence, tmp_path: Path) -> None:
    host.refusals.append((host.notes_made, (403, {}, b"")))
    with pytest.raises(PmctlError):
        pushed(host, three(tmp_path))
    assert len(host.titles()) == 1  # made, and not noted
    pushed(host, three(tmp_path))
    assert host.titles() == TITLES and len(host.properties) == 3
    host.refusals.append((host.notes_changed, (403, {}, b"")))
    third, second, first = three(tmp_path)
    changed = [third, replace(second, body="## Summary\n\nother\n"), first]
    with pytest.raises(PmctlError):
        pushed(host, changed)
    done = pushed(host, changed)
    assert not done.changes.kept and not pushed(host, changed).changes.write


def test_a_version_conflict_is_looked_at_again(host: Confluence, tmp_path: Path) -> None:
    third, second, first = three(tmp_path)
    pushed(host, [third, second, first])
    changed = [third, replace(second, body="## Summary\n\nother\n"), first]
    host.refusals.append(("PUT " + host.page.format(r"\w+"), (409, {}, b"{}")))
    assert pushed(host, changed).changes.write == ("Second (2024-02-01)",)


def test_who_edits_between_look_and_write_wins(server: Server, host: Confluence, tmp_path: Path) -> None:
    third, second, first = three(tmp_path)
    pushed(host, [third, second, first])
    number = host.titled("Second (2024-02-01)")["id"]

    def meddling(method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        if method == "PUT" and re.fullmatch(host.page.format(number), path):
            host.edit("Second (2024-02-01)", "faster")
        return host.answer(method, path, query, body)

    server.answer = meddling
    done = pushed(host, [third, replace(second, body="## Summary\n\nother\n"), first])
    assert kept(done) == [("Second (2024-02-01)", "somebody edited it in the wiki")]
    assert host.pages[number]["body"]["storage"]["value"] == "faster"


def test_a_page_that_vanishes_is_made_anew(host: Confluence, tmp_path: Path) -> None:
    third, second, first = three(tmp_path)
    pushed(host, [third, second, first])
    number = host.titled("Second (2024-02-01)")["id"]
    host.refusals.append(("PUT " + host.page.format(number), (404, {}, b"{}")))
    del host.pages[number]
    pushed(host, [third, replace(second, body="## Summary\n\nother\n"), first])
    assert host.titles() == TITLES


def test_a_dry_run_writes_nothing(host: Confluence, tmp_path: Path) -> None:
    done = pushed(host, three(tmp_path), dry_run=True)
    assert set(done.changes.write) == TITLES and not host.writes()


def test_who_is_told_to_wait_waits_and_a_failure_is_tried_again(host: Confluence, tmp_path: Path) -> None:
    host.refusals += [
        (host.pages_made, (429, {"Retry-After": "1"}, b"")),
        (host.children, (500, {}, b"")),
        (host.spaces, (503, {"Retry-After": "0"}, b"")),
    ]
    assert set(pushed(host, three(tmp_path)).changes.write) == TITLES


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "does not accept the token"), (403, "does not allow"), (404, "has no"), (500, "is not working")],
)
def test_refusals_are_clear_and_hold_no_token(host: Confluence, tmp_path: Path, status: int, said: str) -> None:
    host.refusals += [(host.spaces, (status, {}, f"you sent {TOKEN}".encode()))] * 4
    with pytest.raises(PmctlError, match=said) as caught:
        pushed(host, three(tmp_path))
    assert TOKEN not in repr(caught.value.lines) and not host.writes()


def test_what_is_missing_is_named(host: Confluence, tmp_path: Path) -> None:
    for settings, said in (
        (WikiSettings("confluence"), "which space"),
        (SETTINGS._replace(space="XX"), "no space XX"),
        (SETTINGS._replace(parent="Nowhere"), "no page 'Nowhere'"),
        (SETTINGS._replace(parent="999"), "has no page 999"),
    ):
        with pytest.raises(PmctlError, match=said):
            pushed(host, three(tmp_path), settings)
    assert pushed(host, three(tmp_path), SETTINGS._replace(parent="2")).changes.write
    with pytest.raises(EnvironmentProblem, match="no address for Confluence") as caught:
        push(Collection(()), SETTINGS, from_environment({}))
    assert "CONFLUENCE_URL" in str(caught.value.hint)
    with pytest.raises(UsageProblem, match="not https"):
        values = {"URL": "http://x.example", "EMAIL": "a", "TOKEN": "b"}
        push(Collection(()), SETTINGS, from_environment({f"CONFLUENCE_{key}": value for key, value in values.items()}))


def test_two_with_one_title_have_titles_of_their_own(host: Confluence, tmp_path: Path) -> None:
    alike = [article(tmp_path, f"2024-01-01-{slug}", title, "x\n") for slug, title in (("b", "SAME"), ("a", "Same"))]
    pushed(host, alike)
    assert host.titles() == {"Same (2024-01-01)", "SAME (2024-01-01-b)"}


HALF: Reply = (200, {"Content-Length": "999", "Content-Type": "application/json"}, b'{"id": "10')
FAULTS = {
    "pages_made": (500, HALF), "files": (403, 404, HALF), "notes_made": (409, 429, HALF), "page": (404, 500, HALF),
    "notes_changed": (403, HALF),
}  # fmt: skip


@pytest.mark.parametrize("step", FAULTS)
def test_after_a_fault_at_any_step_the_next_push_goes_on(host: Confluence, tmp_path: Path, step: str) -> None:
    first = three(tmp_path)[2]
    changes = step in ("page", "notes_changed")
    request = f"PUT {host.page.format('[0-9]+')}" if step == "page" else getattr(host, step)
    for number, fault in enumerate(FAULTS[step]):
        if changes and not number:
            pushed(host, [first])
        elif not changes:
            host.pages = {one: host.pages[one] for one in ("1", "2")}
        body = f"## Summary\n\n![graph](<2024-01-01-first/graph 1.png>) {number}\n"
        wanted = replace(first, body=body) if changes else first
        host.refusals = [(request, fault if isinstance(fault, tuple) else (fault, {}, f"{TOKEN}".encode()))] * 4
        failed = ""
        try:
            pushed(host, [wanted])
        except PmctlError as problem:
            failed = repr((problem.lines, problem.hint))
        assert TOKEN not in failed and len(host.refusals) < 4, "it was asked"
        host.refusals = []
        assert not pushed(host, [wanted]).changes.kept, "what pmctl wrote is not taken for a person's"
        (page,) = (one for one in host.pages.values() if one["parentId"] == "2")
        assert not changes or f" {number}" in page["body"]["storage"]["value"]
        assert host.attachments[page["id"]] and host.properties[page["id"]]
        assert not pushed(host, [wanted]).changes.write and not host.writes()


def test_a_page_that_vanishes_while_its_files_are_sent_is_made_anew(
    server: Server, host: Confluence, tmp_path: Path
) -> None:
    first = three(tmp_path)[2]
    gone: list[str] = []

    def meddling(method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        if not gone and re.fullmatch(host.files, f"{method} {path}"):
            gone.append(host.titled("First (2024-01-01)")["id"])
            del host.pages[gone[0]]
            return 404, {}, b"{}"
        return host.answer(method, path, query, body)

    server.answer = meddling
    assert pushed(host, [first]).changes.write == ("First (2024-01-01)",)
    page = host.titled("First (2024-01-01)")
    assert page["id"] != gone[0] and host.properties[page["id"]] and host.attachments[page["id"]]


def test_a_changed_picture_replaces_the_old_one(host: Confluence, tmp_path: Path) -> None:
    pushed(host, three(tmp_path))
    articles = three(tmp_path)
    (tmp_path / "2024-01-01-first" / "graph 1.png").write_bytes(PNG + b"more")
    articles = [*articles[:2], replace(articles[2])]
    again = [article(tmp_path, "2024-01-01-first", "First", articles[2].body)]
    assert pushed(host, [*articles[:2], *again]).changes.write == ("First (2024-01-01)",)
    assert sum("attachment" in one for one in host.writes()) == 1
    assert not pushed(host, [*articles[:2], *again]).changes.write


def test_who_never_answers_is_given_up(
    server: Server, host: Confluence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TIMEOUT", 0.05)
    over = threading.Event()

    def silent(method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        over.wait()
        return 200, {}, b"{}"

    server.answer = silent
    try:
        with pytest.raises(EnvironmentProblem, match="did not answer"):
            pushed(host, three(tmp_path))
    finally:
        over.set()


@pytest.mark.parametrize("url", ["https://x.atlassian.net", "https://api.atlassian.com/ex/confluence/1"])
def test_cloud_needs_a_user(url: str) -> None:
    with pytest.raises(EnvironmentProblem, match="no user for Confluence Cloud") as caught:
        push(Collection(()), SETTINGS, from_environment({"CONFLUENCE_URL": url, "CONFLUENCE_TOKEN": TOKEN}))
    assert "CONFLUENCE_EMAIL" in str(caught.value.hint) and TOKEN not in repr(caught.value)
