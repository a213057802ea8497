"""The files with which a CI service checks a repository: validation of a change, audit of what it would land.

The policy is the one at the target branch's tip, where the change would land; the root is given; and the file
that runs is the target branch's own, so that a change cannot bring the judge that it is judged by. The change
is merged as data: nothing of it is run.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence

from pmctl import __version__
from pmctl.errors import Refused, UsageProblem
from pmctl.repository.records import root_of
from pmctl.repository.transaction import CommitResult, Write, commit
from pmctl.repository.workspace import Workspace

SERVICES = ("github", "gitlab")

_GITHUB = """\
# Checks every change of a postmortem, and audits what it would add to the protected branch.
# Written by `pmctl init --ci github`. pull_request_target runs this file as the target branch has it, with a
# token that may only read; the change is merged as data, and nothing of it is run.
name: postmortems
on:
  push: {{branches: [{branch}]{paths}}}
  pull_request_target: {{branches: [{branch}]{paths}}}
permissions:
  contents: read
{defaults}jobs:
  check:
    runs-on: ubuntu-latest
    env:
      PMCTL_TRUST_ROOT: {root}
      MAIN_BRANCH: "${{{{ github.event.repository.default_branch }}}}"
    steps:
      - uses: actions/checkout@v4
        with: {{fetch-depth: 0, persist-credentials: false}}
      - uses: actions/setup-python@v5
        with: {{python-version: "3.12"}}
      - run: pip install pmctl=={version}
      - name: Merge the change as it would land
        id: merge
        if: github.event_name == 'pull_request_target'
        env: {{NUMBER: "${{{{ github.event.number }}}}"}}
        run: |
          git fetch --no-tags origin "+refs/pull/$NUMBER/head:refs/change"
          git -c user.name=ci -c user.email=ci@localhost merge --quiet --no-ff -m "As it would land" refs/change
      - name: Validate
        run: pmctl validate --format github
      # A mistake in a text must not hide a violation: both are reported.
      - name: Audit what the change would land
        if: ${{{{ !cancelled() && steps.merge.outcome == 'success' }}}}
        run: pmctl audit --branch "$MAIN_BRANCH" --range "$GITHUB_SHA..HEAD"
      - name: Audit everything
        if: ${{{{ !cancelled() && github.event_name == 'push' }}}}
        run: pmctl audit --branch "$MAIN_BRANCH"
"""

_GITLAB = """\
# Checks every change of a postmortem, and audits what it would add to the protected branch.
# Written by `pmctl init --ci gitlab`. GitLab runs this file as the change has it: keep it in a project of its own
# (Settings > CI/CD > General > CI/CD configuration file: .gitlab-ci.yml@group/project), or protect it with code
# owners, when authors of postmortems may not decide what checks them.
postmortems:
  image: python:3.12-slim
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"{paths}
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH{paths}
  variables:
    GIT_DEPTH: "0"
    PMCTL_TRUST_ROOT: {root}
  before_script:
    - apt-get update -qq && apt-get install -y -qq git openssh-client
    - pip install pmctl=={version}
  script:
    - |
      set -e --
{defaults}      if [ -n "${{CI_MERGE_REQUEST_TARGET_BRANCH_NAME:-}}" ]; then
        git fetch --quiet origin "+refs/heads/$CI_MERGE_REQUEST_TARGET_BRANCH_NAME:refs/target"
        git checkout --quiet --detach refs/target
        git -c user.name=ci -c user.email=ci@localhost merge --quiet --no-ff -m "As it would land" "$CI_COMMIT_SHA"
        set -- --range refs/target..HEAD
      fi
      # A mistake in a text must not hide a violation: both are reported, and the reports are written whatever they say.
      failed=0
      pmctl validate || failed=$?
      pmctl validate --format gitlab > gl-code-quality-report.json || failed=$?
      pmctl validate --format junit > pmctl-junit.xml || failed=$?
      pmctl audit --branch "$CI_DEFAULT_BRANCH" "$@" || failed=$?
      exit $failed
  artifacts:
    when: always
    reports: {{codequality: {place}gl-code-quality-report.json, junit: {place}pmctl-junit.xml}}
"""

_GITLAB_INCLUDED = ".gitlab/ci/postmortems.yml"


def check_service(service: str) -> None:
    """Raise UsageProblem for a service that there are no files for."""
    if service not in SERVICES:
        raise UsageProblem(f"--ci {service}: not one of {', '.join(SERVICES)}")


def ci_files(service: str, prefix: str, root: str, branch: str, *, included: bool = False) -> dict[str, bytes]:
    """Path from the repository's top -> content of the files for `service`, empty for ''.

    `prefix` is the pmctl root inside the repository ('' or 'folder/'): only changes there start the check, which works
    there. `root` is the digest of its first policy, `branch` the protected one, which the audit there compares with the
    service's own main branch. With `included`, GitLab's is a file that the project's own includes. Raises UsageProblem
    for an unknown service.
    """
    if not service:
        return {}
    check_service(service)
    if service == "github":
        text, path = _GITHUB, ".github/workflows/postmortems.yml"
        # Attributes above the folder change what is read in it.
        watched = json.dumps([f"{prefix}**", ".gitattributes", path])
        paths = f", paths: {watched}" if prefix else ""
        folder = json.dumps(prefix.rstrip("/"))
        defaults = f"defaults:\n  run: {{working-directory: {folder}}}\n" if prefix else ""
    else:
        text, path = _GITLAB, _GITLAB_INCLUDED if included else ".gitlab-ci.yml"
        paths = f"\n      changes: {json.dumps([f'{prefix}**/*', '.gitattributes', path])}" if prefix else ""
        defaults = f"      cd {shlex.quote(prefix)}\n" if prefix else ""
    named = json.dumps(branch.replace("+", "\\+"))  # elsewhere a pattern: one of what stands before it, or more
    values = {"root": root, "version": __version__, "branch": named, "paths": paths, "defaults": defaults}
    return {path: text.format(**values, place=prefix).encode()}


def add_ci(workspace: Workspace, service: str, signing: Sequence[str]) -> tuple[CommitResult, tuple[str, ...]]:
    """Write and commit the files of a service for a repository that is set up; returns what a person has to know.

    Raises UsageProblem for an unknown service, Refused when the file is there already.
    """
    check_service(service)
    repo = workspace.repo
    included = service == "gitlab" and (repo.top / ".gitlab-ci.yml").exists()
    policy = workspace.policy
    files = ci_files(service, repo.prefix, root_of(workspace), policy.branch, included=included)
    for path in files:
        if (repo.top / path).exists():
            raise Refused(f"{path} exists already", hint="delete it in a commit of its own to have it written anew")
    writes = [Write(path, data) for path, data in files.items()]
    landed = commit(repo._replace(prefix=""), writes, f"Check postmortems on {service}\n", signing=signing)
    facts = [f"commit {landed.oid[:12]}", f"it checks {policy.branch}, by the trust root {root_of(workspace)}"]
    if included:
        facts.append(f"add it to .gitlab-ci.yml: include: [{{local: {_GITLAB_INCLUDED}}}]")
    return landed, tuple(facts)
