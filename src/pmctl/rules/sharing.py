"""Sharing: what must not leave the organisation with a postmortem. A finding never shows what it found.

Token shapes are those that the issuers publish for secret scanning. Other secrets are found by the
detect-secrets package, when it is installed (extra `secrets`) and switched on in the settings.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding
from pmctl.rules.credentials import KEY_HEADER, SECRET_NAMES, assigned, private_keys, tokens
from pmctl.rules.prose import Pattern, mentions, vocabulary
from pmctl.rules.registry import ERROR, WARNING, found, rule

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.rules.context import Context

_SHORT_NAMES = ("password", "passwd", "pwd", "passphrase")
"""What may have a value of 6 characters; others need 8."""
_RANDOM = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?!(?:.*/){4})(?!.*EXAMPLE)[A-Za-z0-9/+]{32,}={0,2}")
_WORDS = re.compile(r"(?!.*[0-9a-f]{8}-[0-9a-f]{4}-)[a-z0-9]+(?:[-._][a-z0-9]+)+|(?:sha|md|base|utf-?|v)\d\w{0,8}")
"""A name, with a version perhaps, and no secret."""
_PLACEHOLDER = re.compile(
    r"(?i)\$|%|\*{3,}|x{4,}|\.{3}|…|example|changeme|placeholder|redacted|removed|your|none|null|true|false|todo|dummy"
    r"|\bsecret\b|password|vault|secretsmanager|arn:|https?:|/|^[a-z]+$|^[A-Z_]+$|^[a-z_.-]+$"
)
_MAIL_DOMAIN = Pattern(r"@(?P<domain>(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,18})(?![\w@-])")
_MAIL_NAME = Pattern(r"(?<![\w.+@/:-])[A-Za-z0-9][\w.+-]{0,63}$")
_UNIT = re.compile(r"\.(?:service|timer|socket|target|mount|slice|path)$")
_LOCAL = re.compile(r"\.(?:lan|local|localdomain|internal|home|intranet|cluster|svc|corp)$", re.IGNORECASE)
_REMOTE = re.compile(r"\b(?:ssh|scp|sftp|rsync|mosh|ssh-copy-id)\b[^.;!?\n]*$")
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
    r"|svc)(?![\w-]|\.\w)",
    re.IGNORECASE,
)
_INTERNAL_V6 = Pattern(r"(?<![\w:.])f[cd][0-9a-f]{2}:(?:[0-9a-f]{0,4}:){1,7}[0-9a-f]{0,4}(?![\w:])", re.IGNORECASE)
_NO_HOST = re.compile(r"(?i)[a-z]+\.(?:local|lan|private|svc)")
"""One word with such an ending is a file or an attribute more often than a host."""
_VERSION = re.compile(r"(?i)\b(?:versions?|releases?|v\.?)\s*$")
_INTERNAL_NEEDLES = ("10.", "192.168.", "172.", "100.", "169.254.", ".internal", ".corp", ".intranet", ".local",
                     ".lan", ".private", ".svc")  # fmt: skip


@rule("PM901", "secret-token", draft=ERROR, adopted=ERROR)
def secret_token(doc: Document, context: Context) -> Iterable[Finding]:
    """The text holds a token or a key of a known service.

    What it does:
        Looks everywhere, code and front matter too, for the published shapes of well-known tokens, for bearer
        tokens, basic credentials and passwords inside URLs. The finding names the kind and never shows the token.

    Why:
        Git keeps it for ever: deleting the line does not take it back. Revoke the token first, then remove it.

    Example:
        ## Resolution

        The worker was restarted with AKIAQ3EGVWXYZ5LMNOP2 as its key.

    Fix:
        ## Resolution

        The worker was restarted with the key of its role.
    """
    for name, start, end in tokens(doc.text, doc.body_start):
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
    if KEY_HEADER in doc.text:
        for start, header, _ in private_keys(doc.text):
            yield found(doc, start, header, "this is a private key", "replace the key, then take it out")


@rule("PM903", "assigned-secret", draft=WARNING)
def assigned_secret(doc: Document, context: Context) -> Iterable[Finding]:
    """A password or secret is written with its value.

    What it does:
        Flags `password=`, `api_key:`, `mysql -p`, `curl -u` and the like when the value mixes letters with digits and
        is no placeholder, variable, path or name with a version.

    Why:
        Command lines and configuration are pasted into timelines as they were, credentials included.

    Example:
        ## Resolution

            mysql --user=app --password=Tr0ub4dor3x

    Fix:
        ## Resolution

            mysql --user=app --password=$DB_PASSWORD
    """
    known = vocabulary(doc.text, doc.body_start)
    front = doc.text[: doc.body_start].lower()
    names = mentions(doc.text, doc.body_start, SECRET_NAMES) or any(word in front for word in SECRET_NAMES)
    commands = "curl" in known or "mysql" in known or "mysqldump" in known
    for name, start, end in assigned(doc.text, names=names, commands=commands):
        value = doc.text[start:end]
        if not (any(map(str.isdigit, value)) and any(map(str.isalpha, value))):
            continue
        long_enough = len(value) >= (6 if name.lower().endswith(_SHORT_NAMES) or name.startswith("-") else 8)
        plain = _PLACEHOLDER.search(value) or _WORDS.fullmatch(value)
        if _RANDOM.fullmatch(value) or (long_enough and not plain):
            yield found(doc, start, end, f"{name} is written with its value", "replace the value by a placeholder")


def _is_no_mail(text: str, domain: re.Match[str], name: str) -> bool:
    """Whether it is a login on a host, with a path or below a command, or a unit of systemd."""
    if _UNIT.search(domain[0]) or _LOCAL.search(domain[0]):
        return True
    behind = text[domain.end() : domain.end() + 3]
    if re.match(r":(?:/|~|[\w.])", behind) or name == "root":
        return True
    line = text[text.rfind("\n", 0, domain.start()) + 1 : domain.start()]
    return _REMOTE.search(line) is not None


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
    for match in _MAIL_DOMAIN.compiled.finditer(doc.text, doc.body_start):
        name = _MAIL_NAME.compiled.search(doc.text[max(0, match.start() - 66) : match.start()])
        if name is None or _is_no_mail(doc.text, match, name[0]):
            continue
        domain = match["domain"].casefold()
        address = (name[0] + match[0]).casefold()
        if customers:
            foreign = any(domain == one or domain.endswith("." + one) for one in customers)
        else:
            known = address in emails or any(domain == one or domain.endswith("." + one) for one in own)
            foreign = not (known or _OWN_MAIL.fullmatch(domain) or _NO_PERSON.fullmatch(name[0]))
        if foreign:
            start = match.start() - len(name[0])
            yield found(doc, start, match.end(), "an outside e-mail address", "name the role instead")


@rule("PM905", "internal-address", review=WARNING)
def internal_address(doc: Document, context: Context) -> Iterable[Finding]:
    """The text holds an internal address.

    What it does:
        Flags private IP addresses (RFC 1918, RFC 4193, RFC 6598, link-local) and host names that end in `.internal`,
        `.corp`, `.local` and the endings of `rules: internal:`, when the visibility is `organization`. Networks such
        as 10.0.0.0/8 pass.

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
    patterns = [*((_INTERNAL_ADDRESS,) if any(needle in lowered for needle in _INTERNAL_NEEDLES) else ())]
    patterns += [*((_INTERNAL_V6,) if "fd" in lowered or "fc" in lowered else ()), *_internal(endings)]
    others: list[tuple[int, int]] = []
    for pattern in patterns:
        spans = []
        for match in pattern.compiled.finditer(doc.text, doc.body_start):
            if doc.text[match.end() : match.end() + 1] == "/" and doc.text[match.end() + 1 : match.end() + 2].isdigit():
                continue
            if _NO_HOST.fullmatch(match[0]) and not re.match(r":\d", doc.text[match.end() : match.end() + 2]):
                continue
            if match[0][0].isdigit() and _VERSION.search(doc.text[max(0, match.start() - 12) : match.start()]):
                continue
            before = bisect_right(others, (match.start(), len(doc.text))) - 1
            if before < 0 or others[before][1] <= match.start():
                spans.append(match.span())
                yield found(doc, match.start(), match.end(), "an internal address", "name the role of the host")
        others = sorted([*others, *spans])


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

        The mailer was given the key 343ea45721923ed956e2b38c31db76aa-us30 again.

    Fix:
        ## Resolution

        The mailer was given a new key.
    """
    if not context.settings.detect_secrets:
        return
    known = [(start, end) for _, start, end in tokens(doc.text, doc.body_start)]
    offset = 0
    for line in doc.text.splitlines(keepends=True):
        for kind, column, length in _detect(line.rstrip("\r\n")):
            start = offset + column
            if not any(first < start + length and start < last for first, last in known):
                message = f"detect-secrets: {kind}"
                yield found(doc, start, start + length, message, "revoke it, then take it out")
        offset += len(line)


@lru_cache(maxsize=8)
def _internal(endings: tuple[str, ...]) -> tuple[Pattern, ...]:
    if not endings:
        return ()
    names = "|".join(re.escape(ending) for ending in endings)
    return (
        Pattern(rf"(?<![\w.@-])(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.)*(?:{names})(?![\w-]|\.\w)", re.IGNORECASE),
    )


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
            value = (secret.secret_value or "").strip()
            column = line.find(value) if value else -1
            if column < 0 or ("Entropy" in secret.type and not _quoted_noise(line, column, value)):
                continue
            yield secret.type, column, len(value)


def _quoted_noise(line: str, column: int, value: str) -> bool:
    """Whether a random-looking text stands in quotes, as the package asks of files, and is no commit or checksum."""
    quoted = (
        column > 0 and line[column - 1] in "\"'" and line[column + len(value) : column + len(value) + 1] in ("'", '"')
    )
    checksum = len(value) in (32, 40, 56, 64, 96, 128) and all(one in "0123456789abcdef" for one in value)
    return quoted and len(value) >= 20 and not checksum
