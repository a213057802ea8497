"""Write the pages for customers: the public texts in force, exactly as they were shared, and nothing else.

Where the policy names an organisation, each page comes with what was stated of it, and beside all lies who may speak.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pmctl.document.public_text import PublicText, digest, rendered_markdown
from pmctl.errors import Refused, advise
from pmctl.insight.public import leaks, terms_of
from pmctl.insight.shared import Shared, Told, Withdrawn, shared_texts
from pmctl.output.public_pages import CHROME, Made, feed, index, page, read_back, withdrawn
from pmctl.output.public_verifying import SIGNERS, Proof, signers
from pmctl.output.site.folder import Kept, open_folder, refuse_in_repository
from pmctl.policy.model import COMPROMISED, PublicRules
from pmctl.repository.workspace import Workspace


class Built(NamedTuple):
    """What became of the folder. `shown` are the postmortems whose public text has a page, `withdrawn` those of which
    the pages say that it is withdrawn, `edited` those whose file says something that nobody shared, `unstated` those
    that customers cannot verify, `left` paths that somebody has changed."""

    pages: int
    made: int
    removed: int
    left: tuple[str, ...]
    shown: tuple[str, ...]
    withdrawn: tuple[str, ...]
    edited: tuple[str, ...]
    unstated: tuple[str, ...]


def build(workspace: Workspace, folder: Path, *, name: str, url: str = "") -> Built:
    """Bring a folder up to date. Raises Refused when two texts want one page, or a page says more than was shared."""
    refuse_in_repository(workspace.repo, folder)
    rules = workspace.policy.public
    every = list(shared_texts(workspace.head))
    found = sorted((one for one in every if isinstance(one, Shared)), key=lambda one: one.text.page, reverse=True)
    gone = [one for one in every if isinstance(one, Withdrawn)]
    _refuse_twice([*((one.postmortem, one.text.page) for one in found)])
    pages = []
    for one in found:
        proof = _proof(one.told)
        made = page(one.text, proof)
        refuse_leaks(workspace, one, read_back(made), *(proof.said if proof else ()))
        pages.append(made)
    taken = {one.text.page for one in found}
    pages += [withdrawn(proof) for one in gone if (proof := _proof(one.told)) and proof.page not in taken]
    texts = [one.text for one in found]
    lists = [index(texts, name), *([feed([(one.text, one.at) for one in found[:20]], name, url)] if url else ())]
    _refuse_leaking_lists(workspace, texts, lists, name, url)
    pages += lists
    if rules.organization:
        pages.append(Made(SIGNERS, [(SIGNERS, signers(rules.organization, _speaking(rules)))]))
    removed, left, written = _write(folder, pages)
    return Built(
        len(pages), written, removed, tuple(left), tuple(one.postmortem for one in found),
        tuple(one.postmortem for one in gone), tuple(one.postmortem for one in found if one.edited),
        tuple(one.postmortem for one in found if rules.organization and not one.told),
    )  # fmt: skip


def _proof(told: Sequence[Told]) -> Proof | None:
    """What the pages show of the statements about one text."""
    if not told:
        return None
    newest = told[-1].says
    lines = tuple((one.says.says, one.line, one.seal) for one in told)
    return Proof(newest.by, newest.page, newest.says == "withdrawn", lines)


def _speaking(rules: PublicRules) -> list[str]:
    return [key.id for key in rules.keys if key.status != COMPROMISED]


def _refuse_twice(found: Sequence[tuple[str, str]]) -> None:
    """Raise Refused when two public texts have one page."""
    seen: dict[str, str] = {}
    for postmortem, named in found:
        if other := seen.get(named):
            raise Refused(f"{other} and {postmortem} have one page, {named}", hint="change page: in one")
        seen[named] = postmortem


def refuse_leaks(workspace: Workspace, one: Shared, rendered: Sequence[str], *said: str) -> None:
    """Raise Refused when what was rendered carries along what the text does not say, nor `said`, which is ours."""
    terms = terms_of(workspace.policy, workspace.settings.public, one.document)
    checked = (rendered_markdown(one.text).decode(), *(each.text for each in one.text.allowed), CHROME, *said)
    if found := leaks(rendered, checked, terms):
        shown = ", ".join(repr(each) for each in found[:5])
        message = f"what would leave of {one.postmortem} says {shown}"
        raise Refused(message, hint=advise("check-public", id=one.postmortem))


def _refuse_leaking_lists(
    workspace: Workspace, texts: Sequence[PublicText], lists: Sequence[Made], name: str, url: str
) -> None:
    """The same of the list and the feed, which say only what the texts say, under a name and an address."""
    own = (
        f"{url}feed.xml",
        *(f"{start}{one.page}.html" for one in texts for start in (f"{url}postmortems/", "postmortems/")),
    )
    said = (*(rendered_markdown(one).decode() for one in texts), *own, CHROME, name, url)
    terms = terms_of(workspace.policy, workspace.settings.public, None)
    if found := leaks([text for made in lists for text in read_back(made)], said, terms):
        raise Refused(f"the list of what is shared would say {', '.join(map(repr, found[:5]))}")


def _write(path: Path, pages: Sequence[Made]) -> tuple[int, list[str], int]:
    """Write what has changed and remove what is gone: how many went, which stay, how many were written."""
    folder = open_folder(path)
    keys = {made.path: digest(b"\0".join(data for _, data in made.files)) for made in pages}
    stale = [made for made in pages if not folder.is_current(made.path, keys[made.path])]
    folder.claim([made.path for made in stale])
    for made in stale:
        folder.note(made.path, Kept(keys[made.path], folder.write(made.path, made.files)))
    removed, left = folder.keep_only(set(keys))
    folder.save()
    return removed, left, len(stale)
