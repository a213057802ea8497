"""git's merge driver for postmortems: three files -> the merged one, by meaning, otherwise as git itself merges.

    git merge, rebase, cherry-pick, stash -> pmctl hook merge-driver %O %A %B %P -> %A, and whether it is clean

The program is called for each file that both sides changed. Where it is missing or fails, the shell line that calls it
lets git merge the lines, so that nothing of either side is ever left out. Who wrote what in a conflict is asked of
history only when there is one.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pmctl import git
from pmctl.document.attributes import MERGE_LINE
from pmctl.document.merge import merge
from pmctl.document.merge_conflict import Labels, NotUnderstood, Told
from pmctl.errors import EnvironmentProblem
from pmctl.files import write_atomic
from pmctl.repository.merge_setting import DRIVER, TITLE, merge_setting

_CALL = "hook merge-driver %O %A %B %P %L %X %Y"
_BY_LINES = "git merge-file -q --marker-size=%L -L ours -L base -L theirs %A %O %B || exit 1"
_PICKED = re.compile(r"\s*(?:pick|p|edit|e|reword|r|squash|s|fixup|f)\s+(?:-[cC]\s+)?([0-9a-f]{7,64})\b")
_OID = re.compile(r"[0-9a-f]{7,64}\b")
MARKER_SIZE = 7


@dataclass(frozen=True, slots=True)
class Sides:
    """The two sides of a merge: how they are called, and the commit of each ("" when nobody knows)."""

    ours: str = "ours"
    theirs: str = "theirs"
    our_commit: str = "HEAD"
    their_commit: str = ""


@dataclass(frozen=True, slots=True)
class MergedFile:
    """A merged file: its bytes, whether a person has to decide anything, and what; `reason` says why git merged it."""

    data: bytes
    clean: bool
    told: tuple[Told, ...] = ()
    reason: str = ""


def shell_line(program: str = "pmctl") -> str:
    """What git runs: the driver, and git's own merge of the lines where the driver is missing or fails."""
    known = "command -v pmctl >/dev/null 2>&1 && " if program == "pmctl" else ""
    return f"{known}{{ {program} {_CALL}; status=$?; [ $status -gt 1 ] || exit $status; }}; {_BY_LINES}"


def this_program() -> str:
    """The pmctl that is running, for a shell: it need not be on PATH."""
    import shlex

    return f"{shlex.quote(sys.executable)} -m pmctl"


def with_driver(folder: Path) -> tuple[str, ...]:
    """git's arguments for merging with the driver where none is configured; `folder` holds a file meanwhile."""
    attributes = folder / "attributes"
    attributes.write_text(f"**/{MERGE_LINE}\n{MERGE_LINE}\n", encoding="utf-8")
    return ("-c", f"core.attributesFile={attributes}", "-c", f"{DRIVER}={shell_line(this_program())}")


def install(repo: git.Repository) -> str:
    """Configure the driver in this clone; returns a sentence.

    Where no .gitattributes names it, `info/attributes` under the git directory does, for every branch of this clone.
    Raises EnvironmentProblem when the configuration cannot be written.
    """
    had = merge_setting(repo)
    attributes = repo.common_dir / "info" / "attributes"
    if had.driver == shell_line() and had.named:
        return "merge driver is installed already"
    git.run(repo.top, "config", "--local", *TITLE, reading=False)
    git.run(repo.top, "config", "--local", DRIVER, shell_line(), reading=False)
    if not had.named:
        try:
            attributes.parent.mkdir(exist_ok=True)
            there = attributes.read_bytes() if attributes.is_file() else b""
            gap = b"" if not there or there.endswith(b"\n") else b"\n"
            write_atomic(attributes, there + gap + _attributes_line(repo.prefix).encode() + b"\n")
            attributes.chmod(0o644)
        except OSError as error:
            raise EnvironmentProblem(f"{attributes} cannot be written: {error.strerror}") from None
    return "merge driver installed: postmortems are merged by meaning in this clone"


def _attributes_line(prefix: str) -> str:
    """The line for the top of the repository; a folder's name is quoted as gitattributes(5) wants it."""
    pattern, _, attribute = MERGE_LINE.partition(" ")
    literal = re.sub(r"([][*?\\])", r"\\\1", prefix)
    whole = f"/{literal}{pattern}"
    if re.search(r"[\s\"\\]", whole):
        whole = '"' + whole.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{whole} {attribute}"


def drive(
    base: Path, ours: Path, theirs: Path, path: str, size: int, top: Path, under_way: Callable[[], Sides]
) -> bool:
    """Merge the three files into `ours`, as git asks a driver to; whether it is clean. Raises OSError."""
    merged = merged_file(base.read_bytes(), ours.read_bytes(), theirs.read_bytes(), path, top, under_way, size)
    if merged.data != ours.read_bytes():
        mode = ours.stat().st_mode
        write_atomic(ours, merged.data)
        ours.chmod(mode)
    return merged.clean


def merged_file(
    base: bytes,
    ours: bytes,
    theirs: bytes,
    path: str,
    top: Path,
    under_way: Callable[[], Sides],
    size: int = MARKER_SIZE,
) -> MergedFile:
    """The merge of three versions of the file at `path` below `top`: by meaning, otherwise git's own.

    `under_way` is asked for the two sides when there is something to label.
    """
    try:
        merged = merge(base, ours, theirs)
    except NotUnderstood as reason:
        data, clean = merged_by_lines(base, ours, theirs, top, size, under_way())
        return MergedFile(data, clean, (), str(reason))
    if not merged.conflicts:
        return MergedFile(merged.written()[0], True)
    style = git.run(top, "config", "--get", "merge.conflictStyle", check=False).text.lower()
    sides = under_way()
    if not sides.their_commit:
        sides = replace(sides, their_commit=_commit_with(top, path, theirs))
    data, told = merged.written(labels_of(top, path, sides), size=size, with_base=style in ("diff3", "zdiff3"))
    return MergedFile(data, False, tuple(told))


def merged_by_lines(
    base: bytes, ours: bytes, theirs: bytes, top: Path, size: int = MARKER_SIZE, sides: Sides | None = None
) -> tuple[bytes, bool]:
    """git's own merge of three versions, and whether it is clean. Of binary files ours stays, as with git."""
    named = sides or Sides()
    with tempfile.TemporaryDirectory(prefix="pmctl-merge-") as folder:
        files = []
        for name, data in (("ours", ours), ("base", base), ("theirs", theirs)):
            file = Path(folder, name)
            file.write_bytes(data)
            files.append(str(file))
        labels = ("-L", _flat(named.ours), "-L", "base", "-L", _flat(named.theirs))
        done = git.run(
            top, "merge-file", "-p", "-q", f"--marker-size={size}", *labels, *files, check=False, reading=False
        )
    if done.code > 127:
        return ours, False
    return done.stdout, done.code == 0


def _flat(label: str) -> str:
    return " ".join(label.split()) or "side"


def sides_under_way(top: Path, environ: Mapping[str, str], names: tuple[str, str] = ("", "")) -> Sides:
    """What git is merging just now: from what it tells its programs, and from the files of a rebase or cherry-pick."""
    ours, theirs = (("" if name in ("%X", "%Y") else name) for name in names)
    heads = {name[8:]: value for name, value in environ.items() if name.startswith("GITHEAD_")}
    found = Sides(ours or "HEAD", theirs or "theirs")
    if len(heads) == 1:
        oid, name = next(iter(heads.items()))
        short = re.sub(r"^refs/(?:heads|remotes|tags)/", "", name)
        return replace(found, theirs=theirs or short, their_commit=oid)
    git_dir = git.run(top, "rev-parse", "--absolute-git-dir", check=False).text
    done = Path(git_dir, "rebase-merge", "done")
    commit = ""
    try:
        if done.is_file():
            last = done.read_text(encoding="utf-8", errors="replace").rstrip("\n").rpartition("\n")[2]
            commit = picked[1] if (picked := _PICKED.match(last)) else ""
    except OSError:
        commit = ""
    if not commit and (written := _OID.match(theirs)):
        commit = written.group()
    for ref in ("CHERRY_PICK_HEAD", "REVERT_HEAD", "MERGE_HEAD"):
        if not commit and Path(git_dir, ref).is_file():
            commit = git.run(top, "rev-parse", "--verify", "--quiet", ref, check=False).text
    if commit and not theirs:
        found = replace(found, theirs=commit[:12])
    return replace(found, their_commit=commit)


def _commit_with(top: Path, path: str, data: bytes) -> str:
    """The first commit of any branch, or of the stash, in which the file was like this; "" for none.

    git before 2.44 does not tell a driver what a cherry-pick picks.
    """
    blob = git.run(top, "hash-object", "--stdin", stdin=data, check=False).text
    search = ("log", "--all", "--format=%H", "--no-show-signature", f"--find-object={blob}")
    found = git.run(top, *search, "--", f":(literal,top){path}", check=False) if blob else None
    return found.text.rpartition("\n")[2] if found is not None and found.code == 0 else ""


def labels_of(top: Path, path: str, sides: Sides) -> Labels:
    """The labels of a conflict in `path`: the author of the commit that brought a line, as far as history says."""
    return Labels(
        sides.ours,
        sides.theirs,
        "base",
        lambda line: writer_of(top, path, sides.our_commit, line),
        lambda line: writer_of(top, path, sides.their_commit, line),
    )


def writer_of(top: Path, path: str, commit: str, line: str) -> str:
    """Whose commit brought a line of a file, seen from `commit`; of the last one that touched the file otherwise."""
    if not commit:
        return ""
    common = ("log", "-1", "--format=%an", "--no-show-signature")
    for search in ((f"-S{line}",) if line.strip() else (), ()):
        found = git.run(top, *common, *search, "--end-of-options", commit, "--", f":(literal,top){path}", check=False)
        if found.code == 0 and found.text:
            return found.text
    return ""
