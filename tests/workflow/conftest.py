"""A team's repository, ready for postmortems."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drafts import Team


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """A repository with a policy and no postmortem."""
    return Team(tmp_path / "team")
