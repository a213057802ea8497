"""Findings for people and machines: one function per format, all listed in `FORMATS`.

    Report -> text that the command line prints to standard output

Formats for services live in a module each: `findings_github`, `findings_gitlab`, `findings_sarif`,
`findings_junit`. No format ever shows a secret: source lines are redacted, messages never hold one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module

from pmctl.document.finding import Finding, Severity
from pmctl.output.advice import words
from pmctl.output.terminal import paint, width_of
from pmctl.text import DECEIVING, code_of, plural, safe, visible

SCHEMA = "pmctl/findings/v1"
_KEYS = ("code", "severity", "message", "fix", "path", "line", "column", "end_line", "end_column", "commit")
_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "hint"}
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.HINT: "bold blue"}


@dataclass(frozen=True)
class Report:
    """What is to be printed.

    `paths` are all files that were checked, also those without findings; `sources` gives a file's text for the
    line that a finding is about (None: not shown). All paths are as the reader wants them: a person's are relative to
    the pmctl root, a service's to the top of the git repository. `width` is the terminal's, 0 for a pipe; `at` is
    when it was checked, for formats that say so.
    """

    findings: Sequence[Finding]
    paths: Sequence[str] = ()
    sources: Mapping[str, bytes] | Callable[[str], str | None] | None = None
    width: int = 0
    color: bool = False
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    counts: Counter[Severity] = field(init=False)
    _lines: dict[str, list[str] | None] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", Counter(finding.severity for finding in self.findings))

    @property
    def failed(self) -> bool:
        """Whether there is an error: the exit code is 1."""
        return self.counts[Severity.ERROR] > 0

    def line(self, finding: Finding) -> str | None:
        """The source line of a finding, secrets redacted, None when it is not known."""
        if not finding.line:
            return None
        if finding.path not in self._lines:
            text = self._text(finding.path)
            self._lines.clear()  # findings come file by file
            self._lines[finding.path] = None if text is None else text.split("\n")
        lines = self._lines[finding.path]
        return lines[finding.line - 1].rstrip("\r") if lines and finding.line <= len(lines) else None

    def _text(self, path: str) -> str | None:
        if self.sources is None:
            return None
        if callable(self.sources):
            text = self.sources(path)
        else:
            data = self.sources.get(path)
            text = None if data is None else data.decode("utf-8-sig", "replace")
        if text is None:
            return None
        from pmctl.rules.credentials import redact

        return redact(text)


def render(report: Report, format: str = "text") -> str:  # noqa: A002  # the option's name
    """The report in a format of `FORMATS`, ending with a newline. Raises KeyError for an unknown one."""
    module, function = FORMATS[format]
    result: str = getattr(import_module(module), function)(report)
    return result


def text(report: Report) -> str:
    """`path:line:col: error: CODE message (fix: ...)` each, on a terminal also the line and a caret; then counts."""
    parts = [one_line(finding, color=report.color) for finding in report.findings]
    if report.width:
        parts = [f"{line}{_excerpt(finding, report)}" for line, finding in zip(parts, report.findings, strict=True)]
    return "\n".join([*parts, summary(report)]) + "\n"


def one_line(finding: Finding, *, color: bool = False) -> str:
    """One finding on one line, control characters made visible. What is about the whole file stands at 1:1."""
    place = f"{safe(finding.path) or '-'}:{finding.line or 1}:{finding.column or 1}:"
    code = paint(f"{_WORDS[finding.severity]}: {finding.code}", _STYLES[finding.severity], color)
    fix = f" (fix: {safe(words(finding.fix))})" if finding.fix else ""
    return f"{paint(place, 'bold', color)} {code} {safe(finding.message)}{paint(fix, 'dim', color)}"


def summary(report: Report) -> str:
    """The last line: how many of each kind, in how many files."""
    checked = len(set(report.paths) | {finding.path for finding in report.findings})
    if not report.findings:
        return f"{plural(checked, 'file')} checked, no findings"
    kinds = [plural(report.counts[severity], word) for severity, word in _WORDS.items() if report.counts[severity]]
    files = len({finding.path for finding in report.findings})
    return f"{', '.join(kinds)} in {files} of {plural(checked, 'file')}"


def as_json(report: Report) -> str:
    """`pmctl/findings/v1`: counts and all findings, one object each."""
    import json

    return (
        json.dumps(
            {
                "schema": SCHEMA,
                "checked": len(set(report.paths) | {finding.path for finding in report.findings}),
                "counts": {word: report.counts[severity] for severity, word in _WORDS.items()},
                "findings": [plain(finding) for finding in report.findings],
            },
            indent=2,
        )
        + "\n"
    )


def fingerprints(report: Report) -> list[str]:
    """For each finding a digest by which a service knows it again.

    It stays the same when lines above move, and differs from that of every other finding.
    """
    import hashlib

    seen: Counter[tuple[str, str, str]] = Counter()
    digests = []
    for finding in report.findings:
        key = (finding.code, finding.path, finding.message)
        source = "\0".join((*key, str(seen[key])))
        seen[key] += 1
        digests.append(hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest())
    return digests


def plain(finding: Finding) -> dict[str, object]:
    """A finding as JSON data; `line` and `column` are 0 when it is about the whole file."""
    return {name: getattr(finding, name) for name in _KEYS} | {"fix": words(finding.fix)}


def _excerpt(finding: Finding, report: Report) -> str:
    """The source line and a caret under what the finding is about, "" when the line is not known."""
    line = report.line(finding)
    if not line or line.isspace():
        return ""
    first = min(finding.column - 1, len(line)) if finding.column else 0
    last = finding.end_column - 1 if finding.end_line == finding.line and finding.end_column else first + 1
    number = str(finding.line)
    room = max(20, report.width - len(number) - 5)
    limit = 4 * room  # characters to look at: marks that combine take no column, and a line may be a mebibyte long
    start = max(0, first - limit - 1)
    near = line[start : first + limit + 1]
    parts = _visible(near, first - start, max(first + 1, last) - start)
    shown, before, marked = _window(*parts, room, limit)
    gutter = " " * len(number)
    bar = paint("|", "dim", report.color)
    caret = paint(f"{' ' * before}{'^' * marked}", _STYLES[finding.severity], report.color)
    return f"\n {paint(number, 'dim', report.color)} {bar} {shown}\n {gutter} {bar} {caret}"


def _visible(line: str, first: int, last: int) -> tuple[str, str, str]:
    """The line before, inside and behind a span, as a terminal shows it: a tab is a space, codes for what deceives."""
    plain = line.replace("\t", " ").replace("\r", " ")
    grown = [(match.start(), len(code_of(match.group())) - 1) for match in DECEIVING.finditer(plain)]
    first += sum(more for place, more in grown if place < first)
    last += sum(more for place, more in grown if place < last)
    text = visible(plain)
    return text[:first], text[first:last], text[last:]


def _window(before: str, marked: str, after: str, room: int, limit: int) -> tuple[str, int, int]:
    """What fits into `room` columns around what is marked: the text, and the columns before and under the carets.

    What is marked begins in the first third when both ends must go; "…" stands where something went. More than `limit`
    characters at one end never fit.
    """
    rest = marked + after
    left = max(room // 3, room - max(1, width_of(rest[:limit])))
    if len(before) > limit or width_of(before) > left:
        before = "…" + _end(before[-limit:], left - 1)
    room -= width_of(before)
    if len(rest) > limit or width_of(rest) > room:
        rest = rest[: _fitting(rest[:limit], room - 1)] + "…"
    return before + rest, width_of(before), max(1, width_of(rest[: len(marked)]))


def _end(text: str, columns: int) -> str:
    """The end of a text that fits into that many columns, without marks that have lost their letter."""
    kept = text[len(text) - _fitting(reversed(text), columns) :]
    while kept and not width_of(kept[0]):
        kept = kept[1:]
    return kept


def _fitting(characters: Iterable[str], columns: int) -> int:
    """How many of the characters fit into that many columns."""
    count = 0
    for character in characters:
        columns -= width_of(character)
        if columns < 0:
            break
        count += 1
    return count


FOR_PEOPLE = ("text", "json")
"""Formats whose paths are relative to the pmctl root, as everything is that a person sees."""
FORMATS: dict[str, tuple[str, str]] = {
    "text": ("pmctl.output.findings", "text"),
    "json": ("pmctl.output.findings", "as_json"),
    "github": ("pmctl.output.findings_github", "github"),
    "gitlab": ("pmctl.output.findings_gitlab", "gitlab"),
    "sarif": ("pmctl.output.findings_sarif", "sarif"),
    "junit": ("pmctl.output.findings_junit", "junit"),
}
"""Format -> (module, function from Report to text)."""
