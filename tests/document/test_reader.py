"""Reading: lossless, total, and every defect a finding."""

from __future__ import annotations

from pathlib import Path

import frontmatter
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.document.actions import action_items
from pmctl.document.changes import changes
from pmctl.document.digest import content_digest
from pmctl.document.front_matter import StrictHandler
from pmctl.document.prompts import is_empty
from pmctl.document.reader import MAX_BYTES, Document, read
from pmctl.document.schema import check_front_matter
from pmctl.document.timeline import entries
from tests.growth import assert_in_proportion

from .strategies import markdown_lines


def everything(doc: Document) -> None:
    """Ask a document all that it can be asked."""
    check_front_matter(doc)
    entries(doc)
    action_items(doc)
    content_digest(doc)
    assert changes(doc, doc) == ()
    for section in doc.headings:
        is_empty(section.text)
        assert doc.text[section.content_start : section.end] == section.text
        assert doc.position(section.start) == (section.line, 1)


def codes(data: bytes) -> list[str]:
    return [problem.code for problem in read(data).problems]


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
)
def test_any_bytes_are_read_and_kept(data: bytes) -> None:
    doc = read(data)
    assert doc.data == data
    everything(doc)


@settings(max_examples=400, deadline=None)
@given(
    st.text(alphabet="ab:-[]{}#&*!|>'\"%@`\n \t?,~1", max_size=60),
    markdown_lines,
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
def test_any_front_matter_and_body_are_read_and_kept(front: str, lines: list[str], newline: str, bom: bool) -> None:
    text = newline.join(["---", *front.split("\n"), "---", *lines])
    data = (b"\xef\xbb\xbf" if bom else b"") + text.encode("utf-8", "surrogatepass")
    doc = read(data)
    assert doc.data == data
    assert doc.bom == bom
    everything(doc)
    if doc.readable:
        assert (
            doc.text[doc.front_start : doc.front_end] + doc.text[doc.front_end : doc.body_start] + doc.body in doc.text
        )
        for node in doc.front.values():
            assert doc.front_start <= node.start <= node.end <= doc.front_end
            assert doc.position(node.key_start) == (node.key_line, node.key_column)


def test_the_example_is_clean(outage: bytes) -> None:
    doc = read(outage, "postmortems/2024/2024-01-15-payment-api-outage.md")
    assert doc.problems == ()
    assert check_front_matter(doc) == []
    assert (doc.id, doc.status, doc.author) == ("2024-01-15-payment-api-outage", "DRAFT", "jane")
    assert doc.meta["incidents"][0]["id"] == "PT4KHLK"
    assert [section.title for section in doc.sections][:2] == ["Summary", "Timeline"]
    assert doc.text.splitlines()[doc.body_line - 1] == ""
    root_cause = doc.section("root cause")
    assert root_cause is not None
    assert root_cause.text.strip().startswith("The pool held 50")


def test_crlf_and_a_byte_order_mark_are_read_and_kept(outage: bytes) -> None:
    data = b"\xef\xbb\xbf" + outage.replace(b"\n", b"\r\n")
    doc = read(data)
    assert (doc.bom, doc.newline, doc.problems) == (True, "\r\n", ())
    assert doc.data == data
    assert doc.meta == read(outage).meta
    assert [section.title for section in doc.sections] == [section.title for section in read(outage).sections]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ["PM010"]),
        (b"# Outage\n", ["PM010"]),
        (b"---\nid: x\n", ["PM011"]),
        (b"----\nid: x\n----\n", ["PM012"]),
        (b"\n---\nid: x\n---\n", ["PM012"]),
        ("---\u00a0\nid: x\n---\n".encode(), ["PM012"]),
        (b"---\nid: x\n-----\n---\n", ["PM012", "PM020"]),
        (b"---\nid: x\n---\n---\nstatus: PUBLISHED\n---\n", ["PM013"]),
        (b"---\nid: x\n---\n\n---\nstatus: PUBLISHED\n---\n", ["PM013"]),
        (b"---\nid: x\n---\n+++\na = 1\n+++\n", ["PM013"]),
        (b"+++\nid = 'x'\n+++\n", ["PM014"]),
        (b'{"id": "x"}\n', ["PM014"]),
        (b"---\n---\n", ["PM021"]),
        (b"---\n- a\n---\n", ["PM021"]),
        (b"---\ntitle: a: b\n---\n", ["PM020"]),
        (b"---\nid: x\nid: y\n---\n", ["PM022"]),
        (b"---\nid: &a x\ntitle: *a\n---\n", ["PM023", "PM023"]),
        (b"---\n<<: {a: b}\n---\n", ["PM024"]),
        (b"---\ntitle: !!str x\n---\n", ["PM025"]),
        (b"---\n1: x\n---\n", ["PM026"]),
        (b"---\nid: x\n...\nstatus: y\n---\n", ["PM027", "PM020"]),
        (b"---\ntitle: a\x07\n---\n", ["PM028"]),
        (b'---\ntitle: "\\e[8m"\n---\n', ["PM028"]),
        (b"---\ntitle: a\rstatus: b\n---\n", ["PM006"]),
        (b"---\ntitle: \xff\n---\n", ["PM001"]),
        (b"---\ntitle: x\n---\nbody\0\n", ["PM002"]),
        ("---\nid: x\n---\n".encode("utf-16"), ["PM007"]),
        (b"---\nx: " + b"[" * 13 + b"]" * 13 + b"\n---\n", ["PM005"]),
        (b"---\nx: " + b"y" * 70000 + b"\n---\n", ["PM004"]),
        (b"x" * (MAX_BYTES + 1), ["PM003"]),
    ],
)
def test_defects_are_findings_with_a_place(data: bytes, expected: list[str]) -> None:
    doc = read(data, "a.md")
    assert sorted({problem.code for problem in doc.problems} & set(expected)) == sorted(set(expected))
    assert not doc.readable
    assert doc.front == {}
    assert all(problem.line >= 1 and problem.column >= 1 and problem.path == "a.md" for problem in doc.problems)


@pytest.mark.parametrize(
    "body",
    [
        "\n---\n\nA rule first.\n",
        "\n---\n\nA rule.\n\n---\n\nAnother.\n",
        "\n***\nkey: value\n***\n",
        "Text\n\n---\nkey: value\n---\n",
    ],
)
def test_rules_in_the_body_are_no_second_front_matter(body: str) -> None:
    assert codes(b"---\nid: x\n---\n" + body.encode()) == []


def test_nesting_of_twelve_levels_is_allowed() -> None:
    # The mapping itself is the first level.
    assert codes(b"---\nx: " + b"[" * 11 + b"]" * 11 + b"\n---\n") == []
    assert codes(b"---\nx: " + b"[" * 12 + b"]" * 12 + b"\n---\n") == ["PM005"]


def test_python_frontmatter_reads_the_same_with_our_handler(outage: bytes) -> None:
    post = frontmatter.loads(outage.decode(), handler=StrictHandler())
    doc = read(outage)
    assert post.metadata == {key: node.plain() for key, node in doc.front.items()}
    assert post.content == doc.body.strip()


@pytest.mark.parametrize(
    ("head", "unit"),
    [
        ("", "#\n"),
        ("", "[a\nb\n# h\n"),
        ("", "text <!-- x\n"),
        ("", "`"),
        ("| a |\n|---|\n", "| b |\n"),
        ("", "- item\n"),
        ("", "> quote\n"),
    ],
    ids=["headings", "brackets", "comments", "backticks", "rows", "items", "quotes"],
)
def test_large_documents_are_read_in_time_in_proportion(head: str, unit: str) -> None:
    def work(data: bytes) -> None:
        is_empty(read(data).headings[0].text)

    begin = f"---\nid: x\n---\n## Timeline\n{head}"
    assert_in_proportion(work, lambda size: (begin + unit * (size // len(unit))).encode(), 250_000)


def test_real_documents_are_read_and_kept(corpus: list[Path]) -> None:
    assert len(corpus) >= 100
    for path in corpus:
        data = path.read_bytes()
        for variant in (data, b"---\nid: 2024-01-15-x\n---\n" + data):
            doc = read(variant, str(path))
            assert doc.data == variant
            assert doc.text.encode() == variant.removeprefix(b"\xef\xbb\xbf"), path
            everything(doc)
