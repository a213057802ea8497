"""What one version of the policy changes against another, as sentences for people. Pure."""

from __future__ import annotations

from pmctl.errors import PmctlError
from pmctl.policy.keys import fingerprint
from pmctl.policy.model import PERSON, Key, Person, Policy


def differences(old: Policy, new: Policy) -> tuple[str, ...]:
    """One sentence for each difference between two policies; empty when they mean the same."""
    found = []
    for handle in (*old.people, *(handle for handle in new.people if handle not in old.people)):
        found += _person(handle, old.people.get(handle), new.people.get(handle))
    found += _members("admins", old.admins, new.admins)
    for team in (*old.teams, *(team for team in new.teams if team not in old.teams)):
        if team not in new.teams:
            found.append(f"team {team}: removed")
        else:
            if team not in old.teams:
                found.append(f"team {team}: new")
            found += _members(f"team {team}", old.teams.get(team, ()), new.teams[team])
    for name, before, after in (
        ("review.approvals", old.review.approvals or "all", new.review.approvals or "all"),
        ("review.minimum", old.review.minimum, new.review.minimum),
        ("review.self_approval", _yes(old.review.self_approval), _yes(new.review.self_approval)),
        ("review.team", old.review.team or "none", new.review.team or "none"),
        ("public.reviews", old.public.reviews, new.public.reviews),
        ("public.team", old.public.team or "none", new.public.team or "none"),
        ("public.organization", old.public.organization or "none", new.public.organization or "none"),
        ("publishers", ", ".join(old.publishers), ", ".join(new.publishers)),
        ("branch", old.branch, new.branch),
        ("repository", old.repository, new.repository),
        ("edits", old.edits, new.edits),
        ("policy_threshold", old.policy_threshold, new.policy_threshold),
    ):
        if before != after:
            found.append(f"{name}: {before} -> {after}")
    return (*found, *_keys("public", old.public.keys, new.public.keys))


def shown(key: Key) -> str:
    """A key as people compare it: its kind and fingerprint."""
    if key.openpgp:
        return f"openpgp {key.openpgp}"
    try:
        return f"{key.id.split()[0]} {fingerprint(key.id)}"
    except PmctlError:  # a policy that was read has no such key; a value made by hand may
        return key.id


def _person(handle: str, old: Person | None, new: Person | None) -> list[str]:
    if old is None and new is not None:
        emails = f" <{', '.join(new.emails)}>" if new.emails else ""
        what = f", {new.kind}" if new.kind != PERSON else ""
        return [f"{handle}: new, {new.name}{emails}{what}", *(f"{handle}: key {shown(key)} added" for key in new.keys)]
    if old is None or new is None:
        return [f"{handle}: removed"]
    found = [f"{handle}: name {old.name} -> {new.name}"] if old.name != new.name else []
    found += [f"{handle}: {old.kind} -> {new.kind}"] if old.kind != new.kind else []
    found += [f"{handle}: e-mail {email} added" for email in new.emails if email not in old.emails]
    found += [f"{handle}: e-mail {email} removed" for email in old.emails if email not in new.emails]
    return found + _keys(handle, old.keys, new.keys)


def _keys(whose: str, old: tuple[Key, ...], new: tuple[Key, ...]) -> list[str]:
    before, after = {key.id: key for key in old}, {key.id: key for key in new}
    found = []
    for key in (*old, *(key for key in new if key.id not in before)):
        if key.id not in after:
            found.append(f"{whose}: key {shown(key)} removed")
        elif key.id not in before:
            found.append(f"{whose}: key {shown(key)} added")
        elif after[key.id].status != key.status:
            found.append(f"{whose}: key {shown(key)} {key.status} -> {after[key.id].status}")
    return found


def _members(what: str, old: tuple[str, ...], new: tuple[str, ...]) -> list[str]:
    found = [f"{what}: {handle} added" for handle in new if handle not in old]
    return found + [f"{what}: {handle} removed" for handle in old if handle not in new]


def _yes(value: bool) -> str:
    return "true" if value else "false"
