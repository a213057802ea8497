"""pmctl(1), the manual page: the command line as it describes itself -> roff. See groff_man(7)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from pmctl.output.answers_programs import Command, CommandParameter, Commands

_FILES = (
    ("pmctl.yaml", "the team's settings, in the folder that holds the postmortems"),
    (".pmctl/policy.yaml", "people, their keys and what the team asks for; changed by signed acts only"),
    ("postmortems/YEAR/ID.md", "one postmortem"),
)
_ENVIRONMENT = (
    ("PMCTL_TRUST_ROOT", "the digest of the first policy that an audit must find"),
    ("PMCTL_SECRET_COMMAND", "a program that prints a secret for the variable that is its argument"),
    ("NO_COLOR", "no colour"),
    ("VISUAL, EDITOR", "what edits a postmortem when git names no editor"),
)


def man_page(commands: Commands) -> str:
    """The whole page. It holds no date and no version, so that it changes when the command line does."""
    lines = [
        '.TH PMCTL 1 "" "pmctl" "pmctl manual"',
        ".SH NAME",
        r"pmctl \- blameless postmortems as Markdown in git, approved with signatures, audited offline",
        ".SH SYNOPSIS",
        r".B pmctl",
        r"[\fIoptions\fR] \fIcommand\fR [\fIarguments\fR]",
        ".SH DESCRIPTION",
        *_text(
            "A postmortem is one Markdown file with front matter. pmctl makes them from incidents, validates them,"
            " moves them from DRAFT over IN_REVIEW to PUBLISHED and ARCHIVED, collects approvals as signed commits, and"
            " tracks action items until they are done. `pmctl audit` checks again, offline, who approved what."
        ),
        ".SH OPTIONS",
        *_text("Every command takes these."),
        *_parameters(commands.everywhere),
        ".SH COMMANDS",
    ]
    for command in commands.commands:
        lines += _command(command)
    lines += [".SH EXIT STATUS", *_terms((str(one.code), one.means) for one in commands.exit_codes)]
    lines += [".SH ENVIRONMENT", *_terms(_ENVIRONMENT), ".SH FILES", *_terms(_FILES)]
    lines += [".SH SEE ALSO", ".BR git (1),", ".BR ssh-keygen (1)"]
    return "\n".join(lines) + "\n"


def _command(command: Command) -> Iterator[str]:
    arguments = [one for one in command.parameters if one.kind == "argument"]
    shown = " ".join(_usage(one) for one in arguments)
    options = r" [\fIoptions\fR]" if len(arguments) < len(command.parameters) else ""
    yield f'.SS "pmctl {command.path}"'
    yield rf"\fBpmctl {_escaped(command.path)}\fR{options}{f' {shown}' if shown else ''}"
    yield ".PP"
    yield from _text(command.help)
    yield from _parameters(command.parameters)


def _usage(argument: CommandParameter) -> str:
    name = (argument.placeholder or argument.name.upper()).strip("[].")
    text = rf"\fI{_escaped(name)}\fR" + ("..." if argument.repeatable else "")
    return text if argument.required else f"[{text}]"


def _parameters(parameters: Sequence[CommandParameter]) -> Iterator[str]:
    for one in parameters:
        yield ".TP"
        if one.kind == "argument":
            yield _usage(one)
        else:
            value = "" if one.type == "boolean" else rf" \fI{_escaped(one.placeholder or one.type.upper())}\fR"
            yield ", ".join(rf"\fB{_escaped(name)}\fR" for name in one.names) + value
        default = f" [default: {one.default}]" if one.default and one.kind == "option" else ""
        yield from _text((one.help or "-") + default)


def _terms(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for term, said in pairs:
        yield from (".TP", rf"\fB{_escaped(term)}\fR", *_text(said))


def _text(text: str) -> list[str]:
    """Paragraphs as roff; what is indented or a list keeps its lines."""
    lines: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        if lines:
            lines.append(".PP")
        kept = any(line[:1] in (" ", "-", "*") for line in paragraph.split("\n"))
        rows = paragraph.split("\n") if kept else [" ".join(paragraph.split())]
        lines += [".nf", *map(_line, rows), ".fi"] if kept else [_line(rows[0])]
    return lines


def _line(text: str) -> str:
    """A line that is no request, with code in bold."""
    escaped = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", _escaped(text))
    return rf"\&{escaped}" if escaped[:1] in (".", "'") else escaped


def _escaped(text: str) -> str:
    return text.replace("\\", r"\e").replace("-", r"\-")
