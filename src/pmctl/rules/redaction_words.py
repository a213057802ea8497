"""Which words a public text may use without anybody asking: everyday ones, in English, French, Spanish and German.

word -> whether it is one. Not a dictionary: a name, a tool or a place is in none of the lists, so it is asked about.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources

LANGUAGES = ("en", "fr", "es", "de")
_LISTS = ("en", "fr", "es")  # German has rules of its own: `redaction_german`
_SHORTEST_STEM = 3


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ENDINGS = {
    "fr": _set(
        "s x e es er é ée és ées ent ait aient ant ons ez era eront erait a èrent ir it i ie is ies issait issent ment"
        " re t te tes"
    ) | {""},
    "es": _set(
        "s es a o as os ar an en e amos emos aba aban ado ada ados adas ando ará arán aría ó aron er ir ía ían ió ieron"
        " ido ida idos idas iendo erá irá é ase mente aremos eremos iremos ce que ue"
    ) | {""},
}  # fmt: skip
_GIVEN_NAMES = _set(
    "will mark rose bill hope grace frank art jack rob sue pat drew chase dawn faith joy ray dean guy nick miles"
    " rich wade sage claire rosa luz paz pilar cruz victor norm"
)
"""Words that are given names as well: with a capital they are asked about."""
_WITH_CAPITAL = _set(
    "january february march april may june july august september october november december monday tuesday"
    " wednesday thursday friday saturday sunday europe asia africa america australia i internet"
)
_ACRONYMS = _set("UTC GMT EUR USD GBP VAT FAQ FAQs ID IDs PM AM US EU UK OK")
ABBREVIATIONS = frozenset(["h", "min", "km", "kb", "mb", "gb", "tb", "ms", "s", "m"])


@cache
def _lists() -> tuple[frozenset[str], dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """All words, the words of each language, and the stems of each."""
    words: dict[str, frozenset[str]] = {}
    stems: dict[str, frozenset[str]] = {}
    for language in _LISTS:
        text = resources.files("pmctl.rules").joinpath("vocabulary", f"{language}.txt").read_text("utf-8")
        listed = [word for line in text.splitlines() if not line.startswith("#") for word in line.split()]
        words[language] = frozenset(word for word in listed if not word.endswith("~"))
        stems[language] = frozenset(word[:-1] for word in listed if word.endswith("~"))
    return frozenset().union(*words.values()), words, stems


@cache
def is_everyday(word: str) -> bool:
    """Whether a word in lower case, without apostrophes, is in one of the lists, or regularly made from one that is."""
    words, by_language, stems = _lists()
    if word in words or any(base in by_language["en"] for base in _english_bases(word)):
        return True
    return any(
        word[:cut] in stems[language] and word[cut:] in endings
        for language, endings in _ENDINGS.items()
        for cut in range(max(1, len(word) - 8), len(word) + 1)
    )


def _english_bases(word: str) -> list[str]:
    """What an English word may be an inflection of."""
    bases = []
    for ending, instead in (
        ("ies", "y"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"),
        ("ly", ""), ("ly", "e"), ("ily", "y"), ("er", ""), ("er", "e"), ("ers", ""), ("ers", "e"), ("est", ""),
        ("est", "e"), ("ally", ""), ("ier", "y"), ("iest", "y"),
    ):  # fmt: skip
        base = word.removesuffix(ending)
        if base != word and len(base) >= _SHORTEST_STEM - 1:
            bases.append(base + instead)
            if len(base) > _SHORTEST_STEM and base[-1] == base[-2] and not instead:
                bases.append(base[:-1])
    return bases


def needs_asking(word: str, *, begins: bool) -> bool:
    """Whether a word as it is written may be a name; `begins`: it begins a sentence, where all have capitals."""
    if word in _ACRONYMS:
        return False
    plain = word.lower()
    if not is_everyday(plain):
        return plain not in ABBREVIATIONS
    if word == plain:
        return False
    if plain in _GIVEN_NAMES or word != plain.capitalize():
        return True
    return not begins and plain not in _WITH_CAPITAL and plain.removesuffix("s") not in _WITH_CAPITAL


_BEFORE_HYPHEN = _set(
    "anti auto bi co cross de double first five four full half high hour inter intra last late long low man mid"
    " min multi near non off on one open out over part peak peer per post pre re real right self semi seven short"
    " side single six so sub ten third three time top two under up well wide year celui celle ceux grand quelques"
    " rendez vous nous peut est sous après avant demi mi mise"
)
_AFTER_HYPHEN = _set(
    "ci là même mêmes il elle ils elles on ce nous vous être up down in out off on based wide related free like"
    " level party time term"
)


def is_joined(parts: Sequence[str]) -> bool:
    """Whether words joined by hyphens are how people write, as in well-known, and not a name, as nightly-sync is."""
    plain = [part.lower() for part in parts]
    return "-".join(plain) in _lists()[0] or plain[0] in _BEFORE_HYPHEN or plain[-1] in _AFTER_HYPHEN


def language_of(text: str) -> str:
    """Which of the languages a text is in, by its most frequent words; English when it cannot be told."""
    words = [word.strip(".,;:!?()\"'«»").lower() for word in text.split()]
    function = {
        "en": {"the", "and", "of", "to", "was", "were", "in", "we", "by", "is"},
        "fr": {"le", "la", "les", "et", "des", "du", "une", "était", "nous", "à", "dans", "est"},
        "es": {"el", "los", "las", "y", "del", "una", "se", "con", "por", "estaba", "es", "en"},
        "de": _set(
            "der die das und wir den dem von mit nicht wurde wurden waren ein eine eines einem einen keine im am auf"
            " für zu bis nach sie sich haben ist sind dass während unser unsere unserem unserer unseren diese dieser"
            " als wenn zum außerdem bitte wegen seit um einige nichts einer wird werden wieder"
        ),
    }
    counts = {language: sum(word in some for word in words) for language, some in function.items()}
    best = max(counts, key=lambda one: (counts[one], one == "en"))
    return best if counts[best] else "en"
