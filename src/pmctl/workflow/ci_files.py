"""The files with which a CI service checks a repository: validation of a change, audit of what it adds.

The audit runs with the root digest given and takes policy and verifier from the target branch, so that
a change cannot bring the judge that it is judged by.
"""

from __future__ import annotations

from pmctl import __version__
from pmctl.errors import UsageProblem

SERVICES = ("github", "gitlab")

_GITHUB = """\
# Checks every change of a postmortem, and audits what a change would add to the protected branch.
# Written by `pmctl init --ci github`; pull_request_target keeps this file the target branch's own.
name: postmortems
on:
  push: {{branches: [main]}}
  pull_request_target: {{branches: [main]}}
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    env:
      PMCTL_TRUST_ROOT: {root}
    steps:
      - uses: actions/checkout@v4
        with: {{fetch-depth: 0, persist-credentials: false}}
      - uses: actions/setup-python@v5
        with: {{python-version: "3.12"}}
      - run: pip install pmctl=={version}
      # The change is fetched as data: nothing of it is checked out or run.
      - if: github.event_name == 'pull_request_target'
        run: git fetch --no-tags origin "+refs/pull/${{{{ github.event.number }}}}/head:refs/change"
      - if: github.event_name == 'pull_request_target'
        run: pmctl {directory}audit --range "${{{{ github.event.pull_request.base.sha }}}}..refs/change"
      - if: github.event_name == 'push'
        run: pmctl {directory}audit
      - run: pmctl {directory}validate --format github
"""

_GITLAB = """\
# Checks every change of a postmortem, and audits what a change would add to the protected branch.
# Written by `pmctl init --ci gitlab`; keep it in a project of its own and include it from there when
# authors of postmortems may edit this file.
postmortems:
  image: python:3.12-slim
  variables:
    GIT_DEPTH: "0"
    PMCTL_TRUST_ROOT: {root}
  before_script:
    - apt-get update -qq && apt-get install -y -qq git openssh-client
    - pip install pmctl=={version}
  script:
    - >-
      if [ -n "${{CI_MERGE_REQUEST_DIFF_BASE_SHA:-}}" ];
      then pmctl {directory}audit --range "origin/$CI_MERGE_REQUEST_TARGET_BRANCH_NAME..HEAD";
      else pmctl {directory}audit; fi
    - pmctl {directory}validate --format gitlab > gl-code-quality-report.json
  artifacts:
    reports: {{codequality: gl-code-quality-report.json}}
"""


def ci_files(service: str, prefix: str, root: str) -> dict[str, bytes]:
    """Path -> content of the files for `service`, empty for ''.

    `prefix` is the pmctl root inside the repository, `root` the digest of its first policy. Raises
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
    return {path: text.format(root=root, version=__version__, directory="").encode()}
