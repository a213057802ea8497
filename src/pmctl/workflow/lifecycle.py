"""The acts that move a postmortem: one record, one signature, one status line, one commit.

before (HEAD) -> the act that is meant -> `policy.lifecycle.check` (the same question that the audit asks)
-> record, signature and the edited file -> one commit. What is not allowed is refused before the first
byte is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pmctl.document.digest import Attachment, content_digest, digests_without_last_rows
from pmctl.document.fields import EditorRole, path_of
from pmctl.document.reader import Document
from pmctl.document.template import Template
from pmctl.errors import Hint, Refused, UsageProblem, advise
from pmctl.ledger import record
from pmctl.ledger.current_state import CurrentState, current_state, judged_by, version_with
from pmctl.ledger.discussion import Discussion, discussion
from pmctl.ledger.tree_documents import facts_of
from pmctl.policy import act as acts
from pmctl.policy import lifecycle
from pmctl.policy.act import Act
from pmctl.policy.permission import Violation
from pmctl.policy.state import DRAFT, FINAL, IN_REVIEW, PostmortemState, View
from pmctl.repository.actor import Actor
from pmctl.repository.records import record_writes, refusal, signed_base
from pmctl.repository.transaction import CommitResult, Write, commit
from pmctl.repository.workspace import Workspace
from pmctl.text import listed, plural, utc
from pmctl.workflow.done import Done

_ABOUT_TEXT = ("AU311", "AU321")
"""What lifecycle has against a text itself."""


def perform(
    workspace: Workspace,
    actor: Actor,
    kind: str,
    name: str,
    *,
    at: datetime,
    note: str = "",
    reviewers: Sequence[str] = (),
    editors: Sequence[str] = (),
    text: Document | None = None,
    expected: str = "",
    base: str = "",
) -> Done:
    """Let `actor` do the act `kind` on the postmortem `name`; `at` is the time that the record will claim.

    `editors` are made editors of a postmortem in review; `text` is what the postmortem says after the act, for one that
    adds action items. `expected` is the digest of the content that was shown: another one is not signed. `base` is
    where the branch was when the act was signed, for one that was signed before.

    Raises Refused with every reason when policy, lifecycle or content forbid it, and whatever the
    transaction raises; nothing is changed then.
    """
    # An author may delete a draft: by what history proves, not by what its file claims.
    claims = kind == acts.DELETE and actor.handle not in workspace.policy.admins
    now = current_state(workspace.head, name, from_history=claims)
    kind = _kind(kind, now, editors)
    document = text or (workspace.read(name) if kind == acts.AMEND else workspace.read_at(name))
    _refuse_unreadable(document, name)
    attached = _attached(workspace, name) if kind == acts.AMEND else ()
    content = content_digest(document, _as_committed(workspace, name, attached))
    if expected and content != expected:
        raise Refused(f"{name} has changed since it was shown", hint=advise("review", id=name))
    templates, unjudged = _bound_templates(workspace, now, kind, document)
    view = replace(_view(workspace, now, kind, document, content, templates), template=unjudged)
    act = lifecycle.propose(
        kind,
        now.state,
        workspace.policy,
        now.root,
        by=actor.handle,
        at=utc(at),
        content=content,
        note=note,
        base=base or signed_base(workspace),
        # In a later round the same people are asked, unless others are named.
        reviewers=_handles(reviewers or (now.state.reviewers if kind == acts.SUBMIT and now.state.round else ())),
        author=now.state.author or view.author,
        editors=view.editors if kind == acts.SUBMIT else _handles(editors),
        template=workspace.head.judging_template(facts_of(document).template),
        was=now.state.open if now.state.open == workspace.head.digest(name) else "",
    )
    violations = lifecycle.check(act, now.state, workspace.policy, view)
    if kind == acts.APPROVE and unjudged:  # the audit does not ask, but nobody could publish by such an approval
        message = f"approve of {name} would lead nowhere, it can't be judged by its template: {unjudged}"
        violations = (*violations, Violation("AU326", message, advise("submit-again", id=name)))
    refusals = tuple(violation for violation in violations if not violation.attributed)
    if kind in (acts.SUBMIT, acts.PUBLISH):
        _refuse_unready(workspace, kind, document, at, templates, refusals)
    if refusals:
        raise refusal(refusals)
    if kind == acts.PUBLISH:
        _refuse_open_incident(workspace, name, document)
    _refuse_idle(act, now)
    data = record.to_bytes(act)
    after = lifecycle.advance(now.state, act, record.digest(data), author=document.author or "")
    landed = _write(workspace, actor, act, now, after, document, data, attached)
    told = _done(act, after, landed, content, tuple(v.message for v in violations if v.attributed))
    if told.next_step == advise("publish", id=name) and discussion(workspace.head, name, after, now.policy).unresolved:
        return replace(told, next_step=advise("resolve-threads", id=name))
    return told


def _refuse_idle(act: acts.Act, now: CurrentState) -> None:
    """Raise Refused for an act that would change nothing: no new text to amend, nobody new who is asked."""
    if act.act == acts.AMEND and act.content == now.state.content:
        raise Refused(f"{act.doc} has no changes to amend", hint=f"edit {path_of(act.doc)} first, then run amend")
    again = act.reviewers and not act.editors and {*act.reviewers} <= set(now.state.reviewers)
    if act.act == acts.REQUEST_REVIEW and again:
        asked = listed(act.reviewers)
        raise Refused(f"{asked} {'was' if len(act.reviewers) == 1 else 'were'} asked already to review {act.doc}")


def _kind(asked: str, now: CurrentState, editors: Sequence[str]) -> str:
    """The act that is meant: a submit of what is in review asks for further reviews, and only that names editors."""
    if asked == acts.SUBMIT and now.state.status == IN_REVIEW:
        return acts.REQUEST_REVIEW
    if editors:
        message = f"{now.state.id} is {now.state.status}: --editor is for a postmortem in review"
        raise UsageProblem(message, hint=advise("share", id=now.state.id))
    return asked


def difference_in_force(workspace: Workspace, name: str) -> str:
    """How the last commit's text of a published postmortem differs from the one in force, with what an amend adds: what
    an amend would settle. '' when the last commit has the text in force."""
    from pmctl.rules.fixes import unified_diff

    head = workspace.head
    state = current_state(head, name).state
    if state.status not in FINAL or state.content == head.digest(name):
        return ""
    signed = version_with(head, name, state.content)
    text = signed.text if signed is not None else ""
    return unified_diff(text, workspace.read(name).text, path_of(name))


def _handles(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(handle.removeprefix("@") for handle in given))


def _bound_templates(
    workspace: Workspace, now: CurrentState, kind: str, document: Document
) -> tuple[tuple[Template, ...] | None, str]:
    """The templates that a publication is judged by, those of its submit, and why there are none; else None.

    An approval only asks whether there are any.
    """
    if kind not in (acts.APPROVE, acts.PUBLISH):
        return None, ""
    templates, problem = judged_by(workspace.head, now.state, facts_of(document).template)
    return templates if kind == acts.PUBLISH else None, problem


def _view(
    workspace: Workspace,
    now: CurrentState,
    kind: str,
    document: Document,
    content: str,
    templates: tuple[Template, ...] | None,
) -> View:
    """The document's side of the decision. The audit judges by templates of history, so those are asked here too."""
    binding = kind in (acts.SUBMIT, acts.PUBLISH)
    said = discussion(workspace.head, now.state.id, now.state, now.policy) if kind == acts.PUBLISH else Discussion()
    view = now.view(document, content, templates=templates, unresolved=len(said.unresolved), binding=binding)
    rows = ""
    if kind == acts.ADD_ITEM:
        attachments = workspace.head.attachments(document.id)
        if now.state.content not in digests_without_last_rows(document, attachments)[1:]:
            rows = "what is there is not what was approved, or it has no table to append to"
    return replace(view, rows=rows)


def _write(
    workspace: Workspace,
    actor: Actor,
    act: Act,
    now: CurrentState,
    after: PostmortemState,
    document: Document,
    data: bytes,
    attached: Sequence[Write],
) -> CommitResult:
    writes = list(record_writes(actor, act, now.next_number, data))
    path = path_of(act.doc)
    folder = path.removesuffix(".md")
    if act.act == acts.DELETE:
        writes.append(Write(path, None))
        writes.extend(Write(f"{folder}/{item.path}", None) for item in workspace.head.attachments(act.doc))
        writes.extend(Write(beside, None) for beside in workspace.head.paths_beside(act.doc))
    else:
        # An approval leaves the document as it is.
        changed = document if act.act == acts.APPROVE else edited(document, act, after)
        if act.act in (acts.AMEND, acts.ADD_ITEM) or changed.data != document.data:
            writes.append(Write(path, changed.data))
    writes.extend(attached)
    return commit(
        workspace.repo,
        writes,
        message_of(act),
        signing=actor.signer.git_arguments(),
        may_overwrite=act.act == acts.AMEND,
        # What is signed is the last commit; whoever acts has read the work tree, so they have to be the same.
        unchanged=() if act.act == acts.AMEND else (path, folder),
    )


def _attached(workspace: Workspace, name: str) -> tuple[Write, ...]:
    """The attachments that the work tree has otherwise than HEAD, as writes of an amend."""
    folder = path_of(name).removesuffix(".md")
    files = workspace.attached_files(name)
    before = {item.path: item.sha256 for item in workspace.head.attachments(name)}
    changed = [path for path, digest in files.items() if before.get(path) != digest]
    writes = [Write(f"{folder}/{path}", workspace.attachment(name, path)) for path in changed]
    return (*writes, *(Write(f"{folder}/{path}", None) for path in before if path not in files))


def _as_committed(workspace: Workspace, name: str, attached: Sequence[Write]) -> tuple[Attachment, ...]:
    """The attachments of HEAD as they will be after these writes."""
    folder = path_of(name).removesuffix(".md") + "/"
    items = {item.path: item for item in workspace.head.attachments(name)}
    for write in attached:
        path = write.path.removeprefix(folder)
        if write.data is None:
            del items[path]
        else:
            items[path] = Attachment(path, "100644", hashlib.sha256(write.data).hexdigest())
    return tuple(items[path] for path in sorted(items))


def edited(document: Document, act: Act, after: PostmortemState) -> Document:
    """The document with the front matter that the state after the act asks for; everything else as it was."""
    from pmctl.document import edits

    changed = document
    if document.status != after.status:
        changed = edits.set_field(changed, "status", after.status)
    if act.act == acts.REQUEST_REVIEW and act.editors:
        roles = dict(document.meta.get("editors") or {})
        changed = edits.set_field(changed, "editors", {**roles, **dict.fromkeys(act.editors, EditorRole.EDIT.value)})
    if "reviewers" in acts.ACTS[act.act].keys:
        present = tuple(document.meta.get("reviewers") or ())
        if present != after.reviewers:
            changed = edits.set_field(changed, "reviewers", list(after.reviewers))
    return changed


def _subject(act: Act) -> str:
    """The first line of the commit: what whoever acts does, in the imperative."""
    people = listed(act.reviewers)
    if act.act == acts.SUBMIT:
        return f"Submit {act.doc} to {people}"
    if act.act == acts.REQUEST_REVIEW:
        return f"Ask {people} to review {act.doc}" if people else f"Let {listed(act.editors)} edit {act.doc}"
    if act.act == acts.REQUEST_CHANGES:
        return f"Request changes to {act.doc}"
    if act.act == acts.ADD_ITEM:
        return f"Add an action item to {act.doc}"
    return f"{act.act.capitalize()} {act.doc}"


def message_of(act: Act) -> str:
    lines = [_subject(act), ""]
    if act.note:
        lines += [act.note, ""]
    lines += [f"Postmortem: {act.doc}", f"Act: {act.act}", f"Content: {act.content}"]
    lines += [f"Reviewed-by: {act.by}"] if act.act == acts.APPROVE else []
    return "\n".join(lines) + "\n"


def _refuse_unreadable(document: Document, name: str) -> None:
    if document.readable:
        return
    details = tuple(f"{p.path}:{p.line}:{p.column}: {p.code} {p.message}" for p in document.problems)
    raise Refused(f"{name} cannot be read as a postmortem", hint=advise("validate", id=name), details=details)


def _refuse_unready(
    workspace: Workspace,
    kind: str,
    document: Document,
    at: datetime,
    templates: tuple[Template, ...] | None,
    refusals: Sequence[Violation],
) -> None:
    """What validation says of a postmortem that is submitted, all of it: hooks and reviewers would say the same.

    Of somebody who may not do it, or at another time, the text is not judged.
    """
    if any(violation.code not in _ABOUT_TEXT for violation in refusals):
        return
    from pmctl.insight.readiness import as_details, judged_as_submitted, not_ready

    found = not_ready(document, judged_as_submitted(workspace, at, templates))
    if found:
        done = "submitted" if kind == acts.SUBMIT else "published"
        raise Refused(
            f"{document.id} cannot be {done} yet: {plural(len(found), 'error')}",
            hint=advise("edit", id=document.id),
            details=(*((f"{one.code} {one.message}", one.hint) for one in refusals), *as_details(found)),
        )


def _refuse_open_incident(workspace: Workspace, name: str, document: Document) -> None:
    """An incident that is not over has no end to write about. Only advice: the audit does not ask for it."""
    from pmctl.insight.incidents import unresolved_incidents

    still_open = unresolved_incidents(workspace, name, document)
    if still_open:
        raise Refused(
            f"{still_open[0]} was not resolved when its record was read",
            hint=advise("when-resolved", id=name),
            details=tuple(still_open[1:]),
        )


def _done(act: Act, after: PostmortemState, landed: CommitResult, content: str, notes: Sequence[str]) -> Done:
    sentence = f"{act.by} {acts.ACTS[act.act].past} {act.doc}"
    if after.status != act.from_status:
        sentence += f": {act.from_status} -> {after.status}"
    facts = [f"content {content[:19]}..., commit {landed.oid[:12]}", *notes]
    return Done(
        act=act.act,
        id=act.doc,
        by=act.by,
        sentence=sentence,
        landed=landed,
        before=act.from_status,
        after=after.status,
        digest=content,
        facts=tuple(facts),
        next_step=_next_step(act, after, content),
    )


def _next_step(act: Act, after: PostmortemState, content: str) -> Hint:
    if after.status == IN_REVIEW:
        approved = {approval.by for approval in after.counting(content)}
        waiting = [handle for handle in after.reviewers if handle not in approved]
        if waiting:
            return advise("read-and-approve", id=act.doc, people=", ".join(waiting))
        return advise("publish", id=act.doc)
    if after.status == DRAFT:
        if after.reviewers and after.round:
            return advise("edit-and-submit-again", id=act.doc, people=listed(after.reviewers))
        return advise("edit-and-submit", id=act.doc)
    return advise("log", id=act.doc) if after.status in FINAL else ""
