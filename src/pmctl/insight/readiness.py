"""Whether a postmortem is ready to be reviewed and published: the one answer of status, submit, publish and edits.

A document -> the errors that validation finds in it when it is judged as submitted. What `validate --strict` lists as
an error, `status` names as a blocker, submitting and publishing refuse, and hooks and CI find in what is staged.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding, Severity
from pmctl.errors import Hint, Refused, advise
from pmctl.git import SETTINGS_FILE
from pmctl.insight.roots import Files
from pmctl.insight.validation import Selection, context_of
from pmctl.repository.workspace import Workspace
from pmctl.rules.engine import check
from pmctl.text import plural

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.document.template import Template
    from pmctl.rules.context import Context


def judged_as_submitted(workspace: Workspace, now: datetime, templates: tuple[Template, ...] | None = None) -> Context:
    """What postmortems are judged by when it is asked whether they are ready: all of it as it is at HEAD.

    `templates` are those that the submit of a postmortem in review is bound to, in place of the present ones.

    Acts and audit rest on commits, so a template or a picture that is only in the work tree does not count.
    """
    head = workspace.head
    files = Files(head.file(SETTINGS_FILE) or b"", head.template_files(), lambda path: head.entry(path) is not None)
    context, _ = context_of(workspace, Selection(now=now), files, policy=head.policy()[0])
    return context._replace(strict=True, own_templates=context.own_templates if templates is None else templates)


def not_ready(document: Document, context: Context) -> tuple[Finding, ...]:
    """Everything that keeps a postmortem from being submitted, or published, as far as its text goes."""
    return tuple(one for one in check(document, context) if one.severity is Severity.ERROR)


def refuse_new_errors(workspace: Workspace, before: Document | None, after: Document) -> None:
    """Raise Refused, with all of them, where a changed document has errors that it did not have before.

    It is judged as validation judges it in its state. An edit is not asked to mend what stood there already.
    """
    context = judged_as_submitted(workspace, datetime.now(UTC))._replace(strict=False)
    found = _brought_in(before, after, context)
    if found:
        message = f"this would bring {plural(len(found), 'error')} into {after.path}; nothing was committed"
        raise Refused(message, hint=advise("validate", id=after.path), details=as_details(found))


def _brought_in(before: Document | None, after: Document, context: Context) -> tuple[Finding, ...]:
    """The errors that a change brings; findings are compared without their lines."""
    known = {(one.code, one.message) for one in check(before, context)} if before is not None else set()
    found = (one for one in check(after, context) if one.severity is Severity.ERROR)
    return tuple(one for one in found if (one.code, one.message) not in known)


def as_details(findings: tuple[Finding, ...]) -> tuple[tuple[str, Hint], ...]:
    """The findings as lines of an error, each with its fix."""
    return tuple(
        (f"{one.path}:{one.line or 1}:{one.column or 1}: {one.code} {one.message}", one.fix) for one in findings
    )
