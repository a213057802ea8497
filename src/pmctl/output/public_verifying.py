"""How customers verify a public text: the statements about it, the keys that speak, and the one line to type."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import NamedTuple

from pmctl.policy.public_statement import NAMESPACE

SIGNERS = "allowed_signers"
VERIFYING = (
    " Is this really what they said? In the folder of these pages, or with these files downloaded as they lie there,"
    " this line checks the text and the signature of The statement Its signature The keys Before it published corrected"
    " withdrawn code pre"
)
"""Every word that is added to a page, besides what `Proof` holds."""


class Proof(NamedTuple):
    """What was stated about a page: `statements` are the signed lines with their kinds and signatures, oldest first."""

    organization: str
    page: str
    withdrawn: bool
    statements: tuple[tuple[str, str, str], ...]

    @property
    def said(self) -> tuple[str, ...]:
        """All of it, as texts that were made here and not by a person."""
        lines = [one for _, line, seal in self.statements for one in (line, seal)]
        return (*lines, command(self), self.organization, *(path for path, _ in proof_files(self)), *_links(self))


def signers(organization: str, keys: Iterable[str]) -> bytes:
    """The allowed-signers file (ssh-keygen(1)) of an organisation: its name and keys, without any comment."""
    return "".join(f'{organization} namespaces="{NAMESPACE}" {key}\n' for key in keys).encode("ascii")


def command(proof: Proof) -> str:
    """The one line: it checks that the newest statement is about exactly this text, and that the organisation signed
    it. Nothing in it needs quoting: names of pages and of organisations are words."""
    newest = _path(proof, len(proof.statements))
    same = f'grep -q "$(sha256sum < postmortems/{proof.page}.md | cut -c1-64)" {newest} && '
    verify = f"ssh-keygen -Y verify -f {SIGNERS} -I {proof.organization} -n {NAMESPACE} -s {newest}.sig < {newest}"
    return verify if proof.withdrawn else same + verify


def proof_files(proof: Proof) -> list[tuple[str, bytes]]:
    """Each statement and its signature, by their paths from the top of the pages."""
    found = []
    for number, (_, line, seal) in enumerate(proof.statements, 1):
        path = _path(proof, number)
        found += [(path, line.encode()), (f"{path}.sig", seal.encode())]
    return found


def proof_html(proof: Proof) -> str:
    """The part of a page that says how to verify it."""
    count = len(proof.statements)
    newest = f"../{_path(proof, count)}"
    before = " · ".join(
        f'<a href="../{_path(proof, number)}">{escape(kind)}</a>'
        for number, (kind, _, _) in enumerate(proof.statements[:-1], 1)
    )
    return (
        "<h2>Is this really what they said?</h2><p>In the folder of these pages, or with these files downloaded as they"
        " lie there, this line checks the text and the signature of"
        f" {escape(proof.organization)}:</p><pre><code>{escape(command(proof))}</code></pre>"
        f'<p><a href="{newest}">The statement</a> · <a href="{newest}.sig">Its signature</a> ·'
        f' <a href="../{SIGNERS}">The keys</a></p>' + (f"<p>Before it: {before}</p>" if before else "")
    )


def _links(proof: Proof) -> tuple[str, ...]:
    return (f"../{SIGNERS}", *(f"../{path}" for path, _ in proof_files(proof)))


def _path(proof: Proof, number: int) -> str:
    return f"statements/{proof.page}/{number}.json"
