"""What a document states about its incident outside its prose: front matter, two-column tables, labels at the top.

The values are only read; they stay where they are in the text. Labels are mapped to a few keys, values are kept as
written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pmctl.adopt.source import SourceDocument
from pmctl.document.aliases import METADATA
from pmctl.document.aliases import names as split_names
from pmctl.document.headings import bare, plain
from pmctl.document.rows import TRIM, split_row

_LABELS: dict[str, str] = {
    "title": """title|incident title|incident name|name|issue name|タイトル|件名|标题""",
    "incident_date": """incident date|date of incident|date of the incident|outage date|incident day
        |event date|date of outage
        |date of event|発生日|事故日期|故障日期|事件日期""",
    "start": """start|started|start time|incident start|started at|start date|began|impact start
        |outage start|incident began
        |start of incident|incident start time|time started|detected and started|starttime|start_time|started_at
        |発生日時|開始|開始時刻|开始时间|发生时间""",
    "end": """end|ended|end time|incident end|resolved|resolved at|end date|impact end|outage end|resolution time
        |time resolved|resolved on|fixed at|end of incident|incident end time|endtime|end_time|resolved_at|復旧日時
        |終了|解消日時|结束时间|恢复时间|incident resolved""",
    "detected": """detected|discovered|detected at|time detected|detection time|detected on|reported|reported on
        |date discovered|date detected|検知日時|检测时间|发现时间""",
    "period": """incident period|period|time|when|incident window|impact window|window|duration|incident duration
        |incident time|outage window|timeframe|time frame|影響期間|発生期間|影响时间|持续时间|故障时间
        |impact duration|time of incident|影响时长""",
    "date": """date|dates|datum|日付|日期|post date|published|publish date|publication date|pubdate|report date
        |document date|created|created on|creation date|written|date written|fecha|data""",
    "author": """author|authors|created by|written by|prepared by|reported by|owner|postmortem owner|incident owner
        |post-mortem owner|report author|document owner|author(s)|by|作者|作成者|報告者|记录人|撰写人|autor|auteur""",
    "participants": """participants|attendees|incident responders|responders|involved
        |people involved|incident team|参加者|参与人""",
    "severity": """severity|sev|severity level|incident severity|priority|incident level|level
        |重大度|严重程度|严重级别
        |故障等级|级别|影响等级|schweregrad|sévérité|severidad""",
    "services": """service|services|services affected|affected services|service affected
        |affected service|service(s) affected
        |impacted services|services impacted|components|component|component(s)|affected systems|systems affected
        |affected components|impacted service|impacted systems|affected system|system|影響サービス|影响服务
        |受影响服务|涉及服务|対象サービス""",
}
_KEY_OF = {label: key for key, labels in _LABELS.items() for label in split_names(labels)}
_BETWEEN_NAMES = re.compile(r"\s*[,;、/]\s*|\s+(?:and|&|und|et|y|e)\s+")
_LABEL_LINE = re.compile(
    r"""[ \t]*(?:[-*+•]\s+|\d+[.)]\s+)?(?:>\s*)?(?:[-*+]\s+)?(?:
      (?P<open>\*\*|__|\*|_)(?P<strong>[^*_\n:：]{2,40}?)\s*[:：]?\s*(?P=open)\s*(?P<joint>[:：-]?)\s*(?P<bold_value>\S.*)
    | (?P<word>[A-Za-z\u3040-\u9fff][\w /()'-]{1,35}?)\s*[:：]\s*(?P<value>\S.*)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class LabelledValues:
    """What a document states: key (see `_LABELS`) -> values as written, and which keys stand in its front matter."""

    values: dict[str, tuple[str, ...]]
    in_front: frozenset[str]

    def first(self, key: str) -> str:
        """The first value of a key as plain text, "" when there is none."""
        return plain(self.values[key][0]) if key in self.values else ""

    def people(self, key: str) -> list[str]:
        """The names in a key's values, such as "Jane Doe <jane@example.com>, @bob and Carol"."""
        parts = [part for text in self.values.get(key, ()) for part in _BETWEEN_NAMES.split(plain(text))]
        return [name for part in parts if (name := part.strip(" .@()[]"))]


def labelled_values(source: SourceDocument, first_section: int) -> LabelledValues:
    """The labelled values of a document: above the offset `first_section`, and in sections of metadata."""
    found: dict[str, list[str]] = {}
    in_front = set()
    for label, value in _front_values(source.front.values):
        if key := _KEY_OF.get(bare(label.replace("_", " "))):
            found.setdefault(key, []).append(value)
            in_front.add(key)
    for start, end in _places(source, first_section):
        for label, value in (*_in_tables(source, start, end), *_in_lines(source, start, end)):
            key = _KEY_OF.get(bare(label)) or _KEY_OF.get(re.sub(r"\s*\(.*\)$", "", bare(label)))
            if key and value.strip(" *_-–—") and value not in found.get(key, []):
                found.setdefault(key, []).append(value.strip())
    return LabelledValues({key: tuple(values) for key, values in found.items()}, frozenset(in_front))


def _front_values(front: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in front.items():
        if isinstance(value, dict):
            yield from _front_values(value)
        elif isinstance(value, (list, tuple)):
            texts = [item for item in value if isinstance(item, str)]
            if texts:
                yield str(key), ", ".join(texts)
        elif value is not None and not isinstance(value, bool):
            yield str(key), value.isoformat() if hasattr(value, "isoformat") else str(value)


def _places(source: SourceDocument, first_section: int) -> Iterator[tuple[int, int]]:
    yield source.body_start, first_section
    for index, heading in enumerate(source.headings):
        found = heading.meaning
        if found and found.section == METADATA and heading.end >= first_section:
            later = (other.start for other in source.headings[index + 1 :] if other.level <= heading.level)
            yield heading.end, next(later, len(source.text))


def _in_tables(source: SourceDocument, start: int, end: int) -> Iterator[tuple[str, str]]:
    """The first two cells of every row."""
    for table in source.tables:
        if start <= table.spans[0][0] < end:
            for first, last in (table.spans[0], *table.spans[2:]):
                line = source.text[first:last]
                cells = [line[left:right].strip(TRIM) for left, right in split_row(line)]
                if len(cells) >= 2 and cells[0] and cells[1]:
                    yield plain(cells[0]).rstrip(":："), cells[1]


def _in_lines(source: SourceDocument, start: int, end: int) -> Iterator[tuple[str, str]]:
    """Lines such as `- **Severity:** high`; several labels may share a line, with bars between them."""
    at = start
    for line in source.text[start:end].splitlines(keepends=True):
        if not line.lstrip().startswith("|") and not source.in_code(at):
            for part in re.split(r"\s+[|·•]\s+(?=\*\*|__)", line.strip()):
                if match := _LABEL_LINE.match(part):
                    yield plain(match["strong"] or match["word"]), (match["bold_value"] or match["value"]).strip()
        at += len(line)
