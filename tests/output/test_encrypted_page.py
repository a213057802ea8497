"""The encrypted page in a real browser: with the key, without it, with another one, and when it has expired."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pmctl.output.encrypted_page import encrypted
from pmctl.output.standalone import standalone
from tests.output.site.browser import close, opened, serious
from tests.output.test_html_browser import CHROMIUM
from tests.skips import NO_CHROMIUM

LATER, BEFORE = datetime(2199, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)
SAID = "Payments failed for 45 minutes."
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
HTML = standalone("Payments failed", ()).encode().decode().replace("</main>", f"<p>{SAID}</p>{HOSTILE}</main>")
in_browser = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)


@pytest.fixture(scope="module", autouse=True)
def _no_browser_left() -> Iterator[None]:
    yield
    close()


def written(folder: Path, html: str = HTML, expires: datetime = LATER) -> tuple[Path, str]:
    made = encrypted(html, expires)
    file = folder / "page.html"
    file.write_bytes(made.html)
    return file, made.key


def sealed(page: bytes) -> dict[str, str]:
    found = re.search(rb'id="sealed">(\{[^<]*\})</script>', page)
    assert found
    return json.loads(found[1])


def test_the_file_says_nothing_without_the_key() -> None:
    made = encrypted(HTML, LATER)
    text = made.html.decode()
    assert made.key not in text and len(base64.urlsafe_b64decode(made.key + "=")) == 32
    assert not [word for word in ("Payments", "failed", SAID, "owned", "http:", "https:") if word in text]
    assert 'content="noindex' in text and 'content="no-referrer"' in text
    again = encrypted(HTML, LATER)
    assert again.key != made.key and sealed(again.html)["nonce"] != sealed(made.html)["nonce"]


def test_lengths_tell_little_and_whatever_is_changed_does_not_open() -> None:
    short, long = encrypted("a", LATER), encrypted("a" * 8000, LATER)
    assert len(short.html) == len(long.html)
    found = sealed(short.html)
    key, nonce, data = (base64.urlsafe_b64decode(one + "=") for one in (short.key, found["nonce"], found["data"]))
    assert AESGCM(key).decrypt(nonce, data, found["expires"].encode()).strip() == b"a"
    for changed in ((nonce, data, b"2299-01-01T00:00:00Z"), (nonce, data[:-1] + bytes([data[-1] ^ 1]), b"")):
        with pytest.raises(InvalidTag):
            AESGCM(key).decrypt(*changed)


@in_browser
def test_with_the_whole_link_it_is_read_and_no_script_of_it_runs(tmp_path: Path) -> None:
    file, key = written(tmp_path, HTML.replace(HOSTILE, ""))
    with opened(file, fragment=f"#{key}") as page:
        page.get_by_text(SAID).wait_for()
        assert page.title() == "Payments failed"
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontSize") == "24px"  # its style counts
        assert serious(page) == []


@in_browser
def test_nothing_hostile_in_it_runs(tmp_path: Path) -> None:
    """The same file without the page's policy is the control, in which it does run."""
    file, key = written(tmp_path)
    title = ""
    with suppress(AssertionError), opened(file, fragment=f"#{key}") as page:  # the console tells what was blocked
        page.get_by_text(SAID).wait_for()
        page.evaluate("async () => { await document.querySelector('img').decode().catch(() => 0); }")
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        title = page.title()
    assert title == "Payments failed"
    file.write_bytes(re.sub(rb"<meta http-equiv[^>]*>", b"", file.read_bytes()))
    with suppress(AssertionError), opened(file, fragment=f"#{key}") as page:
        page.wait_for_function("document.title == 'owned'")
        title = page.title()
    assert title == "owned"


@in_browser
@pytest.mark.parametrize(
    ("fragment", "expires", "words"),
    [
        ("", LATER, "Open it by the whole link"),
        ("#" + "A" * 43, LATER, "does not fit"),
        ("#%", LATER, "does not fit"),
        ("#short", LATER, "does not fit"),
        ("key", BEFORE, "has expired"),
    ],
)
def test_without_it_the_page_says_what_to_do(tmp_path: Path, fragment: str, expires: datetime, words: str) -> None:
    file, key = written(tmp_path, expires=expires)
    with opened(file, fragment=f"#{key}" if fragment == "key" else fragment) as page:
        page.get_by_text(words).wait_for()
        assert SAID not in page.content()


@in_browser
def test_an_expiry_that_the_host_moved_does_not_open(tmp_path: Path) -> None:
    file, key = written(tmp_path, expires=BEFORE)
    file.write_bytes(file.read_bytes().replace(b"2020-01-01T", b"2199-01-01T"))
    with opened(file, fragment=f"#{key}") as page:
        page.get_by_text("does not fit").wait_for()
