"""Every audit code with its documentation: what `pmctl explain AU301` prints."""

from __future__ import annotations

from pmctl.document.codes import CodeDoc
from pmctl.ledger import codes_content, codes_policy, codes_pushes, codes_records

_ALL = {**codes_policy.CODES, **codes_records.CODES, **codes_content.CODES, **codes_pushes.CODES}
CODES: dict[str, CodeDoc] = {code: _ALL[code] for code in sorted(_ALL)}
