"""Secrets and addresses: found by shape, never shown, and not mistaken for what only looks alike."""

from __future__ import annotations

import pytest

from pmctl.rules.credentials import redact, tokens
from pmctl.rules.engine import check
from pmctl.rules.settings import RuleSettings

from .sample import CONTEXT, sample

# Put together here, so that no scanner takes this file for a leak.
SECRETS = {
    "AWS access key": "AKIA" + "Q3EGVWXYZ5LMNOP2",
    "GitHub token": "ghp_" + "a1B2" * 9,
    "GitLab token": "glpat-" + "x1Y2" * 5,
    "Slack token": "xoxb-" + "123456789012-abcdefGHIJ",
    "Slack webhook": "hooks.slack.com/services/" + "T00000000/B00000000/XXXXYYYY",
    "Stripe key": "sk_live_" + "4eC39HqLyjWDarjtT1",
    "Google API key": "AIza" + "SyA1" * 8 + "abc",
    "npm token": "npm_" + "aB3d" * 9,
    "JSON web token": "eyJ" + "hbGciOiJIUzI1" + ".eyJ" + "zdWIiOiIxMjM0" + "." + "s5h" * 10,
    "age key": "AGE-SECRET-KEY-1" + "Q2W3E4R5T6" * 5 + "Q2W3E4R5",
    "Vault token": "hvs." + "CAESIJ1k" * 4,
    "Twilio key": "SK" + "0a1b2c3d" * 4,
}


def found(text: str, head: str = "", section: str = "Resolution", **changes: object) -> list[tuple[str, str]]:
    doc = sample(f"{head}## {section}\n\n{text}\n")
    lines = doc.text.split("\n")
    return [
        (one.code, lines[one.line - 1][one.column - 1 : one.end_column - 1])
        for one in check(doc, CONTEXT._replace(**changes))
        if one.code.startswith("PM90")
    ]


@pytest.mark.parametrize("kind", sorted(SECRETS))
def test_a_token_is_found_and_never_shown(kind):
    secret = SECRETS[kind]
    doc = sample(f"## Resolution\n\nStarted with `{secret}` again.\n")
    [finding] = [one for one in check(doc, CONTEXT) if one.code == "PM901"]
    assert kind in finding.message
    assert secret not in finding.message + finding.fix
    assert doc.text.split("\n")[finding.line - 1][finding.column - 1 : finding.end_column - 1] == secret
    assert secret not in redact(doc.text)
    assert len(redact(doc.text)) == len(doc.text)


@pytest.mark.parametrize(
    "text",
    [
        "commit 3f786850e387550fdab836ed7e6dc881de23001b, image sha256:" + "ab" * 32,
        "request 123e4567-e89b-12d3-a456-426614174000",
        "the flag sk-navigation-with-a-very-long-name-indeed and risk-assessment",
        "xoxb is a prefix; AKIA is one too; ghp_short",
        "eyJhbGciOiJIUzI1NiJ9 alone",
        "git clone https://example.com/a.git; https://user:$TOKEN@example.com; https://user:***@example.com",
        "postgres://app:password@db/x and redis://:${PASSWORD}@cache",
        "Authorization: Bearer <token>",
        "password: changeme123example; secret_key = ${SECRET_KEY}; api_key: None; --password=$DB_PASSWORD",
        "the key: value pairs and the token: expired",
        "secretName: my-app-credentials",
    ],
)
def test_what_only_looks_alike_passes(text):
    assert list(tokens(text)) == []
    assert found(text) == []


def test_a_password_in_a_url_and_a_bearer_token():
    assert found("curl https://app:hunter22@db.example.com/") == [("PM901", "hunter22")]
    assert [code for code, _ in found("Authorization: Bearer " + "a1b2c3d4" * 4)] == ["PM901"]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("AWS_SECRET_ACCESS_KEY={}", "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYzQ8mKd2pLs"),
        (
            "DefaultEndpointsProtocol=https;AccountName=x;AccountKey={}",
            "Eby8vdM02xNOcqFlqUwJ" + "PLlmEtlCDXJ1OUzFT50u/w==",
        ),
        ("export PGPASSWORD='{}'", "s3cr3t-" + "Pw9"),
        ("DB_PASSWORD: {}", "hunt" + "er2"),
        ("mysqldump -h db -u app -p{} shop", "S3cret" + "Pw99"),
        ("curl -s -u admin:{} https://api.example.com/", "Tr0ub4" + "dor3x"),
    ],
)
def test_a_secret_by_its_place(text, secret):
    text = text.format(secret)
    assert found(text) == [("PM903", secret)]
    assert secret not in redact(text)


def test_basic_credentials():
    pair = "YWRtaW46" + "VHIwdWI0ZG9yM3g="
    assert found(f"Authorization: Basic {pair}") == [("PM901", pair)]
    assert pair not in redact(f"Authorization: Basic {pair}")
    assert found("Basic authentication, Basic configurations and Basic dGVzdGluZzEyMw==") == []


@pytest.mark.parametrize(
    "text",
    [
        "secret: app-db-v2 and secretName: my-app-credentials-v1.2",
        "private_key: /etc/ssl/private/server1.key",
        "api_key: sha256 and password: base64",
        "the access_key: rotated on 2024-01-15",
        "mysql -p and mysql -p$PASSWORD shop; curl -u $USER:$PASSWORD https://example.com",
        "secret: projects/p1/secrets/db-password1",
        "passwordless: true1, keyboard: qwerty12",
    ],
)
def test_no_secret_by_its_place(text):
    assert found(text) == []


def test_secrets_are_found_in_front_matter_and_code():
    assert found("```\nexport K=" + SECRETS["AWS access key"] + "\n```") == [("PM901", SECRETS["AWS access key"])]
    assert found("Fine.", f"severity: {SECRETS['npm token']}\n") == [("PM901", SECRETS["npm token"])]


def test_a_private_key():
    key = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"
    assert found(f"```\n{key}\n```") == [("PM902", "-----BEGIN RSA " + "PRIVATE KEY-----")]
    assert redact(f"x\n{key}\ny").count("\n") == 4, "every line stays in its place"
    assert "MIIEow" not in redact(f"x\n{key}\ny")
    assert found("-----BEGIN PUBLIC KEY-----") == []
    header = "-----BEGIN OPENSSH " + "PRIVATE KEY-----"
    assert [code for code, _ in found(f"{header}\n{key}\n{header}")] == ["PM902"] * 3
    assert "MIIEow" not in redact(f"{header}\nabc\n{key}\n{header}\nrest")
    assert "rest" in redact(f"{header}\nabc\n{key}\n{header}\nrest")


def test_mail_addresses_of_others():
    others = "maria.rossi@acme-customer.com, support@acme-customer.com and x@users.noreply.github.com"
    text = f"Asked jane@example.com, {others}."
    assert found(text) == [("PM904", "maria.rossi@acme-customer.com")]
    assert found(text, "visibility: private\n") == []
    only = RuleSettings(customers=("other.example",))
    assert found(text + " Or pat@mail.other.example.", settings=only) == [("PM904", "pat@mail.other.example")]


def test_internal_addresses_only_where_everybody_reads():
    text = "Moved 10.1.2.3 and db-7.prod.internal out of 10.0.0.0/8; see 8.8.8.8, v10.1.2, a.internal.example.com."
    assert found(text) == []
    assert found(text, "visibility: organization\n") == [("PM905", "10.1.2.3"), ("PM905", "db-7.prod.internal")]
    more = (
        "See settings.local and time.local(), printer.local:631, db1.lan, fd12:3456:789a::1 and chart version 10.4.2.1."
    )
    assert found(more, "visibility: organization\n") == [
        ("PM905", "printer.local"),
        ("PM905", "db1.lan"),
        ("PM905", "fd12:3456:789a::1"),
    ]
    own = RuleSettings(internal=("corp.example.com",))
    assert found("On ci.corp.example.com.", "visibility: organization\n", settings=own) == [
        ("PM905", "ci.corp.example.com")
    ]
