"""Every code that the audit can report is documented, and every documented one can be reported."""

from __future__ import annotations

import re
from pathlib import Path

import pmctl
from pmctl.ledger import codes_content, codes_policy, codes_pushes, codes_records
from pmctl.ledger.codes import CODES

_SOURCE = Path(pmctl.__file__).parent
_CODE = re.compile(r'["} ](AU[0-9]{3})[" ]')


def test_codes_and_reports_agree() -> None:
    reported: set[str] = set()
    for folder in ("ledger", "policy", "insight"):
        for file in (_SOURCE / folder).glob("*.py"):
            if not file.name.startswith("codes"):
                reported.update(_CODE.findall(file.read_text()))
    assert reported == set(CODES)


def test_no_code_is_documented_twice() -> None:
    tables = (codes_content.CODES, codes_policy.CODES, codes_pushes.CODES, codes_records.CODES)
    assert sum(len(table) for table in tables) == len(CODES)
    assert len({doc.name for doc in CODES.values()}) == len(CODES)


def test_every_text_is_there() -> None:
    for code, doc in CODES.items():
        assert doc.code == code
        assert all(text.strip() for text in doc), code
