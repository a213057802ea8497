"""The search index: every word finds its postmortem, hostile text stays text, and size goes with the words."""

from __future__ import annotations

import gzip
import json
import random
import re

import pytest

from pmctl.output.site import search_index
from pmctl.output.site.search_index import Found, index_scripts, sentences, sentences_script, terms_of
from tests.output.site.sample import document


def found(number: int, text: str) -> Found:
    return Found(f"p/{number}.html", f"Title {number}", "", "", terms_of(text))


def read_back(files: dict[str, bytes]) -> dict[str, list[int]]:
    """Word -> numbers of the postmortems, as the scripts hold them."""
    holding: dict[str, list[int]] = {}
    for name, content in files.items():
        call = re.fullmatch(r"pmctlSearch\.(\w+)\((.*)\)\n", content.decode(), re.DOTALL)
        assert call is not None and "\n" not in call[2]
        values = json.loads(f"[{call[2]}]")
        terms = values[1] if name != "search.js" else values[0].get("terms", "")
        for line in filter(None, terms.split("\n")):
            word, _, steps = line.partition(" ")
            at = -1
            holding[word] = [at := at + int(step, 36) for step in steps.split(",")]
    return holding


@pytest.mark.parametrize("largest", [search_index.LARGEST, 10])
def test_every_word_finds_those_that_hold_it(monkeypatch: pytest.MonkeyPatch, largest: int) -> None:
    monkeypatch.setattr(search_index, "LARGEST", largest)
    monkeypatch.setattr(search_index, "SHARD", 300)
    chance = random.Random(4)
    words = [f"w{chance.randrange(10**6):x}" for _ in range(200)]
    texts = [" ".join(chance.sample(words, 20)) for _ in range(80)]
    files = index_scripts([found(number, text) for number, text in enumerate(texts)])
    assert (len(files) > 1) is (largest == 10)
    assert read_back(files) == {
        word: held for word in words if (held := [number for number, text in enumerate(texts) if word in text.split()])
    }


def test_words_that_most_hold_are_left_out_only_where_there_are_many() -> None:
    assert "the" in read_back(index_scripts([found(n, "the pool") for n in range(3)]))
    many = [found(n, f"the pool{n}") for n in range(50)]
    assert "the" not in read_back(index_scripts(many)) and "pool7" in read_back(index_scripts(many))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Payment-API: pool_max=10", ("10", "api", "max", "payment", "pool")),
        ("Ärger, e\u0301clair Ｗｉｄｅ", ("arger", "eclair", "wide")),
        ("データベース停止", ("ース", "ータ", "ス停", "タヘ", "テー", "ヘー", "停止")),
        ("a " + "x" * 40, ()),
    ],
)
def test_words_as_they_are_indexed(text: str, words: tuple[str, ...]) -> None:
    assert set(words) <= set(terms_of(text)) if "デ" in text else terms_of(text) == words


def test_sentences_have_no_markup_and_a_row_is_one() -> None:
    said = sentences(document())
    assert "14:02 · Alert PaymentErrors fires" in said
    assert "Some 900 customers saw an error at checkout." in said
    assert not [one for one in said if re.search(r"\|---|\*\*|`|\]\(", one)]


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "\u2028\u2029", '"];alert(1);["', "\\"])
def test_hostile_text_stays_text(text: str) -> None:
    one = Found(f"p/{text}.html", text, text, text, terms_of(text))
    for content in (*index_scripts([one]).values(), sentences_script(one.path, [text])):
        line = content.decode()
        assert "</" not in line and "\u2028" not in line and "\u2029" not in line and line.count("\n") == 1
        inside = json.loads("[" + line[line.index("(") + 1 : line.rindex(")")] + "]")
        assert (
            text in json.dumps(inside, ensure_ascii=False)
            or text in str(inside)
            or json.dumps(text)[1:-1] in json.dumps(inside)
        )


def test_a_thousand_postmortems_of_six_kilobytes_fit() -> None:
    chance = random.Random(2)
    vocabulary = [f"{chance.choice('aeiou')}{chance.randrange(36**4):x}" for _ in range(20_000)]
    weights = [1 / (place + 10) for place in range(len(vocabulary))]
    many = [found(n, " ".join(chance.choices(vocabulary, weights, k=900))) for n in range(1000)]
    files = index_scripts(many)
    assert sum(len(gzip.compress(content, 9)) for content in files.values()) <= 700_000
