"""Push a wiki: its repository -> what is to change in it -> one commit on top, by git's plumbing.

The repository is fetched into a folder of its own for the time of the push, and nothing of it is checked out: no hook,
filter, attribute or link in it takes part. Whose page it is says the manifest in its last commit.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from pmctl import git
from pmctl.errors import EnvironmentProblem, PmctlError, Refused, UsageProblem
from pmctl.output.wiki import files as wiki_files
from pmctl.output.wiki.attachments import Attachment
from pmctl.output.wiki.files import MANIFEST, Changes, Files, Manifest, digest_of, plan
from pmctl.output.wiki.flavours import FLAVOURS
from pmctl.repository.actor import git_config
from pmctl.services.address import loopback
from pmctl.text import single_line
from pmctl.workflow.wiki import Written, settled

ATTEMPTS = 8
"""Pushes that are tried while others are faster."""

_REACHING = ("http.", "credential.", "core.sshcommand", "ssh.")
_HERMETIC = ("-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never", "-c", "gc.auto=0")
_FASTER = re.compile(
    r"fetch first|non-fast-forward|stale info|cannot lock ref|failed to update ref|incorrect old value"
)
_MISSING = re.compile(r"not found|does not exist|does not appear to be a git repository|could not find|no such", re.I)
_PASSWORD = re.compile(r"(?<=//)[^/\s]+@")
_SCP = re.compile(r"(?:[\w.-]+@)?(\[[0-9a-fA-F:]+\]|[\w.-]+):(?!//)\S*")
_WIKI = re.compile(r"(?:\.wiki)?(?:\.git)?/*\Z")
_FILE = "100644"


@dataclass(frozen=True, slots=True)
class _Wiki:
    """Where git works for the time of a push, the wiki's address, and the variables that git gets."""

    folder: Path
    url: str
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Base:
    """A wiki's repository as it was fetched: its branch, the last commit ("" for none), and what lies there."""

    branch: str
    commit: str
    there: Mapping[str, str]
    manifest: Manifest
    digits: int


def shown_url(url: str) -> str:
    """An address without the user and the password in it."""
    return _PASSWORD.sub("", url)


def wiki_url(repo: git.Repository, to: str, flavour: str, start: Path) -> str:
    """The address of the wiki's repository: `to` is an address, a path seen from `start`, or a remote's name.

    A remote, by default the one that is called origin, stands for the wiki beside it. Raises UsageProblem for what is
    no address, and EnvironmentProblem where there is no remote.
    """
    remotes = git.run(repo.top, "remote", check=False).text.split()
    if to and to not in remotes:
        return _checked(to, start)
    hosted = flavour in ("github", "gitlab")
    if not to and not hosted:
        raise UsageProblem(f"where does a wiki of the flavour {flavour} go?", hint="--to URL, or wiki.to in pmctl.yaml")
    name = to or next((one for one in ("origin", *remotes) if one in remotes), "")
    if not name:
        raise EnvironmentProblem("this clone has no remote to find the wiki by", hint="--to URL")
    url = git.run(repo.top, "remote", "get-url", "--", name).text
    return _checked(_WIKI.sub(".wiki.git", url, count=1) if hosted else url, repo.top)


def _checked(url: str, start: Path) -> str:
    """An address that git may be given. Raises UsageProblem."""
    scheme, mark, rest = url.partition("://")
    if mark:
        host = rest.partition("/")[0].rpartition("@")[2].partition(":")[0]
        if scheme in ("https", "ssh", "file") or (scheme == "http" and loopback(host)):
            return url
        raise UsageProblem(f"{shown_url(url)}: not an address for a wiki", hint="https://..., or git@HOST:PATH")
    if url.startswith(("/", "./", "../")) or (":" not in url and (start / url).exists()):
        return str((start / url).resolve())
    if url.startswith("-") or "::" in url or not _SCP.fullmatch(url):
        raise UsageProblem(f"{url}: neither an address nor a remote of this repository", hint="--to URL|REMOTE")
    return url


def push(
    repo: git.Repository,
    files: Files,
    flavour: str,
    source: str,
    url: str,
    *,
    force: bool = False,
    dry_run: bool = False,
    waits: Callable[[str], None] = lambda said: None,
) -> Written:
    """Bring the wiki at an address to what the files say, in one commit; again when somebody was faster.

    Raises EnvironmentProblem, without a password in it, when the wiki cannot be reached or does not exist yet, and
    Refused when it is no wiki or does not take the push.
    """
    with tempfile.TemporaryDirectory(prefix="pmctl-wiki-") as name:
        wiki = _Wiki(Path(name), url, _access(repo))
        _git(wiki, "init", "--bare", "--quiet", "--template=", ".")
        for attempt in range(1, ATTEMPTS + 1):
            base = _fetched(wiki, flavour)
            if settled(files, flavour, source, base.manifest, base.there, base.digits):
                return Written(Changes((), (), (), base.manifest.files))
            digests = {path: digest_of(content, base.digits) for path, content in files.items()}
            changes = plan(digests, base.manifest.files, base.there, force=force)
            if dry_run or (not changes.write and not changes.remove):
                return Written(changes)
            commit = _commit(repo, wiki, base, files, changes, Manifest(flavour, source, changes.manifest))
            if _pushed(wiki, commit, base.branch):
                return Written(changes, commit)
            waits(f"somebody was faster: fetching the wiki again ({attempt} of {ATTEMPTS})")
            time.sleep(0.1 * attempt)
    raise Refused(f"somebody was faster {ATTEMPTS} times in a row", hint="try again")


def _access(repo: git.Repository) -> dict[str, str]:
    """What this clone's own settings say about reaching its host, as variables for git: CI keeps its token there.

    Not as arguments, which everybody on the machine can read.
    """
    words = ("config", "--null", "--show-scope", "--includes", "--list")
    entries = git.run(repo.top, *words, check=False).stdout.decode("utf-8", "replace").split("\0")[:-1]
    kept = []
    for scope, entry in zip(entries[::2], entries[1::2], strict=False):
        name, _, value = entry.partition("\n")
        if scope not in ("system", "global") and name.lower().startswith(_REACHING):
            kept.append((name, value))
    found = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_COUNT": str(len(kept))}
    for number, (name, value) in enumerate(kept):
        found |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return found


def _git(
    wiki: _Wiki, *words: str, stdin: bytes = b"", who: Mapping[str, str] | None = None, check: bool = True
) -> git.Completed:
    variables = {**wiki.variables, **(who or {})}
    done = git.run(wiki.folder, *_HERMETIC, *words, stdin=stdin, env=variables, check=False, reading=False)
    if check and done.code:
        _fail(words, done, wiki.url)
    return done


def _fail(words: tuple[str, ...], done: git.Completed, url: str) -> NoReturn:
    """Raise git's failure without the password that its words may hold."""
    problem = git.failure(words, done)
    details = tuple(_PASSWORD.sub("", line if isinstance(line, str) else line[0]) for line in problem.details)
    hint = problem.hint or f"check the address and who may write there: {shown_url(url)}"
    raise EnvironmentProblem(_PASSWORD.sub("", problem.message), hint=hint, details=details)


def _fetched(wiki: _Wiki, flavour: str) -> _Base:
    """What the wiki holds now. Raises EnvironmentProblem where there is none, Refused for what is no wiki."""
    listed = _git(wiki, "ls-remote", "--symref", "--", wiki.url, check=False)
    if listed.code:
        said = listed.stderr.decode("utf-8", "replace")
        if _MISSING.search(said):
            raise _no_wiki(wiki.url, flavour)
        _fail(("ls-remote",), listed, wiki.url)
    refs = [line.split("\t") for line in listed.text.split("\n") if "\t" in line]
    heads = {name.removeprefix("refs/heads/"): oid for oid, name in refs if name.startswith("refs/heads/")}
    named = next((one.removeprefix("ref: refs/heads/") for one, name in refs if name == "HEAD" and "ref: " in one), "")
    if not heads:
        return _Base(_unborn(wiki) or ("master" if flavour == "github" else "main"), "", {}, Manifest(), 40)
    branch = next((one for one in (named, "master", "main") if one in heads), min(heads))
    _git(wiki, "fetch", "--quiet", "--no-tags", "--depth=1", "--", wiki.url, f"+refs/heads/{branch}:refs/heads/base")
    commit = _git(wiki, "rev-parse", "refs/heads/base").text
    there = _listed(wiki, commit)
    if git.SETTINGS_FILE in there:
        raise Refused(
            f"{shown_url(wiki.url)} is a repository of postmortems, no wiki",
            hint="name the wiki's own repository: --to URL",
        )
    manifest = Manifest()
    if there.get(MANIFEST):
        data = _git(wiki, "cat-file", "blob", there[MANIFEST]).stdout
        manifest = wiki_files.read_manifest(data) or manifest
    elif set(there) == {FLAVOURS[flavour].home}:
        # The page by which a host made the wiki: it had to be there, and nobody is meant to read it.
        manifest = Manifest(files=dict(there))
    return _Base(branch, commit, there, manifest, len(commit))


def _unborn(wiki: _Wiki) -> str:
    """The branch that an empty wiki shows once it has one, as far as its host tells: only a clone is told."""
    with tempfile.TemporaryDirectory(prefix="clone-", dir=wiki.folder) as name:
        clone = _Wiki(Path(name), wiki.url, wiki.variables)
        untold = ("-c", "init.defaultBranch=untold", "-c", "protocol.version=2")
        _git(clone, *untold, "clone", "--bare", "--quiet", "--template=", "--", wiki.url, ".", check=False)
        head = _git(clone, "symbolic-ref", "--short", "HEAD", check=False).text
    return "" if head == "untold" else head


def _listed(wiki: _Wiki, commit: str) -> dict[str, str]:
    """The files of a commit with their ids, "" for links and whatever else is no plain file."""
    found: dict[str, str] = {}
    for entry in _git(wiki, "ls-tree", "-r", "-z", commit).stdout.split(b"\0")[:-1]:
        meta, _, path = entry.partition(b"\t")
        mode, _, oid = meta.decode().split(" ")
        found[path.decode("utf-8", "surrogateescape")] = oid if mode in (_FILE, "100755") else ""
    return found


def _commit(repo: git.Repository, wiki: _Wiki, base: _Base, files: Files, changes: Changes, manifest: Manifest) -> str:
    """The id of a commit on top of `base` with the changes in it."""
    contents = {path: files[path] for path in changes.write} | {MANIFEST: wiki_files.render(manifest)}
    ids = _stored(wiki, list(contents.values()))
    lines = [f"0 {'0' * base.digits}\t{path}" for path in changes.remove]
    lines += [f"{_FILE} {oid}\t{path}" for oid, path in zip(ids, contents, strict=True)]
    _git(wiki, "read-tree", *((base.commit,) if base.commit else ("--empty",)))
    _git(wiki, "update-index", "-z", "--index-info", stdin=b"".join(f"{line}\0".encode() for line in lines))
    tree = _git(wiki, "write-tree").text
    config = git_config(repo)
    name = single_line(config.get("user.name", "")) or "pmctl"
    email = config.get("user.email", "").strip() or "pmctl@localhost"
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", name), ("EMAIL", email))
    }
    parents = ("-p", base.commit) if base.commit else ()
    message = f"Update the postmortems{f' from {manifest.source}' if manifest.source else ''}\n"
    return _git(wiki, "commit-tree", tree, *parents, stdin=message.encode(), who=who).text


def _stored(wiki: _Wiki, contents: list[bytes | Attachment]) -> list[str]:
    """Put contents among git's objects; their ids, in order."""
    with tempfile.TemporaryDirectory(dir=wiki.folder) as name:
        for number, content in enumerate(contents):
            Path(name, str(number)).write_bytes(content.data() if isinstance(content, Attachment) else content)
        paths = "".join(f"{name}/{number}\n" for number in range(len(contents)))
        words = ("hash-object", "-w", "--no-filters", "--stdin-paths")
        return _git(wiki, *words, stdin=paths.encode()).text.split()


def _pushed(wiki: _Wiki, commit: str, branch: str) -> bool:
    """Whether the wiki took the commit; False when somebody was faster. Raises as `push` does."""
    words = ("push", "--porcelain", "--", wiki.url, f"{commit}:refs/heads/{branch}")
    done = _git(wiki, *words, check=False)
    if done.code == 0:
        return True
    said = done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")
    if _FASTER.search(said):
        return False
    refused = [line for line in said.split("\n") if line.startswith("!")]
    if refused:
        remote = (line.removeprefix("remote:").strip() for line in said.split("\n") if line.startswith("remote:"))
        reason = refused[0].rpartition("\t")[2].strip("[] ")
        raise Refused(
            f"{shown_url(wiki.url)} refused the pages: {reason}",
            details=tuple(_PASSWORD.sub("", one) for one in remote if one),
        )
    _fail(words, done, wiki.url)


def _no_wiki(url: str, flavour: str) -> PmctlError:
    """What to do where there is no repository: a host makes a wiki's with its first page."""
    where = shown_url(url)
    if flavour == "github":
        page = (
            re.sub(r"\.wiki\.git\Z", "/wiki", where) if where.startswith("http") else "the Wiki tab of the repository"
        )
        return EnvironmentProblem(
            f"there is no wiki at {where}, or you may not read it",
            hint=f"GitHub makes it with its first page: open {page}, create and save one, then push again",
            details=("the wiki has to be switched on in the settings of the repository (Features, Wikis)",),
        )
    if flavour == "gitlab":
        return EnvironmentProblem(
            f"there is no wiki at {where}, or you may not read it",
            hint="switch the wiki on in the settings of the project (General, Visibility), then push again",
        )
    return EnvironmentProblem(f"there is no repository at {where}, or you may not read it", hint="check --to")
