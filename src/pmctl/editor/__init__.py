"""The language server behind `pmctl lsp`: what validation knows, in any editor, while a person types.

    text as the editor has it -> desk (which document, by what context) -> diagnostics, hover, completion, actions

Same engine, settings, templates and people as `pmctl validate`. Nothing here writes: an editor applies what it is
offered. Needs the extra `lsp` (pygls); only `server` and what turns answers into the protocol's types import it.
"""
