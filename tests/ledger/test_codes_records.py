"""Every code that records and signatures raise is documented, in whole sentences."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pmctl.ledger import codes_records, openpgp, record, sshsig
from pmctl.ledger.codes_records import CODES


def test_every_code_that_is_raised_is_documented() -> None:
    sources = [Path(str(module.__file__)).read_text() for module in (record, sshsig, openpgp)]
    assert set(re.findall(r'"(AU\d{3})"', "".join(sources))) == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_an_entry_is_complete(code: str) -> None:
    entry = CODES[code]
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", entry.name)
    assert all(entry)
    assert entry.code == code
    for sentence in (entry.what, entry.why, entry.fix):
        assert sentence.rstrip("`").endswith((".", ")")), sentence


def test_names_are_unique() -> None:
    assert len({entry.name for entry in CODES.values()}) == len(CODES)
    assert codes_records.CODES is CODES
