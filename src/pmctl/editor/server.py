"""The server: the protocol's requests in, answers of the other modules out. Speaks over stdin and stdout.

    open, save -> check at once            change -> check when the typing pauses
    settings, templates, policy change on disk -> check everything that is open

Every check reads settings, templates and policy anew: not every editor tells when they change (Neovim on Linux
does not). Texts are synchronised whole: a postmortem is small, and a whole text can't drift from what the editor shows.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from pmctl import __version__, git
from pmctl.editor import actions
from pmctl.editor.alike import OPEN, Asked, hover_text, lenses
from pmctl.editor.completion import TRIGGERS, completion
from pmctl.editor.diagnostics import diagnostics
from pmctl.editor.hovers import hover
from pmctl.editor.open_documents import Kind, OpenDocument, OpenDocuments
from pmctl.errors import EnvironmentProblem
from pmctl.insight.similar import Alike

PAUSE = 0.25
"""Seconds without a change after which a text is checked."""

_WATCHED = (f"**/{git.SETTINGS_FILE}", "**/.pmctl/**")


class PostmortemServer(LanguageServer):
    """The server's state: the open documents with their contexts, each text as last read, and the checks that wait."""

    def __init__(self, pause: float = PAUSE) -> None:
        super().__init__("pmctl", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.documents = OpenDocuments()
        self.pause = pause
        self.known: dict[str, tuple[int | None, OpenDocument]] = {}
        self.waiting: dict[str, asyncio.TimerHandle] = {}
        self.alike = Asked()

    def opened(self, uri: str) -> OpenDocument | None:
        """The text of `uri` as the editor has it; None when it is not open."""
        text = self.workspace.text_documents.get(uri)
        if text is None:
            return None
        known = self.known.get(uri)
        if known is None or known[0] != text.version:
            encoding = _word(self.workspace.position_encoding or "utf-16")
            known = (text.version, self.documents.open(uri, text.source, encoding))
            self.known[uri] = known
        return known[1]

    def check(self, uri: str) -> None:
        """Publish what is found in a text, now, by what is on disk now."""
        if handle := self.waiting.pop(uri, None):
            handle.cancel()
        self.documents.forget()
        self.known.pop(uri, None)
        opened = self.opened(uri)
        if opened is not None:
            version = self.workspace.text_documents[uri].version
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(uri, diagnostics(opened), version=version)
            )

    def check_later(self, uri: str) -> None:
        """Publish what is found in a text once nothing has been typed for a moment."""
        if handle := self.waiting.pop(uri, None):
            handle.cancel()
        self.waiting[uri] = asyncio.get_running_loop().call_later(self.pause, self.check, uri)

    def check_all(self) -> None:
        """Publish what is found in every text that is open."""
        for uri in list(self.workspace.text_documents):
            self.check(uri)

    def close(self, uri: str) -> None:
        """Forget a text, and take its findings off the editor's list."""
        if handle := self.waiting.pop(uri, None):
            handle.cancel()
        self.known.pop(uri, None)
        self.alike.questions.pop(uri, None)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))


def build(pause: float = PAUSE) -> PostmortemServer:
    """A server with every feature registered, not yet talking to anybody."""
    server = PostmortemServer(pause)
    _watch_texts(server)
    _answer(server)
    return server


def serve() -> None:
    """Talk to an editor over stdin and stdout until it says exits or disconnects.

    Raises EnvironmentProblem when it announces a message that no memory can hold.

    The protocol has a stream of its own, which pygls closes at the end; whatever else is printed meanwhile goes to
    stderr, where it can't damage a message.
    """
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as stream, contextlib.redirect_stdout(sys.stderr):
        try:
            build().start_io(stdout=stream)
        except (MemoryError, OverflowError):
            raise EnvironmentProblem("the editor announced a message that is too long to be read") from None


def _watch_texts(server: PostmortemServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.check(uri)
        server.alike.ask(uri, server.opened(uri))

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        server.check_later(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        uri = params.text_document.uri
        opened = server.opened(uri)
        if opened is not None and opened.kind in (Kind.SETTINGS, Kind.TEMPLATE):
            server.check_all()
            return
        server.check(uri)
        before = server.alike.known(uri)
        asked = server.alike.ask(uri, opened)
        if asked is not None and _refreshes_lenses(server):
            asked.add_done_callback(lambda task: _refresh(server, task, before))

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.close(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def changed_on_disk(params: types.DidChangeWatchedFilesParams) -> None:
        server.check_all()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def configured(params: types.DidChangeConfigurationParams) -> None:
        """Editors send their settings unasked; there are none for this server, and no reason to log a warning."""

    @server.feature(types.INITIALIZED)
    async def ready(params: types.InitializedParams) -> None:
        workspace = server.client_capabilities.workspace
        watching = workspace.did_change_watched_files if workspace else None
        if watching is not None and watching.dynamic_registration:
            patterns = [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
            options = types.DidChangeWatchedFilesRegistrationOptions(patterns)
            registration = types.Registration("pmctl-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
            await server.client_register_capability_async(types.RegistrationParams([registration]))


def _answer(server: PostmortemServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hovered(params: types.HoverParams) -> types.Hover | None:
        uri = params.text_document.uri
        opened = server.opened(uri)
        if opened is None:
            return None
        alike = hover_text(opened.repo.root, server.alike.known(uri)) if opened.repo else ""
        return hover(opened, opened.positions.offset(params.position), alike)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    async def lensed(params: types.CodeLensParams) -> list[types.CodeLens]:
        uri = params.text_document.uri
        found = await server.alike.answer(uri)
        opened = server.opened(uri)
        return lenses(opened, found, shows=_client(server).shows) if opened else []

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=list(TRIGGERS)))
    def completed(params: types.CompletionParams) -> types.CompletionList:
        opened = server.opened(params.text_document.uri)
        items = []
        if opened is not None:
            items = completion(opened, opened.positions.offset(params.position), snippets=_takes_snippets(server))
        return types.CompletionList(is_incomplete=False, items=items)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=list(actions.KINDS)))
    def acted(params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        opened = server.opened(uri)
        if opened is None:
            return []
        start, end = (opened.positions.offset(place) for place in (params.range.start, params.range.end))
        only = [_word(kind) for kind in params.context.only or ()]
        version = server.workspace.text_documents[uri].version
        return actions.code_actions(opened, start, end, only, uri=uri, version=version, client=_client(server))

    @server.command(actions.WRITE_REASON)
    async def write_reason(target: Any) -> None:
        place = types.Position(int(target["position"]["line"]), int(target["position"]["character"]))
        shown = types.ShowDocumentParams(str(target["uri"]), take_focus=True, selection=types.Range(place, place))
        await server.window_show_document_async(shown)

    @server.command(OPEN)
    async def open_postmortem(uri: Any) -> None:
        await server.window_show_document_async(types.ShowDocumentParams(str(uri), take_focus=True))


def _refresh(server: PostmortemServer, task: asyncio.Task[tuple[Alike, ...]], before: tuple[Alike, ...]) -> None:
    """Have the editor ask for the lines above titles again, where the answer has changed."""
    if not task.cancelled() and task.exception() is None and task.result() != before:
        server.workspace_code_lens_refresh(None)


def _refreshes_lenses(server: PostmortemServer) -> bool:
    workspace = server.client_capabilities.workspace
    lens = workspace.code_lens if workspace else None
    return bool(lens and lens.refresh_support)


def _client(server: PostmortemServer) -> actions.Client:
    workspace, window = server.client_capabilities.workspace, server.client_capabilities.window
    edits = workspace.workspace_edit if workspace else None
    shows = window.show_document if window else None
    return actions.Client(
        versioned=bool(edits and edits.document_changes), shows=bool(shows is not None and shows.support)
    )


def _takes_snippets(server: PostmortemServer) -> bool:
    texts = server.client_capabilities.text_document
    item = texts.completion.completion_item if texts and texts.completion else None
    return bool(item and item.snippet_support)


def _word(value: str) -> str:
    """The protocol's word, be it given as such or as a member of an enumeration (whose `str` is its Python name)."""
    return str(getattr(value, "value", value))
