"""Which postmortem a path belongs to, and paths that may not be: links, files out of place, names that differ by case.

Differences -> findings. Only what a step adds or changes is looked at.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from pmctl.codes import Code
from pmctl.document.fields import id_of, is_id
from pmctl.document.reader import read
from pmctl.ledger.step import StepContext
from pmctl.ledger.tree_documents import REGULAR
from pmctl.ledger.trees import Difference
from pmctl.text import safe

_FOLDERS = ("postmortems", ".pmctl")
_KINDS = {"120000": "a symbolic link", "160000": "a submodule", "100755": "executable"}
# Attributes by which git or a forge shows no difference of a file, or another one than there is.
_HIDING = re.compile(
    r"-diff|binary|diff=\S*|(?:linguist|gitlab)-generated\S*|filter=\S*|ident|working-tree-encoding=\S*|merge=\S*"
)
_SHOWN = (
    "postmortems/2024/2024-01-15-x.md",
    ".pmctl/policy.yaml",
    ".pmctl/records/2024-01-15-x/0001-submit-a-5d1c0b6e.json",
)


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
    for path, _, new in differences:
        if new is None:
            continue
        doc, attachment = belongs_to(path)
        folder = path.partition("/")[0]
        if folder.lower() in _FOLDERS and folder not in _FOLDERS:
            message = f"{safe(path)} lies in a folder whose name differs from {folder.lower()} by case only"
            step.find("AU504", message, path=path)
        elif folder == "postmortems" and new.mode != REGULAR:
            what = "an attachment" if attachment else "a document" if doc else "a file"
            message = f"{safe(path)} is {_KINDS.get(new.mode, 'not a regular file')}, not {what}"
            hint = "replace it by a regular file without the executable bit"
            step.find("AU501", message, hint, doc=doc, path=path)
        elif folder == "postmortems" and not doc and path.lower().endswith(".md"):
            _document(step, path, new.oid)
        if path.rpartition("/")[2] == ".gitattributes":
            _attributes(step, path, new.oid)


def _document(step: StepContext, path: str, oid: str) -> None:
    """A Markdown file where no postmortem may lie: a renamed or copied one, or a name in other case."""
    proper = belongs_to(path.lower())[0]
    if proper:
        message = f"{safe(path)} differs by case only from the path of {proper}"
        step.find("AU504", message, doc=proper, path=path, hint="remove it")
        return
    document = read(step.source.reader.blob(oid), path)
    named = document.found.get("id")
    if named is not None and "status" in document.found:
        message = f"{safe(path)} looks like a postmortem, but it is not where its id says"
        hint = f"move it to postmortems/{named.raw[:4]}/{named.raw}.md" if is_id(named.raw) else ""
        step.find("AU502", message, hint, path=path)


def _attributes(step: StepContext, path: str, oid: str) -> None:
    text = step.source.reader.blob(oid)[: 64 * 1024].decode("utf-8", "replace")
    base = path.rpartition("/")[0]
    for line in text.splitlines():
        words = line.split()
        if len(words) < 2 or line.lstrip().startswith("#"):
            continue
        if words[0].startswith("[attr]") or any(_matches(words[0], base, shown) for shown in _SHOWN):
            hidden = [word for word in words[1:] if _HIDING.fullmatch(word)]
            if hidden:
                message = f"{safe(path)} changes how {safe(words[0])} is shown: {safe(hidden[0])}"
                hint = "git log and pull requests may hide changes of records and documents"
                step.find("AU505", message, hint, path=path, warning=True)
                return


def _matches(pattern: str, base: str, shown: str) -> bool:
    """Whether a .gitattributes pattern in the folder `base` can be about the path `shown` (generously)."""
    if base and not shown.startswith(base.split("/")[0] + "/"):
        return False
    inside = shown[len(base) + 1 :] if base and shown.startswith(base + "/") else shown
    pattern = pattern.lstrip("/").replace("**/", "*").replace("/**", "/*")
    if "/" in pattern:
        return fnmatchcase(inside, pattern) or fnmatchcase(shown, pattern)
    return fnmatchcase(shown.rpartition("/")[2], pattern)


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
        "differs-by-case",
        "A path differs from a managed one by upper and lower case only.",
        "On macOS and Windows the two are one file, and which one a person sees is chance.",
        "Remove it.",
        "Postmortems/2024/... beside postmortems/2024/...",
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
