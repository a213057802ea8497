"""What pmctl knows of one incident system: how its records look, how they are read, how one is fetched.

A system is one module that ends with a `System`. Adding one is that module, a line in `registry.SYSTEMS`, a
test with an example of its records, and a line in docs/incidents.md.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service
from pmctl.services.cursor import Cursor
from pmctl.services.recognition import Recognition

_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Api:
    """How to ask a system for one of its incidents.

    `credential` and `address` are environment variables: the token ("" where nobody needs one), and the address where
    it is not `default_address` ("" where every customer has one of their own). `headers` go with every request;
    `{token}` stands for the token, `{NAME}` for the value of a further variable that `also` names; a header with a
    place that nothing fills is left out. `also` says of each further variable whether it is required. `login` is one
    of them that may hold a user: then the token is that user's password (RFC 7617). `fetch` takes the id and an open
    connection; a system that is asked for no incidents has none. `account` is a path whose answer says whose token it
    is, and the keys under which; it is empty where no such path is documented.
    """

    credential: str
    address: str
    headers: Mapping[str, str]
    fetch: Callable[[str, Service], list[RecordFile]] = lambda incident, service: []
    default_address: str = ""
    credential_required: bool = True
    also: Mapping[str, bool] = field(default_factory=dict)
    login: str = ""
    account: tuple[str, ...] = ()

    def headers_with(self, token: str, others: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
        """The headers of every request with this token ("" for none) and the values of the further variables."""
        values = {"token": token, **others}
        found = {}
        for name, template in self.headers.items():
            wanted = _PLACE.findall(template)
            if all(values.get(one) for one in wanted):
                found[name] = _PLACE.sub(lambda match: values[match[1]], template)
        if self.login and others.get(self.login):
            pair = base64.b64encode(f"{others[self.login]}:{token}".encode()).decode()
            found["Authorization"] = f"Basic {pair}"
        return found


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
