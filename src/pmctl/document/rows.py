"""One line of a table, told apart into cells. text -> offsets.

Markdown's rule, as the parser has it: pipes part cells, also inside code, unless a backslash stands before them.
"""

from __future__ import annotations

# What CommonMark's implementations strip from headings and cells: Unicode white space.
TRIM = (
    "\t\n\x0b\x0c\r \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def split_row(text: str) -> list[tuple[int, int]]:
    """Offsets in `text` of the cells between unescaped pipes, padding included, outer pipes left out.

    A backslash directly before a pipe escapes it, whatever stands before the backslash.
    """
    end = len(text.rstrip(TRIM))
    start = end - len(text[:end].lstrip(TRIM))
    cells = []
    left = start
    if "\\" not in text:
        for part in text[start:end].split("|"):
            right = left + len(part)
            cells.append((left, right))
            left = right + 1
    else:
        at = text.find("|", start, end)
        while at >= 0:
            if at == start or text[at - 1] != "\\":
                cells.append((left, at))
                left = at + 1
            at = text.find("|", at + 1, end)
        cells.append((left, end))
    if cells and cells[0] == (start, start):
        cells.pop(0)
    if cells and cells[-1][0] == cells[-1][1] == end:
        cells.pop()
    return cells
