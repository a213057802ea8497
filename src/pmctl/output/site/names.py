"""Names of files for what people call things: safe in every file system and address, and never two things in one file.

`payment-api` -> `payment-api`; whatever is not kept as it is gets a piece of its digest: `Payment API` ->
`payment-api-5f3c0b9d21e4`, `支払い` -> `f0c11a6e2b7d`. So a name's file stays the same whatever else there is.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

_PLAIN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST = 60
_DIGEST = re.compile(r"(?:^|-)[0-9a-f]{12}$")
# Devices on Windows, whatever follows the dot; and the page that each folder has of its own.
_TAKEN = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9]|index)")


def file_name(text: str) -> str:
    """The name of the page about `text`, without its suffix: lower-case ASCII, digits and hyphens."""
    if len(text) <= _LONGEST and _PLAIN.fullmatch(text) and not _TAKEN.fullmatch(text) and not _DIGEST.search(text):
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    shown = re.sub(r"[^a-z0-9]+", "-", plain)[:_LONGEST].strip("-")
    return f"{shown}-{digest}" if shown else digest
