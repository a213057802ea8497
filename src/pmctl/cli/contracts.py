"""What programs may rely on, command by command: the answers it prints as JSON, and what running it changes.

From this table come `--json FIELDS` and `--format jsonl`, what `pmctl schema commands` says, and so whatever is made of
that. Commands that are not listed print no JSON and change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

import typer
from typer.core import TyperOption

Effect = Literal["nothing", "commit", "files", "messages", "server"]
"""What a command changes: nothing; it makes a commit; it writes files or git's configuration; it sends something to
people, services or the remote alone; it runs until it is ended."""


class Contract(NamedTuple):
    """One command: the names of its answers (`pmctl schema NAME`), separated by blanks, and what it changes."""

    answers: str = ""
    changes: Effect = "nothing"


_ACT = Contract("act", "commit")
CONTRACTS: dict[str, Contract] = {
    "init": _ACT, "demo": Contract(changes="files"), "doctor": Contract("doctor"),
    "new": _ACT, "adopt": Contract("adopt", "commit"), "edit": _ACT,
    "actions list": Contract("actions"), "actions show": Contract("item"),
    "actions add": Contract("item-changes", "commit"), "actions set": Contract("item-changes", "commit"),
    "actions done": Contract("item-changes", "commit"), "actions remove": Contract("item-changes", "commit"),
    "comment add": _ACT, "comment reply": _ACT, "comment resolve": _ACT, "comment reopen": _ACT,
    "comment list": Contract("discussions"),
    "editors add": _ACT, "editors remove": _ACT, "editors list": Contract("editors"),
    "template list": Contract("templates"), "template new": Contract(changes="files"),
    "list": Contract("list"), "show": Contract("postmortem section"), "status": Contract("status"),
    "log": Contract("log"), "diff": Contract("diff"), "export": Contract(changes="files"),
    "similar": Contract("similar"), "review": Contract("review review-one"),
    "submit": _ACT, "approve": _ACT, "request-changes": _ACT, "withdraw": _ACT, "publish": _ACT, "amend": _ACT,
    "archive": _ACT, "reopen": _ACT, "delete": _ACT,
    "notify": Contract("notify", "messages"), "remind": Contract("reminders", "messages"),
    "tickets push": Contract("act", "messages"), "tickets sync": Contract("act", "messages"),
    "tickets adopt": Contract("act", "messages"), "tickets status": Contract("tickets"),
    "meeting schedule": Contract("act", "messages"), "meeting agenda": Contract("agenda"),
    "meeting list": Contract("meetings"),
    "integrations list": Contract("integrations"), "integrations test": Contract("integrations"),
    "integrations log": Contract("deliveries"), "integrations login": Contract(changes="messages"),
    "metrics": Contract("metrics"), "metrics trends": Contract("trends factors"),
    "metrics effectiveness": Contract("effectiveness"), "report": Contract("report", "files"),
    "public draft": _ACT, "public check": Contract("findings"), "public approve": _ACT,
    "public share": _ACT, "public unshare": _ACT,
    "public build": Contract("public-pages", "files"),
    "public status-page": Contract("act", "messages"), "public mail": Contract("act", "messages"),
    "public link": Contract(changes="files"), "public links": Contract("links"),
    "public revoke": Contract("act", "messages"),
    "site build": Contract("site", "files"), "site serve": Contract(changes="server"),
    "wiki build": Contract("wiki", "files"), "wiki push": Contract("wiki", "messages"),
    "sync": Contract("sync", "commit"), "merge": Contract("merge", "commit"),
    "validate": Contract("findings"), "audit": Contract("audit"), "waive": _ACT,
    "hook install": Contract(changes="files"), "hook merge-driver": Contract(changes="files"),
    "events": Contract("events"), "lsp": Contract(changes="server"), "mcp": Contract(changes="server"),
    "serve": Contract(changes="server"), "serve token create": Contract(changes="messages"),
    "serve token list": Contract("tokens"), "serve token revoke": Contract(changes="messages"),
    "people list": Contract("people"), "people accept": _ACT, "people add": _ACT, "people change": _ACT,
    "people rotate": _ACT, "people revoke": _ACT,
    "policy show": Contract("policy"), "policy verify": Contract("policy-verify"), "policy sign": _ACT,
    "policy branch": _ACT, "policy baseline": _ACT, "policy move": _ACT, "policy checkpoint": _ACT,
    "config list": Contract("config"), "incident show": Contract("incident"), "incident triage": Contract("triage"),
    "incident missing": Contract("triage"), "incident dismiss": _ACT, "incident refresh": _ACT,
    "incident chat": _ACT, "incident link": _ACT, "incident unlink": _ACT,
}  # fmt: skip


def offer(command: Any, path: str) -> None:
    """Give a command that answers with JSON and changes nothing `--json FIELDS`, and a list `--format jsonl`."""
    from pmctl.output.answer_rows import ROWS

    contract = CONTRACTS.get(path, Contract())
    form = next((one for one in command.params if one.name == "format" and "json" in (one.metavar or "")), None)
    if form is None or contract.changes != "nothing":
        return
    answers = contract.answers.split()
    lists = bool(set(answers) & ROWS.keys()) and "jsonl" not in form.metavar.split("|")
    if lists:
        form.metavar += "|jsonl"
    form.callback = partial(_form, lists=lists)
    command.params.append(
        TyperOption(
            param_decls=["fields", "--json"],
            metavar="FIELDS",
            type=str,
            expose_value=False,
            is_eager=True,
            help="Only these fields, as JSON, separated by commas; without any: which there are.",
            callback=partial(_fields, answers=answers),
        )
    )


def with_value(words: Sequence[str]) -> list[str]:
    """The words of a command line in which a bare `--json` has an empty value, as the parser wants it."""
    plain = words.index("--") if "--" in words else len(words)
    return [
        "--json=" if word == "--json" and at < plain and (at + 1 == len(words) or words[at + 1][:1] == "-") else word
        for at, word in enumerate(words)
    ]


def _fields(ctx: typer.Context, parameter: Any, value: str | None, *, answers: Sequence[str]) -> None:
    """Keep the fields that are asked for; lists them and ends when none are named.

    Raises UsageProblem, which lists them, for an unknown one.
    """
    if value is None or ctx.resilient_parsing:
        return
    from pmctl.errors import UsageProblem
    from pmctl.output.answer_rows import fields_of
    from pmctl.text import did_you_mean

    known = list(dict.fromkeys(name for answer in answers for name in fields_of(answer)))
    names = [name.strip() for name in value.split(",") if name.strip()]
    if not names:
        print("\n".join(known))
        raise typer.Exit(0)
    for name in names:
        if name not in known:
            raise UsageProblem(f"--json {name}: no such field", hint=did_you_mean(name, known), details=tuple(known))
    ctx.obj.fields = tuple(names)


def _form(ctx: typer.Context, parameter: Any, value: str, *, lists: bool) -> str:
    """The form that the command knows; that of other programs is kept for when the answer is printed."""
    session = ctx.obj
    if session is None:
        return value
    if session.fields and value not in (parameter.default, "json", "jsonl"):
        from pmctl.errors import UsageProblem

        raise UsageProblem(f"--json and --format {value} exclude each other")
    if value == "jsonl" and (lists or session.fields):
        session.lines = True
        return "json"
    return "json" if session.fields else value
