"""Whom a commit is from, as far as it tells: its author, its trailers, its signature. Findings of the attributed layer.

Under `edits: signed` the commit's own signature must be by a key of the person that it names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from pmctl.codes import WAIVE, Code
from pmctl.document import strict_yaml
from pmctl.git import SETTINGS_FILE
from pmctl.ledger.signatures import key_problem, signer
from pmctl.ledger.snapshot import Snapshot
from pmctl.ledger.sshsig import SignatureProblem
from pmctl.ledger.step import StepContext
from pmctl.ledger.template_store import TEMPLATES
from pmctl.objects import Commit
from pmctl.policy import act as acts
from pmctl.policy.model import SIGNED, Policy, person_by_email
from pmctl.text import in_ascii

_SINGLE = (b"tree", b"author", b"committer", b"gpgsig", b"gpgsig-sha256", b"encoding")
_TRAILER = re.compile(r"^(Act|Postmortem): *(\S{1,120}) *$", re.MULTILINE)
_CO_AUTHOR = re.compile(r"^Co-authored-by: .{0,200}<([^<>\n]{1,254})> *$", re.MULTILINE | re.IGNORECASE)


def check_commits(step: StepContext) -> None:
    """What commit objects themselves show: doubled headers, and a second root that a merge brings."""
    for one in (step.commit, *step.merged):
        doubled = doubled_header(one.raw)
        if doubled:
            step.find("AU610", f"commit {one.oid[:12]} has two {doubled} headers: programs read it differently")
        begins = not one.parents and one is not step.commit and step.source.at(one.oid).is_managed
        if begins and not _is_subtree(step):
            message = f"a history of its own, from the root commit {one.oid[:12]}, was merged in"
            step.find("AU607", message, "records count for the history that they were signed in only")


def _is_subtree(step: StepContext) -> bool:
    """Whether a merge puts the whole of another line into a folder of its own, as `git subtree add` does."""
    reader, trees = step.source.reader, step.source.trees
    others = {reader.commit(parent).tree for parent in step.commit.parents}
    waiting, seen = [step.commit.tree], set(others)
    while waiting:
        for entry in trees.entries(waiting.pop()).values():
            if entry.is_tree and entry.oid in others:
                return True
            if entry.is_tree and entry.oid not in seen:
                seen.add(entry.oid)
                waiting.append(entry.oid)
    return False


def check_trailers(step: StepContext) -> None:
    """Report an act that a commit message claims and no record states."""
    state, message = step.state, step.commit.message
    if "\nAct: " not in message or state.policy is None:
        return
    words = dict(_TRAILER.findall(message))
    act, doc = words.get("Act", ""), words.get("Postmortem", "")
    if act in acts.ACTS and doc in state.documents and act not in state.acts.get(doc, ()):
        claim = f"the message says {act} of {doc}, but no record states it"
        step.find("AU707", claim, "trailers prove nothing", doc=doc, attributed=True)


def doubled_header(raw: bytes) -> str:
    """The name of a header that a commit object has more than once although it may have one, or ''."""
    head = raw.partition(b"\n\n")[0]
    count = Counter(line.partition(b" ")[0] for line in head.split(b"\n") if not line.startswith(b" "))
    return next((name.decode() for name in _SINGLE if count[name] > 1), "")


def author_of(policy: Policy, commit: Commit) -> str:
    """The handle of the person whose e-mail address the commit's author has, or ''."""
    return person_by_email(policy, commit.author.email) or ""


def names(policy: Policy, commit: Commit) -> set[str]:
    """The people whom a commit names as its authors: the author, and co-authors when edits are not signed."""
    found = {author_of(policy, commit)}
    if policy.edits != SIGNED and "o-authored-by:" in commit.message.lower():
        found |= {person_by_email(policy, email) or "" for email in _CO_AUTHOR.findall(commit.message)}
    return found - {""}


def shown_author(commit: Commit) -> str:
    """The author's name and address as a message may show them."""
    return f"{in_ascii(commit.author.name)} <{in_ascii(commit.author.email)}>"


def check_signature(step: StepContext, commit: Commit, doc: str, what: str = "") -> None:
    """Under `edits: signed`, report a contribution that the person whom it names did not sign.

    Otherwise report only a good signature by somebody else than the author. `what` was edited, when no document was.
    """
    policy = step.state.policy
    if policy is None:
        return
    required = policy.edits == SIGNED
    payload, signature = split_signature(commit.raw)
    if not signature:
        if required:
            message = f"{shown_author(commit)} edited {what or doc} in {commit.oid[:12]} without signing the commit"
            step.find("AU705", message, "sign commits: git config commit.gpgsign true", doc=doc, attributed=True)
        return
    handle = author_of(policy, commit)
    try:
        who = signer(payload, signature, policy, step.key_files, "git", by=handle, keyrings=step.keyrings)
    except SignatureProblem as problem:
        if required:
            message = (
                f"the signature of {commit.oid[:12]}, which edits {what or doc}, does not count: {problem.message}"
            )
            step.find("AU705", message, problem.hint, doc=doc, attributed=True)
        return
    if who.handle != handle:
        message = f"{commit.oid[:12]} edits {what or doc}, names {shown_author(commit)} and is signed by {who.handle}"
        step.find("AU706", message, doc=doc, attributed=True)
    elif required:
        unfit = key_problem(who, handle)
        if unfit is not None:
            step.find("AU705", unfit.message, unfit.hint, doc=doc, attributed=True)


def signed_by(step: StepContext, commit: Commit) -> str:
    """The handle of whoever signed a commit with a key in use; '' when nobody did."""
    payload, signature = split_signature(commit.raw)
    policy = step.state.policy
    if not signature or policy is None:
        return ""
    try:
        who = signer(
            payload, signature, policy, step.key_files, "git", by=author_of(policy, commit), keyrings=step.keyrings
        )
    except SignatureProblem:
        return ""
    return who.handle if key_problem(who, who.handle) is None else ""


def check_templates(step: StepContext) -> None:
    """Report changes of the organisation's templates by people who are no admins: they decide what is complete."""
    policy = step.state.policy
    if policy is None:
        return
    for commit in _changing(step, lambda snapshot: snapshot.template_folder):
        if not names(policy, commit) & set(policy.admins):
            message = f"{shown_author(commit)} changed the templates in {commit.oid[:12]} without being an admin"
            step.find("AU709", message, "an admin changes them", path=TEMPLATES, attributed=True)
        check_signature(step, commit, "", TEMPLATES)


def check_settings(step: StepContext) -> None:
    """Warn of settings that people who are no admins let validation pass over more with, and of unsigned ones where
    edits are signed. What the audit proves rests on no setting; what people are warned of before they sign does."""
    policy, before, after = step.state.policy, *(one.entry(SETTINGS_FILE) for one in (step.before, step.after))
    if policy is None or before == after:
        return
    (old, _), (new, readable) = _rules(step.before), _rules(step.after)
    for commit in _changing(step, lambda snapshot: snapshot.entry(SETTINGS_FILE)):
        if not (readable and old == new) and not names(policy, commit) & set(policy.admins):
            what = (
                "the rules of validation or redaction"
                if readable
                else f"{SETTINGS_FILE} so that it cannot be read for certain"
            )
            message = f"{shown_author(commit)} changed {what} in {commit.oid[:12]}, and is no admin"
        elif policy.edits == SIGNED and not signed_by(step, commit):
            message = f"nobody of the policy signed {commit.oid[:12]}, which changes {SETTINGS_FILE}"
        else:
            continue
        hint = f"an admin looks at it: git show {commit.oid[:12]} -- {SETTINGS_FILE}"
        step.find("AU715", message, hint, path=SETTINGS_FILE, attributed=True, warning=True)


_DECIDING = ("rules", "services", "public")
"""Settings by which people are warned before they sign, of a postmortem and of a public text."""


def _rules(snapshot: Snapshot) -> tuple[str, bool]:
    """What the settings in a tree say that decides about warnings, as it is written, and whether all readers read them
    alike: they do not where the strict subset is left, as by a key that stands twice, and no one rests on what this
    one takes."""
    data, there = snapshot.file(SETTINGS_FILE), snapshot.entry(SETTINGS_FILE)
    try:
        text = (data or b"").decode("utf-8-sig")
    except UnicodeDecodeError:
        return "", False
    node, problems = strict_yaml.load(text, document_start=True)
    readable = not problems and (data is not None or there is None)
    if node is None or not isinstance(node.value, dict):
        return "", readable
    found = {key: node.value.get(key) for key in _DECIDING}
    said = {key: text[one.start : one.end] for key, one in found.items() if one is not None}
    return "\n".join(f"{key} {value}" for key, value in said.items()), readable


def _changing(step: StepContext, what: Callable[[Snapshot], object]) -> list[Commit]:
    """The commits of a step that changed something of the tree, the newest first."""

    def there(commit: str) -> object:
        return what(step.source.at(commit))

    if len(step.commit.parents) < 2:
        return [step.commit]
    return [
        one for one in (step.commit, *step.merged) if all(there(one.oid) != there(parent) for parent in one.parents)
    ]


def split_signature(raw: bytes) -> tuple[bytes, bytes]:
    """(what was signed, the signature) of a commit object; the signature is empty when there is none.

    git signs the commit without its gpgsig header; continuation lines begin with a space.
    """
    head, blank, message = raw.partition(b"\n\n")
    kept: list[bytes] = []
    signature: list[bytes] = []
    inside = False
    for line in head.split(b"\n"):
        if line.startswith(b"gpgsig ") and not signature:
            inside = True
            signature.append(line[len(b"gpgsig ") :])
        elif inside and line.startswith(b" "):
            signature.append(line[1:])
        else:
            inside = False
            kept.append(line)
    text = b"\n".join(signature)
    return b"\n".join(kept) + blank + message, text + b"\n" if text and not text.endswith(b"\n") else text


CODES = (
    Code(
        "AU607",
        "second-root",
        "A history with a root commit and a policy of its own was merged in.",
        "It was signed under other rules.",
        "Bring documents in with pmctl adopt in place of a merge.",
        "git merge --allow-unrelated-histories",
    ),
    Code(
        "AU610",
        "doubled-header",
        "A commit object has a header twice that it may have once.",
        "Programs take different ones, and show different authors or signatures.",
        "Refuse the commit; write it anew.",
        "two author lines",
    ),
    Code(
        "AU705",
        "edit-not-signed",
        "The policy says edits: signed, and a commit that edits is not well signed.",
        "Whom a commit names as its author is a claim.",
        "git config commit.gpgsign true, with the key of the policy.",
        "an unsigned commit under edits: signed",
    ),
    Code(
        "AU706",
        "author-is-not-signer",
        "A commit is signed by another person than its author.",
        "One of the two is wrong.",
        "Let the author commit, or the signer be the author.",
        "author jane, signed by bob",
    ),
    Code(
        "AU707",
        "claimed-by-trailer",
        "A commit message says that an act was done, and no record states it.",
        "Trailers are for people; anybody can write them.",
        "Act through pmctl.",
        "Act: approve in a message",
    ),
    Code(
        "AU709",
        "template-changed",
        "Somebody who is no admin changed the organisation's templates.",
        "Templates say what a postmortem has to hold before it is published.",
        "An admin changes them. " + WAIVE,
        "required: true -> required: false by jane",
    ),
    Code(
        "AU715",
        "settings-changed",
        "Somebody who is no admin changed the rules of validation or redaction in pmctl.yaml, or changed the file so"
        " that it cannot be read for certain (a key that stands twice, no YAML); or, where edits are signed, nobody of"
        " the policy signed a change of that file. Always a warning.",
        "The audit takes nothing from settings: no signature, approval or completeness rests on them. But what is"
        " ignored there is not said to people before they sign.",
        "Look at the change; an admin puts it right, or makes it.",
        "rules: {ignore: [PM201]} by a member",
    ),
)
