"""Redaction, held against sentences of internal postmortems and of public ones, in three languages.

`public_text/internal.txt` was written before any rule: what must not leak stands in [[ ]].
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from pmctl.rules.redaction import SECRET, redact, spans
from pmctl.rules.redaction_terms import INSTEAD, Named, Terms, instead_of
from pmctl.rules.redaction_words import language_of

CASES = Path(__file__).parent / "public_text"
PEOPLE = tuple(
    Named(name.split()[0].lower(), name, (f"{name.split()[0].lower()}@example.com",))
    for name in ("Jane Doe", "Bob Ray", "Carol Xu", "Alice Kim")
)
TERMS = Terms(
    PEOPLE, ("payments", "platform-core", "sre-oncall"),
    (("payment-api", "Payments"), ("ledger-db", ""), ("checkout-web", "Shop")), ("Bluebird",), ("Payments", "Shop"),
)  # fmt: skip


def lines(name: str) -> Iterator[tuple[str, str]]:
    """Language and sentence."""
    for line in (CASES / name).read_text().splitlines():
        if not line.startswith("#"):
            language, _, sentence = line.partition(" ")
            yield language, sentence


def marked(sentence: str) -> tuple[str, list[tuple[int, int]]]:
    """The sentence without its marks, and where what is marked stands."""
    text, places, done = "", [], 0
    for match in re.finditer(r"\[\[(.*?)\]\](?!\])", sentence):
        text += sentence[done : match.start()]
        places.append((len(text), len(text) + len(match[1])))
        text, done = text + match[1], match.end()
    return text + sentence[done:], places


def announced(text: str, start: int, end: int) -> bool:
    """Whether what must not leak is asked about: a name to its last letter, a sentence somewhere in it."""
    covered = {at for one in spans(text, TERMS) for at in range(one.start, one.end)}
    here = [at in covered for at in range(start, end) if text[at].isalnum()]
    return any(here) if " " in text[start:end] else all(here)


def test_nothing_internal_goes_unannounced() -> None:
    cases = [(language, *marked(sentence)) for language, sentence in lines("internal.txt")]
    assert len(cases) >= 300 and len({language for language, *_ in cases}) == 3
    assert [text[a:b] for _, text, places in cases for a, b in places if not announced(text, a, b)] == []


def test_nothing_that_a_red_team_wrote_goes_unannounced() -> None:
    """In English, in German, whose nouns all have capitals, and in a language of which redaction knows no word."""
    cases = [(language, *marked(sentence)) for language, sentence in lines("red_team.txt")]
    german = "Wir bitten um Entschuldigung, und die Dienste sind wieder da.\n\n"
    assert language_of(german) == "de"
    cases += [("de", german + text, [(a + len(german), b + len(german)) for a, b in places])
              for language, text, places in cases if language == "de"]  # fmt: skip
    assert len(cases) >= 300 and {language for language, *_ in cases} == {"en", "de", "ja"}
    assert all(places for _, _, places in cases)
    assert [text[a:b] for _, text, places in cases for a, b in places if not announced(text, a, b)] == []
    # What redaction replaces by itself holds none of it either, unless it says so.
    for _, text, places in cases:
        clean = redact(text, TERMS)
        for a, b in places:
            at = clean.text.find(text[a:b])
            left = [one for one in clean.left if at <= one.start < at + b - a or one.start <= at < one.end]
            assert at < 0 or left, text


def test_at_most_a_tenth_of_the_words_of_clean_texts_is_asked_about() -> None:
    words: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for language, sentence in lines("clean.txt"):
        found = spans(sentence, TERMS)
        for match in re.finditer(r"\S+", sentence):
            words[language] += 1
            asked[language] += any(one.start < match.end() and match.start() < one.end for one in found)
    assert len(words) == 4
    assert all(asked[language] <= words[language] / 10 for language in words)


@pytest.mark.parametrize(
    ("said", "then"),
    [
        ("Jane Doe and Bob Ray fixed it; jane told @bob.",
         "Engineer A and Engineer B fixed it; Engineer A told Engineer B."),
        ("Write to bob@example.com.", "Write to an e-mail address."),
        ("The payment-api was down.", "Payments was down."),
        ("The ledger-db was slow.", "An internal service was slow."),
        ("Errors in the PostgreSQL 14.2 were fixed.", "Errors in a database were fixed."),
        ("We saw it in Grafana, see OPS-123.", "We saw it in a monitoring tool, see an internal ticket."),
        ("The payments team helped.", "A team helped."),
        ("See https://wiki.internal/x?y=1.", "See an internal page."),
        ("Bluebird was down.", "An internal system was down."),
        ("We asked 10.1.2.3 and 10.1.2.4.", "We asked a network address and a network address."),
        ("Le payment-api était en panne, jane l'a redémarré.", "Payments était en panne, Ingénieur A l'a redémarré."),
        ("El ledger-db estaba lleno y bob lo borró.", "Un servicio interno estaba lleno y Ingeniero A lo borró."),
        ("Der ledger-db war voll, und wir baten Jane um Hilfe.",
         "Ein interner Dienst war voll, und wir baten Ingenieur A um Hilfe."),
        ("It used password=hunter2secret then.", "It used [removed] then."),
    ],
)  # fmt: skip
def test_what_is_known_is_replaced_the_same_everywhere(said: str, then: str) -> None:
    assert redact(said, TERMS).text == then
    assert redact(said, TERMS) == redact(said, TERMS)


def test_what_was_replaced_is_asked_about_no_more() -> None:
    text = "Jane restarted PostgreSQL on 10.1.2.3 and told the payments team about OPS-123 by jane@example.com."
    clean = redact(text, TERMS)
    assert clean.left == () and redact(clean.text, TERMS).text == clean.text


def test_only_a_person_can_decide_about_what_is_unknown() -> None:
    text = "Rajesh looked at falcon."
    assert [text[one.start : one.end] for one in spans(text, TERMS)] == ["Rajesh", "falcon"]
    assert redact(text, TERMS).text == text


@pytest.mark.parametrize(
    "text", ["Token ghp_abcdefghijklmnopqrstuvwxyz0123456789 leaked.", "It was AKIAIOSFODNN7EXAMPLE then."]
)
def test_secrets_are_told_apart(text: str) -> None:
    assert SECRET in {one.kind for one in spans(text, TERMS)}


@pytest.mark.parametrize(
    "text",
    ["J**a**ne did it", "&#74;ane did it", "jаne did it", "ja\u200bne did it", "[help](http://x.internal/)", "`jane`"],
)
def test_disguises_are_asked_about(text: str) -> None:
    assert spans(text, TERMS)


def test_every_kind_has_words_in_every_language() -> None:
    assert language_of("Le service était en panne et nous avons corrigé la faute.") == "fr"
    assert language_of("El servicio estaba caído y se corrigió con los cambios.") == "es"
    assert language_of("Der Dienst war gestört, und wir haben den Fehler behoben.") == "de"
    assert instead_of("a person", "en", 26) == "Engineer AA"
    assert instead_of("unknown", "en") == ""


@pytest.mark.parametrize("number", range(4))
def test_what_stands_in_the_place_of_something_says_nothing_itself(number: int) -> None:
    asked = [words[number] for kind, words in INSTEAD.items() if kind != "a person" and spans(words[number], TERMS)]
    assert asked == []
