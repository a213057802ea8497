"""A person's own settings: names that they gave to commands. Never from a repository, which somebody else wrote.

The file is looked at when a word is no command, and by `pmctl config list`.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Personal(NamedTuple):
    """What the file says: for each name that a command was given, the words that it stands for."""

    aliases: Mapping[str, tuple[str, ...]]


def file() -> Path:
    """Where the settings lie, whether they are there or not."""
    from pmctl.surroundings import Surroundings

    return Surroundings(os.environ, Path.home()).settings_file


def read(path: Path) -> Personal:
    """The settings in a file; none where there is no file. Raises EnvironmentProblem with what is wrong where."""
    from pmctl.document import strict_yaml
    from pmctl.document.node_reader import NodeReader
    from pmctl.errors import EnvironmentProblem

    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return Personal({})
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentProblem(f"your settings in {path} cannot be read: {error}") from None
    parsed = strict_yaml.load(text, path=str(path), document_start=True)
    reader = NodeReader(str(path), "PM190", "PM191", blank_is_absent=True, findings=list(parsed.problems))
    top = reader.mapping(parsed.node, "your settings", ("aliases",)) if parsed.node is not None else {}
    found: dict[str, tuple[str, ...]] = {}
    for name, node in reader.mapping(top.get("aliases"), "aliases").items():
        try:
            found[name] = tuple(shlex.split(reader.text(node, f"alias {name}")))
        except ValueError as error:
            reader.add(node, f"alias {name}: {error}", "close the quotes")
    if problems := reader.sorted():
        first, *rest = [f"{one.path}:{one.line}: {one.message}" for one in problems]
        raise EnvironmentProblem(first, details=tuple(rest), hint=f"edit {path}")
    return Personal(found)


def written_out(words: Sequence[str], commands: Sequence[str], *, lenient: bool = False) -> list[str]:
    """The words of a command line whose first is no command: what it stands for, and the others behind it.

    Raises UsageProblem, with the nearest command, when it stands for none; `lenient` leaves it as it is then.
    """
    from pmctl.cli.contracts import with_value
    from pmctl.cli.helping import unknown
    from pmctl.errors import PmctlError, UsageProblem

    try:
        aliases = read(file()).aliases
    except PmctlError:
        if lenient:
            return list(words)
        raise
    meant = aliases.get(words[0], ())
    if meant and meant[0] in commands:
        return with_value([*meant, *words[1:]])
    if lenient:
        return list(words)
    if meant:
        raise UsageProblem(f"your alias {words[0]} stands for {meant[0]!r}, which is no command", hint=f"edit {file()}")
    raise unknown(words[0], [*commands, *aliases])
