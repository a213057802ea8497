"""Which postmortem a path belongs to, and paths that may not be: links, files out of place, names like ours.

Differences -> findings. Only what a step adds or changes is looked at.
"""

from __future__ import annotations

from pmctl.codes import Code
from pmctl.document.attributes import hiding_lines
from pmctl.document.fields import id_of, is_id
from pmctl.document.lookalikes import folded, same_on_disk, taken_for
from pmctl.document.reader import read
from pmctl.ledger.snapshot import attachments_path
from pmctl.ledger.step import StepContext
from pmctl.ledger.tree_documents import REGULAR
from pmctl.ledger.trees import Difference
from pmctl.text import in_ascii, safe

_KINDS = {
    "120000": "a symbolic link", "160000": "a submodule", "100755": "executable",
    "40000": "a folder that lies too deep, or one of too many",
}  # fmt: skip


def belongs_to(path: str) -> tuple[str, bool]:
    """(id of the postmortem that a path below the pmctl root belongs to or '', is it an attachment)."""
    parts = path.split("/")
    if parts[0] != "postmortems" or len(parts) < 3:
        return "", False
    if len(parts) == 3 and parts[2].endswith(".md"):
        return id_of(path) or "", False
    owner = parts[2]
    return (owner, True) if is_id(owner) and parts[1] == owner[:4] else ("", False)


def check(step: StepContext, differences: list[Difference]) -> None:
    """Report what a step adds at paths that pmctl manages and that can't be what they seem."""
    attached = set()
    for path, _, new in differences:
        if new is None:
            continue
        doc, attachment = belongs_to(path)
        if attachment:
            attached.add(doc)
        taken = taken_for(path)
        if taken:
            message = f"{in_ascii(path)} can be taken for {taken}, which it is not"
            step.find("AU504", message, "remove it", doc=belongs_to(taken)[0], path=path)
        elif path.startswith("postmortems/") and new.mode != REGULAR:
            what = "an attachment" if attachment else "a document" if doc else "a file"
            message = f"{safe(path)} is {_KINDS.get(new.mode, 'not a regular file')}, not {what}"
            hint = "replace it by a regular file without the executable bit"
            step.find("AU501", message, hint, doc=doc, path=path)
        elif path.startswith("postmortems/") and not doc and path.lower().endswith(".md"):
            _document(step, path, new.oid)
        if new.mode == REGULAR and folded(path.rpartition("/")[2]) == ".gitattributes":
            _attributes(step, path, new.oid, path.rpartition("/")[0])
    for doc in sorted(attached):
        _same_names(step, doc)


def check_above(step: StepContext, parent: str) -> None:
    """Report .gitattributes files above the pmctl root that a step adds or changes; the first step has no parent."""
    reader, trees = step.source.reader, step.source.trees
    before = reader.commit(parent).tree if parent else ""
    after = reader.commit(step.commit.oid).tree
    folders = step.source.repo.prefix.rstrip("/").split("/")
    for depth in range(len(folders)):
        place = "/".join((*folders[:depth], ".gitattributes"))
        new = trees.entry(after, place)
        if new is None or new.mode != REGULAR or (before and trees.entry(before, place) == new):
            continue
        path = "../" * (len(folders) - depth) + ".gitattributes"
        _attributes(step, path, new.oid, "../" + "/".join(folders[depth:]))


def _same_names(step: StepContext, doc: str) -> None:
    """Attachments of one postmortem that are one file on some systems."""
    folder = step.after.entry(attachments_path(doc))
    seen: dict[str, str] = {}
    for name, _ in step.source.trees.files(folder.oid) if folder is not None and folder.is_tree else ():
        other = seen.setdefault(same_on_disk(name), name)
        if other != name:
            message = f"the attachments {in_ascii(other)} and {in_ascii(name)} of {doc} are one file on some systems"
            step.find("AU504", message, "rename one of them", doc=doc, path=f"{attachments_path(doc)}/{name}")


def _document(step: StepContext, path: str, oid: str) -> None:
    """A Markdown file where no postmortem may lie: a renamed or copied one."""
    document = read(step.source.reader.blob(oid), path)
    named = document.found.get("id")
    if named is not None and "status" in document.found:
        message = f"{safe(path)} looks like a postmortem, but it is not where its id says"
        hint = f"move it to postmortems/{named.raw[:4]}/{named.raw}.md" if is_id(named.raw) else ""
        step.find("AU502", message, hint, path=path)


def _attributes(step: StepContext, path: str, oid: str, folder: str) -> None:
    for hidden in hiding_lines(step.source.reader.blob(oid), folder)[:1]:
        message = (
            f"{safe(path)}:{hidden.line} changes how {safe(hidden.pattern[:100])} is shown: {safe(hidden.attribute)}"
        )
        hint = "git log and pull requests may hide changes of records and documents"
        step.find("AU505", message, hint, path=path, warning=True)


CODES = (
    Code(
        "AU501",
        "not-a-regular-file",
        "A document or an attachment is a link, a submodule or executable.",
        "Its content could then change, or come from elsewhere, without a change of history.",
        "Replace it by a regular file of mode 100644.",
        "postmortems/2024/x.md -> ../../secret",
    ),
    Code(
        "AU502",
        "misplaced",
        "A file looks like a postmortem, but does not lie where its id says.",
        "It is a copy or a rename, which people may take for the real one.",
        "Move it to postmortems/YEAR/ID.md, or remove it.",
        "postmortems/old/2024-01-15-outage.md",
    ),
    Code(
        "AU504",
        "looks-like-ours",
        "A path can be taken for a managed one by a file system, a host or a person: it differs by case, invisible or "
        "look-alike characters, dots or spaces at the end; or two attachments are one file on some systems.",
        "On macOS and Windows the two are one file, and which one a person sees is chance.",
        "Remove it.",
        "Postmortems/2024/..., .pmctl/Records/...",
    ),
    Code(
        "AU505",
        "hidden-difference",
        "A .gitattributes file hides or alters how git and forges show managed files.",
        "A change that no diff shows is reviewed by nobody.",
        "Remove that line.",
        "*.md -diff",
    ),
)
