"""`pmctl wiki` as people and jobs type it: what it answers, what it refuses, what it reads from the settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pmctl.output.wiki.flavours import FLAVOURS
from pmctl.repository.settings import load_settings
from pmctl.repository.wiki_settings import WikiSettings
from tests.cli.play import Play, Settings


@pytest.fixture
def stage(settings: Settings, tmp_path: Path) -> Play:
    return settings.at("published", tmp_path / "play")


def wiki(stage: Play, words: str) -> dict[str, object]:
    answer = json.loads(stage.do("jane", f"pmctl wiki {words} --format json"))
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_every_flavour_answers_alike(stage: Play, flavour: str) -> None:
    answer = wiki(stage, f"build --flavour {flavour} -o out")
    assert (answer["flavour"], answer["audience"], answer["postmortems"]) == (flavour, "organization", 1)
    assert answer["written"] and not answer["kept"]
    files = {
        path.relative_to(stage.root / "out").as_posix() for path in (stage.root / "out").rglob("*") if path.is_file()
    }
    assert files == {*answer["written"], ".pmctl-wiki.json"}  # type: ignore[misc]


def test_the_settings_decide_where_no_option_does(stage: Play) -> None:
    (stage.root / "pmctl.yaml").write_text("wiki: {flavour: hugo, audience: 'person:jane'}\n")
    answer = wiki(stage, "build -o out")
    assert (answer["flavour"], answer["audience"]) == ("hugo", "person:jane")
    assert wiki(stage, "build -o other --flavour plain --audience organization")["audience"] == "organization"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("build --flavour nothing -o out", 2, "--flavour nothing"),
        ("build --audience team:nobody -o out", 2, "team:nobody"),
        ("build", 2, "-o"),
        ("push", 2, "no remote"),
        ("push --flavour hugo", 2, "where does a wiki"),
        ("push --to 'ext::touch x'", 2, "neither an address nor a remote"),
        ("push --flavour confluence --to x", 2, "--to has no meaning"),
        ("push --to /nowhere/at/all", 2, "there is no wiki at"),
    ],
)
def test_what_makes_no_sense_is_refused(stage: Play, words: str, code: int, said: str) -> None:
    done = stage.run("jane", f"pmctl wiki {words}")
    assert done.returncode == code and said in done.stdout + done.stderr
    assert not (stage.root / "out").exists()


def test_an_edited_page_ends_with_1_in_every_format(stage: Play) -> None:
    stage.do("jane", "pmctl wiki build --flavour plain -o out")
    (stage.root / "out/README.md").write_text("mine")
    done = stage.run("jane", "pmctl wiki build --flavour plain -o out --format json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["kept"] == [{"path": "README.md", "why": "somebody edited it in the wiki"}]


@pytest.mark.parametrize(
    "to",
    [
        "https://github.com/o/r.wiki.git", "git@gitlab.com:o/r.wiki.git", "ssh://git@example.com:22/o/r.wiki.git",
        "https://example.com:8443/x",
    ],
)  # fmt: skip
def test_addresses_that_the_settings_may_name(to: str) -> None:
    settings, findings = load_settings(f"wiki: {{to: '{to}'}}\n".encode())
    assert not findings and settings.wiki == WikiSettings(to=to)


@pytest.mark.parametrize(
    "wrong",
    [
        "to: /srv/wiki.git", "to: ./wiki.git", "to: 'file:///srv/x'", "to: 'ext::sh -c x'", "to: 'https://a:b@example.com/x'",
        "to: '-oProxyCommand=x:y'", "to: 'git@-x:y'", "to: origin", "to: 'http://example.com/x'", "flavour: githup",
        "audience: everybody", "space: 'A B'", "colour: blue", "parent: [x]", "to: 'git@host:-x'",
    ],
)  # fmt: skip
def test_settings_that_are_refused(wrong: str) -> None:
    settings, findings = load_settings(f"wiki: {{{wrong}}}\n".encode())
    assert findings and settings.wiki == WikiSettings()
