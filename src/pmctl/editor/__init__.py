"""The language server behind `pmctl lsp`: validation in any editor, while a person types.

    text in the editor -> open document (what it is, its context) -> diagnostics, hover, completion, actions

The engine, settings, templates and people are those of `pmctl validate`. Nothing here writes: the editor applies the
edits that it is offered. Needs the extra `lsp` (pygls), which only `server` and the modules that build the protocol's
types import.
"""
