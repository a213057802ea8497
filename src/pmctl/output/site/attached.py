"""The files that a postmortem's text links to, copied beside its page under names that are safe everywhere.

Link in the text -> the way to the copy. What a browser might run, what is missing, too large, or behind a link of the
file system stays behind and is said; the text then names it without leading anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pmctl.document.pictures import attachment_path
from pmctl.errors import Refused
from pmctl.output.site.names import file_name
from pmctl.output.site.postmortem_page import Attachment
from pmctl.output.wiki.attachments import look
from pmctl.text import harmless, single_line


@dataclass
class Attached:
    """The files of one postmortem that its page leads to. `found` are they as the page lists them, `files` where their
    copies lie from the top of the site, `said` what was refused."""

    postmortem: str
    folder: Path
    found: list[Attachment] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    _ways: dict[str, str | None] = field(default_factory=dict)

    def link(self, target: str) -> str | None:
        """The way from the postmortem's page to the copy of what its text links to; None for anything else."""
        path = attachment_path(target, self.postmortem)
        if path is None:
            return None
        if path not in self._ways:
            self._ways[path] = self._copied(path)
        return self._ways[path]

    def _copied(self, path: str) -> str | None:
        there = look(self.folder, path)
        try:
            data = None if isinstance(there, str) else there.data()
        except (Refused, OSError):
            there = "changed while it was read"
            data = None
        if isinstance(there, str) or data is None:
            self.said.append(f"{self.postmortem}: the attachment {path} is not linked: it {there}")
            return None
        place = PurePosixPath(path)
        # The digest keeps files apart whose names flatten to one, and lets a browser keep a copy for good.
        way = f"{self.postmortem}/{file_name(place.stem)}-{there.digest[:12]}{place.suffix.lower()}"
        self.files[f"postmortems/{way}"] = data
        self.found.append(Attachment(harmless(single_line(path)), f"postmortems/{way}", size_words(there.size)))
        return way


def size_words(size: int) -> str:
    """`812 bytes`, `14 KB`, `2.3 MB`."""
    if size < 1000:
        return f"{size} byte{'' if size == 1 else 's'}"
    return f"{size / 1000:.0f} KB" if size < 999_500 else f"{size / 1_000_000:.1f} MB"
