"""Print what the blameless and writing rules say about a folder of Markdown files, for reading by eye.

    python tests/benchmarks/precision.py FOLDER...

Each file is judged as text: it needs no front matter. Links to other files are left out (of PM803 only those to a
heading of the same file count), because an extract of a repository lacks what they point at.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from pmctl.document.reader import read
from pmctl.rules.context import Context
from pmctl.rules.credentials import redact
from pmctl.rules.registry import rules

FAMILIES = ("blameless", "writing")
LEFT_OUT = ("PM804",)


def main(folders: list[str]) -> None:
    """Print every finding with its line, then the counts."""
    chosen = [rule for rule in rules().values() if rule.family in FAMILIES and rule.code not in LEFT_OUT]
    counts: Counter[str] = Counter()
    files = 0
    for folder in folders:
        for file in sorted(Path(folder).rglob("*.md")):
            files += 1
            doc = read(file.read_bytes(), file.name)
            lines = redact(doc.text).split("\n")
            for rule in chosen:
                for finding in rule.check(doc, Context()):
                    if rule.code == "PM803" and "no heading" not in finding.message:
                        continue
                    counts[rule.code] += 1
                    line = lines[finding.line - 1]
                    start = max(0, finding.column - 90)
                    print(f"{rule.code} {file.name}:{finding.line}:{finding.column} {finding.message}")
                    print(f"      {line[start : finding.column - 1]}[[{line[finding.column - 1 : finding.column + 70]}")
    print(f"{sum(counts.values())} findings in {files} files: {dict(sorted(counts.items()))}")


if __name__ == "__main__":
    main(sys.argv[1:])
