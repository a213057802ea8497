"""The organisation's own templates in commits. (trees) -> templates, and where a version asks for something else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmctl.codes import Code
from pmctl.errors import advise
from pmctl.ledger.store import Store
from pmctl.ledger.trees import Trees

if TYPE_CHECKING:
    from pmctl.document.template import Template
    from pmctl.ledger.step_auditor import StepAuditor

TEMPLATES = ".pmctl/templates"
_REGULAR = ("100644", "100755")


class TemplateStore:
    """Templates by the object id of their folder, each state of which is parsed once.

    Raises MissingObject and CorruptObject, as its readers do.
    """

    def __init__(self, reader: Store, trees: Trees) -> None:
        self._reader = reader
        self._trees = trees
        self._known: dict[str, tuple[Template, ...]] = {}

    def of(self, tree: str) -> tuple[Template, ...]:
        """The templates below the pmctl root's tree."""
        folder = self._trees.folder(tree, TEMPLATES)
        if not folder:
            return ()
        if folder not in self._known:
            from pmctl.document.template_library import parse_templates

            self._known[folder] = parse_templates(dict(self._files(folder)))[0]
        return self._known[folder]

    def _files(self, folder: str) -> Iterator[tuple[str, bytes]]:
        for path, entry in self._trees.files(folder):
            if path.endswith(".md") and "/" not in path and entry.mode in _REGULAR:
                yield f"{TEMPLATES}/{path}", self._reader.blob(entry.oid)


def check_versions(judge: StepAuditor, commit: str, before: str, tree: str) -> None:
    """Report what versions ask differently than in the step before, where postmortems recorded them by then.

    Called before the step's own documents are taken up; `before` and `tree` are the pmctl root's trees.
    """
    from pmctl.document.template_library import broken_versions

    facts = ((doc, judge.documents.facts(held)) for doc, held in judge.fold.held.items())
    recorded = ((doc, one.template) for doc, one in facts if not one.problem)
    for change in broken_versions(judge.library.of(before), judge.library.of(tree), recorded):
        message = f"template {change.before.reference}{':' if change.now else ''} {change.message}"
        hint = advise("put-version-back", template=change.before.name)
        judge.fold.find(commit, "AU506", message, path=change.file, hint=hint)


CODES = (
    Code(
        "AU506",
        "template-version-changed",
        "A version of a template asks for something else than before, or is gone, while postmortems record it.",
        "A postmortem is judged by the version that it records; a change of what that version asks would change the"
        " judgement of what was written, reviewed and published under it. Prompts, texts, descriptions and optional"
        " sections may change at any time.",
        "Put the version back as it was, and start the next one: pmctl template new NAME --next. Or an admin accepts"
        " the finding with a signed waiver.",
        "required: false becomes required: true in a template that postmortems were written with",
    ),
)
