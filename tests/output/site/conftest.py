"""The browser lives no longer than the tests of a module: others in the same process fork."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def _ended_browser() -> Iterator[None]:
    yield
    from tests.output.site.browser import close

    close()
