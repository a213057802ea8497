"""integrations login google: a browser that is a test, an authorization server on loopback, one answer."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from pmctl.cli import integrations
from pmctl.errors import EnvironmentProblem
from pmctl.services import google_oauth, loopback
from pmctl.services.secrets import from_environment
from tests.attacks.gate import Said, command
from tests.services.calendars import CLIENT, CLIENT_SECRET, CREDENTIALS, SCOPES, Google
from tests.services.trackers import serving
from tests.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(tmp_path_factory.mktemp("login") / "team")
    made.init()
    return made


@pytest.fixture
def google() -> Iterator[Google]:
    with serving(Google()) as server:
        assert isinstance(server, Google)
        yield server


def _visit(address: str) -> None:
    try:
        urlopen(address).close()  # noqa: S310  an address of this test
    except HTTPError:
        return


def log_in(
    world: World, google: Google, monkeypatch: pytest.MonkeyPatch, visit: Callable[[str], None] = _visit, **environ: str
) -> Said:
    """Type the command; the address that it would show is visited."""
    shown: list[threading.Thread] = []
    address = google_oauth.address

    def visited(*arguments: object) -> str:
        found = address(*arguments)  # type: ignore[arg-type]
        shown.append(threading.Thread(target=visit, args=(found,)))
        shown[-1].start()
        return found

    monkeypatch.setattr(google_oauth, "address", visited)
    given = {"GOOGLE_URL": google.base, "GOOGLE_CLIENT_ID": CLIENT, "GOOGLE_CLIENT_SECRET": CLIENT_SECRET, **environ}
    said = command(world, "jane", "integrations", "login", "google", **given)
    for one in shown:
        one.join()
    assert CLIENT_SECRET not in said.err
    return said


def test_the_credential_is_printed_once_and_kept_nowhere(
    world: World, google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integrations, "_opened", lambda address: pytest.fail("nobody sits at a terminal"))
    said = log_in(world, google, monkeypatch)
    assert said.code == 0, said.err
    assert json.loads(said.out) == json.loads(CREDENTIALS)
    assert "jane@example.com" in said.err
    assert "s3cret" not in said.err
    written = [one for folder in (world.path, world.user_folder) for one in folder.rglob("*") if one.is_file()]
    assert not [one for one in written if b"s3cret" in one.read_bytes()]
    grant = google_oauth.refreshed(
        from_environment({"GOOGLE_CREDENTIALS": said.out, "GOOGLE_URL": google.base}), lambda said: None
    )
    assert (grant.account, grant.missing) == ("jane@example.com", ())


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"login": "deny"}, 1, "it was not allowed"),
        ({"login": "forge"}, 2, "wrong state"),
        ({"refresh": ""}, 2, "no refresh token"),
        ({"scopes": SCOPES.rpartition(" ")[0]}, 1, "tick the box"),
    ],
)
def test_what_goes_wrong_is_said_and_nothing_is_printed(
    world: World, google: Google, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], code: int, said: str
) -> None:
    for key, value in changes.items():
        setattr(google, key, value)
    answer = log_in(world, google, monkeypatch)
    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err


def test_another_client_and_none(world: World, google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = log_in(world, google, monkeypatch, GOOGLE_CLIENT_SECRET="other")
    assert (answer.code, answer.out) == (2, "")
    assert "does not know the OAuth client" in answer.err
    answer = log_in(world, google, monkeypatch, GOOGLE_CLIENT_ID="")
    assert answer.code == 2
    assert "GOOGLE_CLIENT_ID is not set" in answer.err
    assert command(world, "jane", "integrations", "login", "gogle").code == 2


def _asked(address: str, host: str, path: str, method: str = "GET") -> int:
    connection = http.client.HTTPConnection(urlsplit(address).netloc)
    connection.request(method, path, headers={"Host": host})
    status = connection.getresponse().status
    connection.close()
    return status


def test_who_is_no_answer_is_turned_away(world: World, google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of the web whose name leads here, a probe for other paths, and whoever says nothing at all."""
    statuses: list[int] = []

    def visit(address: str) -> None:
        back = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        host, state = urlsplit(back).netloc, parse_qs(urlsplit(address).query)["state"][0]
        silent = http.client.HTTPConnection(host)
        silent.connect()
        statuses.extend((
            _asked(back, "evil.example", f"/?code=4/0&state={state}"), _asked(back, host, "/favicon.ico"),
            _asked(back, host, "/"), _asked(back, host, f"/?code=4/0&state={state}", "POST"),
        ))  # fmt: skip
        _visit(address)
        silent.close()

    said = log_in(world, google, monkeypatch, visit)
    assert said.code == 0, said.err
    assert statuses == [421, 404, 404, 501]


def test_one_answer_is_taken_and_the_port_is_closed() -> None:
    with loopback.listening() as listener:
        host = urlsplit(listener.address).netloc
        assert _asked(listener.address, host, "/?code=1&state=a") == 200
        assert _asked(listener.address, host, "/?code=2&state=b") == 410
        assert listener.answer() == {"code": "1", "state": "a"}
    with pytest.raises(OSError, match="refused"):
        _asked(listener.address, host, "/?code=3")


def test_nobody_comes(tmp_path: Path) -> None:
    before = threading.active_count()
    with pytest.raises(EnvironmentProblem, match="nobody came back"), loopback.listening() as listener:
        listener.answer(0.01)
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert threading.active_count() <= before
