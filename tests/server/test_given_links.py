"""Links that a server answers: until they end, for whoever has them, and for nobody who guesses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from pmctl.repository.links import REF
from tests.cli.play import Settings
from tests.server.api import Office


@pytest.fixture(scope="module")
def office(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = Office.of(settings.at("published", tmp_path_factory.mktemp("links") / "stage"))
    yield made
    made.end()


@pytest.fixture(scope="module")
def port(office: Office) -> int:
    return office.serve()


def given(office: Office, *more: str) -> str:
    words = " ".join(("pmctl public link $ID --full --served --at https://pm.example.com/", *more))
    said = office.play.do("jane", words).strip()
    assert said.startswith("https://pm.example.com/l/")
    return said.removeprefix("https://pm.example.com")


def test_a_link_shows_its_page_until_it_is_revoked(office: Office, port: int) -> None:
    place = given(office)
    answer = office.ask(port, "GET", place)
    assert answer.status == 200 and b"Root Cause" in answer.body
    for name, value in (("cache-control", "no-store"), ("referrer-policy", "no-referrer")):
        assert answer.headers[name] == value
    assert "noindex" in answer.headers["x-robots-tag"]
    listed = json.loads(office.play.do("jane", "pmctl public links --format json"))["links"]
    assert [(one["served"], one["state"], one["file"]) for one in listed] == [(True, "open", "")]
    kept = office.play.do("jane", f"git log -p {REF}")
    secret = place.rpartition("-")[2]
    assert secret not in kept and listed[0]["id"] in kept
    said = office.play.run("jane", f"pmctl public revoke {listed[0]['id']} -m 'wrong reader'")
    assert said.returncode == 0 and "from the next request on" in said.stderr, said
    assert office.ask(port, "GET", place).status == 404
    assert office.ask(port, "GET", "/api/postmortems").status == 401  # a link opens nothing else


def test_what_is_no_link_and_what_has_ended_look_the_same(office: Office, port: int) -> None:
    place = given(office)
    number, _, secret = place.rpartition("/")[2].partition("-")
    other = given(office).rpartition("-")[2]
    answers = [
        office.ask(port, "GET", f"/l/{one}")
        for one in (f"{number}-{secret[:-1]}", f"{number}-{other}", f"zzzzzzzzzz-{secret}", "x", "%00" * 9)
    ]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.body for answer in answers[:4]}) == 1
    assert all(secret.encode() not in answer.body for answer in answers)
    assert office.ask(port, "GET", place).status == 200


def test_an_expired_link_shows_nothing(office: Office) -> None:
    place = given(office, "--expires 1h")
    served = office.serve("later")
    assert office.ask(served, "GET", place).status == 200
    office.play.environment["PMCTL_NOW"] = "2036-01-01T00:00:00Z"
    try:
        assert office.ask(office.serve("much-later"), "GET", place).status == 404
    finally:
        del office.play.environment["PMCTL_NOW"]


def test_guessing_is_slow(office: Office) -> None:
    port = office.serve("guessed")
    codes = {office.ask(port, "GET", f"/l/{number:010d}-{'A' * 43}").status for number in range(200)}
    assert codes == {404, 429}


def test_no_file_and_an_address(office: Office) -> None:
    for words, said in (("-o x.html", "leave -o out"), ("--at 'javascript:x'", "no web address")):
        refused = office.play.run("jane", f"pmctl public link $ID --full --served {words}")
        assert refused.returncode == 2 and said in refused.stderr, refused
    refused = office.play.run("bob", "pmctl public link $ID --full --served")
    assert refused.returncode == 1 and re.search("AU308", refused.stderr)
