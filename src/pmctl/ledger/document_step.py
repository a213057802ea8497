"""One postmortem in one step: the document before and after, the state before, and the records that arrived."""

from __future__ import annotations

from dataclasses import dataclass

from pmctl.errors import Hint
from pmctl.ledger.snapshot import document_path
from pmctl.ledger.step import StepContext
from pmctl.ledger.tree_documents import FrontMatterFacts, TreeDocument
from pmctl.ledger.verified_records import VerifiedRecord
from pmctl.policy.state import PostmortemState

_NOTHING = FrontMatterFacts()


@dataclass(frozen=True, slots=True)
class DocumentStep:
    """What a step does to one postmortem. `facts` and `earlier` are what the front matter says after and before it."""

    step: StepContext
    doc: str
    old: TreeDocument | None
    new: TreeDocument | None
    before: PostmortemState | None
    records: list[VerifiedRecord]

    @property
    def path(self) -> str:
        """Where the document lies, below the pmctl root."""
        return document_path(self.doc)

    @property
    def facts(self) -> FrontMatterFacts:
        """What the front matter says after the step."""
        return self.step.documents.facts(self.new) if self.new is not None else _NOTHING

    @property
    def earlier(self) -> FrontMatterFacts:
        """What the front matter said before the step."""
        return self.step.documents.facts(self.old) if self.old is not None else _NOTHING

    def find(
        self,
        code: str,
        message: str,
        hint: Hint = "",
        *,
        path: str = "",
        attributed: bool = False,
        warning: bool = False,
    ) -> None:
        """Report a finding about this postmortem."""
        self.step.find(
            code, message, hint, doc=self.doc, path=path or self.path, attributed=attributed, warning=warning
        )
