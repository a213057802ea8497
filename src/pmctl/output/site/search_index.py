"""Search on a site without a server: words -> the postmortems that hold them, as scripts, since a page that was opened
from a folder can load scripts but fetch nothing.

search.js holds what a result shows and, as long as everything fits into LARGEST, the index; beyond that the index lies
in shards by the alphabet, of which a search loads those that it needs. The sentences of a postmortem lie in a script
beside its page (`.js` in place of `.html`), loaded for the results that are shown. site.js reads all three.

A word that most postmortems hold tells nothing and is left out. Case, accents and ways to write a character make no
difference. Text without blanks between words (Chinese, Japanese) is indexed by pairs of characters.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pmctl.document.reader import Document
from pmctl.output.markdown import clean_body
from pmctl.text import harmless, single_line

LARGEST = 2_000_000  # bytes of the index in one file
SHARD = 400_000  # bytes
_COMMON = 0.6  # of the postmortems; a word that more of them hold tells nothing
_FEW = 20  # postmortems: with fewer every word counts
_WORD = re.compile(r"[^\W_]+")
_PAIRS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+")
_LONGEST_WORD = 32
_LONGEST_SENTENCE = 400
_ASIDE = re.compile(r"^\s*(?:#{1,6}\s|>\s?|[-*+]\s(?:\[[ xX]\]\s)?|\d{1,9}[.)]\s)+")
_MARKUP = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)|<br ?/?>|[*`]+|(?<!\w)_+|_+(?!\w)")
_RULE = re.compile(r"\s*\|?[\s:|=~`-]+\|?\s*")
_END = re.compile(r"(?<=[.!?])\s+(?=\S)|(?<=[。！？])")


@dataclass(frozen=True, slots=True)
class Found:
    """What search knows of a postmortem: its page from the top of the site, what a result shows, more words that find
    it (services, tags, people), and the words of its text (`terms`)."""

    path: str
    title: str
    line: str
    words: str
    terms: Sequence[str]


def sentences(document: Document) -> list[str]:
    """The text in sentences without markup, a table's row as one; prompts and comments are left out."""
    found: list[str] = []
    paragraph: list[str] = []

    def finish() -> None:
        text = single_line(harmless(_MARKUP.sub(lambda match: match[1] or " ", " ".join(paragraph))))
        found.extend(one[:_LONGEST_SENTENCE] for one in _END.split(text) if one.strip())
        paragraph.clear()

    for line in clean_body(document).split("\n"):
        if not line.strip() or _RULE.fullmatch(line):
            finish()
        elif line.lstrip().startswith("|"):
            finish()
            paragraph.append(" · ".join(filter(None, (cell.strip() for cell in line.strip().strip("|").split("|")))))
            finish()
        else:
            if _ASIDE.match(line):
                finish()
            paragraph.append(_ASIDE.sub("", line).strip())
    finish()
    return found


def terms_of(text: str) -> tuple[str, ...]:
    """The words of a text as they are indexed, sorted, each once."""
    found = set()
    for word in set(_WORD.findall(unicodedata.normalize("NFC", text).lower())):
        if word.isascii():
            found.add(word)
            continue
        plain = "".join(one for one in unicodedata.normalize("NFKD", word) if not unicodedata.combining(one)).lower()
        for run in _PAIRS.findall(plain):
            found |= {run[place : place + 2] for place in range(max(len(run) - 1, 1))}
        found.update(_WORD.findall(_PAIRS.sub(" ", plain)))
    return tuple(sorted(one for one in found if 1 < len(one) <= _LONGEST_WORD or _PAIRS.fullmatch(one)))


def sentences_script(path: str, said: Sequence[str]) -> bytes:
    """The script with a postmortem's sentences; it belongs beside its page: `script_beside(path)`."""
    return f"pmctlSearch.text({_js(path)},{_js(list(said))})\n".encode()


def script_beside(path: str) -> str:
    """Where the sentences of the postmortem on a page lie."""
    return path.removesuffix(".html") + ".js"


def index_scripts(found: Sequence[Found]) -> dict[str, bytes]:
    """search.js and, where the index is large, its shards: name at the top of the site -> content.

    The order of `found` is the order of results that fit equally well.
    """
    lines = _index(found)
    shown = [[one.path, one.title, one.line, one.words] for one in found]
    if sum(map(len, lines)) <= LARGEST:
        return {"search.js": _script("index", {"docs": shown, "terms": "\n".join(lines)})}
    files: dict[str, bytes] = {}
    starts: list[str] = []
    for shard in _shards(lines):
        files[f"search-{len(starts)}.js"] = _script("shard", len(starts), "\n".join(shard))
        starts.append(shard[0].partition(" ")[0])
    files["search.js"] = _script("index", {"docs": shown, "starts": starts})
    return files


def _index(found: Sequence[Found]) -> list[str]:
    """Lines of the index: a word, and in base 36 how far each postmortem that holds it is from the one before."""
    holding: dict[str, list[int]] = {}
    for number, one in enumerate(found):
        for term in one.terms:
            holding.setdefault(term, []).append(number)
    most = len(found) * _COMMON if len(found) > _FEW else len(found)
    short = [_base36(number) for number in range(len(found) + 1)]
    lines = []
    for term in sorted(holding):
        numbers = holding[term]
        if len(numbers) <= most:
            before = -1
            steps = []
            for number in numbers:
                steps.append(short[number - before])
                before = number
            lines.append(f"{term} {','.join(steps)}")
    return lines


def _shards(lines: Iterable[str]) -> Iterable[list[str]]:
    shard: list[str] = []
    size = 0
    for line in lines:
        if size > SHARD:
            yield shard
            shard, size = [], 0
        shard.append(line)
        size += len(line)
    if shard:
        yield shard


def _base36(number: int) -> str:
    digits = ""
    while True:
        number, last = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[last] + digits
        if not number:
            return digits


def _script(name: str, *values: object) -> bytes:
    return f"pmctlSearch.{name}({','.join(map(_js, values))})\n".encode()


def _js(value: object) -> str:
    """A value as JavaScript, with nothing that could end a line or a script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
