"""What a repository puts in the place of a site's own files, in `.pmctl/site/`: which count, what is wrong with them.

The same for the work tree, which a site is built from, and for the index, which a hook looks at: files -> findings.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING

from pmctl.codes import Code
from pmctl.document.files import Unreadable, read_regular
from pmctl.document.finding import Finding
from pmctl.document.reader import MAX_BYTES
from pmctl.repository import index
from pmctl.text import did_you_mean, safe

if TYPE_CHECKING:
    from jinja2 import Environment

    from pmctl.git import Repository

FOLDER = ".pmctl/site"
THEME = "theme.css"
CODE = "PM811"
SUFFIX = ".html.j2"

OwnFiles = Mapping[str, bytes | Unreadable]
"""The files by name, with their content or why they have none."""


@cache
def builtin() -> Mapping[str, str]:
    """The built-in templates by name."""
    folder = resources("pmctl.output.site")
    return {one.name: one.read_text("utf-8") for one in folder.iterdir() if one.name.endswith(SUFFIX)}


def in_work_tree(root: Path) -> OwnFiles:
    """The files below a pmctl root; a folder that is none stands under ''."""
    folder = root / FOLDER
    if folder.is_symlink() or not folder.is_dir():
        wrong = Unreadable("no file", "is no folder", "put the folder itself in its place")
        return {"": wrong} if os.path.lexists(folder) else {}
    return {one.name: _content(one) for one in sorted(folder.iterdir()) if not one.name.startswith(".")}


def _content(path: Path) -> bytes | Unreadable:
    try:
        return read_regular(path)
    except Unreadable as problem:
        return problem


def in_index(repo: Repository) -> OwnFiles:
    """The files that are staged or committed, whatever the work tree holds."""
    listed = index.files(repo.top, repo.prefix, FOLDER)
    regular = {path: oid for path, (mode, oid) in listed.items() if mode.startswith("100")}
    blobs = index.blobs(repo.top, regular.values(), MAX_BYTES)
    link = Unreadable("no file", "is no regular file", "put the file itself in its place")
    return {path.removeprefix(FOLDER).lstrip("/"): blobs[regular[path]] if path in regular else link for path in listed}


def findings(files: OwnFiles) -> tuple[Finding, ...]:
    """Everything that would keep a site from being built with these files."""
    found = []
    for name, content in files.items():
        path = f"{FOLDER}/{name}" if name else FOLDER
        if isinstance(content, Unreadable):
            found.append(Finding(CODE, content.reason, path, fix=content.fix))
        elif name not in builtin() and name != THEME:
            known = (*sorted(builtin()), THEME)
            fix = did_you_mean(name, known, f"a site has {', '.join(known)}")
            found.append(Finding(CODE, "replaces nothing", path, fix=fix))
        elif name != THEME:
            found += _template_findings(name, content, files)
    return tuple(found)


def _template_findings(name: str, content: bytes, files: OwnFiles) -> list[Finding]:
    """What is wrong with the text of a template, as far as it shows before it is carried out."""
    from jinja2 import TemplateSyntaxError, meta

    path = f"{FOLDER}/{name}"
    hint = f"correct it, or remove {path} to have the built-in one"
    try:
        text = content.decode()
        parsed = _sandbox().parse(text, name)
        _sandbox().compile(parsed, name)
    except UnicodeDecodeError:
        return [Finding(CODE, "is not UTF-8", path, fix="save the file as UTF-8")]
    except TemplateSyntaxError as error:
        return [Finding(CODE, safe(str(error.message)), path, error.lineno, fix=hint)]
    except RecursionError:
        return [Finding(CODE, "is nested too deep", path, fix=hint)]
    known = {*builtin(), *files, *(f"builtin/{one}" for one in builtin())}
    referred = [one for one in meta.find_referenced_templates(parsed) if one is not None and one not in known]
    return [
        Finding(CODE, f"there is no template {safe(one)}", path, _line(text, one), fix=hint)
        for one in dict.fromkeys(referred)
    ]


@cache
def _sandbox() -> Environment:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment()


def _line(text: str, name: str) -> int:
    return text[: max(0, text.find(name))].count("\n") + 1


CODES = (
    Code(
        CODE,
        "site-file",
        "A file below .pmctl/site cannot take the place of one of the site's own: it replaces none, is no text, or is"
        " no template that can be carried out.",
        "`pmctl site build` stops at it, and a site that CI builds is not renewed.",
        "Correct it, or remove it to have the built-in one.",
        "`{% for postmortem in %}` in .pmctl/site/home.html.j2",
    ),
)
