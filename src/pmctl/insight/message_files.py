"""What is wrong with the files of discussions: in the work tree, and of what is staged what the audit would say.

The form and the people that messages address are the question of validation; who may write, change and remove them is
the audit's, asked here of the index while there is still time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pmctl import git
from pmctl.document.beside import Beside, folder_of, owner_of
from pmctl.document.comment import MAX_BYTES, Message, no_beginning, read_message, unknown_mentions, writer_of
from pmctl.document.fields import path_of
from pmctl.document.files import Unreadable, finding_of, read_regular
from pmctl.document.finding import Finding, Severity
from pmctl.document.reader import Document, read
from pmctl.errors import advise
from pmctl.ledger.current_state import current_state
from pmctl.policy.discussion import Rights, check_alteration, check_message
from pmctl.policy.model import RECORDS, SIGNED, Policy, person_by_email
from pmctl.policy.permission import Violation
from pmctl.repository import index
from pmctl.repository.actor import git_config
from pmctl.repository.workspace import Workspace
from pmctl.rules.context import Context

COMMENTS = folder_of(Beside.COMMENTS)
_NOT_ONE = "AU710"


def message_findings(repo: git.Repository, context: Context, paths: Iterable[str] | None = None) -> Iterator[Finding]:
    """What is wrong with messages of the work tree, all of them or those at `paths`: their places, their form, and whom
    they address."""
    folder = repo.root / COMMENTS
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        yield Finding("PM030", "is no folder; the messages of discussions lie in one", COMMENTS)
        return
    people = frozenset(context.people.names) if context.people is not None else None
    for file in sorted(folder.rglob("*") if paths is None else {repo.root / path for path in paths}):
        path = file.relative_to(repo.root).as_posix()
        if file.is_dir() and not file.is_symlink():
            continue
        owned = owner_of(path)
        if owned is None or not path.endswith(".md"):
            yield Finding("PM320", "it does not lie where a message does", path, fix="take it away")
            continue
        try:
            data = read_regular(file)
        except Unreadable as problem:
            yield finding_of(problem, path, "a message")
            continue
        found, problems = read_message(data, path)
        yield from problems
        if not (repo.root / path_of(owned.doc)).is_file():
            yield _without_postmortem(repo, owned.doc, path)
        elif found is not None and not file.with_name(f"{found.thread}.md").is_file():
            yield no_beginning(found.thread, path)
        if found is not None and people is not None:
            yield from unknown_mentions(read(data, path), people)


def _without_postmortem(repo: git.Repository, doc: str, path: str) -> Finding:
    """What is said of a message about nothing; one that met the deletion of its postmortem was honest when written."""
    if any((repo.root / RECORDS / doc).glob("*-delete-*.json")):
        said = f"{doc} was deleted on the record, and this message is left over"
        return Finding("PM320", said, path, fix=f"delete the file: git rm {path}", severity=Severity.WARNING)
    return Finding("PM320", f"there is no postmortem {doc}", path, fix="take it away")


def staged_messages(workspace: Workspace, changes: Iterable[index.Staged], author: str) -> list[Finding]:
    """What the audit would say of staged messages; `author` is the e-mail address that git commits with."""
    changes = [one for one in changes if one.path.startswith(COMMENTS + "/")]
    policy = workspace.head.policy()[0]
    if policy is None or not changes:
        return []
    blobs = index.blobs(workspace.repo.top, [one.new for one in changes if one.mode.startswith("100")], MAX_BYTES + 1)
    handle = person_by_email(policy, author or git_config(workspace.repo).get("user.email", ""))
    who = tuple(filter(None, dict.fromkeys((handle, *_squashed(workspace, policy)))))
    merging = (workspace.repo.git_dir / "MERGE_HEAD").exists()  # what the other side brings is not its committer's
    found: list[Finding] = []
    for one in changes:
        message, problems = _form(workspace, policy, one, blobs)
        found += problems
        if not merging:
            asked = _violations(workspace, policy, one, message, who)
            found += _findings(asked, policy, one.path)
    return found


def _squashed(workspace: Workspace, policy: Policy) -> list[str]:
    """Whose commits `git merge --squash` brings: the commit's message can still name them as its co-authors."""
    file = workspace.repo.git_dir / "SQUASH_MSG"
    if policy.edits == SIGNED or not file.is_file():
        return []
    authors = re.findall(r"^Author: .*<([^<>\n]+)>$", file.read_text("utf-8", "replace"), re.MULTILINE)
    return [handle for handle in (person_by_email(policy, email) for email in authors) if handle]


def _form(
    workspace: Workspace, policy: Policy, one: index.Staged, blobs: dict[str, bytes]
) -> tuple[Message | None, list[Finding]]:
    """The message in a staged file, and why it is none."""
    if one.removed:
        return None, []
    if owner_of(one.path) is None or not one.path.endswith(".md") or one.mode not in ("100644", "100664"):
        return None, [_no_message(policy, one.path, "it does not lie where a message does, or is no regular file")]
    owned = owner_of(one.path)
    doc = owned.doc if owned is not None else ""
    if workspace.head.document(doc) is None and not (workspace.repo.root / path_of(doc)).is_file():
        return None, [_no_message(policy, one.path, f"there is no {doc}")]
    message, problems = read_message(blobs[one.new], one.path)
    found = [_no_message(policy, one.path, each.message)._replace(line=each.line, fix=each.fix) for each in problems]
    if message is not None and not message.is_first:
        first = f"{one.path.rpartition('/')[0]}/{message.thread}.md"
        if workspace.head.entry(first) is None and not (workspace.repo.root / first).is_file():
            said = no_beginning(message.thread, one.path)
            found.append(_no_message(policy, one.path, said.message)._replace(fix=said.fix))
    return message, found


def _violations(
    workspace: Workspace, policy: Policy, one: index.Staged, message: Message | None, who: tuple[str, ...]
) -> list[Violation]:
    """Why these people may not do what is staged of one message."""
    owned = owner_of(one.path)
    if owned is None:
        return []
    if one.added:
        return check_message(message, who, _rights(workspace, policy, owned.doc), owned.doc) if message else []
    writer = writer_of(owned.name.removesuffix(".md"))
    verb = "removed" if one.removed else "changed"
    return check_alteration(one.path, writer, who, policy, verb) if writer else []


def _rights(workspace: Workspace, policy: Policy, doc: str) -> Rights:
    """Who may speak: by the postmortem at HEAD, or in the work tree when it is only there."""
    where = workspace.head.document(doc)
    before: Document | None = None
    if where is not None:
        before = workspace.head.source.documents.document(where)
    elif (workspace.repo.root / path_of(doc)).is_file():
        before = workspace.read(doc)
    return Rights(before, current_state(workspace.head, doc).state, policy)


def _findings(violations: Iterable[Violation], policy: Policy, path: str) -> Iterator[Finding]:
    for one in violations:
        finding = Finding(one.code, one.message, path, fix=one.hint)
        yield finding if policy.edits == SIGNED else finding._replace(severity=Severity.WARNING)


def _no_message(policy: Policy, path: str, why: str) -> Finding:
    severity = Severity.ERROR if policy.edits == SIGNED else Severity.WARNING
    return Finding(_NOT_ONE, f"no message: {why}", path, fix=advise("write-message"), severity=severity)
