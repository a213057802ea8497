"""What pmctl knows of one incident system: how its records look, how they are read, how one is fetched.

A system is one module that ends with a `System`. Adding one is that module, a line in `registry.SYSTEMS`, a
test with an example of its records, and a line in docs/incidents.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service
from pmctl.services.cursor import Cursor
from pmctl.services.recognition import Recognition


@dataclass(frozen=True, slots=True)
class Api:
    """How to ask a system for one of its incidents.

    `credential` and `address` are environment variables: the token, and the address where it is not
    `default_address` ("" where every customer has one of their own). `headers` go with every request; `{token}`
    stands for the token, and a header that holds it is left out when there is none. `fetch` takes the id and an
    open connection.
    """

    credential: str
    address: str
    headers: Mapping[str, str]
    fetch: Callable[[str, Service], list[RecordFile]]
    default_address: str = ""
    credential_required: bool = True

    def headers_with(self, token: str) -> dict[str, str]:
        """The headers of every request with this token ("" for none)."""
        return {
            name: value.replace("{token}", token)
            for name, value in self.headers.items()
            if token or "{token}" not in value
        }


@dataclass(frozen=True, slots=True)
class System:
    """One incident system.

    `name` is what `--source` and the front matter call it, `label` what people do; `aliases` are further names
    for `--source`. `recognise` judges one parsed file and says what must be there. `lists` are the keys of the lists
    that its answers hold records, entries or notes in: one of these that is empty is a part that adds nothing.
    `read` fills an assembly from a record and the parts that may belong to it, and says whether the incident is
    resolved. `identity` is the key of a record that parts refer to ("" for none). `api` is None where records only
    come as files.
    """

    name: str
    label: str
    recognise: Callable[[Cursor], Recognition]
    read: Callable[[Assembly, Cursor, tuple[Cursor, ...]], bool]
    identity: str = "id"
    aliases: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    api: Api | None = None
