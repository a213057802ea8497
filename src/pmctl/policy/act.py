"""What a record says: one act of one person on one postmortem, as a typed value.

`ledger.record` turns an `Act` into a record's bytes and back; `policy.lifecycle` judges it. Nothing here
reads, signs or checks.
"""

from __future__ import annotations

from dataclasses import dataclass

# `doc` of acts that are about no single postmortem; also the folder of their records. No postmortem's id
# can be one of these, since an id starts with a date.
POLICY = "policy"
BASELINE = "baseline"
REPOSITORY = "repository"

ACTS = frozenset(
    {
        "submit",
        "request-review",
        "approve",
        "request-changes",
        "publish",
        "amend",
        "archive",
        "reopen",
        "withdraw",
        "delete",
        "policy",
        "baseline",
        "waive",
    }
)


@dataclass(frozen=True, slots=True)
class Act:
    """The content of one record. Digests are `sha256:<64 hex>`; an empty string means "none".

    `act` is one of ACTS; `by` a handle; `doc` a postmortem's id, or POLICY, BASELINE or REPOSITORY when the act
    is about none; `at` an RFC 3339 UTC time to the second, a claim that proves nothing; `content` the digest
    of what the act binds (the postmortem's content, the policy file); `from_status` and `to_status` the
    lifecycle states before and after, empty where there is none; `note` any text; `policy` the version of the
    policy that it acts under; `prev` the digest of the record that it follows; `root` the digest of the first
    policy; `round` counts the submissions of the postmortem from 1, 0 where there is none.

    By act only: `reviewers` (submit, request-review), `approvals` (publish: digests of approval records),
    `finding` and `commit` (waive: a finding's code and a full object id), `documents` (baseline: id, content
    digest and status of each postmortem that is accepted as found).
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
