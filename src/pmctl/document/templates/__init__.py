"""The templates that come with pmctl: the files of this folder.

`<name>.md` is the latest version of a template. What a version asks never changes, so a version that asks for something
else is a new file: the one before it stays as `<name>@<version>.md`, for the postmortems that record it.
"""

from __future__ import annotations

import re

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
"""A template's name, one of ours or of an organisation's."""

MAX_TEMPLATES = 200
"""Files of an organisation that are read, in the order of their names."""

BUILTIN_NAMES = ("default", "lightweight", "security", "near-miss")
EARLIER_VERSIONS: tuple[str, ...] = ()
"""The earlier versions that are kept, as name@version."""


def builtin_source(stem: str) -> bytes:
    """The file of one of BUILTIN_NAMES or EARLIER_VERSIONS; KeyError for anything else."""
    import pkgutil  # importlib.resources costs start-up time

    data = pkgutil.get_data(__name__, f"{stem}.md") if stem in (*BUILTIN_NAMES, *EARLIER_VERSIONS) else None
    if data is None:
        raise KeyError(stem)
    return data
