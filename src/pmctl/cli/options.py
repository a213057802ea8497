"""Arguments and options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from pmctl.insight.search import Query

Id = Annotated[str, typer.Argument(metavar="ID", help="The postmortem's id, or any part of it that only it has.")]
OptionalId = Annotated[
    str, typer.Argument(metavar="[ID]", help="The postmortem's id, or any part of it that only it has.")
]
Note = Annotated[str, typer.Option("-m", "--message", metavar="TEXT", help="A note, kept in the signed record.")]
Reason = Annotated[
    str,
    typer.Option("-m", "--message", metavar="TEXT", help="The reason, kept in the signed record.", show_default=False),
]
As = Annotated[str, typer.Option("--as", metavar="HANDLE", help="Act as this person, when one key serves several.")]
Remote = Annotated[
    str,
    typer.Option(
        "--remote", metavar="URL", help="Sign it here, and let the pmctl server at URL land it (token: PMCTL_TOKEN)."
    ),
]
Format = Annotated[str, typer.Option("--format", metavar="text|json", help="How the answer is printed.")]

_NOUNS = {
    "--by": "grouping", "--group-by": "grouping", "--sort": "order", "--take": "side", "--due": "choice of days",
    "--fail-on": "condition", "--prevents": "cause", "NAME": "metric",
}  # fmt: skip
"""What the value of an option is called where that is not the option's own name."""

_Many = list[str] | None
ByStatus = Annotated[_Many, typer.Option("--status", metavar="S", help="DRAFT, IN_REVIEW, PUBLISHED, ARCHIVED.")]
ByAuthor = Annotated[_Many, typer.Option("--author", metavar="HANDLE", help="Written by this person.")]
ByService = Annotated[_Many, typer.Option("--service", metavar="NAME", help="This service was affected.")]
ByTeam = Annotated[_Many, typer.Option("--team", metavar="NAME", help="Belongs to this team.")]
BySeverity = Annotated[_Many, typer.Option("--severity", metavar="SEV", help="Of this severity.")]
ByTag = Annotated[_Many, typer.Option("--tag", metavar="TAG", help="Has this tag.")]
Since = Annotated[str, typer.Option("--since", metavar="DATE", help="Incident on or after this day.")]
Until = Annotated[str, typer.Option("--until", metavar="DATE", help="Incident on or before this day.")]


def choose_format(value: str, known: tuple[str, ...] = ("text", "json"), option: str = "--format") -> str:
    """`value` when it is a known format; raises UsageProblem, which names the option, otherwise."""
    from pmctl.errors import UsageProblem

    if value not in known:
        raise UsageProblem(f"{option} {value}: not one of {', '.join(known)}")
    return value


def refuse_mistyped(option: str, values: Iterable[str], known: Iterable[str]) -> None:
    """Raise UsageProblem for a value that occurs nowhere while one that is nearly the same does.

    For words that are free: one without a neighbour is only found nowhere. SEV2 beside SEV1 is the next of a row.
    """
    from pmctl.errors import UsageProblem
    from pmctl.text import nearest

    there = {one.casefold(): one for one in known if one}
    for value in values:
        close = "" if value.casefold() in there else nearest(value, there.values(), likeness=0.75)
        if close and _without_numbers(value) != _without_numbers(close):
            raise UsageProblem(f"{option} {value}: {_none(option)}", hint=f"did you mean {close}?")


def choose_severity(values: Iterable[str], set_up: Sequence[str], used: Iterable[str]) -> None:
    """The same for severities, of which those that the settings list are all; without a list they are free words."""
    if set_up:
        choose_known("--severity", values, (*set_up, *used))
    else:
        refuse_mistyped("--severity", values, used)


def _without_numbers(word: str) -> str:
    return "".join("0" if letter.isdigit() else letter for letter in word.casefold())


def choose_known(
    option: str, values: Iterable[str], known: Iterable[str], *, strict: bool = False, lists: str = ""
) -> None:
    """Nothing when each of the values can be; raises UsageProblem, which names the nearest that can, otherwise.

    Case does not matter. Without anything known every value passes, unless `strict` says that there is none then.
    `lists` is the command that lists those that are too many for a hint.
    """
    from pmctl.errors import UsageProblem
    from pmctl.text import did_you_mean

    there = list(dict.fromkeys(one for one in known if one))
    spelled = {one.casefold() for one in there}
    for value in values:
        if (there or strict) and value.removeprefix("@").casefold() not in spelled:
            listed = f"one of: {', '.join(there)}" if 0 < len(there) <= 12 else lists
            raise UsageProblem(f"{option} {value}: {_none(option)}", hint=did_you_mean(value, there, listed))


def _none(option: str) -> str:
    """That an option's value is nothing that there is: `no such status`."""
    return f"no such {_NOUNS.get(option, option.removeprefix('--'))}"


def chosen_day(text: str, option: str) -> date | None:
    """The day that an option such as `--due 2024-01-15` names, None for "".

    Raises UsageProblem, which names the option, for anything else.
    """
    from pmctl.errors import UsageProblem
    from pmctl.text import parse_day

    day = parse_day(text)
    if text and day is None:
        raise UsageProblem(f"{option} {text}: not a day", hint="write it as 2024-01-15")
    return day


def chosen_query(since: str, until: str, **asked: _Many) -> Query:
    """The question that the filters of `list` ask; each of `asked` is a field of the query."""
    from pmctl.insight.search import Query

    fields = {name: tuple(given or ()) for name, given in asked.items()}
    return Query(**fields, since=chosen_day(since, "--since"), until=chosen_day(until, "--until"), mine="")
