"""Findings for people and machines: one function per format, all listed in `FORMATS`.

    Report -> text that the command line prints to standard output

Formats for services live in a module each: `findings_github`, `findings_gitlab`, `findings_sarif`,
`findings_junit`. No format ever shows a secret: source lines are redacted, messages never hold one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module

from pmctl.document.finding import Finding, Severity
from pmctl.output.characters import LINE_BREAK
from pmctl.output.terminal import paint, safe, width_of

SCHEMA = "pmctl/findings/v1"
_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "hint"}
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.HINT: "bold blue"}


@dataclass(frozen=True)
class Report:
    """What is to be printed.

    `paths` are all files that were checked, also those without findings; `sources` gives a file's text for the
    line that a finding is about (None: not shown); `prefix` is the pmctl root's place in the git repository ("" or
    "sub/"), because services want paths from the top of the repository. `width` is the terminal's, 0 for a pipe.
    """

    findings: Sequence[Finding]
    paths: Sequence[str] = ()
    sources: Mapping[str, bytes] | Callable[[str], str | None] | None = None
    prefix: str = ""
    width: int = 0
    color: bool = False
    counts: Counter[Severity] = field(init=False)
    _lines: dict[str, list[str]] = field(init=False, default_factory=dict, repr=False, compare=False)

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
            self._lines.clear()  # findings come file by file, and each file's text is taken apart once
            self._lines[finding.path] = LINE_BREAK.split(self._text(finding.path) or "")
        lines = self._lines[finding.path]
        return lines[finding.line - 1] if finding.line <= len(lines) else None

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
        from pmctl.rules.sharing import redact

        return redact(text)


def render(report: Report, format: str = "text") -> str:  # noqa: A002  # the option's name
    """The report in a format of `FORMATS`, ending with a newline. Raises KeyError for an unknown one."""
    module, function = FORMATS[format]
    result: str = getattr(import_module(module), function)(report)
    return result


def text(report: Report) -> str:
    """`path:line:col: CODE message (fix: ...)` per finding; on a terminal also the line and a caret; counts last."""
    parts = [one_line(finding, color=report.color) for finding in report.findings]
    if report.width:
        parts = [f"{line}{_excerpt(finding, report)}" for line, finding in zip(parts, report.findings, strict=True)]
    return "\n".join([*parts, summary(report)]) + "\n"


def one_line(finding: Finding, *, color: bool = False) -> str:
    """One finding on one line, control characters made visible. What is about the whole file stands at 1:1."""
    place = f"{safe(finding.path) or '-'}:{finding.line or 1}:{finding.column or 1}:"
    code = paint(finding.code, _STYLES[finding.severity], color)
    fix = f" (fix: {safe(finding.fix)})" if finding.fix else ""
    return f"{paint(place, 'bold', color)} {code} {safe(finding.message)}{paint(fix, 'dim', color)}"


def summary(report: Report) -> str:
    """The last line: how many of each kind, in how many files."""
    checked = len(set(report.paths) | {finding.path for finding in report.findings})
    if not report.findings:
        return f"{_plural(checked, 'file')} checked, no findings"
    kinds = [_plural(report.counts[severity], word) for severity, word in _WORDS.items() if report.counts[severity]]
    files = len({finding.path for finding in report.findings})
    return f"{', '.join(kinds)} in {files} of {_plural(checked, 'file')}"


def as_json(report: Report) -> str:
    """`pmctl/findings/v1`: counts and all findings, one object each."""
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


def plain(finding: Finding) -> dict[str, object]:
    """A finding as JSON data; `line` and `column` are 0 when it is about the whole file."""
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "message": finding.message,
        "fix": finding.fix,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "end_line": finding.end_line,
        "end_column": finding.end_column,
        "commit": finding.commit,
    }


def _excerpt(finding: Finding, report: Report) -> str:
    """The source line and a caret under what the finding is about, "" when the line is not known."""
    line = report.line(finding)
    if line is None or not line.strip():
        return ""
    number = str(finding.line)
    room = max(20, report.width - len(number) - 6)
    first = min(finding.column - 1, len(line)) if finding.column else 0
    whole = len(line) <= 4 * room and width_of(line) <= room  # nothing here may take the time of a very long line
    left = 0 if whole else max(0, min(first - room // 3, len(line) - room))
    last = finding.end_column - 1 if finding.end_line == finding.line and finding.end_column else first + 1
    last = max(first + 1, min(last, len(line), left + room))
    shown, marked = safe(line[left:first]), safe(line[first:last])
    rest = safe(line[last : left + room])
    caret = " " * width_of(shown) + "^" * max(1, min(width_of(marked), room - width_of(shown)))
    gutter = " " * len(number)
    style = _STYLES[finding.severity]
    return (
        f"\n {paint(number, 'dim', report.color)} {paint('|', 'dim', report.color)} {_cut(shown + marked + rest, room)}"
        f"\n {gutter} {paint('|', 'dim', report.color)} {paint(caret, style, report.color)}"
    )


def _cut(line: str, room: int) -> str:
    if width_of(line) <= room:
        return line
    columns = 0
    for kept, character in enumerate(line):
        columns += width_of(character)
        if columns >= room:
            return line[:kept] + "…"
    return line


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


FORMATS: dict[str, tuple[str, str]] = {
    "text": ("pmctl.output.findings", "text"),
    "json": ("pmctl.output.findings", "as_json"),
    "github": ("pmctl.output.findings_github", "github"),
    "gitlab": ("pmctl.output.findings_gitlab", "gitlab"),
    "sarif": ("pmctl.output.findings_sarif", "sarif"),
    "junit": ("pmctl.output.findings_junit", "junit"),
}
"""Format -> (module, function from Report to text)."""
