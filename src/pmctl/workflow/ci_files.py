"""The files with which a CI service checks a repository: validation of a change, audit of what it would land.

The policy is the one at the target branch's tip, where the change would land; the root is given; and the file
that runs is the target branch's own, so that a change cannot bring the judge that it is judged by. The change
is merged as data: nothing of it is run.
"""

from __future__ import annotations

import json

from pmctl import __version__
from pmctl.errors import UsageProblem

SERVICES = ("github", "gitlab")

_GITHUB = """\
# Checks every change of a postmortem, and audits what it would add to the protected branch.
# Written by `pmctl init --ci github`. pull_request_target runs this file as the target branch has it, with a
# token that may only read; the change is merged as data, and nothing of it is run.
name: postmortems
on:
  push: {{branches: [{branch}]}}
  pull_request_target: {{branches: [{branch}]}}
permissions:
  contents: read
jobs:
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
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  variables:
    GIT_DEPTH: "0"
    PMCTL_TRUST_ROOT: {root}
  before_script:
    - apt-get update -qq && apt-get install -y -qq git openssh-client
    - pip install pmctl=={version}
  script:
    - |
      set -e --
      if [ -n "${{CI_MERGE_REQUEST_TARGET_BRANCH_NAME:-}}" ]; then
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
    reports: {{codequality: gl-code-quality-report.json, junit: pmctl-junit.xml}}
"""


def ci_files(service: str, prefix: str, root: str, branch: str) -> dict[str, bytes]:
    """Path -> content of the files for `service`, empty for ''.

    `prefix` is the pmctl root inside the repository, `root` the digest of its first policy, `branch` the protected one,
    which the audit there compares with the service's own main branch. Raises
    UsageProblem for an unknown service, or when the service reads its file only at the repository's top.
    """
    if not service:
        return {}
    if service not in SERVICES:
        raise UsageProblem(f"--ci {service}: not one of {', '.join(SERVICES)}")
    if prefix:
        raise UsageProblem(
            f"--ci {service} writes to the top of the repository, and pmctl's root is {prefix}",
            hint="run init without --ci and add the file by hand; docs/ci.md shows it",
        )
    text, path = (_GITHUB, ".github/workflows/postmortems.yml") if service == "github" else (_GITLAB, ".gitlab-ci.yml")
    named = json.dumps(branch.replace("+", "\\+"))  # elsewhere a pattern: one of what stands before it, or more
    return {path: text.format(root=root, version=__version__, branch=named).encode()}
