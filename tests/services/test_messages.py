"""How a message is laid out and sent: limits, hostile text, signatures, refusals, TLS."""

from __future__ import annotations

import email
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from pmctl.errors import EnvironmentProblem, PmctlError, UsageProblem
from pmctl.services import mail, slack_chat, teams, webhook
from pmctl.services.message import Message, NotTaken
from pmctl.services.retrying import Uncertain
from pmctl.services.secrets import from_environment
from tests.services.fakes import Fake, Mailbox, Reply, Request, Slack, mail_server, said, served

NOW = datetime(2024, 1, 18, 9, 0, tzinfo=UTC)
TOKEN = "xoxb-s3cr3t-T0KEN"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDC2FVsBQI"
MESSAGE = Message(
    "ev-1", "Payment API outage: published by jane", "2024-01-18", ("approved by bob",), "2024-01-15-x",
    "Payment API outage", "Published", "SEV2", "45 minutes", "Duration: 45 minutes", "It was down.", "Bob Ray",
    "https://pm.example.com/a_(1)?x=1&y=2",
    ({"id": "ev-1", "kind": "published", "at": "2024-01-18T09:00:00Z", "postmortem": "2024-01-15-x"},),
)  # fmt: skip
HOSTILE = "<!channel> & <@U1> <https://evil.example|click> [x](https://evil.example) *b* \r\nBcc: all@example.com"


def quiet(said: str) -> None:
    """Nobody waits."""


@pytest.fixture
def fake() -> Iterator[Fake]:
    with served(Fake()) as made:
        yield made


def texts(value: Any) -> list[str]:
    """Every text that Slack would read as mrkdwn."""
    if isinstance(value, dict):
        own = [value["text"]] if value.get("type") == "mrkdwn" else []
        return own + [one for inner in value.values() for one in texts(inner)]
    return [one for inner in value for one in texts(inner)] if isinstance(value, list) else []


# Slack


@pytest.mark.parametrize("letter", ["x", "&", "<", "é", "\U0001f600"])
def test_slack_blocks_stay_within_their_limits(letter: str) -> None:
    long = letter * 20_000
    body = slack_chat.body(replace(
        MESSAGE, reason=long, title=long, summary=long, impact=long, state=long, approved=long, severity=long,
        duration=long, lines=(long,) * 300,
    ))  # fmt: skip
    assert len(body["blocks"]) <= 50
    assert len(json.dumps(body["blocks"], ensure_ascii=False)) < 13_200
    for block in body["blocks"]:
        if block["type"] == "header":
            assert 0 < len(block["text"]["text"]) <= 150
        if block["type"] == "section" and "text" in block:
            assert 0 < len(block["text"]["text"]) <= 3000
        for one in block.get("fields", []):
            assert len(one["text"]) <= 2000
    assert len(body["text"]) <= 3000


def test_slack_reads_nothing_in_a_text() -> None:
    body = slack_chat.body(replace(MESSAGE, reason=HOSTILE, title=HOSTILE, summary=HOSTILE, lines=(HOSTILE,)))
    links = [one for text in texts(body["blocks"]) for one in re.findall("<[^>]*>", text)]
    assert links == ["<https://pm.example.com/a_(1)?x=1&amp;y=2|Open the postmortem>"]
    assert "<" not in body["text"]
    assert body["blocks"][0]["text"]["type"] == "plain_text"


def connected(fake: Fake) -> Any:
    return slack_chat.connected(from_environment({"SLACK_TOKEN": TOKEN, "SLACK_URL": fake.url}), quiet)


@pytest.mark.parametrize(
    "word", ["not_in_channel", "channel_not_found", "is_archived", "invalid_auth", "missing_scope"]
)
def test_slack_refusals_say_what_to_do(fake: Fake, word: str) -> None:
    fake.reply = lambda request: said({"ok": False, "error": word, "needed": "chat:write"})
    with connected(fake) as service, pytest.raises(NotTaken, match=word) as refused:
        slack_chat.post(service, "C1", MESSAGE, {})
    assert refused.value.hint
    assert "needs chat:write" in refused.value.message
    assert TOKEN not in f"{refused.value}{refused.value.hint}"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ((500, {}, b""), Uncertain),
        ((200, {}, b"<html>"), Uncertain),
        ((200, {"Content-Length": "500", "Connection": "close"}, b'{"ok": tr'), Uncertain),
        (said({"ok": False, "error": "internal_error"}), Uncertain),
        ((401, {}, b""), EnvironmentProblem),
        ((403, {}, b""), EnvironmentProblem),
        ((404, {}, b""), PmctlError),
        ((429, {"Retry-After": "3600"}, b""), EnvironmentProblem),
    ],
)
def test_slack_may_be_out_of_order(fake: Fake, reply: Reply, kind: type[PmctlError]) -> None:
    fake.reply = lambda request: reply
    with connected(fake) as service, pytest.raises(kind) as failed:
        slack_chat.post(service, "C1", MESSAGE, {})
    assert isinstance(failed.value, Uncertain) == (kind is Uncertain)
    assert len(fake.seen) == 1
    assert TOKEN not in f"{failed.value}{failed.value.hint}"


def test_a_message_that_was_deleted_is_sent_anew(fake: Fake) -> None:
    slack = Slack(TOKEN, channels={"C1"})
    fake.reply = slack.reply
    with connected(fake) as service:
        receipt = slack_chat.post(service, "C1", MESSAGE, {"channel": "C1", "ts": "1.0"})
    assert receipt.place["ts"] in slack.posts
    assert slack.threads == []


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ((200, {}, b"ok"), None),
        ((404, {}, b"no_service"), NotTaken),
        ((400, {}, b"invalid_payload"), NotTaken),
        ((410, {}, b"channel_is_archived"), NotTaken),
        ((200, {}, b"maybe"), Uncertain),
        ((302, {"Location": "https://elsewhere.example/"}, b""), EnvironmentProblem),
        ((302, {"Location": "http://[/"}, b""), PmctlError),
    ],
)
def test_slack_incoming_webhooks(fake: Fake, reply: Reply, kind: type[PmctlError] | None) -> None:
    fake.reply = lambda request: reply
    address = f"{fake.url}/services/T1/B1/s3cr3t-part"
    if kind is None:
        assert slack_chat.post_to_webhook(address, "SLACK_WEBHOOK_OPS", MESSAGE, quiet).answer == "ok"
        assert fake.seen[0].path == "/services/T1/B1/s3cr3t-part"
        return
    with pytest.raises(kind) as failed:
        slack_chat.post_to_webhook(address, "SLACK_WEBHOOK_OPS", MESSAGE, quiet)
    assert "s3cr3t" not in f"{failed.value}{failed.value.hint}"


@pytest.mark.parametrize("address", ["http://hooks.example/s3cr3t", "s3cr3t", "https://hooks.example/s3cr3t x", "//"])
def test_an_address_that_is_none_is_not_shown(address: str) -> None:
    with pytest.raises(UsageProblem, match="SLACK_WEBHOOK_OPS") as refused:
        slack_chat.post_to_webhook(address, "SLACK_WEBHOOK_OPS", MESSAGE, quiet)
    assert "s3cr3t" not in f"{refused.value}{refused.value.hint}"


# Teams


def test_teams_gets_a_card_that_fits() -> None:
    long = "é" * 20_000
    for message in (
        MESSAGE,
        replace(MESSAGE, summary=long),
        replace(MESSAGE, lines=(long,) * 100, title=long, url=f"https://{long}"),
    ):
        body = teams.body(message)
        assert len(json.dumps(body).encode()) <= 28 * 1024
        [card] = body["attachments"]
        assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
        assert card["content"]["type"] == "AdaptiveCard"
        assert card["content"]["body"]


def test_teams_reads_no_link_in_a_text() -> None:
    shown = json.dumps(teams.body(replace(MESSAGE, summary=HOSTILE)))
    assert "](https" not in shown.replace("\\\\](", "")
    assert "<@" not in shown


@pytest.mark.parametrize(("status", "kind"), [(202, None), (404, NotTaken), (413, NotTaken), (502, Uncertain)])
def test_teams_answers(fake: Fake, status: int, kind: type[PmctlError] | None) -> None:
    fake.reply = lambda request: (status, {}, b"")
    address = f"{fake.url}/workflows/1?sig=s3cr3t"
    if kind is None:
        assert "does not say" in teams.post(address, "TEAMS_WEBHOOK_PAY", MESSAGE, quiet).answer
        assert fake.seen[0].path.endswith("?sig=s3cr3t")
        return
    with pytest.raises(kind) as failed:
        teams.post(address, "TEAMS_WEBHOOK_PAY", MESSAGE, quiet)
    assert "s3cr3t" not in f"{failed.value}{failed.value.hint}"


# Webhooks


def hooks(fake: Fake, secret: str) -> Any:
    return from_environment({"PMCTL_WEBHOOK_BOT_URL": f"{fake.url}/hook", "PMCTL_WEBHOOK_BOT_SECRET": secret})


@pytest.mark.parametrize("secret", [SECRET, f"{OTHER} {SECRET}"])
def test_webhooks_are_signed_as_others_verify_it(fake: Fake, secret: str) -> None:
    webhook.post(hooks(fake, secret), "bot", MESSAGE, quiet)
    [request] = fake.seen
    body = Webhook(SECRET).verify(request.data.decode(), request.headers)
    assert body["type"] == "published"
    assert body["data"]["id"] == request.headers["webhook-id"] == "ev-1"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.data.decode().replace("published", "deleted"), request.headers)


@pytest.mark.parametrize("secret", ["", "s3cr3t", "whsec_s3cr3t", "whsec_!!!", f"{SECRET} s3cr3t"])
def test_a_secret_that_is_none_is_not_shown(fake: Fake, secret: str) -> None:
    with pytest.raises(EnvironmentProblem, match="PMCTL_WEBHOOK_BOT_SECRET") as refused:
        webhook.post(hooks(fake, secret), "bot", MESSAGE, quiet)
    assert "s3cr3t" not in refused.value.message
    assert fake.seen == []


# Mail


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    made = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-out", str(made[0]), "-keyout", str(made[1])],
        check=True, capture_output=True,
    )  # fmt: skip
    return made


@pytest.fixture(params=["smtps", "smtp+starttls"])
def box(
    request: pytest.FixtureRequest, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Mailbox, str]]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with mail_server(Mailbox(login=("pm", "s3cr3t")), *certificate, at_once=request.param == "smtps") as made:
        yield made, f"{request.param}://localhost:{made.port}"


def sending(url: str, to: tuple[str, ...] = ("bob@example.com",), message: Message = MESSAGE, **more: str) -> str:
    secrets = from_environment(
        {"SMTP_URL": url, "SMTP_USER": "pm", "SMTP_PASSWORD": "s3cr3t", "SMTP_FROM": "PM <pm@example.com>", **more}
    )
    where = mail.server(secrets)
    assert where is not None
    composed = mail.compose(message, (where.name, where.sender), list(to), "root", NOW)
    return mail.send(where, secrets, composed, to).answer


def test_a_mail_arrives(box: tuple[Mailbox, str]) -> None:
    assert sending(box[1]) == "taken"
    [(to, data)] = box[0].kept
    assert to == ["bob@example.com"]
    got = email.message_from_bytes(data, policy=default)
    assert got["Subject"] == "[postmortem] Payment API outage"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Date"] == "Thu, 18 Jan 2024 09:00:00 +0000"
    text = got.get_body(("plain",)).get_content()
    assert text.splitlines()[0] == "Payment API outage: published by jane"
    html = got.get_body(("html",)).get_content()
    assert "max-width:600px" in html
    assert "a_(1)?x=1&amp;y=2" in html


def test_each_refused_recipient_is_named(box: tuple[Mailbox, str]) -> None:
    box[0].refused |= {"eve@example.com", "mal@example.com"}
    said = sending(box[1], ("bob@example.com", "eve@example.com", "mal@example.com"))
    assert "eve@example.com (550" in said
    assert "mal@example.com (550" in said
    assert box[0].kept[0][0] == ["bob@example.com"]
    with pytest.raises(NotTaken, match=r"for nobody: eve@example\.com"):
        sending(box[1], ("eve@example.com",))


def test_a_wrong_login_is_said_without_the_password(box: tuple[Mailbox, str]) -> None:
    with pytest.raises(NotTaken, match="does not accept the login") as refused:
        sending(box[1], SMTP_PASSWORD="wr0ng-s3cr3t")
    assert "s3cr3t" not in f"{refused.value}{refused.value.hint}"
    box[0].denies = b"5.7.30 basic authentication is not supported"
    with pytest.raises(NotTaken) as refused:
        sending(box[1])
    assert "Exchange Online" in str(refused.value.hint)


def test_a_server_that_breaks_off_leaves_it_open(box: tuple[Mailbox, str]) -> None:
    box[0].breaks = True
    with pytest.raises(Uncertain):
        sending(box[1])


def test_nobody_logs_in_without_tls(certificate: tuple[Path, Path]) -> None:
    with mail_server(Mailbox(login=("pm", "s3cr3t"), starttls=False), *certificate, at_once=False) as made:
        with pytest.raises(NotTaken, match="offers no TLS"):
            sending(f"smtp+starttls://localhost:{made.port}")
        with pytest.raises(UsageProblem, match="SMTP_URL is not encrypted"):
            sending(f"smtp://localhost:{made.port}")
        assert made.logins == []


def test_a_certificate_that_nobody_trusts(certificate: tuple[Path, Path]) -> None:
    with mail_server(Mailbox(login=("pm", "s3cr3t")), *certificate, at_once=True) as made:
        with pytest.raises(NotTaken, match="no certificate that is trusted"):
            sending(f"smtps://localhost:{made.port}")
        assert made.logins == []


def test_nobody_listens() -> None:
    with pytest.raises(NotTaken, match="can't be reached"):
        sending("smtps://localhost:9")


@pytest.mark.parametrize(
    "url", ["localhost", "https://x", "smtps://", "smtps://a:b@host", "smtps://host:999999", "smtp://mail.example"]
)
def test_a_server_that_is_none(url: str) -> None:
    with pytest.raises(UsageProblem, match="SMTP_URL"):
        sending(url)


def test_headers_take_nothing_from_a_text() -> None:
    made = mail.compose(
        replace(MESSAGE, title=HOSTILE, reason=HOSTILE), ("A\r\nBcc: x", "pm@example.com"), ["b@example.com"], "r", NOW
    )
    got = email.message_from_bytes(made.as_bytes(), policy=default)
    assert got["Bcc"] is None
    assert "\n" not in got["Subject"]
    html = got.get_body(("html",)).get_content()
    assert "<!channel>" not in html
    assert "&lt;!channel&gt;" in html
    with pytest.raises(UsageProblem):
        mail.usable("a@b\r\nBcc: c@d", "the policy")


def test_mails_about_one_postmortem_are_one_thread_and_the_same_mail_is_the_same() -> None:
    def made(message: Message, root: str = "root", to: str = "b@example.com") -> Any:
        return mail.compose(message, ("PM", "pm@example.com"), [to], root, NOW)

    one, again, other = made(MESSAGE), made(MESSAGE), made(replace(MESSAGE, id="ev-2"))
    assert one["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert one["References"] == other["References"] == one["In-Reply-To"]
    assert made(MESSAGE, "fork")["References"] != one["References"]
    assert made(MESSAGE, to="c@example.com")["Message-ID"] != one["Message-ID"]


def test_mail_is_written_as_files(tmp_path: Path) -> None:
    made = mail.compose(MESSAGE, ("PM", "pm@example.com"), ["b@example.com"], "root", NOW)
    mail.write(tmp_path / "out", made)
    mail.write(tmp_path / "out", made)
    [file] = (tmp_path / "out").iterdir()
    assert email.message_from_bytes(file.read_bytes(), policy=default)["To"] == "b@example.com"
    with pytest.raises(EnvironmentProblem, match="cannot be written to"):
        mail.write(file, made)


def test_no_word_of_an_answer_reaches_the_terminal_raw(fake: Fake) -> None:
    def reply(request: Request) -> Reply:
        return said({"ok": False, "error": "\x1b[31mred"})

    fake.reply = reply
    with connected(fake) as service, pytest.raises(NotTaken) as refused:
        slack_chat.post(service, "C1", MESSAGE, {})
    assert "\x1b" not in str(refused.value)
