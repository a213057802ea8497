"""What is proved about some postmortems at a commit: their files, signed records, items and exceptions. Read only.

(repository, facts, ids) -> Gathered: lines, each with a command that checks it, and copies of what was signed.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from pmctl import git
from pmctl.document.fields import path_of
from pmctl.document.finding import Severity
from pmctl.insight.events import events
from pmctl.insight.metrics_facts import Facts
from pmctl.ledger import record
from pmctl.ledger.audit import audit
from pmctl.ledger.report import Event, Report
from pmctl.ledger.snapshot import Snapshot, Snapshots
from pmctl.policy import act as acts

Row = tuple[str, str, str, str, str, str, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Lines in the order of postmortems; `copies` are files by their path in the folder, `signers` (handle, public key)
    of the policy, `violations` counts findings about these postmortems that nobody has accepted."""

    root: str
    namespace: str
    lines: tuple[Row, ...]
    copies: dict[str, bytes]
    signers: tuple[tuple[str, str], ...]
    violations: int


def gathered(repo: git.Repository, facts: Facts, ids: frozenset[str]) -> Gathered:
    """Everything about these postmortems."""
    report = audit(repo, tip=facts.as_of)
    source = Snapshots(repo)
    copies: dict[str, bytes] = {}
    with source.reader:
        snapshot = source.at(facts.as_of)
        lines = [line for name in sorted(ids) for line in _of_one(repo, snapshot, report, name, copies)]
        exceptions = list(_exceptions(repo, snapshot, report, ids, copies))
        policy, _ = snapshot.policy()
    lines += [*_items(repo, facts, ids), *exceptions]
    people = policy.people.values() if policy is not None else ()
    keys = ((one.handle, key.id) for one in people for key in one.keys)
    signers = tuple((handle, key) for handle, key in keys if key.startswith(("ssh-", "ecdsa-", "sk-")))
    about = [one for one in report.findings if one.doc in ids and not one.waived_by]
    counting = [one for one in about if one.severity is Severity.ERROR]
    return Gathered(report.root, record.NAMESPACE, tuple(lines), copies, signers, len(counting))


def _of_one(
    repo: git.Repository, snapshot: Snapshot, report: Report, name: str, copies: dict[str, bytes]
) -> Iterator[Row]:  # fmt: skip
    """The postmortem's own line, and one for each of its records."""
    path = path_of(name)
    data = snapshot.regular_file(path) or b""
    state = report.states.get(name)
    copies[f"postmortems/{name}.md"] = data
    check = f"git show {snapshot.commit}:{shlex.quote(repo.prefix + path)} | cmp - postmortems/{name}.md"
    said = f"{state.status}, round {state.round}, content {state.content or 'not bound'}" if state else "no act yet"
    yield ("postmortem", name, "", said, state.moved_by if state else "", state.moved_at if state else "", "",
           snapshot.commit, path, record.digest(data), check)  # fmt: skip
    for event in report.events:
        if event.doc != name or not event.record:
            continue
        check = _copied(repo, snapshot, event, f"records/{name}", copies)
        what = event.kind + (f": {event.note}" if event.note else "")
        yield ("record", name, event.key, what, event.by, event.at, event.verdict, event.commit, event.record,
               event.digest, check)  # fmt: skip


def _copied(repo: git.Repository, snapshot: Snapshot, event: Event, folder: str, copies: dict[str, bytes]) -> str:
    """How a record is checked; it and its signature go to the copies."""
    signed = snapshot.regular_file(event.record)
    signature = snapshot.regular_file(record.signature_path(event.record))
    if signed is None or signature is None:
        return f"git show {event.commit}:{shlex.quote(repo.prefix + event.record)} | sha256sum"
    copy = f"{folder}/{event.record.rpartition('/')[2]}"
    copies[copy], copies[f"{copy}.sig"] = signed, signature
    if signature.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        return _verify(event.by, copy)
    return f"git show {snapshot.commit}:{shlex.quote(repo.prefix + event.record)} | cmp - {shlex.quote(copy)}"


def _verify(signer: str, copy: str) -> str:
    """How ssh-keygen verifies a record's copy within the folder."""
    words = ["ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", signer, "-n", record.NAMESPACE]
    return f"{shlex.join([*words, '-s', f'{copy}.sig'])} < {shlex.quote(copy)}"


def _items(repo: git.Repository, facts: Facts, ids: frozenset[str]) -> Iterator[Row]:
    """What happened to the items of these postmortems."""
    for one in events(repo, facts.as_of).events:
        if one.postmortem in ids and one.kind.value.startswith("item-"):
            told = "; ".join(f"{key} {value}" for key, value in one.details.items() if value)
            path = path_of(one.postmortem)
            changed = f"git show --diff-merges=first-parent {one.commit} -- {shlex.quote(repo.prefix + path)}"
            check = f"{changed} | grep -F -- {shlex.quote(one.subject)}"
            yield ("item", one.postmortem, one.subject, f"{one.kind}: {told}", one.by, one.at, one.layer, one.commit,
                   path, "", check)  # fmt: skip


def _exceptions(
    repo: git.Repository, snapshot: Snapshot, report: Report, ids: frozenset[str], copies: dict[str, bytes]
) -> Iterator[Row]:  # fmt: skip
    """What the audit found about them, and who accepted it and why; the waiver is a signed record."""
    waivers = {(one.by, one.note): one for one in report.events if one.kind == acts.WAIVE and one.record}
    for one in report.findings:
        if one.doc in ids:
            waiver = waivers.get((one.waived_by, one.waived_note))
            check = f"git show --stat {one.commit}" if one.commit else "pmctl audit"
            if waiver is not None:
                check = _copied(repo, snapshot, waiver, "records/waivers", copies)
            verdict = "waived" if one.waived_by else "violation" if one.severity is Severity.ERROR else "warning"
            accepted = f" (accepted by {one.waived_by}: {one.waived_note})" if one.waived_by else ""
            yield ("exception", one.doc, one.code, f"{one.message}{accepted}", one.waived_by, "", verdict, one.commit,
                   one.path, "", check)  # fmt: skip
