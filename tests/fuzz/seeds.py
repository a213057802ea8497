"""Good inputs for each target, from which both kinds of fuzzing start to spoil."""

from __future__ import annotations

import binascii
import subprocess
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from pmctl.document.comment import Message, MessageKind, written
from pmctl.ledger import record
from pmctl.policy.act import Act
from tests.world import document as postmortem

DIGEST = "sha256:" + "0" * 64
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1rKyxSkzJ3yYf8HgSvBbKa8Jk3ASkT6tX0i8t4Rr7D"

POLICY = f"""version: 1
repository: "0123456789abcdef0123456789abcdef"
branch: main
people:
  alice:
    name: Alice
    kind: person
    emails: [alice@example.com]
    keys:
      - {{key: "{KEY}", status: active}}
  bob:
    name: Bob
    keys:
      - {{openpgp: {"A" * 40}, file: .pmctl/keys/bob.asc, status: retired}}
teams:
  sre: {{members: [alice, bob]}}
admins: [alice]
review: {{approvals: all, minimum: 1, self_approval: false, signatures: required}}
publishers: [author, editors, admins]
edits: attributed
policy_threshold: 1
"""


@lru_cache(maxsize=1)
def _signatures() -> tuple[bytes, ...]:
    """Signatures of each kind that ssh-keygen makes without hardware; none without ssh-keygen."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        for kind in ("ed25519", "rsa", "ecdsa"):
            key = Path(name) / kind
            try:
                subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(key)], check=True)
                command = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", record.NAMESPACE]
                found.append(subprocess.run(command, input=b"text", capture_output=True, check=True).stdout)
                found.append(key.with_suffix(".pub").read_bytes())
            except FileNotFoundError:
                break
    return tuple(found)


def seeds(target: str) -> tuple[bytes, ...]:
    """Inputs that the target accepts."""
    if target == "document":
        whole = postmortem().encode()
        return (whole, whole.replace(b"\n", b"\r\n"), b"---\nid: x\n---\n# T\n\n```\n| a |\n```\n")
    if target == "message":
        about = ("Impact", "45 minutes", DIGEST)
        at, first = datetime(2024, 1, 17, 10, tzinfo=UTC), "20240117T100000Z-bob-7f3kq2"
        text = "Until when, @jane?\n\n- not `@alice`\n\n```\n@x\n```"
        begun = Message(first, first, MessageKind.COMMENT, "bob", at, text, *about)
        answers = (
            replace(begun, thread="20240116T100000Z-jane-000000", kind=kind, section="", quote="", block="")
            for kind in MessageKind
        )
        return tuple(written(one) for one in (begun, replace(begun, quote="", block=""), *answers))
    if target == "record":
        act = Act(
            "submit", "jane", "2024-01-15-x", "2024-01-17T10:00:00Z", DIGEST, "DRAFT", "IN_REVIEW", "", 1, "", DIGEST,
            1, reviewers=("bob",), author="jane",
        )  # fmt: skip
        return (record.to_bytes(act),)
    if target == "signature":
        return tuple(one for one in _signatures() if one.startswith(b"-----"))
    if target == "signature_fields":
        return tuple(
            binascii.a2b_base64(b"".join(one.splitlines()[1:-1])) for one in _signatures() if one.startswith(b"-----")
        )
    if target == "key":
        return (KEY.encode(), *(one for one in _signatures() if not one.startswith(b"-----")))
    return (POLICY.encode(), b'a: 1\nb: [x, {c: "d\\x41"}]\ne: |\n  text\n')
