"""Whatever the bytes: an answer or a finding, in time and in bounded memory, never a traceback."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmctl.document.comment import read_message
from pmctl.document.reader import read
from pmctl.document.strict_yaml import load
from pmctl.ledger import record
from pmctl.policy.reading import parse_policy

from .by_hand import play
from .seeds import seeds
from .targets import MESSAGE, TARGETS, time_limit

SECONDS = 4.0  # for one example; a loaded machine needs some of them
MEBIBYTE = 1024 * 1024
MOST_MEMORY = 160  # MiB at the peak, for an input of one


@st.composite
def spoiled(draw: st.DrawFn, target: str) -> bytes:
    """A good input with a few places changed, or any bytes at all."""
    good = seeds(target)
    if not good or draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=2000))
    data = bytearray(draw(st.sampled_from(good)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        span = draw(st.integers(0, 40))
        piece = draw(
            st.one_of(
                st.binary(max_size=12),
                st.text(max_size=8).map(lambda text: text.encode("utf-8", "surrogatepass")),
                st.sampled_from([b"---\n", b"|", b"\r", b"\n", b"&a", b"*a", b"```\n", b"<!--", b'"', b"{", b"\0"]),
                st.just(bytes(data[: draw(st.integers(0, 200))])),
            )
        )
        data[at : at + span] = piece
    return bytes(data)


def test_what_is_spoiled_was_good() -> None:
    found, problems = parse_policy(seeds("policy")[0])
    assert found is not None, problems
    assert record.from_bytes(seeds("record")[0])
    assert all(read_message(one, f"{MESSAGE}.md")[0] for one in seeds("message"))
    assert all(read(one).readable for one in seeds("document")[:2])


def test_thousands_of_spoiled_inputs_in_a_few_seconds() -> None:
    """The short version of `python -m tests.fuzz.by_hand`."""
    assert sum(play(2.0, 1, ("document", "message", "record", "policy", "yaml")).values()) >= 80


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(source=st.data())
def test_any_bytes_get_an_answer_in_time(target: str, source: st.DataObject) -> None:
    data = source.draw(spoiled(target))
    with time_limit(SECONDS):
        TARGETS[target](data)


# What makes a reader slow when it looks back, nests, or looks for an end that is not there.
FILLINGS = {
    "zeros": b"\0",
    "letters": b"a",
    "lines": b"\n",
    "returns": b"\r",
    "fences": b"---\n",
    "keys": b"k: v\n",
    "deep lists": b"[",
    "deep maps": b"{a: ",
    "dashes": b"- ",
    "indents": b"  ",
    "anchors": b"&a ",
    "quotes": b'"',
    "headings": b"## T\n",
    "tables": b"| a | b |\n",
    "pipes": b"|",
    "escapes": b"\\",
    "backticks": b"`",
    "comments": b"<!--",
    "code": b"```\n",
    "quoted lines": b"> ",
    "not utf-8": b"\xff",
    "wide": "\U0001f600".encode(),
    "base64": b"AAAA",
    "json": b'{"act":',
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("filling", FILLINGS)
def test_a_mebibyte_of_anything_costs_little(target: str, filling: str) -> None:
    piece = FILLINGS[filling]
    good = seeds(target)[0] if seeds(target) else b""
    whole = piece * (MEBIBYTE // len(piece))
    smaller = whole[: MEBIBYTE // 16]
    inside = good[: len(good) // 2] + smaller + good[len(good) // 2 :]
    behind = (good + whole)[:MEBIBYTE]
    for data in (smaller, inside, behind):
        with time_limit(30.0):
            TARGETS[target](data)


@pytest.mark.parametrize("target", TARGETS)
def test_a_mebibyte_is_read_in_bounded_memory(target: str) -> None:
    good = seeds(target)[0] if seeds(target) else b""
    for piece in (b"| a | b |\n", b"["):
        data = (good + piece * MEBIBYTE)[:MEBIBYTE]
        tracemalloc.start()
        try:
            TARGETS[target](data)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < MOST_MEMORY * MEBIBYTE, f"{peak // MEBIBYTE} MiB for {piece!r}"


def test_thousands_of_forbidden_characters_are_found_in_linear_time() -> None:
    """Sixty-four kibibytes of them once took fifteen seconds: each was placed by counting from the beginning."""
    text = "a: 1\n" * 6000 + "\0" * 30_000
    with time_limit(5.0):
        problems = load(text).problems
    assert len(problems) == 30_000
    assert (problems[0].line, problems[0].column) == (6001, 1)
    assert (problems[-1].line, problems[-1].column) == (6001, 30_000)
