"""Write the table of levels into docs/discussion.md: `python -m tests.policy.levels`.

Each cell is what the functions say that refuse: one postmortem in which everybody has one part, asked for each of them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pmctl.document import edits
from pmctl.document.actions import action_tables
from pmctl.document.reader import Document, read
from pmctl.policy.edits import Edit, Right, check_edit, who_may
from pmctl.policy.model import AGENT, PERSON, SERVICE, Person, Policy
from pmctl.policy.state import ARCHIVED, DRAFT, IN_REVIEW, PUBLISHED, PostmortemState
from tests.world import DOC, document

PAGE = Path(__file__).parents[2] / "docs" / "discussion.md"
BEGIN, END = "<!-- levels: begin (python -m tests.policy.levels) -->", "<!-- levels: end -->"

PARTS = {
    "jane": "author",
    "edith": "editors with `edit`",
    "colin": "editors with `comment`",
    "rita": "reviewers",
    "pat": "participants",
    "carol": "the item's owner",
    "ada": "admins",
    "wanda": "whoever began it",
    "agnes": "agents with `edit`",
    "otto": "agents with `comment`",
    "wall-e": "agents that began it",
    "sid": "services",
    "nobody": "everybody else",
}
_KINDS = {"agnes": AGENT, "otto": AGENT, "wall-e": AGENT, "sid": SERVICE}
STATES = (DRAFT, IN_REVIEW, PUBLISHED, ARCHIVED)
POLICY = Policy(
    1, {name: Person(name, name.title(), kind=_KINDS.get(name, PERSON)) for name in PARTS}, {}, ("ada",)
)  # carol owns AI-7f3k of the sample
EDITORS = {"edith": "edit", "agnes": "edit", "colin": "comment", "otto": "comment"}


def sample(status: str) -> Document:
    """The postmortem in a state."""
    text = document(DOC, status=status, reviewers="[rita]", participants="[pat]")
    return edits.set_field(read(text.encode(), f"postmortems/2024/{DOC}.md"), "editors", EDITORS)


def standing(status: str) -> PostmortemState:
    """Where it stands, by its records."""
    if status == DRAFT:
        return PostmortemState(DOC, author="jane")
    return PostmortemState(DOC, status, author="jane", editors=("edith", "agnes"), reviewers=("rita",), round=1)


def with_text(before: Document) -> Document:
    return edits.replace_section(before, "Root Cause", "\nThe pool was far too small.\n\n")


def with_item(before: Document) -> Document:
    (table,) = action_tables(before)
    return edits.set_cell(before, table, table.rows[0], "Status", "COMPLETED")


def with_editor(role: str) -> Callable[[Document], Document]:
    return lambda before: edits.set_field(before, "editors", {**EDITORS, "nobody": role})


CHANGES: dict[str, Callable[[Document], Document]] = {
    "edit the text": with_text,
    "keep an action item up to date": with_item,
    "give the right to `edit`": with_editor("edit"),
    "give the right to `comment`": with_editor("comment"),
}
"""Changes of the file, by what they are called in the table."""


def able(what: str, status: str) -> tuple[str, ...]:
    """Who may do something in a state."""
    before, state = sample(status), standing(status)
    if what in CHANGES:
        edit = Edit(before, CHANGES[what](before))
        return tuple(name for name in PARTS if not check_edit(edit, (name,), state, POLICY))
    if what == "comment":
        return who_may(Right.COMMENT, before, state, POLICY)
    began = [who_may(Right.RESOLVE, before, state, POLICY, owner=name) for name in ("wanda", "wall-e")]
    return tuple(dict.fromkeys(name for names in began for name in names))


def cell(what: str, status: str) -> str:
    names = able(what, status)
    if "nobody" in names:
        return "everybody"
    return ", ".join(word for name, word in PARTS.items() if name in names) or "nobody"


def table() -> str:
    """The table as Markdown."""
    lines = ["| | DRAFT | IN_REVIEW | PUBLISHED | ARCHIVED |", "|---|---|---|---|---|"]
    rows = (*CHANGES, "comment", "resolve and reopen a thread")
    lines += ["| " + " | ".join((f"**{what}**", *(cell(what, status) for status in STATES))) + " |" for what in rows]
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """The page with the table of now between its marks."""
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    return f"{before}{BEGIN}\n\n{table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
