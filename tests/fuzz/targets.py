"""One function for each reader of hostile bytes. Each returns when the reader answers as it promises, and raises when
it does not: another exception than its own, a message that cannot be shown, two answers to one question.

Both kinds of fuzzing call these, so that a crash found by hand becomes an `@example` in the tests.
"""

from __future__ import annotations

import binascii
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from pmctl.document import strict_yaml
from pmctl.document.action_problems import action_problems
from pmctl.document.comment import mentions, read_message, unknown_mentions, written
from pmctl.document.digest import content_digest
from pmctl.document.finding import Finding
from pmctl.document.reader import read
from pmctl.errors import BadInput, PmctlError
from pmctl.ledger import record, sshsig
from pmctl.ledger.record import RecordProblem
from pmctl.ledger.sshsig import SignatureProblem
from pmctl.ledger.tree_documents import facts_of
from pmctl.ledger.view import missing_sections
from pmctl.policy.keys import KeyProblem, public_key
from pmctl.policy.reading import parse_policy

MESSAGE = "20240117T100000Z-bob-7f3kq2"
Target = Callable[[bytes], None]


class Hang(BaseException):
    """A reader took longer than it may. Not an Exception, so that nothing on the way swallows it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise Hang when the block takes longer; in the main thread only."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise Hang(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def document(data: bytes) -> None:
    """Reader, outline, tables, digest, facts and required sections of a postmortem."""
    found = read(data, "postmortems/2024/2024-01-15-x.md")
    assert found.data == data
    assert found.readable or found.problems
    _shown(found.problems)
    length = len(found.text)
    for section in found.headings:
        assert 0 <= section.start <= section.content_start <= section.end <= length
    for table in found.tables:
        for row in table.rows:
            assert 0 <= row.start <= row.end <= length
    digest = content_digest(found)
    assert digest.startswith("sha256:")
    assert digest == content_digest(read(data))
    _shown(tuple(action_problems(found)))
    facts = facts_of(found)
    assert bool(facts.problem) != found.readable
    if found.readable:
        missing_sections(found)


def message(data: bytes) -> None:
    """A message of a discussion: what counts can be written again, and says the same to everybody."""
    path = f".pmctl/comments/2024-01-15-x/{MESSAGE}.md"
    found, problems = read_message(data, path)
    _shown(problems)
    assert found is not None or problems
    if found is None:
        return
    assert (found.id, found.by) == (MESSAGE, "bob")
    try:
        again = written(found)
    except BadInput as problem:
        assert problems, problem.message  # what hides in the text is reported, and not written anew
        _said(problem)
    else:
        assert read_message(again, path) == (found, ())
    _shown(unknown_mentions(read(data, path), frozenset(("bob",))))
    assert all(found.text[at] == "@" for _, at in mentions(found.text))


def record_bytes(data: bytes) -> None:
    """A signed record."""
    try:
        act = record.from_bytes(data)
    except RecordProblem as problem:
        _said(problem)
        return
    assert record.to_bytes(act) == data


def signature(data: bytes) -> None:
    """An armored SSH signature, over a text that nobody signed."""
    try:
        found = sshsig.parse(data)
    except SignatureProblem as problem:
        _said(problem)
        return
    assert found.key.line.startswith(found.key.kind)
    try:
        sshsig.verify(data, b"nobody signed this", record.NAMESPACE)
    except SignatureProblem as problem:
        _said(problem)
    else:
        raise AssertionError("a signature over another text was accepted")


def signature_fields(data: bytes) -> None:
    """What stands inside the armor of an SSH signature; for reaching behind the base64."""
    encoded = binascii.b2a_base64(data, newline=False)
    lines = b"\n".join(encoded[at : at + 70] for at in range(0, len(encoded), 70))
    signature(sshsig.BEGIN + lines + sshsig.END)


def policy(data: bytes) -> None:
    """A policy file."""
    found, problems = parse_policy(data)
    assert found is not None or problems
    _shown(problems)
    if found is not None:
        assert found.active_admins
        assert parse_policy(data)[0] == found


def yaml(data: bytes) -> None:
    """The strict YAML of front matter, settings and policy."""
    text = data.decode("utf-8", "surrogateescape")
    parsed = strict_yaml.load(text, path="x.yaml", document_start=True)
    _shown(parsed.problems)
    if parsed.node is not None:
        parsed.node.plain()
        assert 0 <= parsed.node.start <= parsed.node.end <= len(text)


def key_line(data: bytes) -> None:
    """A public key as a policy writes it."""
    try:
        found = public_key(data.decode("utf-8", "surrogateescape"))
    except KeyProblem as problem:
        _said(problem)
        return
    assert public_key(found.line) == found


TARGETS: dict[str, Target] = {
    "document": document,
    "message": message,
    "record": record_bytes,
    "signature": signature,
    "signature_fields": signature_fields,
    "policy": policy,
    "yaml": yaml,
    "key": key_line,
}


def _said(problem: PmctlError) -> None:
    assert problem.message
    assert problem.message.isprintable(), ascii(problem.message)
    assert problem.hint.isprintable(), ascii(problem.hint)


def _shown(findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        assert finding.line >= 0
        assert finding.column >= 0
        assert finding.message
