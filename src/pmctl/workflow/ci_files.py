"""The files with which a CI service checks a repository and publishes it: the recipes in `ci/`, filled in.

The policy is the one at the target branch's tip, where the change would land; the root is given; and the file
that runs is the target branch's own, so that a change cannot bring the judge that it is judged by. The change
is merged as data: nothing of it is run.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pmctl import __version__
from pmctl.errors import Refused, UsageProblem
from pmctl.repository.records import root_of
from pmctl.repository.transaction import CommitResult, Write, commit
from pmctl.repository.workspace import Workspace


@dataclass(frozen=True, slots=True)
class _Recipe:
    """Where the file of a recipe stands from the repository's top; `included` where another file has that place."""

    path: str
    included: str = ""


_RECIPES = {
    "github": _Recipe(".github/workflows/postmortems.yml"),
    "github-pages": _Recipe(".github/workflows/postmortems-site.yml"),
    "github-wiki": _Recipe(".github/workflows/postmortems-wiki.yml"),
    "gitlab": _Recipe(".gitlab-ci.yml", ".gitlab/ci/postmortems.yml"),
    "gitlab-pages": _Recipe(".gitlab-ci.yml", ".gitlab/ci/postmortems-site.yml"),
}
"""The recipes by the word after --ci; the text of each is `ci/<word>.yml` beside this module."""

SERVICES = tuple(_RECIPES)


def check_service(service: str) -> None:
    """Raise UsageProblem for a service that there are no files for."""
    if service not in SERVICES:
        raise UsageProblem(f"--ci {service}: not one of {', '.join(SERVICES)}")


def ci_files(service: str, prefix: str, root: str, branch: str, *, included: bool = False) -> dict[str, bytes]:
    """Path from the repository's top -> content of the files for `service`, empty for ''.

    `prefix` is the pmctl root inside the repository ('' or 'folder/'): only changes there start the job, which works
    there. `root` is the digest of its first policy, `branch` the protected one, which the audit there compares with the
    service's own main branch. With `included`, GitLab's is a file that the project's own includes. Raises UsageProblem
    for an unknown service.
    """
    if not service:
        return {}
    check_service(service)
    recipe = _RECIPES[service]
    path = recipe.included if included and recipe.included else recipe.path
    paths = defaults = ""
    if prefix and service.startswith("github"):
        # Attributes above the folder change what is read in it.
        paths = f", paths: {json.dumps([f'{prefix}**', '.gitattributes', path])}"
        defaults = f"defaults:\n  run: {{working-directory: {json.dumps(prefix.rstrip('/'))}}}\n"
    elif prefix:
        paths = f"\n      changes: {json.dumps([f'{prefix}**/*', '.gitattributes', path])}"
        defaults = f"      cd {shlex.quote(prefix)}\n"
    values = {
        "ROOT": root, "VERSION": __version__, "PATHS": paths, "DEFAULTS": defaults, "PLACE": prefix,
        "BRANCH": json.dumps(branch.replace("+", "\\+")),  # elsewhere a pattern: one of what stands before it, or more
    }  # fmt: skip
    text = Path(__file__).with_name("ci").joinpath(f"{service}.yml").read_text(encoding="utf-8")
    return {path: re.sub(r"@([A-Z]+)@", lambda found: values[found[1]], text).encode()}


def is_included(top: Path, service: str) -> bool:
    """Whether the file of a recipe has to be one that another includes: the project has one of its own already."""
    recipe = _RECIPES.get(service)
    return recipe is not None and bool(recipe.included) and (top / recipe.path).exists()


def add_ci(workspace: Workspace, service: str, signing: Sequence[str]) -> tuple[CommitResult, tuple[str, ...]]:
    """Write and commit the files of a service for a repository that is set up; returns what a person has to know.

    Raises UsageProblem for an unknown service, Refused when the file is there already.
    """
    check_service(service)
    repo = workspace.repo
    included = is_included(repo.top, service)
    policy = workspace.policy
    files = ci_files(service, repo.prefix, root_of(workspace), policy.branch, included=included)
    for path in files:
        if (repo.top / path).exists():
            raise Refused(f"{path} exists already", hint="delete it in a commit of its own to have it written anew")
    writes = [Write(path, data) for path, data in files.items()]
    host, _, published = service.partition("-")
    what = f"Publish postmortems by {host}'s {published}" if published else f"Check postmortems on {host}"
    landed = commit(repo._replace(prefix=""), writes, f"{what}\n", signing=signing)
    facts = [f"commit {landed.oid[:12]}", f"it audits {policy.branch}, by the trust root {root_of(workspace)}"]
    facts += [f"add it to .gitlab-ci.yml: include: [{{local: {path}}}]" for path in files if included]
    return landed, tuple(facts)
