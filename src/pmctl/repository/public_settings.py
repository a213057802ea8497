"""The keys `services` and `public` of pmctl.yaml: what things are called outside, and what must never be said there.

Nodes -> PublicSettings. Its digest is what a signed public text binds of the settings.
"""

from __future__ import annotations

from typing import NamedTuple

from pmctl.document.node_reader import NodeReader
from pmctl.document.public_text import digest
from pmctl.document.strict_yaml import Node

SERVICE_KEYS = ("team", "public")
KEYS = ("terms", "words", "status_page")


class PublicSettings(NamedTuple):
    """`services` are names with the public name of each, "" for none; `terms` are the organisation's internal words,
    `words` those that it uses in public. `status_page` is the id of its page at Statuspage, "" for none."""

    services: tuple[tuple[str, str], ...] = ()
    terms: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    status_page: str = ""

    @property
    def digest(self) -> str:
        """`sha256:<hex>` of what redaction takes from here."""
        from pmctl.document.digest import canonical_json

        said = ["pmctl-redaction-v1", sorted(self.services), sorted(self.terms), sorted(self.words)]
        return digest(canonical_json(said))


def public_settings(reader: NodeReader, services: Node | None, public: Node | None) -> PublicSettings:
    """The settings; what does not fit is a finding of `reader`, and its default counts."""
    named = []
    for name, node in reader.mapping(services, "services").items():
        facts = reader.mapping(node, f"services.{name}", SERVICE_KEYS)
        reader.text(facts.get("team"), f"services.{name}.team")
        named.append((name, reader.text(facts.get("public"), f"services.{name}.public")))
    found = reader.mapping(public, "public", KEYS)
    return PublicSettings(
        tuple(named),
        reader.texts(found.get("terms"), "public.terms"),
        reader.texts(found.get("words"), "public.words"),
        reader.matching(found.get("status_page"), "public.status_page", r"[A-Za-z0-9_-]{1,64}", "the id of a page"),
    )
