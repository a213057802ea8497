"""The key that speaks for the organisation: PMCTL_PUBLIC_KEY names its file, else the ssh agent has it.

(what the policy says of public texts, surroundings) -> a key to sign with. Only a key that the policy names is taken.
"""

from __future__ import annotations

from pmctl.errors import EnvironmentProblem, Refused
from pmctl.policy.keys import fingerprint
from pmctl.policy.model import PublicRules
from pmctl.repository.signing import sign
from pmctl.repository.signing_keys import SigningKey, signing_key
from pmctl.surroundings import Surroundings

VARIABLE = "PMCTL_PUBLIC_KEY"


def speak(rules: PublicRules, message: bytes, namespace: str, surroundings: Surroundings) -> bytes:
    """An armored signature for the organisation. Raises Refused for a key that does not speak for it, and
    EnvironmentProblem where it cannot sign."""
    key = _key(rules, surroundings)
    try:
        return sign(key, message, namespace, surroundings)
    except EnvironmentProblem as error:
        if key.file is not None:
            raise
        why = f"the ssh agent does not have the key that speaks for {rules.organization}"
        raise EnvironmentProblem(why, hint=f"name its file: {VARIABLE}=FILE (or ssh-add it)") from error


def _key(rules: PublicRules, surroundings: Surroundings) -> SigningKey:
    named = surroundings.environ.get(VARIABLE, "")
    if not named:
        return SigningKey(rules.active_keys[0], None, "the ssh agent")
    found = signing_key({}, surroundings.home, explicit=named)
    if found.public not in rules.active_keys:
        raise Refused(
            f"{VARIABLE}: {fingerprint(found.public)} is no key that speaks for {rules.organization} by the policy",
            hint=f"it names {', '.join(map(fingerprint, rules.active_keys))} below public: keys:",
        )
    return found
