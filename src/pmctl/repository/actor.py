"""Who acts: the person of the policy whose key or e-mail git is set to use here, and how they sign."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from pmctl import git
from pmctl.errors import EnvironmentProblem, NotFound, Refused
from pmctl.policy.keys import KeyProblem, fingerprint
from pmctl.policy.model import SIGNED, Policy, find_key, person_by_email, person_by_key
from pmctl.repository.git_settings import GitSettings, git_settings, in_lower_case
from pmctl.repository.signing import OpenPgpSigner, Signer, git_config_arguments, signer
from pmctl.repository.signing_keys import signing_key
from pmctl.surroundings import Surroundings
from pmctl.text import did_you_mean


@dataclass(frozen=True, slots=True)
class Actor:
    """A person of the policy who can sign now."""

    handle: str
    name: str
    email: str
    signer: Signer


def git_config(repo: git.Repository) -> dict[str, str]:
    """git's settings as they hold in the repository; names in lower case, the last value wins."""
    return in_lower_case(git_settings(repo))


def author_handle(policy: Policy, config: Mapping[str, str]) -> str | None:
    """The handle of the person whose e-mail git commits with, or None when the policy knows no such person."""
    return person_by_email(policy, config.get("user.email", ""))


def identify(
    repo: git.Repository,
    policy: Policy,
    surroundings: Surroundings,
    handle: str = "",
    settings: GitSettings | None = None,
) -> Actor:
    """The person who acts and their key.

    With `handle` it is that person; otherwise the one whose key git signs with, else whose e-mail git
    commits with. Raises EnvironmentProblem or Refused, with the next step, when nobody fits, the two
    name different people, or the key is not an active one of that person. `settings` are git's, where they are known.
    """
    config = git_config(repo) if settings is None else in_lower_case(settings)
    by_email = author_handle(policy, config)
    wanted = handle or by_email or ""
    require_known(policy, handle)
    openpgp = _openpgp_key(policy, wanted)
    who_signs = signer(config, surroundings, openpgp_key=openpgp)
    key = f"openpgp {who_signs.key}" if openpgp and who_signs.key == openpgp else who_signs.key
    by_key = person_by_key(policy, key)
    person = handle or by_key or by_email
    if person is None:
        email = config.get("user.email", "")
        raise Refused(
            f"nobody in the policy has the e-mail {email or '(none set)'} or the key {_shown(key)}",
            hint="ask to join: pmctl people join, and send an admin the line that it prints",
        )
    if not handle and by_key and by_email and by_key != by_email:
        raise Refused(
            f"git commits as {by_email} but signs with the key of {by_key}",
            hint=f"say who acts: --as {by_key}, or correct git config user.email / user.signingkey",
        )
    _check_key(policy, person, key)
    return Actor(person, policy.people[person].name, config.get("user.email", ""), who_signs)


def reader(settings: GitSettings, policy: Policy, surroundings: Surroundings, handle: str = "") -> str:
    """The person whom an answer is for: `handle`, or whose key or e-mail git's `settings` name.

    "" when the policy knows nobody by them. Nothing is signed, so what does not fit together is no error.

    Raises NotFound for a handle that is not in the policy.
    """
    require_known(policy, handle)
    if handle:
        return handle
    from pmctl.repository.signing_keys import signing_key

    config = in_lower_case(settings)
    try:
        by_key = person_by_key(policy, signing_key(config, surroundings.home).public)
    except EnvironmentProblem:
        by_key = None
    return by_key or author_handle(policy, config) or ""


def require_known(policy: Policy, *handles: str) -> None:
    """Raise NotFound, with who may have been meant, for the first handle that is not in the policy; "" is nobody."""
    for handle in handles:
        if not handle or handle in policy.people:
            continue
        hint = did_you_mean(handle, policy.people, "pmctl people list shows everybody")
        raise NotFound(f"{handle} is not in the policy", hint=hint)


def _check_key(policy: Policy, handle: str, key: str) -> None:
    if person_by_key(policy, key) != handle:
        raise Refused(
            f"the key {_shown(key)} is not one of {handle}'s keys in the policy",
            hint=f"sign with a key of {handle} (git config user.signingkey PATH), or ask an admin to add this one: "
            f"pmctl people rotate {handle} --key PUBKEY",
        )
    entry = find_key(policy, key)
    if entry is not None and entry.status != "active":
        raise Refused(f"the key {_shown(key)} of {handle} is {entry.status}", hint="sign with an active key")


def commit_signing(
    repo: git.Repository, surroundings: Surroundings, people: Callable[[], Policy | None]
) -> tuple[str, ...]:
    """git's arguments for signing a commit that is no act, with the key that git is set to sign with; none without one.

    Somebody whose key in the policy is an OpenPGP one signs with it where the policy asks for it, or git is set to.
    """
    config = git_config(repo)
    form = config.get("gpg.format", "openpgp").lower()
    if form == "ssh" and config.get("user.signingkey"):
        with suppress(EnvironmentProblem):
            return git_config_arguments(signing_key(config, surroundings.home))
    if form != "openpgp" or (policy := people()) is None:
        return ()
    key = _openpgp_key(policy, author_handle(policy, config) or "")
    wanted = policy.edits == SIGNED or bool(config.get("user.signingkey"))
    return OpenPgpSigner(key.upper(), surroundings).git_arguments() if key and wanted else ()


def _openpgp_key(policy: Policy, handle: str) -> str:
    person = policy.people.get(handle)
    keys = (key.openpgp for key in person.active_keys) if person else ()
    return next((key for key in keys if key), "")


def _shown(key: str) -> str:
    try:
        return fingerprint(key)
    except KeyProblem:
        return key


def require_identity(config: Mapping[str, str]) -> tuple[str, str]:
    """(name, e-mail) that git commits with.

    Raises EnvironmentProblem with the two commands that set them.
    """
    name, email = config.get("user.name", "").strip(), config.get("user.email", "").strip()
    if not name or not email:
        raise EnvironmentProblem(
            "git does not know who you are",
            hint='run: git config --global user.name "Your Name" && git config --global user.email you@example.com',
        )
    return name, email
