"""People and their keys: add, change, rotate, revoke; teams and admins. Each is one signed step of the policy.

What is meant (a Policy made from the present one) and what is written (a surgical edit of the file) are made
apart and compared, so that an edit that says something else is never signed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from pmctl.errors import BadInput, NotFound, Refused, UsageProblem
from pmctl.policy import membership, writing
from pmctl.policy.model import ACTIVE, COMPROMISED, KINDS, PERSON, POLICY_PATH, RETIRED, Key, Person, Policy
from pmctl.policy.reading import HANDLE, parse_policy
from pmctl.repository.actor import Actor
from pmctl.repository.transaction import Write
from pmctl.repository.workspace import Workspace
from pmctl.text import did_you_mean, listed
from pmctl.workflow.given_keys import GivenKey
from pmctl.workflow.policy import Changed, change, proposal, require_admin

Edit = Callable[[bytes], bytes]


def add(
    workspace: Workspace,
    actor: Actor,
    handle: str,
    *,
    name: str,
    emails: Sequence[str],
    keys: Sequence[GivenKey],
    teams: Sequence[str] = (),
    kind: str = PERSON,
    admin: bool = False,
    at: datetime,
    note: str = "",
) -> Changed:
    """Add a person (or a service, or an agent: `kind`), and put them into teams and among the admins.

    Raises UsageProblem for a handle, name or address that no policy holds, Refused when the handle, an address
    or a key is taken, and whatever `policy.change` raises.
    """
    require_admin(workspace.policy, actor)
    if not HANDLE.fullmatch(handle):
        raise UsageProblem(f"{handle!r} is no handle", hint="use lower-case letters, digits and '-'")
    if kind not in KINDS:
        raise UsageProblem(f"--kind {kind}: not one of {', '.join(KINDS)}")
    if admin and kind != PERSON:
        raise UsageProblem(f"{handle} is of the kind {kind} and cannot be an admin", hint="leave --admin out")
    old = workspace.policy
    if handle in old.people:
        raise Refused(
            f"{handle} is in the policy already",
            hint=f"a new key: pmctl people rotate {handle} --key PUBKEY; a handle is never given to somebody else",
        )
    _refuse_taken(old, emails, keys)
    person = Person(handle, name, tuple(email.lower() for email in emails), tuple(given.key for given in keys), kind)
    meant = replace(old, people={**old.people, handle: person})
    edits: list[Edit] = [lambda data: writing.add_person(data, person)]
    for team in dict.fromkeys(teams):
        meant, edit = _into_team(meant, team, handle)
        edits.append(edit)
    if admin:
        meant = replace(meant, admins=(*meant.admins, handle))
        edits.append(lambda data: membership.add_admin(data, handle))
    subject = f"Add {handle} to the people{' as an admin' if admin else ''}"
    return _carry_out(workspace, actor, meant, edits, _Signed(subject, at, note, _files(keys)))


def change_person(
    workspace: Workspace,
    actor: Actor,
    handle: str,
    *,
    add_emails: Sequence[str] = (),
    remove_emails: Sequence[str] = (),
    add_teams: Sequence[str] = (),
    remove_teams: Sequence[str] = (),
    admin: bool | None = None,
    kind: str = "",
    at: datetime,
    note: str = "",
) -> Changed:
    """Change addresses, teams, whether somebody is an admin, or their `kind` (a person, service or agent).

    Raises NotFound for an unknown person, Refused when nothing would change or an address is taken.
    """
    require_admin(workspace.policy, actor)
    old = workspace.policy
    person = _person(old, handle)
    changed, edits = _with_emails(old, person, handle, add_emails, remove_emails)
    meant = replace(old, people={**old.people, handle: changed})
    for team in dict.fromkeys(add_teams):
        if handle not in meant.teams.get(team, ()):
            meant, edit = _into_team(meant, team, handle)
            edits.append(edit)
    for team in dict.fromkeys(remove_teams):
        meant, edit = _out_of_team(meant, team, handle)
        edits.append(edit)
    if kind and kind not in KINDS:
        raise UsageProblem(f"--kind {kind}: not one of {', '.join(KINDS)}")
    kind = kind or person.kind
    if kind != PERSON and (admin is True or (handle in meant.admins and admin is not False)):
        raise Refused(f"{handle} would be of the kind {kind}, which signs no policy", hint="let a person be the admin")
    before_roles = len(edits)
    if admin is True and handle not in meant.admins:
        meant = replace(meant, admins=(*meant.admins, handle))
        edits.append(lambda data: membership.add_admin(data, handle))
    if admin is False and handle in meant.admins:
        meant, edit = _no_admin(meant, handle)
        edits.append(edit)
    if kind != person.kind:  # the file is valid after each edit: whoever is an admin is a person
        meant = replace(meant, people={**meant.people, handle: meant.people[handle]._replace(kind=kind)})
        place = before_roles if kind == PERSON else len(edits)
        edits.insert(place, lambda data: writing.set_kind(data, handle, kind))
    if not edits:
        raise Refused(f"nothing would change for {handle}", hint="pmctl people list shows what stands there")
    subject = _change_in_words(handle, changed.emails != person.emails, tuple(add_teams), tuple(remove_teams), admin)
    return _carry_out(workspace, actor, meant, edits, _Signed(subject, at, note))


def _with_emails(
    policy: Policy, person: Person, handle: str, add: Sequence[str], remove: Sequence[str]
) -> tuple[Person, list[Edit]]:
    """The person with other addresses, and the edits that write them."""
    new = [email for email in add if email.lower() not in person.emails]
    _refuse_taken(policy, new, ())
    edits: list[Edit] = [partial(_with_email, handle, email) for email in new]
    for email in remove:
        if email.lower() not in person.emails:
            raise NotFound(f"{handle} has no e-mail {email}", hint="pmctl people list shows the addresses")
        edits.append(partial(_without_email, handle, email))
    gone = {email.lower() for email in remove}
    emails = (*person.emails, *(email.lower() for email in new))
    return person._replace(emails=tuple(email for email in emails if email not in gone)), edits


def _change_in_words(
    handle: str, addresses: bool, joined: Sequence[str], left: Sequence[str], admin: bool | None
) -> str:
    """What is changed about a person, as a commit's first line says it."""
    said = [f"Change the addresses of {handle}"] if addresses else []
    said += [f"Put {handle} into {listed(joined)}"] if joined else []
    said += [f"Take {handle} out of {listed(left)}"] if left else []
    if admin is not None:
        said.append(f"Make {handle} an admin" if admin else f"Make {handle} no admin any more")
    return said[0] if len(said) == 1 else f"Change what the policy says of {handle}"


def rotate(
    workspace: Workspace,
    actor: Actor,
    handle: str,
    keys: Sequence[GivenKey],
    *,
    keep: bool = False,
    at: datetime,
    note: str = "",
) -> Changed:
    """Give a person new keys; the present ones are retired, unless `keep`: what they signed stays valid.

    Raises NotFound for an unknown person, Refused when a key is in the policy already.
    """
    require_admin(workspace.policy, actor)
    old = workspace.policy
    person = _person(old, handle)
    _refuse_taken(old, (), keys)
    edits: list[Edit] = [partial(_with_key, handle, given.key) for given in keys]
    present = person.keys
    if not keep:
        present = tuple(key._replace(status=RETIRED) if key.status == ACTIVE else key for key in present)
        edits += [_status_edit(handle, key.id, RETIRED) for key in person.active_keys]
    changed = person._replace(keys=(*present, *(given.key for given in keys)))
    meant = replace(old, people={**old.people, handle: changed})
    subject = f"Give {handle} a further key" if keep else f"Give {handle} a new key"
    return _carry_out(workspace, actor, meant, edits, _Signed(subject, at, note, _files(keys)))


def revoke(
    workspace: Workspace,
    actor: Actor,
    handle: str,
    *,
    key: str = "",
    compromised_since: str = "",
    at: datetime,
    note: str = "",
) -> Changed:
    """Take keys out of use: one (`key`, a fingerprint or a part of it) or all, when a person leaves.

    With all keys gone the person also leaves the teams and the admins; the entry stays, because history names
    it. `compromised_since` is the full id of the commit from which the keys' records become findings; without
    it what was signed before stays valid. Raises NotFound and Refused, also when it would lock everybody out.
    """
    require_admin(workspace.policy, actor)
    old = workspace.policy
    person = _person(old, handle)
    status = COMPROMISED if compromised_since else RETIRED
    concerned = _chosen_keys(person, key, compromised=bool(compromised_since))
    ids = {one.id for one in concerned}
    edits: list[Edit] = [_status_edit(handle, one.id, status, compromised_since) for one in concerned]
    changed = person._replace(
        keys=tuple(k._replace(status=status, since=compromised_since) if k.id in ids else k for k in person.keys),
    )
    meant = replace(old, people={**old.people, handle: changed})
    if not changed.active_keys and not key:
        for team in [team for team, members in old.teams.items() if handle in members]:
            meant, edit = _out_of_team(meant, team, handle)
            edits.append(edit)
        if handle in old.admins:
            meant, edit = _no_admin(meant, handle)
            edits.append(edit)
    if not edits:
        raise Refused(f"{handle} has no active key and no role to take away", hint="pmctl people list")
    which = f"a key of {handle}" if key else f"the keys of {handle}"
    subject = f"Declare {which} stolen" if compromised_since else f"Revoke {which}"
    return _carry_out(workspace, actor, meant, edits, _Signed(subject, at, note))


@dataclass(frozen=True, slots=True)
class _Signed:
    """What is said of a change beside the policy itself: the commit's first line, the record's time and note, and
    further files of the step."""

    subject: str
    at: datetime
    note: str
    files: Sequence[Write] = ()


def _carry_out(workspace: Workspace, actor: Actor, meant: Policy, edits: Sequence[Edit], signed: _Signed) -> Changed:
    """Edit the file, compare what it says with what is meant, and sign it as the next version."""
    waiting = proposal(workspace)
    if waiting is not None:
        raise Refused(
            f"policy version {waiting.policy.version} waits for signatures",
            hint="sign it (pmctl policy sign), or give it up by leaving its branch; then make this change",
        )
    able = len(meant.active_admins)
    if able < max(1, meant.policy_threshold):
        count = "no admin" if not able else f"{able} of {meant.policy_threshold} admins"
        raise Refused(
            f"that would lock everybody out: {count} could sign the next policy",
            hint="add another admin first: pmctl people add HANDLE --admin, or pmctl people change HANDLE --admin",
        )
    data = workspace.head.file(POLICY_PATH) or b""
    for edit in edits:
        data = edit(data)
    data = writing.set_version(data, workspace.policy.version + 1)
    meant = replace(meant, version=workspace.policy.version + 1)
    parsed, findings = parse_policy(data, POLICY_PATH)
    if parsed is None:
        lines = tuple(f"{finding.code} {finding.message}" for finding in findings if finding.severity == "error")
        fix = next((finding.fix for finding in findings if finding.fix), "")
        raise Refused("this policy cannot come into force", hint=fix, details=lines)
    if _plain(parsed) != _plain(meant):
        raise BadInput(
            f"{POLICY_PATH} is not written in a way that can be edited",
            hint="make the change by hand, then run pmctl policy sign",
        )
    return change(workspace, actor, data, at=signed.at, note=signed.note, also=signed.files, subject=signed.subject)


def _plain(policy: Policy) -> object:
    """What a policy means, without where it stands in the file and without the order of its lists."""
    people: Mapping[str, object] = {
        handle: (
            person.name,
            person.kind,
            frozenset(person.emails),
            frozenset((key.id, key.status, key.since, key.file) for key in person.keys),
        )
        for handle, person in policy.people.items()
    }
    teams = {team: frozenset(members) for team, members in policy.teams.items()}
    rest = (
        policy.version,
        policy.repository,
        policy.branch,
        policy.review,
        policy.publishers,
        policy.edits,
        policy.policy_threshold,
    )
    return people, teams, frozenset(policy.admins), rest


def _person(policy: Policy, handle: str) -> Person:
    person = policy.people.get(handle)
    if person is None:
        close = did_you_mean(handle, policy.people)
        raise NotFound(
            f"{handle} is not in the policy",
            hint="pmctl people list shows everybody",
            details=(close,) if close else (),
        )
    return person


def _refuse_taken(policy: Policy, emails: Sequence[str], keys: Sequence[GivenKey]) -> None:
    for email in emails:
        owner = policy.emails.get(email.strip().lower())
        if owner is not None:
            raise Refused(f"{email} is the address of {owner}", hint="one address belongs to one person")
    for given in keys:
        known = policy.keys.get(given.key.id)
        if known is not None:
            raise Refused(
                f"that key is {known[0]}'s already ({known[1].status})",
                hint="one key belongs to one person, and a key out of use never comes back: make a new one",
            )


def _into_team(policy: Policy, team: str, handle: str) -> tuple[Policy, Edit]:
    if not HANDLE.fullmatch(team):
        raise UsageProblem(f"{team!r} is no name of a team", hint="use lower-case letters, digits and '-'")
    teams = {**policy.teams, team: (*policy.teams.get(team, ()), handle)}
    return replace(policy, teams=teams), lambda data: membership.add_member(data, team, handle)


def _out_of_team(policy: Policy, team: str, handle: str) -> tuple[Policy, Edit]:
    if handle not in policy.teams.get(team, ()):
        raise NotFound(f"{handle} is not in a team {team}", hint="pmctl people list shows the teams")
    teams = {**policy.teams, team: tuple(member for member in policy.teams[team] if member != handle)}
    return replace(policy, teams=teams), lambda data: membership.remove_member(data, team, handle)


def _no_admin(policy: Policy, handle: str) -> tuple[Policy, Edit]:
    admins = tuple(admin for admin in policy.admins if admin != handle)
    return replace(policy, admins=admins), lambda data: membership.remove_admin(data, handle)


def _with_email(handle: str, email: str, data: bytes) -> bytes:
    return membership.add_email(data, handle, email)


def _with_key(handle: str, key: Key, data: bytes) -> bytes:
    return writing.add_key(data, handle, key)


def _without_email(handle: str, email: str, data: bytes) -> bytes:
    """Remove an address however the file spells its case."""
    try:
        return membership.remove_email(data, handle, email)
    except BadInput:
        return membership.remove_email(data, handle, email.lower())


def _status_edit(handle: str, key_id: str, status: str, since: str = "") -> Edit:
    return lambda data: writing.set_key_status(data, handle, key_id, status, since=since)


def _chosen_keys(person: Person, part: str, *, compromised: bool) -> tuple[Key, ...]:
    """The keys to take out of use; a retired key can still turn out to be compromised."""
    from pmctl.policy.differences import shown

    able = tuple(key for key in person.keys if key.status == ACTIVE or (compromised and key.status == RETIRED))
    if not part:
        return able
    fitting = tuple(key for key in able if part in shown(key) or part == key.id)
    if len(fitting) != 1:
        lines = tuple(shown(key) for key in able)
        what = "no key" if not fitting else f"{len(fitting)} keys"
        raise NotFound(f"{what} of {person.handle} fit {part!r}", hint="give the fingerprint", details=lines)
    return fitting


def _files(keys: Sequence[GivenKey]) -> tuple[Write, ...]:
    return tuple(given.file for given in keys if given.file is not None)
