"""The commands that pmctl advises to type, in one table: advice -> words.

Whatever reports something says only which advice fits and about what (`errors.advise`); here it becomes a sentence for
people, the same in every form in which an answer leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pmctl.errors import Advice, Hint

WORDS: dict[str, str] = {
    # Of the policy and the people in it.
    "a-handle": "write the person's handle, as in jane: pmctl people list",
    "a-person": "write the handle of a person of the policy: pmctl people list",
    "act-again-and-waive": (
        "{by} acts again with the present key, and an admin who knows of it accepts this one:"
        " pmctl waive {code} {commit} -m REASON"
    ),
    "add-handle": "if the handle is right, an admin runs pmctl people add {handle}",
    "add-key-first": "an admin adds the key to the policy first, in a step of its own: pmctl people add",
    "key-again": "who is back gets a key: an admin runs pmctl people rotate {who} --key FILE",
    "add-person": "an admin adds the person or the address: pmctl people add",
    "extend-key": (
        "the person extends or replaces the key and lands its new public half; of a key that is out of use for good,"
        " an admin says so: pmctl people revoke"
    ),
    "init": "run 'pmctl init'",
    "install-hooks": "pmctl hook install",
    # Of merges.
    "choose": "keep what is right of the two sides, remove the markers, then git add {path}",
    "compare-merge": "compare both sides: git show {commit}^1:./{path} and git show {commit}^2:./{path}",
    "conflict-again": "git checkout --merge -- {path} puts the conflict back, then pmctl merge {path}",
    "finish-merge": "resolve what is left (pmctl merge), then git {what} --continue; or give it up: git {what} --abort",
    "git-add": "look at it, make it right, then git add {path}",
    "git-continue": "git {what} --continue",
    "keep-or-remove": "keep it with git add {path}, or let it go with git rm {path}",
    "merge-rest": "decide what is left in the files, git add them, then git commit; or give it up: git merge --abort",
    "not-pushed": "put it right first: nothing of yours was pushed",
    "sync-again": "pmctl sync",
    "sync-conflicts": (
        "decide what is left in the files, git add them, git {what} --continue, and pmctl sync again; or give it up:"
        " pmctl sync --abort"
    ),
    "people": "see pmctl people list",
    "policy-branch": "an admin names the right one: pmctl policy branch NAME",
    "policy-branch-head": (
        "an admin names it: pmctl policy branch NAME; if {remote} has changed its HEAD since: git remote set-head"
        " {remote} --auto; of several remotes choose one: git config pmctl.remote NAME"
    ),
    "adopt-tickets": "to keep it in step: pmctl tickets adopt",
    "fill-ticket": "set it there, or say which side counts: pmctl tickets sync {item} --take ours",
    "name-account": "name the account in pmctl.yaml: tickets: {{people: {{{who}: ACCOUNT}}}}",
    "push-tickets": "pmctl tickets push looks it up and finishes it",
    "say-why": "say why: pmctl actions set {item} --status WONT_DO --notes WHY; or open it there again",
    "resend-ticket": (
        "look there for {marker}; push again later, which finds what was created; if there is certainly none:"
        " pmctl tickets push {item} --resend"
    ),
    "set-tickets": "write it there: tickets: {{system: jira, project: OPS}}; docs/tickets.md has the other trackers",
    "take-side": "say which side counts: pmctl tickets sync {item} --take ours, or --take theirs",
    "ticket-gone": (
        "if it is gone for good: git rm .pmctl/tickets/ID/{item}.json, empty the cell with pmctl actions set {item}"
        " --ticket '', and pmctl tickets push {item} creates another one"
    ),
    "ticket-again": (
        "put its last good version back (git log -- FILE), or remove it, and take the link over again:"
        " pmctl tickets adopt"
    ),
    "public-again": (
        "put its last good version back (git log -- FILE), or draft it again: pmctl public draft ID --again"
    ),
    "draft-public": "draft it: pmctl public draft {id}",
    "check-public": "pmctl public check {id}",
    "approve-public": "somebody else reads it and types: pmctl public approve {id}",
    "approve-public-by": "ask {people} to read it and type: pmctl public approve {id}",
    "share-public": "pmctl public share {id}",
    "share-or-audit": "share it again (pmctl public share {id}); pmctl audit says why",
    "share-again": "share it again with this version of pmctl: pmctl public share {id}",
    "invite-again": "pmctl meeting schedule {id} --meeting {meeting} --resend",
    "google-login": "log in again: pmctl integrations login google",
    "google-connect": "{set}; pmctl integrations login google prints what belongs into it",
    "google-login-ended": (
        "log in again: pmctl integrations login google; a login ends when it is revoked, when the password changes,"
        " after six months without use, and after seven days where the app's consent screen is in testing"
    ),
    "google-client": (
        "set {client} and {secret} to those of an OAuth client of the kind Desktop app, and log in again:"
        " pmctl integrations login google"
    ),
    "google-forget": (
        "remove the app at myaccount.google.com/connections, and log in again: pmctl integrations login google"
    ),
    "google-tick": "tick the box for events of your calendars: pmctl integrations login google",
    "share-meeting": "pmctl sync",
    "zoom-scopes": "add the scopes that it names to the app; pmctl integrations test zoom lists what is missing",
    "change-meeting": "to change it: pmctl meeting schedule {id} --meeting {meeting} --move",
    "meeting-changed": "look at it with pmctl meeting list, and say again what is to be changed",
    "meeting-room-again": (
        "look in Zoom whether it is there; if not: pmctl meeting schedule {id} --meeting {meeting} --resend makes one"
    ),
    "plan-meeting": "plan one: pmctl meeting schedule {id} --at TIME",
    "meeting-again": (
        "put its last good version back (git log -- FILE), or remove it, and plan it again: pmctl meeting schedule"
    ),
    "policy-verify": "run 'pmctl policy verify'",
    "policy-verify-where": "pmctl policy verify says where",
    "settle-rivals": "one of {admins} signs the next version: pmctl policy sign",
    "sign-first-policy": "sign it: pmctl init",
    "sign-move": "admins sign it first: pmctl policy move {new}; then the folder moves in a step of its own",
    "sign-policy": "one of these signs it: {admins} (pmctl policy sign)",
    "waive-if-signed": "if {by} did sign it, an admin accepts it: pmctl waive {code} {commit} -m REASON",
    "audit-shows-accepted": "pmctl audit shows what was accepted",
    "audit-shows-waived": "pmctl audit shows it as waived from now on",
    "move-the-root": "git mv everything of the root there, in one commit of its own",
    "push-checkpoint": "push it to {branch}",
    "sign-on-branch": (
        "{missing} more of {people} run pmctl policy sign on this branch; the last signature lands the policy in one"
        " step"
    ),
    "sign-the-same": "it takes effect when {missing} more of {people} have run the same command",
    # Of the life of a postmortem.
    "amend": "an admin can pmctl amend {id}",
    "amend-or-restore": (
        "an admin signs it as it is: pmctl amend {id} -m TEXT; or put the signed text back: git checkout <commit> --"
        " <file>, pmctl log {id} names the commit"
    ),
    "amend-on-record": "an admin puts it on record: pmctl amend {id} -m TEXT",
    "ask-one-of": "ask one of them: pmctl submit {id} --reviewer {people}",
    "ask-somebody-else": "somebody else reviews it: pmctl submit {id} --reviewer HANDLE",
    "ask-them": "ask one of: {people}",
    "become-editor": "ask one of: {people}; while it is a draft the author can run pmctl editors add {id} {who}",
    "become-commenter": "the author or an admin gives the right: pmctl editors add {id} {who} --comment",
    "author-asks": "the author can ask: pmctl submit {id} --reviewer {reviewer}",
    "fill-in": "fill them in; pmctl validate {id} shows where",
    "finish-and-submit": "finish it, then pmctl submit {id} --reviewer HANDLE",
    "complete-item": "pmctl actions set {item} --status COMPLETED",
    "edit-and-submit-to": "pmctl edit {id}, then pmctl submit {id} {reviewers}",
    "give-ids": "pmctl validate --fix {id} gives it an id",
    "in-archived": "it is archived: an admin can pmctl amend or reopen {id}",
    "in-draft": "it is a draft: pmctl submit {id} --reviewer HANDLE",
    "in-review": "it is in review: see pmctl status {id}",
    "in-published": "it is published: an admin can pmctl amend, archive or reopen {id}",
    "needed-to-publish": "write it; pmctl publish refuses it like this",
    "resolve-thread": "answer it, then pmctl comment resolve {thread}",
    "without-beginning": "resolve it: pmctl comment resolve {thread}; or put its first message back from history",
    "resolve-threads": "pmctl comment list {id} --unresolved shows what is open; answer it, and resolve it",
    "restore-message": "put it back as it was: git checkout <commit before> -- {path}",
    "settle": 'an admin reads it, edits it where it is wrong, and signs it: pmctl amend {id} -m "why"',
    "items-of": "pmctl actions list --postmortem {id}",
    "read-it-and-approve": "pmctl show {id}, then pmctl approve {id}",
    "share": "while it is a draft: pmctl editors add {id} HANDLE",
    "status": "see pmctl status {id}",
    "status-by-acts": "put back what it was, DRAFT for a new one: pmctl submit, publish and archive change it",
    "submit-again": "submit it again: pmctl withdraw {id}, then pmctl submit {id} --reviewer HANDLE",
    "submit-to": "pmctl submit {id} {reviewers}",
    "they-approve": "they can: pmctl approve {id}",
    "what-blocks": "pmctl status {id} says what blocks it",
    "whose-turn": "pmctl status {id} says whose turn it is",
    # Of what a document or a template says.
    "add-column": "an admin adds the column and runs pmctl amend {id} -m REASON",
    "add-item": 'pmctl actions add {id} "TEXT" --owner HANDLE --due DATE --priority HIGH',
    "all-codes": "see `pmctl explain --all`",
    "ask-in-next-version": "ask for it in the next version only: pmctl template new {template} --next",
    "back-to-status": "put it back to {status}; pmctl status {id} says which command moves it",
    "begin-document": (
        "begin with `---`, id, title, status, author and `---`; `pmctl adopt` does it for an existing document"
    ),
    "begin-message": "begin with ---, thread, kind, by, at and ---; pmctl comment writes messages",
    "begin-template": (
        "begin with ---, name: and the template's name, and ---; pmctl template new makes a file to start from"
    ),
    "put-version-back": "put this version back as it was, and ask in the next: pmctl template new {template} --next",
    "fix-it": "pmctl validate --fix {does}",
    "new-id": "delete the id; pmctl validate --fix gives a new one",
    "new-id-of-one": "in the one that is not published, delete the id; pmctl validate --fix gives a new one",
    "show-section": "pmctl show {id} --section '{section}'",
    "then-an-id": "{first}, then pmctl validate --fix gives it one",
    "validate": "pmctl validate {id}",
    "validate-all": "run `pmctl validate` and fix what it lists",
    "write-message": "pmctl comment names and writes messages",
    # Of the next step.
    "a-root": "it looks like sha256:<64 hex digits>; pmctl init printed it",
    "add-reviewer": "add a reviewer: pmctl people add HANDLE --name NAME --email E --key FILE",
    "amend-with-reason": "an admin edits the files and runs pmctl amend {id} -m REASON",
    "approve-as": "pmctl approve {id}   (as {people})",
    "audit-says-why": "pmctl audit says why",
    "answer-questions": "pmctl validate, then answer the questions with pmctl edit ID",
    "begin": "others join with pmctl people join, and you begin with pmctl new",
    "bring-back-first": "bring it back first: pmctl doctor --fix; then act on what the records say",
    "bring-back": "bring it back: pmctl doctor --fix, or git checkout {commit} -- {path}",
    "compare-commits": "compare two commits: pmctl diff {id} --from REV --to REV",
    "delete": "an admin runs pmctl delete {id}",
    "doctor-fix": "pmctl doctor --fix puts back what was there",
    "doctor-fix-lost": "pmctl doctor --fix",
    "edit": "pmctl edit {id}",
    "edit-again": "correct what is listed above: pmctl edit {id}",
    "edit-when-ready": "when it is ready: pmctl edit {id}",
    "edit-then-status": "pmctl edit {id}, then pmctl status {id}",
    "edit-and-submit-again": "pmctl edit {id}, then pmctl submit {id}   (asks {people} again)",
    "edit-and-submit": "pmctl edit {id}, then pmctl submit {id} --reviewer HANDLE",
    "leave-status": "leave it at {status}; pmctl status {id} says which command moves it",
    "keep-detached": "HEAD is detached, so commit {commit} is on no branch; to keep it: git switch -c NAME",
    "log": "pmctl log {id}",
    "look-at-status": "pmctl status {id}",
    "publish": "pmctl publish {id}",
    "sync": "not pushed yet, and {upstream} has moved on: pmctl sync",
    "push": "not pushed yet: git push   ({branch} is ahead of {upstream})",
    "push-new-branch": "not pushed yet: git push -u {remote} {branch}",
    "read-and-approve": "{people}: read it (pmctl show {id}), then pmctl approve {id}",
    "review": "read it again: pmctl review {id}",
    "sign-instead": "an admin runs pmctl policy sign instead",
    "submit": "pmctl submit {id} --reviewer HANDLE",
    "when-resolved": "when it is over: pmctl incident refresh {id} --from FILE, or write resolved_at",
}
"""Advice by name; values that the reporter gives stand in braces."""

COMMANDS: dict[str, tuple[str, ...]] = {
    "answer-questions": ("pmctl", "validate"),
    "audit-shows-accepted": ("pmctl", "audit"),
    "audit-shows-waived": ("pmctl", "audit"),
    "begin": ("pmctl", "new"),
    "edit": ("pmctl", "edit", "{id}"),
    "edit-and-submit-again": ("pmctl", "edit", "{id}"),
    "edit-and-submit": ("pmctl", "edit", "{id}"),
    "edit-again": ("pmctl", "edit", "{id}"),
    "edit-when-ready": ("pmctl", "edit", "{id}"),
    "edit-then-status": ("pmctl", "edit", "{id}"),
    "look-at-status": ("pmctl", "status", "{id}"),
    "log": ("pmctl", "log", "{id}"),
    "publish": ("pmctl", "publish", "{id}"),
    "sync": ("pmctl", "sync"),
    "push": ("git", "push"),
    "push-new-branch": ("git", "push", "-u", "{remote}", "{branch}"),
    "read-and-approve": ("pmctl", "show", "{id}"),
    "resolve-thread": ("pmctl", "comment", "resolve", "{thread}"),
    "resolve-threads": ("pmctl", "comment", "list", "{id}", "--unresolved"),
    "status": ("pmctl", "status", "{id}"),
}
"""Of an advice that follows an act, the command that can be run as it is: the first one that its words name."""


def words(hint: Hint) -> str:
    """A hint as people read it."""
    return WORDS[hint.name].format_map(dict(hint.values)) if isinstance(hint, Advice) else hint


def argv(hint: Hint) -> list[str]:
    """The command of a hint, ready to be run; empty when a person has to choose something first."""
    if not isinstance(hint, Advice) or hint.name not in COMMANDS:
        return []
    values = dict(hint.values)
    return [word.format_map(values) for word in COMMANDS[hint.name]]


def with_values(hint: Hint, values: Mapping[str, str]) -> Hint:
    """A hint with each of its values that is a key of `values` replaced: ids by their short forms, say."""
    if not isinstance(hint, Advice):
        return hint
    return Advice(hint.name, tuple((name, values.get(value, value)) for name, value in hint.values))


def in_words(value: Any) -> Any:
    """JSON data with every advice in it as people read it."""
    if isinstance(value, Advice):
        return words(value)
    if isinstance(value, Mapping):
        return {key: in_words(item) for key, item in value.items()}
    return [in_words(item) for item in value] if isinstance(value, list | tuple) else value


def with_fix(message: str, hint: Hint) -> str:
    """A message and, in brackets behind it, what to do about it."""
    return f"{message} (fix: {words(hint)})" if hint else message
