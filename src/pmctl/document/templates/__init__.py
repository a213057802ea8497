"""The templates that come with pmctl: the files of this folder."""

from __future__ import annotations

import re

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
"""A template's name, one of ours or of an organisation's."""

MAX_TEMPLATES = 200
"""Files of an organisation that are read, in the order of their names."""

BUILTIN_NAMES = ("default", "lightweight", "security", "near-miss")


def builtin_source(name: str) -> bytes:
    """The file of one of BUILTIN_NAMES; KeyError for any other name. (importlib.resources costs start-up time.)"""
    import pkgutil

    data = pkgutil.get_data(__name__, f"{name}.md") if name in BUILTIN_NAMES else None
    if data is None:
        raise KeyError(name)
    return data
