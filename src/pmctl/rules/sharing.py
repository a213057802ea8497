"""Sharing: what must not leave the house with a postmortem. A finding never shows what it found.

Token shapes are those that the issuers publish for secret scanning. Other secrets are found by the
detect-secrets package, when it is installed (extra `secrets`) and switched on in the settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding
from pmctl.rules.prose import Pattern
from pmctl.rules.registry import ERROR, WARNING, found, rule

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.rules.context import Context

_TOKENS: tuple[tuple[str, str, str], ...] = (
    ("AWS access key", "A", r"(?:AKIA|ASIA)[0-9A-Z]{16}"),
    ("GitHub token", "gh", r"gh[pousr]_[A-Za-z0-9]{36,251}"),
    ("GitHub token", "github_pat_", r"github_pat_[A-Za-z0-9_]{50,251}"),
    ("GitLab token", "gl", r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt)-[A-Za-z0-9_.-]{20,}"),
    ("Slack token", "xox", r"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("Slack token", "xapp-", r"xapp-\d-[A-Za-z0-9-]{20,}"),
    ("Slack webhook", "hooks.slack.com", r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/]{20,}"),
    ("Discord webhook", "/api/webhooks/", r"discord(?:app)?\.com/api/webhooks/\d{15,}/[\w-]{60,}"),
    ("Stripe key", "_live_", r"[rs]k_live_[A-Za-z0-9]{16,}"),
    ("Google API key", "AIza", r"AIza[0-9A-Za-z_-]{35}"),
    ("Google OAuth secret", "GOCSPX-", r"GOCSPX-[A-Za-z0-9_-]{28}"),
    ("SendGrid key", "SG.", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    ("npm token", "npm_", r"npm_[A-Za-z0-9]{36}"),
    ("PyPI token", "pypi-", r"pypi-AgE[A-Za-z0-9_-]{50,}"),
    ("Anthropic key", "sk-ant-", r"sk-ant-[A-Za-z0-9_-]{30,}"),
    ("OpenAI key", "sk-", r"sk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}"),
    ("Hugging Face token", "hf_", r"hf_[A-Za-z0-9]{34}"),
    ("DigitalOcean token", "_v1_", r"do[por]_v1_[a-f0-9]{64}"),
    ("Shopify token", "shp", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    ("Twilio key", "SK", r"SK[0-9a-f]{32}"),
    ("PagerDuty key", "pd", r"(?:(?i:pagerduty|pd)[\w .:='\"-]{0,20}token=)[A-Za-z0-9_+-]{20}"),
    ("Databricks token", "dapi", r"dapi[0-9a-f]{32}(?:-\d)?"),
    ("Atlassian token", "ATATT3", r"ATATT3[A-Za-z0-9_=-]{60,}"),
    ("Linear key", "lin_api_", r"lin_api_[A-Za-z0-9]{40}"),
    ("Vault token", "hvs.", r"hvs\.[A-Za-z0-9_-]{24,}"),
    ("age key", "AGE-SECRET-KEY-", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    ("JSON web token", "eyJ", r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}"),
    ("password in a URL", "://", r"(?<=://)[^\s/:@<>\"'`]{0,60}:(?!\$|\{|<|\*|x{3,}|\.{3}|…|(?i:password|pass|secret|token|pw)@)[^\s/:@<>\"'`]{3,}(?=@[\w.-])"),
    ("bearer token", "earer ", r"(?<=[Bb]earer )(?=[^\s]*\d)[A-Za-z0-9_\-.=+/]{24,}"),
)  # fmt: skip
"""(what it is, a text that every such token contains, its pattern)"""

_KEY_HEADER = "PRIVATE KEY"
_PRIVATE_KEY = Pattern(
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:[\s\S]{0,8000}?-----END (?:[A-Z0-9]+ )*PRIVATE KEY"
    r"(?: BLOCK)?-----)?",
    0,
)
_ASSIGNED = Pattern(
    r"(?<!\w)(?P<name>(?:[A-Za-z]+[_-])*(?:password|passwd|pwd|passphrase|secret|api[_-]?key|access[_-]?key|auth[_-]?token"
    r"|client[_-]?secret|private[_-]?key))[\"']?[ \t]*[:=][ \t]*[\"'`]?(?P<value>[^\s\"'`,;|<>{}()\[\]]{8,200})"
)
_PLACEHOLDER = re.compile(
    r"(?i)\$|%|\*{3,}|x{4,}|\.{3}|…|example|changeme|placeholder|redacted|removed|your|none|null|true|false|todo|dummy"
    r"|\bsecret\b|password|vault|secretsmanager|arn:|https?:|/|^[a-z]+$|^[A-Z_]+$|^[a-z_.-]+$"
)
_MAIL = Pattern(r"(?<![\w.+@/:-])[A-Za-z0-9][\w.+-]{0,63}@(?P<domain>(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,18})(?![\w@-])", 0)
_OWN_MAIL = re.compile(
    r"(?i)(?:.*\.)?(?:example\.(?:com|org|net)|(?:[\w-]+\.)*(?:example|invalid|test|localhost)|users\.noreply\.github\.com"
    r"|git(?:hub|lab)\.com|bitbucket\.org|ssh\.dev\.azure\.com)"
)
_NO_PERSON = re.compile(
    r"(?i)(?:no-?reply|donotreply|support|info|security|abuse|postmaster|hostmaster|webmaster|admin|help|contact|git"
    r"|sales|press|privacy|legal|team|status|notifications?)(?:\+.*)?"
)
_INTERNAL_ADDRESS = Pattern(
    r"(?<![\w.-])(?:10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}"
    r"|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])(?:\.\d{1,3}){2}|169\.254(?:\.\d{1,3}){2})(?![\w-]|\.\d)"
    r"|(?<![\w.-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:internal|corp|intranet|local|lan|private|svc\.cluster"
    r"|svc)(?![\w-]|\.\w)"
)
_INTERNAL_NEEDLES = ("10.", "192.168.", "172.", "100.", "169.254.", ".internal", ".corp", ".intranet", ".local",
                     ".lan", ".private", ".svc")  # fmt: skip


@rule("PM901", "secret-token", draft=ERROR, adopted=ERROR)
def secret_token(doc: Document, context: Context) -> Iterable[Finding]:
    """The text holds a token or a key of a known service.

    What it does:
        Looks everywhere, code and front matter too, for the published shapes of well-known tokens, for bearer
        tokens and for passwords inside URLs. The finding names the kind and never shows the token.

    Why:
        Git keeps it for ever: deleting the line does not take it back. Revoke the token first, then remove it.

    Example:
        ## Resolution

        The worker was restarted with AKIAQ3EGVWXYZ5LMNOP2 as its key.

    Fix:
        ## Resolution

        The worker was restarted with the key of its role.
    """
    for name, start, end in tokens(doc.text):
        fix = "revoke it, then take it out: git keeps what was committed"
        yield found(doc, start, end, f"this looks like a secret: {name}", fix)


@rule("PM902", "private-key", draft=ERROR, adopted=ERROR)
def private_key(doc: Document, context: Context) -> Iterable[Finding]:
    """The text holds a private key.

    What it does:
        Looks for the header of a PEM, OpenSSH or PGP private key.

    Why:
        Whoever can read the repository can now act as its owner. Replace the key, then remove it.

    Example:
        ## Resolution

        -----BEGIN OPENSSH PRIVATE KEY-----

    Fix:
        ## Resolution

        The deploy key was replaced.
    """
    if _KEY_HEADER in doc.text:
        for match in _PRIVATE_KEY.compiled.finditer(doc.text):
            stop = doc.text.find("\n", match.start())
            end = match.end() if stop < 0 else min(stop, match.end())
            yield found(doc, match.start(), end, "this is a private key", "replace the key, then take it out")


@rule("PM903", "assigned-secret", draft=WARNING)
def assigned_secret(doc: Document, context: Context) -> Iterable[Finding]:
    """A password or secret is written with its value.

    What it does:
        Flags `password=`, `api_key:` and the like when the value mixes letters with digits or signs and is no
        placeholder or variable.

    Why:
        Command lines and configuration are pasted into timelines as they were, credentials included.

    Example:
        ## Resolution

            mysql --user=app --password=Tr0ub4dor3x

    Fix:
        ## Resolution

            mysql --user=app --password=$DB_PASSWORD
    """
    lowered = doc.text.lower()
    if not any(word in lowered for word in ("passw", "pwd", "passphrase", "secret", "key", "token")):
        return
    for match in _ASSIGNED.compiled.finditer(doc.text):
        value = match["value"]
        if any(map(str.isdigit, value)) and any(map(str.isalpha, value)) and not _PLACEHOLDER.search(value):
            message = f"{match['name']} is written with its value"
            yield found(doc, match.start("value"), match.end("value"), message, "replace the value by a placeholder")


@rule("PM904", "foreign-mail", review=WARNING)
def foreign_mail(doc: Document, context: Context) -> Iterable[Finding]:
    """The text holds an e-mail address of somebody outside.

    What it does:
        Flags e-mail addresses that are nobody's of the policy, share no domain with the policy's people, and are
        no function mailbox. With `rules: customers:` only those domains are flagged. Says nothing in a postmortem
        with `visibility: private`.

    Why:
        A customer's address is personal data, and a published postmortem is read by everybody.

    Example:
        ## Impact

        12 invoices were sent twice, the first one to maria.rossi@acme-customer.com.

    Fix:
        ## Impact

        12 invoices were sent twice, the first one to a customer in Italy.
    """
    if "@" not in doc.text or doc.meta.get("visibility") == "private":
        return
    customers = context.settings.customers
    emails = context.people.emails if context.people else frozenset()
    own = {email.rpartition("@")[2] for email in emails}
    for match in _MAIL.compiled.finditer(doc.text, doc.body_start):
        domain = match["domain"].casefold()
        if customers:
            foreign = any(domain == one or domain.endswith("." + one) for one in customers)
        else:
            known = match[0].casefold() in emails or any(domain == one or domain.endswith("." + one) for one in own)
            foreign = not (known or _OWN_MAIL.fullmatch(domain) or _NO_PERSON.fullmatch(match[0].partition("@")[0]))
        if foreign:
            yield found(doc, match.start(), match.end(), "an outside e-mail address", "name the role instead")


@rule("PM905", "internal-address", review=WARNING)
def internal_address(doc: Document, context: Context) -> Iterable[Finding]:
    """The text holds an internal address.

    What it does:
        Flags private IP addresses (RFC 1918, RFC 6598, link-local) and host names that end in `.internal`, `.corp`,
        `.local` and the endings of `rules: internal:`, when the visibility is `organization`. Networks such as
        10.0.0.0/8 pass.

    Why:
        Published pages travel further than the network that they describe.

    Example:
        visibility: organization

        ## Root Cause

        The pool on db-7.prod.internal was full.

    Fix:
        visibility: organization

        ## Root Cause

        The pool on the primary database was full.
    """
    if doc.meta.get("visibility") != "organization":
        return
    lowered = doc.text.lower()
    endings = context.settings.internal
    if not any(needle in lowered for needle in (*_INTERNAL_NEEDLES, *endings)):
        return
    spans: list[tuple[int, int]] = []
    for pattern in (_INTERNAL_ADDRESS, *_internal(endings)):
        for match in pattern.compiled.finditer(doc.text, doc.body_start):
            if doc.text[match.end() : match.end() + 1] == "/" and doc.text[match.end() + 1 : match.end() + 2].isdigit():
                continue
            if not any(start <= match.start() < end for start, end in spans):
                spans.append(match.span())
                yield found(doc, match.start(), match.end(), "an internal address", "name the role of the host")


@rule("PM906", "detected-secret", draft=WARNING)
def detected_secret(doc: Document, context: Context) -> Iterable[Finding]:
    """The detect-secrets package found something.

    What it does:
        Runs detect-secrets over every line, when `rules: detect_secrets: true` is set and the package is installed
        (`pip install 'pmctl[secrets]'`). What PM901 to PM903 report is not reported again.

    Why:
        It knows more shapes, and judges random-looking texts by their entropy.

    Example:
        ## Resolution

        The client was given the basic auth header of https://app:hunter22hunter@db.example.com

    Fix:
        ## Resolution

        The client was given a new basic auth header.
    """
    if not context.settings.detect_secrets:
        return
    known = [(start, end) for _, start, end in tokens(doc.text)]
    offset = 0
    for line in doc.text.splitlines(keepends=True):
        for kind, column, length in _detect(line.rstrip("\r\n")):
            start = offset + column
            if not any(first < start + length and start < last for first, last in known):
                message = f"detect-secrets: {kind}"
                yield found(doc, start, start + length, message, "revoke it, then take it out")
        offset += len(line)


def tokens(text: str) -> Iterator[tuple[str, int, int]]:
    """Every token of a known shape in a text: what it is, start, end. Ordered by place, without overlaps."""
    spans: list[tuple[int, int, str]] = []
    for name, needle, _ in _TOKENS:
        if needle in text:
            spans += [(*match.span(), name) for match in _token_pattern(name, needle).finditer(text)]
    last = -1
    for start, end, name in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= last:
            last = end
            yield name, start, end


def redact(text: str) -> str:
    """The text with known tokens, private keys and assigned secrets replaced by asterisks of the same length."""
    spans = [(start, end) for _, start, end in tokens(text)]
    if _KEY_HEADER in text:
        spans += [match.span() for match in _PRIVATE_KEY.compiled.finditer(text)]
    spans += [match.span("value") for match in _ASSIGNED.compiled.finditer(text)]
    for start, end in spans:
        text = text[:start] + "*" * (end - start) + text[end:]
    return text


@lru_cache(maxsize=64)
def _token_pattern(name: str, needle: str) -> re.Pattern[str]:
    source = next(pattern for one, key, pattern in _TOKENS if one == name and key == needle)
    edge = "" if source.startswith("(?<=") else r"(?<![A-Za-z0-9_-])"
    return re.compile(rf"{edge}{source}(?![A-Za-z0-9])" if edge else source)


@lru_cache(maxsize=8)
def _internal(endings: tuple[str, ...]) -> tuple[Pattern, ...]:
    if not endings:
        return ()
    names = "|".join(re.escape(ending) for ending in endings)
    return (Pattern(rf"(?<![\w.@-])(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.)*(?:{names})(?![\w-]|\.\w)"),)


def _detect(line: str) -> Iterator[tuple[str, int, int]]:
    """What detect-secrets says about one line: kind, column from 0, length; nothing when it is not installed."""
    try:
        from detect_secrets.core.scan import scan_line
        from detect_secrets.settings import default_settings
    except ImportError:
        return
    if not line.strip():
        return
    with default_settings():
        for secret in scan_line(line):
            value = secret.secret_value or ""
            column = line.find(value) if value else -1
            yield secret.type, max(column, 0), len(value) if column >= 0 else len(line)
