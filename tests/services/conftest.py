"""The corpus of real incident records."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real incident records; the test is skipped without it."""
    place = os.environ.get("PMCTL_CORPUS")
    if not place:
        pytest.skip("PMCTL_CORPUS names no corpus of real incident records")
    return Path(place) / "incidents"
