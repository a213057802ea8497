"""What keeps an approval from binding what people read. Document -> findings.

Submitting and publishing refuse every one of these, and the audit reports them: the table of action items has to be the
one that readers see, characters have to be visible, and pictures have to lie where the digest covers them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmctl.document.action_problems import action_problems
from pmctl.document.finding import Finding
from pmctl.document.invisible import invisible_characters

if TYPE_CHECKING:
    from pmctl.document.reader import Document


def binding_problems(doc: Document) -> list[Finding]:
    """Everything in the body that an approval of it would not bind as it is read, all errors."""
    return [*action_problems(doc), *invisible_characters(doc), *pictures_elsewhere(doc)]


def pictures_elsewhere(doc: Document) -> list[Finding]:
    """Each picture that the body shows from outside of the postmortem's own folder."""
    if "![" not in doc.text and "<" not in doc.text:
        return []
    from pmctl.document import pictures

    found = []
    for picture in pictures.pictures_elsewhere(doc):
        where = "on another host" if pictures.is_remote(picture.target) else "outside the postmortem's own folder"
        name = picture.target if len(picture.target) <= 100 else picture.target[:99] + "…"
        message = f"the picture {name} lies {where}: no approval covers it"
        line, column = doc.position(picture.start)
        end_line, end_column = doc.position(picture.end)
        fix = f"keep a copy in postmortems/{doc.id[:4]}/{doc.id}/ and show {doc.id}/NAME, or make it a link"
        found.append(
            Finding("PM209", message, doc.path, line, column, fix=fix, end_line=end_line, end_column=end_column)
        )
    return found
