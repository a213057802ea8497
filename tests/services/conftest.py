"""The corpus of real incident records."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.skips import NO_CORPUS


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real incident records; the test is skipped without it."""
    place = os.environ.get("PMCTL_CORPUS")
    if not place:
        pytest.skip(NO_CORPUS)
    return Path(place) / "incidents"
