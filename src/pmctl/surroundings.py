"""Where pmctl runs: the environment, the person's home, and whether somebody is there to be asked.

The command line makes it once; what needs a part of it gets it handed down, and nothing below looks it up itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`interactive` allows the tools that sign to ask for a passphrase, a PIN or a touch at the terminal."""

    environ: Mapping[str, str]
    home: Path
    interactive: bool = False

    @property
    def user_folder(self) -> Path:
        """pmctl's folder for this user's own state, below XDG_STATE_HOME or ~/.local/state."""
        base = self.environ.get("XDG_STATE_HOME", "")
        return (Path(base) if base.startswith("/") else self.home / ".local" / "state") / "pmctl"

    @property
    def settings_file(self) -> Path:
        """The person's own settings, below XDG_CONFIG_HOME or ~/.config."""
        base = self.environ.get("XDG_CONFIG_HOME", "")
        return (Path(base) if base.startswith("/") else self.home / ".config") / "pmctl" / "config.yaml"
