"""What leaves besides the pages: files in every form, a status page, mail. Only what was shared, and as it was."""

from __future__ import annotations

import email
import email.policy
import html
import io
import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pypdf import PdfReader

from pmctl.document.public_text import Part, rendered_markdown
from pmctl.insight.public import leaks
from pmctl.output import public_forms
from pmctl.output.public_pages import CHROME
from pmctl.output.schemas import published
from pmctl.repository import deliveries
from pmctl.rules.redaction_terms import Terms
from tests.attacks.gate import command
from tests.attacks.test_public import DATA, PATH, TEXT, share
from tests.services.fakes import Fake, Mailbox, Request, mail_server, served
from tests.world import DOC, World

TOKEN = "sp-s3cr3t"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("sending") / "first")
    world.init()
    world.published(incidents="[{source: statuspage, id: page1/inc7}]")
    world.write(PATH, DATA)
    world.commit("Draft the public text")
    share(world)
    return world


def page() -> tuple[dict[str, str], Callable[[Request], tuple[int, dict[str, str], bytes]]]:
    """A Statuspage with one resolved incident, as its documentation says that it behaves."""
    text: dict[str, str] = {}

    def reply(got: Request) -> tuple[int, dict[str, str], bytes]:
        if got.headers.get("authorization") != f"OAuth {TOKEN}":
            return 401, {}, b"{}"
        path = "/v1/pages/page1/incidents/inc7/postmortem"
        if got.path not in (path, f"{path}/publish"):
            return 404, {}, b"{}"
        if got.method == "GET" and not text:
            return 404, {}, b"{}"
        if got.method == "PUT" and got.path == path:
            text["body_draft"] = got.body["postmortem"]["body_draft"]
        elif got.method == "PUT":
            text.update(body=text["body_draft"], published_at="2024-01-18T00:00:00Z")
        return 200, {}, json.dumps(text).encode()

    return text, reply


@pytest.fixture
def statuspage() -> Iterator[tuple[dict[str, str], Fake]]:
    text, reply = page()
    with served(Fake(reply=reply)) as fake:
        yield text, fake


@pytest.mark.parametrize("form", ["md", "html", "json", "pdf"])
def test_every_form_says_what_was_shared_and_nothing_of_the_inside(made: World, tmp_path: Path, form: str) -> None:
    file = tmp_path / f"out.{form}"
    said = command(made, "jane", "export", DOC, "--public", "-o", str(file))
    assert said.code == 0, said
    data = file.read_bytes()
    if form == "pdf":
        reader = PdfReader(io.BytesIO(data))
        shown = " ".join(one.extract_text() for one in reader.pages) + json.dumps(
            dict(reader.metadata or {}), default=str
        )
    else:
        shown = html.unescape(data.decode())
    assert ("Payments failed" in shown and "for 45 minutes." in shown and "Resolved" in shown) or form in ("md", "json")
    assert not [word for word in (DOC, "jane", "Jane", "payment-api", "sha256:") if word in shown]
    if form == "md":
        assert data == rendered_markdown(TEXT)
    if form == "json":
        assert Draft202012Validator(published()["public-text"]()).is_valid(json.loads(data))
        assert json.loads(data)["parts"] == [{"title": "What happened", "text": "Payments failed for 45 minutes."}]


def test_what_nobody_shared_does_not_leave(made: World, tmp_path: Path) -> None:
    made.write(PATH, DATA.replace(b"45 minutes", b"5 minutes"))
    try:
        for words in (("export", DOC, "--public", "--to", "md"), ("public", "status-page", DOC)):
            assert "45 minutes" in command(made, "jane", *words).out  # the edit is not what customers read
    finally:
        made.git("checkout", "-q", "--", PATH)
    before = made.head
    assert command(made, "jane", "public", "unshare", DOC, "-m", "wrong").code == 0
    try:
        for words in (
            ("export", DOC, "--public", "--to", "html"), ("public", "status-page", DOC, "--send"),
            ("public", "mail", DOC, "--to", "ann@example.org", "--to-dir", str(tmp_path / "out")),
        ):  # fmt: skip
            said = command(made, "jane", *words)
            assert said.code == 1 and f"pmctl public share {DOC}" in said.err, said
        assert not (tmp_path / "out").exists()
    finally:
        made.git("reset", "-q", "--hard", before)
    said = command(made, "jane", "export", DOC, "--public", "--to", "md", "--evidence")
    assert said.code == 2


def test_a_form_that_says_more_than_was_checked_is_refused(
    made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever slips into what is rendered, by whichever form, keeps all of it from leaving."""
    from pmctl.output import public_forms, public_pages

    facts = public_pages.facts_of
    for leak in ("Rajesh", "db-7.prod.example.com", "OPS-4711", "Jane Doe"):
        more = lambda text, leak=leak: [*facts(text), ("Services", leak)]  # noqa: E731
        for module in (public_forms, public_pages):
            monkeypatch.setattr(module, "facts_of", more)
        for form in ("html", "pdf"):
            file = tmp_path / f"leak.{form}"
            said = command(made, "jane", "export", DOC, "--public", "-o", str(file))
            assert said.code == 1 and not file.exists(), (form, said)
        said = command(made, "jane", "public", "mail", DOC, "--to", "ann@example.org", "--to-dir", str(tmp_path / "x"))
        assert said.code == 1 and not (tmp_path / "x").exists()
        assert command(made, "jane", "public", "build", "-o", str(tmp_path / "site")).code == 1
        assert not list((tmp_path / "site").rglob("*.html"))


def test_a_status_page_is_shown_first_and_put_once(made: World, statuspage: tuple[dict[str, str], Fake]) -> None:
    text, fake = statuspage
    env = {"STATUSPAGE_URL": fake.url, "STATUSPAGE_TOKEN": TOKEN}
    said = command(made, "jane", "public", "status-page", DOC, **env)
    assert said.code == 0 and "## What happened" in said.out and "dry run" in said.err and "page1" in said.err
    assert not text and not fake.seen
    said = command(made, "jane", "public", "status-page", DOC, "--send", **env)
    assert said.code == 0, said
    assert text["body"] == text["body_draft"] == "## What happened\n\nPayments failed for 45 minutes.\n"
    [_, put, publish] = fake.seen
    assert (put.method, publish.method) == ("PUT", "PUT") and publish.body["postmortem"]["notify_subscribers"] is False
    assert TOKEN not in said.out + said.err
    said = command(made, "jane", "public", "status-page", DOC, "--send", "--notify", **env)
    assert said.code == 0 and "already" in said.err and len(fake.seen) == 4  # nobody is told twice
    found = [one for one in deliveries.opened(made.repo).deliveries() if one.channel == "status-page"]
    assert found and found[0].postmortem == DOC and TOKEN not in str(found)


@pytest.mark.parametrize(
    ("more", "env", "code", "words"),
    [
        (("--send",), {}, 2, "no token for Statuspage"),
        (("--send",), {"STATUSPAGE_TOKEN": "wrong"}, 2, "does not accept the token"),
        (("--send", "--incident", "page1/nope"), {"STATUSPAGE_TOKEN": TOKEN}, 2, "404"),
        (("--send", "--incident", "nope"), {"STATUSPAGE_TOKEN": TOKEN}, 2, "which page"),
        (("--send", "--incident", "a/b/c"), {"STATUSPAGE_TOKEN": TOKEN}, 2, "which page"),
        (("--notify",), {}, 2, "add --send"),
    ],
)  # fmt: skip
def test_what_a_status_page_refuses_is_said(
    made: World, statuspage: tuple[dict[str, str], Fake], more: tuple[str, ...], env: dict[str, str], code: int,
    words: str,
) -> None:  # fmt: skip
    text, fake = statuspage
    said = command(made, "jane", "public", "status-page", DOC, *more, STATUSPAGE_URL=fake.url, **env)
    assert said.code == code and words in said.err, said
    assert "body" not in text


def test_each_customer_gets_a_mail_of_their_own(made: World, tmp_path: Path) -> None:
    listed, out = tmp_path / "customers.txt", tmp_path / "mails"
    listed.write_text("# ours\nann@example.org\n\nBo Li <bo@example.net>\nANN@example.org\n")
    said = command(made, "jane", "public", "mail", DOC, "--to", str(listed))
    assert said.code == 0 and "dry run" in said.err and "2 mails" in said.err and "bo@example.net" not in said.out
    said = command(made, "jane", "public", "mail", DOC, "--to", str(listed), "--to-dir", str(out))
    assert said.code == 0 and "2 mails" in said.out, said
    letters = [email.message_from_bytes(one.read_bytes(), policy=email.policy.default) for one in out.glob("*.eml")]
    assert sorted(str(one["To"]) for one in letters) == ["ann@example.org", "bo@example.net"]
    for one in letters:
        assert str(one["Subject"]) == "Payments failed" and one["Cc"] is None
        plain, shown = one.get_body(("plain",)), one.get_body(("html",))
        assert plain is not None and "Payments failed for 45 minutes." in plain.get_content()
        assert shown is not None and "Payments failed for 45 minutes." in shown.get_content()
        others = {"ann@example.org", "bo@example.net"} - {str(one["To"])}
        assert not [word for word in (DOC, "jane", *others) if word in one.as_string()]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("ann@example.org\nnobody\n", "line 2"),
        ("", "names nobody"),
        ("ann@example.org\r\nBcc: x@example.org, y@example.org\n", "line 2"),
        ("\n".join(f"a{number}@example.org" for number in range(10_001)), "10000 are the most"),
    ],
)  # fmt: skip
def test_a_list_that_is_none_is_refused_before_anything_goes(
    made: World, tmp_path: Path, content: str, words: str
) -> None:
    listed = tmp_path / "customers.txt"
    listed.write_bytes(content.encode())
    said = command(made, "jane", "public", "mail", DOC, "--to", str(listed), "--to-dir", str(tmp_path / "out"))
    assert said.code == 2 and words in said.err, said
    assert not (tmp_path / "out").exists()


def test_a_mail_is_not_from_a_person(made: World, tmp_path: Path) -> None:
    for sender in ("jane@example.com", "Jane Doe <pm@example.com>", "Rajesh <pm@example.com>"):
        said = command(
            made, "jane", "public", "mail", DOC, "--to", "ann@example.org", "--to-dir", str(tmp_path), SMTP_FROM=sender
        )
        assert said.code == 1 and not list(tmp_path.iterdir()), (sender, said)


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


def test_whom_a_server_refuses_is_said_and_nobody_is_written_down(
    made: World, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    listed = tmp_path / "customers.txt"
    listed.write_text("ann@example.org\neve@example.org\nbo@example.net\n")
    with mail_server(Mailbox(login=("pm", "s3cr3t")), *certificate, at_once=True) as box:
        box.refused.add("eve@example.org")
        said = command(
            made, "jane", "public", "mail", DOC, "--to", str(listed), "--send", SMTP_USER="pm", SMTP_PASSWORD="s3cr3t",
            SMTP_URL=f"smtps://localhost:{box.port}", SMTP_FROM="pm@example.com", SSL_CERT_FILE=str(certificate[0]),
        )  # fmt: skip
    assert said.code == 1 and "2 mails" in said.out and "1 mail did not go" in said.err, said
    assert "eve@example.org" in said.err and "s3cr3t" not in said.out + said.err
    assert [to for to, _ in box.kept] == [["ann@example.org"], ["bo@example.net"]]
    assert not any(b"bo@example.net" in data for _, data in box.kept[:1])
    [found] = [one for one in deliveries.opened(made.repo).deliveries() if one.channel == "customers-by-mail"]
    assert "2 customers" in found.what
    everywhere = made.git("log", "--all", "-p", "--full-history") + made.git("show", "-m", deliveries.REF)
    assert "example.org" not in everywhere and "example.net" not in everywhere


def test_a_long_pdf_reads_back_word_for_word() -> None:
    told = (
        "Our customers could not reach their accounts, because the communication between several computers was"
        " interrupted unexpectedly. We improved the documentation and the recommendations considerably, and"
        " [our status page](https://status.example.com/a/very/long/path/that/never/ends) said so. "
    ) * 30
    text = replace(TEXT, parts=(Part("What happened", told), Part("Impact", "| a | b |\n|---|---|\n| x | y |")))
    said = (rendered_markdown(text).decode(), CHROME)
    for form in public_forms.FORMS:
        found = public_forms.texts_of(public_forms.made(text, form), form)
        assert leaks(found, said, Terms()) == [], form
        assert leaks([*found, "Rajesh"], said, Terms()) == ["Rajesh"]
    with_name = public_forms.made(replace(text, title="Falcon failed"), "pdf")
    assert "Falcon" in leaks(public_forms.texts_of(with_name, "pdf"), said, Terms())
