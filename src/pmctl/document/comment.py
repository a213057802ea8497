"""One message of a discussion: bytes <-> Message, strictly, with findings in place of exceptions. Pure.

A message is a file of its own, `.pmctl/comments/<postmortem>/<time>-<handle>-<random>.md`: front matter and Markdown.
Files are only ever added, so that any host merges them without a conflict. The first message of a thread is named by
the thread itself; docs/formats.md specifies the form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from pmctl.codes import Code
from pmctl.document.fields import HANDLE, MAX_HANDLE, MAX_TEXT
from pmctl.document.finding import Finding, Severity
from pmctl.document.invisible import invisible_characters
from pmctl.document.node_reader import NodeReader
from pmctl.document.reader import Document, read
from pmctl.document.strict_yaml import Node
from pmctl.document.yaml_text import moment, quoted, scalar
from pmctl.errors import BadInput, Hint, advise
from pmctl.text import LINE_BREAK, did_you_mean, parse_utc, visible

MAX_BYTES = 64 * 1024
"""Bytes of one message, far beyond what anybody says in one."""

NAME = re.compile(rf"(?P<time>[0-9]{{8}}T[0-9]{{6}}Z)-(?P<by>{HANDLE.pattern})-(?P<mark>[a-z0-9]{{6}})")
BLOCK = re.compile(r"sha256:[0-9a-f]{64}")
KEYS = ("thread", "kind", "by", "at", "section", "quote", "block")
_ANCHOR = ("section", "quote", "block")
_TIME = "%Y%m%dT%H%M%SZ"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_FORM = "PM320"


class MessageKind(StrEnum):
    """What a message does to its thread."""

    COMMENT = "comment"
    RESOLVE = "resolve"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `id` is its file's name without `.md`, `thread` the id of the thread's first message.

    `at` is a claim, in UTC and whole seconds. `section`, `quote` and `block` say what a thread is about, in its first
    message only: a section's title, text from it, and the hash of the block that held the quote (see `anchor`); all
    are empty for a thread about the whole postmortem. `text` is Markdown, empty only when a thread is resolved or
    reopened without a word.
    """

    id: str
    thread: str
    kind: MessageKind
    by: str
    at: datetime
    text: str
    section: str = ""
    quote: str = ""
    block: str = ""

    @property
    def is_first(self) -> bool:
        """Whether it begins its thread."""
        return self.id == self.thread

    @property
    def order(self) -> tuple[datetime, str]:
        """What messages are sorted by: the time that they claim, then their names."""
        return self.at, self.id


def message_id(at: datetime, by: str, mark: str) -> str:
    """The id of a message: `20240117T100000Z-bob-7f3kq2`; `mark` are its six random letters and digits."""
    return f"{at.astimezone(UTC).strftime(_TIME)}-{by}-{mark}"


def writer_of(thread: str) -> str:
    """Who wrote the message with this id, as its name says: of a thread, who began it; "" for what is no id."""
    match = NAME.fullmatch(thread)
    return match["by"] if match is not None else ""


def time_of(name: str) -> str:
    """When the message with this id was written, as its name says; sorts by time, "" for what is no id."""
    match = NAME.fullmatch(name)
    return match["time"] if match is not None else ""


def written(message: Message) -> bytes:
    """The file of a message. Raises BadInput for one that would not read back the same."""
    lines = [f"thread: {message.thread}", f"kind: {message.kind}", f"by: {scalar(message.by)}"]
    lines.append(f"at: {moment(message.at)}")
    lines += [f"section: {scalar(message.section)}"] if message.section else []
    lines += [f"quote: {quoted(message.quote)}"] if message.quote else []
    lines += [f"block: {message.block}"] if message.block else []
    body = f"\n{message.text}\n" if message.text else ""
    data = ("---\n" + "".join(f"{line}\n" for line in lines) + "---\n" + body).encode()
    again, problems = read_message(data, f"{message.id}.md")
    if again != message or problems:
        said = next((f"{one.message} (line {one.line})" for one in problems), "it would not read back the same")
        raise BadInput(f"this cannot be a message: {said}", hint=problems[0].fix if problems else "")
    return data


def plain_text(text: str) -> str:
    """What somebody typed as a message keeps it: LF line ends, no blank lines around it, no white space at line ends.

    Raises BadInput for characters that hide, deceive or are none.
    """
    plain = LINE_BREAK.sub("\n", text).strip("\n")
    plain = "\n".join(line.rstrip() for line in plain.split("\n")).strip("\n")
    if (wrong := _CONTROL.search(plain)) is not None:
        raise BadInput(f"a message holds no control characters: {visible(wrong.group())}", hint="take it out")
    try:
        plain.encode()
    except UnicodeEncodeError:
        raise BadInput("the message is not valid text", hint="write it in UTF-8") from None
    return plain


def read_message(data: bytes, path: str) -> tuple[Message | None, tuple[Finding, ...]]:
    """The message in a file, and everything wrong with it, by place.

    None when it cannot be told who says what in which thread. What hides or is not known is a finding, and the message
    counts all the same: an objection must not vanish by it.
    """
    if len(data) > MAX_BYTES:
        said = f"{len(data)} bytes, more than the limit of {MAX_BYTES} for a message"
        return None, (Finding(_FORM, said, path, 1, fix="say it shorter; keep logs beside the postmortem"),)
    document = read(data, path)
    reader = NodeReader(path, _FORM, "PM321", findings=[_as_message(one) for one in document.problems])
    if not document.readable:
        return None, reader.sorted()
    found = _message(document, reader)
    reader.known(document.front, "a message", KEYS)
    reader.findings.extend(invisible_characters(document))
    return found, reader.sorted()


def _message(document: Document, reader: NodeReader) -> Message | None:
    """The message, as far as it can be read; what is wrong with it goes to the reader."""
    front, name = document.front, document.path.rpartition("/")[2]
    named = NAME.fullmatch(name.removesuffix(".md")) if name.endswith(".md") else None
    if named is None:
        reader.add_at(1, "the file's name is not TIME-HANDLE-RANDOM.md", advise("write-message"))
        return None
    for key in ("thread", "kind", "by", "at"):
        if key not in front:
            reader.add_at(1, f"a message needs {key}", f"write {key}: and its value")
    own = named.group()
    thread = reader.matching(front.get("thread"), "thread", NAME.pattern, "the name of the message that began it")
    kind = reader.choice(front.get("kind"), "kind", MessageKind)
    by = reader.matching(front.get("by"), "by", HANDLE.pattern, "a handle")
    at = _at(front.get("at"), reader)
    if by and (by != named["by"] or len(by) > MAX_HANDLE):
        reader.add(front["by"], f"by says {by[:MAX_HANDLE]}, and the file's name says {named['by'][:MAX_HANDLE]}")
    if at is not None and at.strftime(_TIME) != named["time"]:
        reader.add(front["at"], f"at says another time than the file's name, {named['time']}")
    text = LINE_BREAK.sub("\n", document.body).strip("\n")
    if (wrong := _CONTROL.search(text)) is not None:
        reader.add_at(document.body_line, f"it holds the control character {visible(wrong.group())}", "take it out")
    if kind == MessageKind.COMMENT and not text.strip():
        reader.add_at(document.body_line, "the message is empty", "say something below the front matter")
    if kind and kind != MessageKind.COMMENT and thread == own:
        reader.add(front["kind"], f"a thread begins with a comment, and this is to {kind} it")
    section, quote, block = _anchor(front, reader, first=thread == own)
    if reader.failed or at is None:
        return None
    return Message(own, thread, MessageKind(kind), by, at, text, section, quote, block)


def _at(node: Node | None, reader: NodeReader) -> datetime | None:
    text = reader.text(node, "at")
    at = parse_utc(text) if text else None
    if node is not None and text and (at is None or at.microsecond):
        reader.add(node, "at must be a moment in UTC, to the second", "write it as 2024-01-17T10:00:00Z")
        return None
    return at


def _anchor(front: dict[str, Node], reader: NodeReader, *, first: bool) -> tuple[str, str, str]:
    """What the thread is about; only its first message says so."""
    section, quote = (reader.text(front.get(key), key) for key in ("section", "quote"))
    block = reader.matching(front.get("block"), "block", BLOCK.pattern, "sha256: and 64 hex digits")
    for key, text in (("section", section), ("quote", quote)):
        if len(text) > MAX_TEXT:
            reader.add(front[key], f"{key} has {len(text)} characters, more than the limit of {MAX_TEXT}")
    if not first:
        for key in _ANCHOR:
            if key in front:
                reader.add(front[key], f"only the first message of a thread says its {key}", at_key=True)
    elif quote and not section:
        reader.add(front["quote"], "a quote needs the section that it is from", at_key=True)
    elif bool(quote) != bool(block):
        key = "quote" if quote else "block"
        reader.add(front[key], "quote and block stand together", at_key=True)
    return section, quote, block


def _as_message(problem: Finding) -> Finding:
    """What the reader of postmortems says, with what to do about a message."""
    fixes: dict[str, Hint] = {
        "PM010": advise("begin-message"),
        "PM021": "write thread, kind, by and at",
    }
    return problem._replace(fix=fixes.get(problem.code, problem.fix))


_MENTION = re.compile(r"(?<![\w.+/@&#-])@(?P<handle>[A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?)(?![\w@/]|[.:][A-Za-z0-9])")


def mentions(text: str) -> tuple[tuple[str, int], ...]:
    """Whom a message addresses as `@handle`, in lower case, and the offsets of their `@`.

    What stands in code or in an HTML comment is none, nor is an e-mail address, a web address or a package's name.
    """
    if "@" not in text:
        return ()
    from pmctl.document.structure import read_structure

    parts = read_structure(text)
    silent = (*parts.code_blocks, *parts.code_spans, *parts.comments)
    return tuple(
        (match["handle"].lower(), match.start())
        for match in _MENTION.finditer(text)
        if not any(start <= match.start() < end for start, end in silent)
    )


def unknown_mentions(document: Document, people: frozenset[str]) -> tuple[Finding, ...]:
    """A finding for each `@name` in a message's file that is nobody of the policy."""
    found = []
    for handle, at in mentions(document.body):
        if handle not in people:
            line, column = document.position(document.body_start + at)
            found.append(mention_finding(handle, people, document.path, line, column))
    return tuple(found)


def mention_finding(handle: str, people: frozenset[str], path: str = "", line: int = 1, column: int = 1) -> Finding:
    """What is said of an `@name` that is nobody of the policy."""
    fix = did_you_mean(handle, people, f"name a person of the policy, or write `@{handle}` as code")
    return Finding("PM322", f"@{handle} is nobody of the policy", path, line, column, fix=fix)


def no_beginning(thread: str, path: str) -> Finding:
    """What is said of a message whose thread has no first message."""
    message = f"the message that began this thread is not there: {thread}"
    fix = advise("without-beginning", thread=thread[-6:])
    return Finding("PM323", message, path, 1, fix=fix, severity=Severity.WARNING)


CODES = (
    Code(
        "PM320",
        "message-form",
        "A message of a discussion cannot be read: its name, a key or the text is not what a message has, or it is"
        " larger than 64 KiB.",
        "Who said what in which thread must not depend on who reads it. A message that cannot be read does not count.",
        "`pmctl comment` writes messages; correct what the finding names, or have its writer or an admin remove it.",
        "kind: coment",
    ),
    Code(
        "PM321",
        "message-unknown-key",
        "A message has a key that no message has.",
        "A misspelt key would be passed over in silence.",
        "Correct the spelling, or move what it says into the text.",
        "sektion: Impact",
    ),
    Code(
        "PM322",
        "mention-unknown",
        "A message addresses an @name that is nobody of the policy.",
        "Whoever was meant would never learn of it.",
        "Correct the name. What is no mention, such as an annotation of a programming language, stands as code.",
        "@jnae, can you check?",
    ),
    Code(
        "PM323",
        "thread-without-beginning",
        "A message answers in a thread whose first message is not there: its writer removed it, or it never was.",
        "What the thread is about cannot be read any more. It is open all the same until somebody resolves it.",
        "Resolve it: pmctl comment resolve THREAD. Or put the first message back from history.",
        "a reply that is left when the question was removed",
    ),
)
