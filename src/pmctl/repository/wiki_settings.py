"""The key `wiki` of pmctl.yaml: which kind of wiki is made, for whom, and where it goes. Node -> WikiSettings.

A repository that somebody cloned must not decide what pushing does on their machine: it may name a host, not a path, a
program or a password.
"""

from __future__ import annotations

from typing import NamedTuple

from pmctl.document.node_reader import NodeReader
from pmctl.document.strict_yaml import Node
from pmctl.policy.audience import AUDIENCE
from pmctl.text import did_you_mean

FLAVOURS = ("github", "gitlab", "mkdocs", "docusaurus", "hugo", "plain", "confluence")
KEYS = ("flavour", "to", "audience", "space", "parent")

_USER = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"  # no \w: an editor reads it as ASCII
_HOST = r"[A-Za-z0-9][A-Za-z0-9.-]*"
REMOTE_URL = (
    rf"(?:https://{_HOST}(?::[0-9]+)?/|ssh://(?:{_USER}@)?{_HOST}(?::[0-9]+)?/|{_USER}@{_HOST}:)[^\s:@-][^\s:@]*"
)
SPACE = r"~?[A-Za-z0-9]{1,255}"


class WikiSettings(NamedTuple):
    """What `wiki` says. `to` is the address of the wiki's repository, `space` and `parent` are those of Confluence."""

    flavour: str = FLAVOURS[0]
    to: str = ""
    audience: str = "organization"
    space: str = ""
    parent: str = ""


def wiki_settings(reader: NodeReader, node: Node | None) -> WikiSettings:
    """The settings; what does not fit is a finding of `reader`, and its default counts."""
    found = reader.mapping(node, "wiki", KEYS)
    flavour = reader.text(found.get("flavour"), "wiki.flavour", FLAVOURS[0])
    if flavour not in FLAVOURS:
        fix = did_you_mean(flavour, FLAVOURS, f"one of: {', '.join(FLAVOURS)}")
        reader.add(found["flavour"], f"wiki.flavour: {flavour!r} is no flavour", fix)
        flavour = FLAVOURS[0]
    parent = found.get("parent")
    number = parent is not None and isinstance(parent.value, int) and not isinstance(parent.value, bool)
    return WikiSettings(
        flavour,
        reader.matching(found.get("to"), "wiki.to", REMOTE_URL, "an https or ssh address without a password"),
        reader.matching(
            found.get("audience"), "wiki.audience", AUDIENCE, "organization, team:NAME or person:HANDLE", "organization"
        ),
        reader.matching(found.get("space"), "wiki.space", SPACE, "the key of a space of Confluence, as in OPS"),
        str(parent.value) if number and parent is not None else reader.text(parent, "wiki.parent"),
    )
