"""lsp."""

from __future__ import annotations

import sys

import typer


def lsp(ctx: typer.Context) -> None:
    """The language server, for an editor to start: it speaks its protocol over stdin and stdout.

    Findings while you type, the rules' documentation, completion and quick fixes. docs/editors.md has the
    configuration of several editors. Needs the extra: pip install 'pmctl[lsp]'.
    """
    from pmctl.errors import EnvironmentProblem

    try:
        from pmctl.editor.server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise EnvironmentProblem("the language server needs an extra: pip install 'pmctl[lsp]'") from None
    if sys.stdin.isatty():
        ctx.obj.note("waiting for an editor on stdin; editors start this themselves (see docs/editors.md)")
    serve()
