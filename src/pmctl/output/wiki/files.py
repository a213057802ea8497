"""The files of a wiki as a flavour makes them, and which of those that lie there are to change. Values only.

A wiki holds a manifest of the files that pmctl wrote, with the digest of each. So what people wrote beside them is
known from what pmctl wrote, and a page that somebody edited there from one that may be overwritten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from pmctl.objects import blob_id
from pmctl.output.wiki.attachments import Attachment
from pmctl.text import json_text

Files = dict[str, bytes | Attachment]
"""Path in the wiki -> its content; an attachment is read when it is written."""

MANIFEST = ".pmctl-wiki.json"
_SCHEMA = "pmctl/wiki-manifest/v1"

EDITED = "somebody edited it in the wiki"
FOREIGN = "somebody else made it"
NO_FILE = "it is no plain file there"


class Manifest(NamedTuple):
    """What pmctl wrote: the flavour, what it was made from, and git's id of every file's content, by its path."""

    flavour: str = ""
    source: str = ""
    files: Mapping[str, str] = {}


class Kept(NamedTuple):
    """A file that is not as it should be, because it is not overwritten or removed: its path and why."""

    path: str
    why: str


class Changes(NamedTuple):
    """What is to happen: files to write and to remove, files that stay as they are, and the manifest afterwards."""

    write: tuple[str, ...]
    remove: tuple[str, ...]
    kept: tuple[Kept, ...]
    manifest: Mapping[str, str]


def digest_of(content: bytes | Attachment, digits: int = 40) -> str:
    """git's id of a file with this content, in a repository whose ids have so many digits."""
    if isinstance(content, Attachment):
        return content.digest if digits == len(content.digest) else blob_id(content.data(), digits)
    return blob_id(content, digits)


def plan(new: Mapping[str, str], before: Mapping[str, str], there: Mapping[str, str], *, force: bool) -> Changes:
    """What is to change. Each argument maps a path to a digest: what is to be there, what pmctl wrote last, and what is
    there now ("" for something that is no plain file). With `force` what others wrote at such a path is overwritten.
    """
    kept: list[Kept] = []
    write: list[str] = []
    manifest = dict(new)
    for path, digest in new.items():
        now = there.get(path)
        if now == digest:
            continue
        if now is None or now == before.get(path) or (force and now):
            write.append(path)
            continue
        kept.append(Kept(path, _why(path, now, before)))
        if path in before:
            manifest[path] = before[path]
        else:
            del manifest[path]
    remove: list[str] = []
    for path, digest in before.items():
        now = there.get(path)
        if path in new or now is None:
            continue
        if now == digest or (force and now):
            remove.append(path)
        else:
            kept.append(Kept(path, f"{_why(path, now, before)}; its postmortem is no longer shown"))
            manifest[path] = digest
    return Changes(tuple(write), tuple(remove), tuple(kept), manifest)


def _why(path: str, now: str, before: Mapping[str, str]) -> str:
    return NO_FILE if not now else EDITED if path in before else FOREIGN


def render(manifest: Manifest) -> bytes:
    """The manifest as the file that lies in the wiki."""
    content = {"schema": _SCHEMA, "flavour": manifest.flavour, "source": manifest.source}
    return json_text({**content, "files": dict(sorted(manifest.files.items()))}).encode()


def read_manifest(data: bytes) -> Manifest | None:
    """The manifest in a file; None for anything else, also for paths that lead out of the wiki."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.get("schema") != _SCHEMA:
        return None
    flavour, source, files = content.get("flavour"), content.get("source"), content.get("files")
    if not isinstance(flavour, str) or not isinstance(source, str) or not isinstance(files, dict):
        return None
    good = all(isinstance(value, str) and is_inside(path) for path, value in files.items())
    return Manifest(flavour, source, files) if good else None


def is_inside(path: str) -> bool:
    """Whether a path stays in the folder that it starts from, and out of git's own."""
    parts = path.split("/")
    return all(part not in ("", ".", "..") and part.lower() != ".git" and "\0" not in part for part in parts)
