"""Fenced code in other people's text: where it begins and ends, and that no character of it is lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pmctl.document.fenced_code import Run, runs
from pmctl.document.markdown_text import code_apart, code_blocks, paragraph

PARSER = MarkdownIt("commonmark")


def code(text: str) -> list[tuple[str, list[str]]]:
    return [(run.info, run.lines) for run in runs(text) if run.fenced]


@pytest.mark.parametrize(
    ("text", "found", "prose"),
    [
        ("a\n```sh\nls | wc\n\n  x\n```\nb", [("sh", ["ls | wc", "", "  x"])], ["a", "b"]),
        ("~~~~py title=x\n```\n~~~\n~~~~", [("py title=x", ["```", "~~~"])], []),
        ("a\n```yaml\nb: 1\n", [("yaml", ["b: 1", ""])], ["a"]),
        ("Ran: ```sh\nls\n``` and more", [("sh", ["ls"])], ["Ran:", " and more"]),
        ("see ```kubectl get pods\nweb 1/1```", [("", ["kubectl get pods", "web 1/1"])], ["see"]),
        ("```\na\nb```", [("", ["a", "b"])], []),
        ("- ```sh\n  ls\n    deep\n  ```\n- next", [("sh", ["ls", "  deep"])], ["- next"]),
        ("``` a `b` ```", [], ["``` a `b` ```"]),
        ("use ``` to begin\n```sh\nls\n```", [("sh", ["ls"])], ["use ``` to begin"]),
        ("`` ``` `` is a fence\nfine", [], ["`` ``` `` is a fence", "fine"]),
        (r"\```sh" "\nno", [], [r"\```sh", "no"]),
        ("```sh <!-- x\n<!--\n```", [("sh", ["<!--"])], []),
    ],
)
def test_code_is_found_as_people_type_it(text: str, found: list[tuple[str, list[str]]], prose: list[str]) -> None:
    assert code(text) == found
    assert [line for run in runs(text) if not run.fenced for line in run.lines] == prose


LINES = st.lists(
    st.sampled_from(["```", "~~~", "````", "```sh", "a ```", "x```", "`b`", "", "  ```", "- ```", "| <!--"])
)


@given(LINES)
@settings(max_examples=500, deadline=None)
def test_every_block_reads_back_as_the_code_that_it_is(lines: list[str]) -> None:
    found = runs("\n".join(lines))
    for run in found:
        if run.fenced:
            (token,) = PARSER.parse(run.source)
            assert (token.type, token.content) == ("fence", "".join(f"{line}\n" for line in run.lines))


@given(LINES)
@settings(max_examples=300, deadline=None)
def test_a_regular_fence_is_the_one_that_markdown_sees(lines: list[str]) -> None:
    text = "\n".join(["before", "", "```sh", *(line for line in lines if "`" not in line), "```", "", "behind"])
    (block,) = (token for token in PARSER.parse(text) if token.type == "fence")
    assert "".join(f"{line}\n" for line in code(text)[0][1]) == block.content


def test_many_fences_that_nothing_closes_are_read_in_no_time() -> None:
    assert len(code("```a\nb```\n" * 20_000)) == 20_000
    assert len(runs("\n".join("x " + "`" * (3 + number % 500) for number in range(5_000)))) >= 1


def test_code_that_is_too_long_ends_with_a_whole_line() -> None:
    prose, found = code_apart("x\n```sh\n" + "four\n" * 10 + "```", "(below)")
    assert prose == "x (below)"
    assert code_blocks(found, 12) == ("```sh\nfour\nfour\n…\n```",)
    assert code_blocks(found, 100) == ("```sh\n" + "four\n" * 10 + "```",)
    assert code_blocks([Run(True, ["long" * 10])], 12) == ("```\n" + ("long" * 10)[:11] + "\n…\n```",)


def test_tabs_of_code_survive_and_those_of_prose_are_spaces() -> None:
    assert paragraph("a\tb\n```make\n\tcc x\n```") == "a b\n```make\n\tcc x\n```"
