"""Acts by way of the server: it makes the bytes, the person signs them in a clone or a client of their own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from pmctl.ledger import record
from pmctl.policy.act import ACTS, AMEND
from pmctl.server.models import WantedAct
from pmctl.server.signed_acts import KINDS
from tests.cli.play import ID, Settings
from tests.server.api import Answer, Office

ACTS_OF = f"/api/postmortems/{ID}/acts"


@pytest.fixture(scope="module")
def office(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A team with a postmortem in review by bob and alice, and its git server."""
    made = Office.of(settings.at("review", tmp_path_factory.mktemp("acts") / "stage"))
    yield made
    made.end()


@pytest.fixture(scope="module")
def port(office: Office) -> int:
    return office.serve()


def signed(office: Office, person: str, text: str, namespace: str = record.NAMESPACE) -> str:
    """What `ssh-keygen -Y sign` makes of a text with a person's key."""
    file = office.play.root.parent / "to-sign"
    file.write_text(text)
    key = Path(office.play.environment["KEYS"]) / person
    file.with_name("to-sign.sig").unlink(missing_ok=True)
    words = ("ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", namespace, str(file))
    subprocess.run(words, check=True, capture_output=True)
    return file.with_name("to-sign.sig").read_text()


def drafted(office: Office) -> None:
    """Let the postmortem be a draft, whichever tests ran before."""
    office.play.do("jane", "git pull -q --rebase")
    if "status: IN_REVIEW" in office.play.file.read_text():
        office.play.do("jane", f"pmctl withdraw {ID} && git push -q origin main")


def complete(office: Office, port: int, prepared: dict[str, Any], signature: str, token: str) -> Answer:
    body = {"record": prepared["record"], "signature": signature}
    return office.ask(port, "PUT", f"{ACTS_OF}/{prepared['digest']}", body, token)


def test_all_acts_that_can_be_named_can_be_asked_for() -> None:
    offered = WantedAct.model_json_schema()["properties"]["act"]["enum"]
    assert tuple(offered) == KINDS == tuple(one.name for one in ACTS.values() if one.help and one.name != AMEND)


def test_an_approval_is_signed_by_its_person_and_by_nobody_else(office: Office, port: int) -> None:
    bob, jane = office.token("bob", "--scope write"), office.token("jane", "--scope write")
    before = office.play.do("alice", f"git -C {office.origin} rev-parse main")
    assert office.ask(port, "POST", ACTS_OF, {"act": "approve"}, office.token("bob")).status == 403
    refused = office.ask(port, "POST", ACTS_OF, {"act": "approve"}, jane)
    assert refused.status == 409 and "AU3" in refused.json["detail"], refused.body
    assert office.ask(port, "POST", ACTS_OF, {"act": "amend"}, bob).status == 422
    answer = office.ask(port, "POST", ACTS_OF, {"act": "approve", "note": "Well told"}, bob)
    assert answer.status == 200, answer.body
    asked = answer.json
    said = json.loads(asked["record"])
    assert (said["act"], said["by"], said["doc"], said["note"]) == ("approve", "bob", ID, "Well told")

    good = signed(office, "bob", asked["record"])
    assert complete(office, port, asked, signed(office, "jane", asked["record"]), bob).status == 422
    assert complete(office, port, asked, signed(office, "bob", asked["record"], "git"), bob).status == 422
    assert complete(office, port, asked, signed(office, "bob", asked["record"] + " "), bob).status == 422
    assert complete(office, port, asked, "", bob).status == 422
    assert complete(office, port, asked, good, jane).status == 409
    assert complete(office, port, asked | {"digest": "0" * 64}, good, bob).status == 422
    assert office.play.do("alice", f"git -C {office.origin} rev-parse main") == before

    landed = complete(office, port, asked, good, bob)
    assert landed.status == 201, landed.body
    assert landed.json["commit"] == office.play.do("alice", f"git -C {office.origin} rev-parse main").strip()
    assert complete(office, port, asked, good, bob).status == 200
    office.play.do("alice", "git pull -q --rebase")
    assert "passed" in office.play.do("alice", "pmctl audit")


def test_what_changed_in_between_is_signed_again(office: Office, port: int) -> None:
    """What is prepared rests on the postmortem, not on the branch: another commit leaves it good, an edit does not."""
    jane, alice = office.token("jane", "--scope write"), office.token("alice", "--scope write")
    asked = office.ask(port, "POST", ACTS_OF, {"act": "withdraw"}, jane).json
    signature = signed(office, "jane", asked["record"])
    assert office.ask(port, "POST", "/api/postmortems", {"title": "Something else"}, alice).status == 201
    whole = office.ask(port, "GET", f"/api/postmortems/{ID}", token=jane)
    change = office.ask(
        port, "PATCH", f"/api/postmortems/{ID}", {"title": "A better title"}, jane, If_Match=whole.headers["etag"]
    )
    assert change.status == 200, change.body
    stale = complete(office, port, asked, signature, jane)
    assert stale.status == 409 and "has changed since" in stale.json["detail"], stale.body

    asked = office.ask(port, "POST", ACTS_OF, {"act": "withdraw"}, jane).json
    signature = signed(office, "jane", asked["record"])
    assert office.ask(port, "POST", "/api/postmortems", {"title": "And something more"}, alice).status == 201
    elsewhere = asked | {"record": asked["record"].replace(ID, "2024-01-01-another")}
    assert complete(office, port, elsewhere, signature, jane).status == 422
    assert complete(office, port, asked, signature, jane).status == 201
    office.play.do("alice", "git pull -q --rebase")
    assert "passed" in office.play.do("alice", "pmctl audit")


def test_the_command_line_signs_what_the_server_lands(office: Office, port: int) -> None:
    play, remote = office.play, f"--remote http://127.0.0.1:{port}"
    drafted(office)
    without = play.run("jane", f"pmctl submit {ID} --reviewer bob {remote}")
    assert without.returncode == 2 and "PMCTL_TOKEN" in without.stderr
    tokens = {one: {"PMCTL_TOKEN": office.token(one, "--scope write")} for one in ("alice", "bob", "jane")}

    def do(person: str, line: str) -> subprocess.CompletedProcess[str]:
        done = play.run(person, f"{line} {remote}", env=tokens[person])
        assert done.returncode == 0, done.stderr
        return done

    assert "DRAFT -> IN_REVIEW" in do("jane", f"pmctl submit {ID} --reviewer bob").stdout
    whole = office.ask(port, "GET", f"/api/postmortems/{ID}", token=tokens["jane"]["PMCTL_TOKEN"])
    change = {"summary": "Cards were refused for 45 minutes."}
    headers = {"If_Match": whole.headers["etag"]}
    done = office.ask(port, "PATCH", f"/api/postmortems/{ID}", change, tokens["jane"]["PMCTL_TOKEN"], **headers)
    assert done.status == 200, done.body
    stale = play.run("bob", f"pmctl approve {ID} {remote}", env=tokens["bob"])
    assert stale.returncode == 1 and "another text" in stale.stderr and "git pull" in stale.stderr, stale.stderr
    play.do("bob", "git pull -q --rebase")
    told = json.loads(do("bob", f"pmctl approve {ID} -m Good --format json").stdout)
    assert (told["act"], told["by"], told["id"]) == ("approve", "bob", ID)
    play.do("alice", "git pull -q --rebase")
    assert "IN_REVIEW -> PUBLISHED" in do("alice", f"pmctl publish {ID}").stdout
    refused = play.run("bob", f"pmctl archive {ID} {remote}", env=tokens["bob"])
    assert refused.returncode == 1 and "the server says: AU3" in refused.stderr, refused.stderr

    play.do("alice", "git pull -q --rebase")
    file = play.root / ".pmctl" / "policy.yaml"
    text = file.read_text().replace("version: 3\n", "version: 4\n").replace("edits: attributed", "edits: signed")
    file.write_text(text)
    told = json.loads(do("alice", "pmctl policy sign --format json").stdout)
    assert (told["before"], told["after"]) == ("3", "4")
    play.do("alice", "git checkout -q . && git pull -q --rebase")
    assert file.read_text() == text
    do("alice", f"pmctl archive {ID}")
    do("alice", f"pmctl reopen {ID} -m 'It happened again'")
    play.do("alice", "git pull -q --rebase")
    assert "passed" in play.do("alice", "pmctl audit")


class _Fake(BaseHTTPRequestHandler):
    """A server that hands over the same record whatever is asked for, and counts what it gets signed."""

    answer = b""
    signed = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def do_PUT(self) -> None:
        type(self).signed += 1

    def log_message(self, *args: object) -> None:
        """Nobody reads it."""


def test_nothing_is_signed_that_was_not_meant(office: Office, port: int) -> None:
    """A server that hands over the record of another act, another person, note or repository: none is signed."""
    play = office.play
    token = {"PMCTL_TOKEN": office.token("jane", "--scope write")}
    drafted(office)
    wanted = {"act": "submit", "reviewers": ["bob"]}
    asked = office.ask(port, "POST", ACTS_OF, wanted, token["PMCTL_TOKEN"])
    assert asked.status == 200, asked.body
    honest = json.loads(asked.json["record"])
    others = (
        {"act": "publish"}, {"by": "alice"}, {"note": "I agree"}, {"reviewers": ["jane"]},
        {"root": "sha256:" + "0" * 64}, {"doc": "2024-01-01-another"}, {"content": "sha256:" + "0" * 64},
    )  # fmt: skip
    with ThreadingHTTPServer(("127.0.0.1", 0), _Fake) as fake:
        Thread(target=fake.serve_forever, daemon=True).start()
        for other in others:
            text = json.dumps(honest | other, sort_keys=True, separators=(",", ":")) + "\n"
            _Fake.answer = json.dumps(asked.json | {"record": text}).encode()
            done = play.run(
                "jane", f"pmctl submit {ID} --reviewer bob --remote http://127.0.0.1:{fake.server_port}", env=token
            )
            assert done.returncode in (1, 2) and "Traceback" not in done.stderr, (other, done.stderr)
        fake.shutdown()
    assert _Fake.signed == 0
