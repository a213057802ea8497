"""Messages of discussions: what is written reads back, and what cannot be a message is a finding, never a traceback."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmctl.document.beside import Beside, owner_of, path_of, stored
from pmctl.document.comment import (
    MAX_BYTES,
    Message,
    MessageKind,
    mentions,
    message_id,
    plain_text,
    read_message,
    unknown_mentions,
    writer_of,
    written,
)
from pmctl.document.lookalikes import taken_for
from pmctl.document.reader import read
from pmctl.errors import BadInput

AT = datetime(2024, 1, 17, 10, 0, tzinfo=UTC)
DOC = "2024-01-15-payment-api-outage"
BLOCK = "sha256:" + "0" * 64


def message(text: str = "Which ones?", by: str = "bob", mark: str = "7f3kq2", **other: object) -> Message:
    """The first message of a thread, unless `thread` is given."""
    name = message_id(AT, by, mark)
    values: dict[str, object] = {"thread": name, "kind": MessageKind.COMMENT, **other}
    return Message(id=name, by=by, at=AT, text=text, **values)  # type: ignore[arg-type]


def file_of(one: Message) -> str:
    return f"{one.id}.md"


def test_a_message_is_a_file_that_people_can_read() -> None:
    one = message(section="Impact", quote='12 % of "checkouts"', block=BLOCK)
    assert written(one).decode() == (
        "---\nthread: 20240117T100000Z-bob-7f3kq2\nkind: comment\nby: bob\nat: 2024-01-17T10:00:00Z\n"
        f'section: Impact\nquote: "12 % of \\"checkouts\\""\nblock: {BLOCK}\n---\n\nWhich ones?\n'
    )
    assert read_message(written(one), file_of(one)) == (one, ())
    assert one.is_first
    assert writer_of(one.thread) == "bob"


handles = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)
lines = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="\x85"), max_size=60)


@given(handles, st.lists(lines, max_size=6), lines, lines)
def test_what_is_written_reads_back(by: str, said: list[str], section: str, quote: str) -> None:
    try:
        one = message(plain_text("\n".join(said)), by, section=section, quote=quote if section else "",
                      block=BLOCK if section and quote else "")  # fmt: skip
        data = written(one)
    except BadInput:
        return  # no text at all, or one that would be taken for something else
    assert read_message(data, file_of(one)) == (one, ())


@given(st.binary(max_size=200), st.integers(0, 200), st.integers(0, 20))
def test_nothing_makes_the_reader_fail(noise: bytes, at: int, cut: int) -> None:
    data = written(message(section="Impact", quote="few", block=BLOCK))
    for spoilt in (noise, data[:at] + noise + data[at + cut :], b"---\n" + noise + b"\n---\n"):
        found, problems = read_message(spoilt, file_of(message()))
        assert found is not None or problems
        if found is not None:
            mentions(found.text)


def test_what_could_not_be_read_back_is_refused() -> None:
    for text in ("", "\n  \n", "---\nstatus: PUBLISHED\n---", "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs",
                 "an override \u202e here", "x" * MAX_BYTES):  # fmt: skip
        with pytest.raises(BadInput):
            written(message(text))
    with pytest.raises(BadInput, match="control"):
        plain_text("a \x1b[31mred\x1b[0m lie")
    with pytest.raises(BadInput, match="text"):
        plain_text("\udc80")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: comment", "kind: coment", "kind must be one of"),
        ("kind: comment\n", "", "a message needs kind"),
        ("by: bob", "by: alice", "by says alice, and the file's name says bob"),
        ("by: bob", "by: 12", "by must be a handle"),
        ("10:00:00Z", "10:00:01Z", "another time"),
        ("10:00:00Z", "yesterday", "a moment in UTC"),
        ("kind: comment", "kind: resolve", "begins with a comment"),
        ("Which ones?", "", "is empty"),
        ("Which ones?", "a \x1b[2J", "control character"),
        ("kind: comment", "kind: comment\nquote: x", "needs the section"),
        ("kind: comment", "kind: comment\nsection: A\nquote: x", "stand together"),
        ("thread: 20240117T100000Z-bob-7f3kq2", "thread: 7f3kq2", "the name of the message"),
        ("thread: 2024", "thread: &a 2024", "anchor"),
        ("kind: comment", "kind: comment\nkind: comment", "twice"),
        ("---\nthread", "thread", "front matter"),
    ],
)
def test_what_is_no_message(old: str, new: str, said: str) -> None:
    one = message()
    data = written(one).decode().replace(old, new, 1)
    assert data != written(one).decode()
    found, problems = read_message(data.encode(), file_of(one))
    assert found is None
    assert any(said in problem.message for problem in problems), problems
    assert all(problem.line for problem in problems)


def test_a_reply_says_nothing_of_what_the_thread_is_about() -> None:
    first = message(section="Impact")
    reply = message("All of them.", "jane", "aaaaaa", thread=first.id)
    assert read_message(written(reply), file_of(reply)) == (reply, ())
    data = written(reply).replace(b"kind: comment", b"kind: comment\nsection: Impact")
    assert "only the first message" in read_message(data, file_of(reply))[1][0].message


def test_bytes_that_are_no_text() -> None:
    one = message()
    for data in (b"", b"\xff\xfe", b"---\n\xff---\n", b"\0", b"x" * 1_000_000, written(one) + b"\xe9"):
        found, problems = read_message(data, file_of(one))
        assert found is None
        assert problems
    assert "more than the limit" in read_message(b"x" * 1_000_000, file_of(one))[1][0].message


def test_what_is_merely_wrong_counts_all_the_same() -> None:
    one = message()
    for old, new, code in (("kind:", "sektion: x\nkind:", "PM321"), ("Which", "Wh\u202eich", "PM208")):
        found, problems = read_message(written(one).decode().replace(old, new).encode(), file_of(one))
        assert found is not None
        assert [problem.code for problem in problems] == [code]
    assert problems[0].line > 6


@pytest.mark.parametrize("name", ["bob.md", "20240117T100000Z-bob.md", "20240117T100000Z-Bob-7f3kq2.md", "x.txt", ""])
def test_a_name_says_when_and_by_whom(name: str) -> None:
    found, problems = read_message(written(message()), name)
    assert found is None
    assert "name" in problems[0].message


def test_who_is_addressed() -> None:
    text = (
        "@jane and (@bob), @Carol: see `@property`, a@b.com, @scope/pkg, https://x.y/@z and\n\n    @code\n\n@alice's."
    )
    assert [handle for handle, _ in mentions(text)] == ["jane", "bob", "carol", "alice"]
    one = message("Ask @jnae.\n\nOr @bob.")
    (found,) = unknown_mentions(read(written(one), "x.md"), frozenset(("jane", "bob")))
    assert (found.code, found.line, found.column, found.fix) == ("PM322", 8, 5, "did you mean jane?")


def test_where_words_beside_a_postmortem_lie() -> None:
    path, data = stored(Beside.COMMENTS, DOC, b"x", "a.md")
    assert (path, data) == (f".pmctl/comments/{DOC}/a.md", b"x")
    assert owner_of(path) == (Beside.COMMENTS, DOC, "a.md")
    assert path_of(Beside.IMPORTS, DOC) == f".pmctl/imports/{DOC}.json"
    assert owner_of(path_of(Beside.IMPORTS, DOC)) == (Beside.IMPORTS, DOC, "")
    for path in (".pmctl/comments/a.md", ".pmctl/comments/x/a.md", f".pmctl/comments/{DOC}/a/b.md", ".pmctl/comments",
                 f".pmctl/imports/{DOC}/a.json", f".pmctl/imports/{DOC}.yaml", "postmortems/2024/a.md"):  # fmt: skip
        assert owner_of(path) is None


def test_paths_that_can_be_taken_for_a_messages() -> None:
    for path in (f".pmctl/Comments/{DOC}/a.md", f".pmctl/c\u043emments/{DOC}/a.md", f".pmctl/comments./{DOC}/a.md"):
        assert taken_for(path) == f".pmctl/comments/{DOC}/a.md"
    assert taken_for(f".pmctl/comments/{DOC}/20240117T100000Z-bob-7f3kq2.md") == ""
