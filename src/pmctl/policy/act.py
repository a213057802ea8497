"""What a record says, typed: one act of one person on one postmortem or on the policy.

Bytes become an Act in `ledger.record`; rules about acts live in `policy.lifecycle` (postmortems) and
`policy.change` (the policy itself).
"""

from __future__ import annotations

from dataclasses import dataclass

SUBMIT = "submit"
REQUEST_REVIEW = "request-review"
APPROVE = "approve"
REQUEST_CHANGES = "request-changes"
WITHDRAW = "withdraw"
PUBLISH = "publish"
AMEND = "amend"
ARCHIVE = "archive"
REOPEN = "reopen"
DELETE = "delete"
POLICY = "policy"
BASELINE = "baseline"
WAIVE = "waive"

ACTS = frozenset(
    (SUBMIT, REQUEST_REVIEW, APPROVE, REQUEST_CHANGES, WITHDRAW, PUBLISH, AMEND, ARCHIVE, REOPEN, DELETE,
     POLICY, BASELINE, WAIVE)
)  # fmt: skip

# `doc` of an act that is about no single postmortem, and the folder of its records: policy records live under
# POLICY, baseline records under BASELINE, waivers under REPOSITORY. No postmortem's id can be one of these.
REPOSITORY = "repository"
REPOSITORY_DOCS = {POLICY: POLICY, BASELINE: BASELINE, WAIVE: REPOSITORY}


@dataclass(frozen=True, slots=True)
class Act:
    """One statement. Digests are "sha256:<hex>"; `at` is an ISO 8601 claim that decides nothing.

    `content` is the content digest that the act binds (of policy.yaml for a policy act); `from_status` and
    `to_status` are lifecycle states, empty for acts about the repository; `policy` is the version that the
    actor saw (the new version for a policy act); `prev` is the digest of the record that it follows, empty
    for the first; `root` is the digest of the repository's first policy; `round` counts submissions from 1.

    Extras: `reviewers` (submit, request-review), `approvals` (publish: digests of the records it rests on),
    `finding` and `commit` (waive), `documents` (baseline: id, content digest, status).
    """

    act: str
    by: str
    doc: str
    at: str
    content: str
    from_status: str
    to_status: str
    note: str
    policy: int
    prev: str
    root: str
    round: int
    reviewers: tuple[str, ...] = ()
    approvals: tuple[str, ...] = ()
    finding: str = ""
    commit: str = ""
    documents: tuple[tuple[str, str, str], ...] = ()
