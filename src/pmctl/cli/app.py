"""The command line's table of contents: every command, its one line of help, and the module it lives in.

A command's module is imported when the command is run (or its own help is asked for), so that the
start-up of one command does not pay for the others.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup


class Entry(NamedTuple):
    """Where a command lives: module under pmctl.cli, its function (or its Typer app), its help line."""

    module: str
    name: str
    help: str


ACTS_CHAPTER = "Review and publish"
CHAPTERS: dict[str, dict[str, Entry]] = {
    "Begin": {
        "init": Entry("setup", "init", "make this repository ready: policy, settings, template"),
        "demo": Entry("demo", "demo", "play the whole life of one postmortem in a throw-away repository"),
        "doctor": Entry("setup", "doctor", "what is missing or wrong here, and how to fix it"),
        "help": Entry("helping", "help_", "this page, or the help of one command"),
    },
    "Write": {
        "new": Entry("writing", "new", "create a postmortem, from scratch or from an incident record"),
        "adopt": Entry("adopting", "adopt", "bring existing Markdown postmortems under management"),
        "edit": Entry("writing", "edit", "open a postmortem in your editor, validate it, commit it"),
        "actions": Entry("actions", "app", "list, add and move action items"),
        "comment": Entry("comment", "app", "discuss it: begin threads, answer, resolve them"),
        "editors": Entry("editors", "app", "who else may edit it, or comment on it"),
        "template": Entry("templates", "app", "list, show, create and check templates"),
    },
    "Read": {
        "list": Entry("listing", "list_", "the postmortems, newest first"),
        "show": Entry("reading", "show", "one postmortem, or one section of it"),
        "status": Entry("status", "status", "what waits for you, and where everything stands"),
        "log": Entry("reading", "log", "who did what when, with the verdict on every step"),
        "diff": Entry("review", "diff", "what changed between two versions, by section, row and word"),
        "export": Entry("exporting", "export", "one postmortem as Markdown, HTML, PDF or JSON"),
        "similar": Entry("similar", "similar", "which postmortems are like one, a file or a text, and why"),
    },
    ACTS_CHAPTER: {  # and what the table of acts fills in
        "review": Entry("review", "review", "what waits for your review; with an id: read it and decide"),
    },
    "Follow up": {
        "notify": Entry("notify", "notify", "tell channels and people what happened, each thing once"),
        "remind": Entry("notify", "remind", "remind people of what is overdue and due this week"),
        "tickets": Entry("tickets", "app", "action items in Jira, GitHub, GitLab, Linear or Asana"),
        "meeting": Entry("meeting", "app", "meetings about a postmortem: plan one, its agenda, all of them"),
        "integrations": Entry("integrations", "app", "what is connected, and what was sent"),
    },
    "Learn": {
        "metrics": Entry("metrics", "app", "numbers that anybody can recompute; trends; whether fixes work"),
        "report": Entry("report", "report", "the page for the monthly meeting; or a folder of evidence for an audit"),
    },
    "Share": {
        "public": Entry("public", "app", "what customers may read: draft it, check it, share it"),
        "site": Entry("site", "app", "the postmortems as a site of static pages: build it, or look at it here"),
        "wiki": Entry("wiki", "app", "the postmortems as a wiki: GitHub, GitLab, Confluence, MkDocs, Hugo"),
    },
    "Together": {
        "sync": Entry("together", "sync", "fetch, merge, check and push, and again when somebody was faster"),
        "merge": Entry("together", "merge", "merge by meaning: files in conflict, or a branch"),
    },
    "Check": {
        "validate": Entry("checking", "validate", "check postmortems; the last line counts the findings"),
        "explain": Entry("checking", "explain", "the documentation of any finding code"),
        "audit": Entry("auditing", "audit", "re-check the whole history: signatures, approvals, states"),
        "waive": Entry("auditing", "waive", "accept one audit finding, signed and with a reason (admins)"),
        "hook": Entry("hooks", "app", "for git to call: pre-commit, pre-push, pre-receive, merges"),
        "schema": Entry("exporting", "schema", "the published JSON Schemas"),
        "events": Entry("events", "events", "what happened, in order, for people and programs"),
        "serve": Entry("serve", "app", "the REST API of a clone, and the tokens for it"),
        "mcp": Entry("mcp", "mcp", "tools for an assistant: read, and draft and comment as an agent"),
        "lsp": Entry("lsp", "lsp", "the language server, for an editor to start"),
    },
    "People and incidents": {
        "people": Entry("people", "app", "list, add and revoke people and their keys"),
        "policy": Entry("policy", "app", "show, compare, sign and verify the policy"),
        "incident": Entry("incidents", "app", "read incident records; is a postmortem required, and why"),
        "config": Entry("config", "app", "which settings hold here, and where each comes from"),
    },
}


@cache
def chapters() -> dict[str, dict[str, Entry]]:
    """The whole table, with a command for every act that can be asked for."""
    from pmctl.policy.act import ACTS

    acts = {spec.name: Entry("lifecycle", "command", spec.help) for spec in ACTS.values() if spec.help}
    return CHAPTERS | {ACTS_CHAPTER: CHAPTERS[ACTS_CHAPTER] | acts}


def _find(name: str) -> Entry | None:
    """A command's entry; asks the table of acts only when the others do not have it."""
    own = next((entries[name] for entries in (*CHAPTERS.values(), _HIDDEN) if name in entries), None)
    return own or chapters()[ACTS_CHAPTER].get(name)


_HIDDEN = {"version": Entry("helping", "version", "")}  # people type it, and --version is in the help


def _names() -> list[str]:
    return [name for entries in chapters().values() for name in entries]


class CommandTable(TyperGroup):
    """A group that knows its commands by the table above and imports just the one that is run."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order of the table."""
        return _names()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command by that name, built from its module; None when there is none."""
        entry = _find(cmd_name)
        if entry is None:
            return None
        from pmctl.cli.contracts import offer
        from pmctl.cli.global_options import accept_after

        target = getattr(importlib.import_module(f"pmctl.cli.{entry.module}"), entry.name)
        if entry.module == "lifecycle":
            target = target(cmd_name)
        if isinstance(target, typer.Typer):
            from pmctl.cli.helping import Subcommands

            target.info.cls = Subcommands
            command: Any = typer.main.get_group(target)
            command.name = cmd_name
        else:
            single = typer.Typer(add_completion=False, rich_markup_mode=None)
            single.command(cmd_name)(target)
            command = typer.main.get_command(single)
        for path, one in _all_of(cmd_name, command):
            offer(one, path)
            accept_after(one)
            _offer(one)
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that was typed, by its own name or by one that the person gave it; an unknown one is answered
        with the nearest that there are."""
        if args and not args[0].startswith("-") and _find(args[0]) is None:
            from pmctl.cli.personal import written_out

            args = written_out(args, _names(), lenient=ctx.resilient_parsing)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The table itself, by chapters, without importing a single command."""
        width = max(map(len, _names()))
        for chapter, entries in chapters().items():
            with formatter.section(chapter):
                formatter.write_dl([(name.ljust(width), entry.help) for name, entry in entries.items()])


def _all_of(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """A command and everything below it, with the words that name each."""
    yield path, command
    for name, one in getattr(command, "commands", {}).items():
        yield from _all_of(f"{path} {name}", one)


def root() -> Any:
    """The whole command line as one command object."""
    from pmctl.cli import global_options

    app = typer.Typer(
        cls=CommandTable,
        rich_markup_mode=None,
        invoke_without_command=True,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        pretty_exceptions_enable=False,
    )
    app.callback()(global_options.options)
    command = typer.main.get_command(app)
    _offer(command)
    return command


def _offer(command: Any) -> None:
    """Let the shell complete ids and names, when it is the shell that asks."""
    if "_PMCTL_COMPLETE" in os.environ:
        from pmctl.cli.completing import attach

        attach(command)
