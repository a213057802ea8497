"""A page that only whoever has the key can read: HTML in, one HTML file and a key out.

AES-256-GCM with a key for this file alone. The key is never in the file: it stands behind the # of the link, which
browsers send to no server. The page decrypts itself with the browser's own WebCrypto, asks no network for anything, and
its policy lets run exactly the one script that is written here, by its digest. Facts: NIST SP 800-38D (GCM), RFC 3986
section 3.5 (fragments), CSP level 3.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from datetime import datetime
from typing import NamedTuple

from pmctl.text import utc

_STEP = 8192  # bytes: lengths are rounded up to this, so that they tell little
_STYLES = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_STYLE = "body{font:1rem/1.6 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1.5rem}"
_SCRIPT = """
"use strict";
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const say = (text) => { document.getElementById("said").textContent = text; };
const show = async () => {
  const sealed = JSON.parse(document.getElementById("sealed").textContent);
  const key = location.hash.slice(1);
  if (!key) return say("This page is encrypted. Open it by the whole link, with everything behind the #.");
  if (!globalThis.crypto || !crypto.subtle) return say("This browser decrypts pages only over https or from a file.");
  if (Date.parse(sealed.expires) <= Date.now()) return say("This link has expired. Ask for a new one.");
  let text;
  try {
    const own = await crypto.subtle.importKey("raw", bytes(key), "AES-GCM", false, ["decrypt"]);
    const how = { name: "AES-GCM", iv: bytes(sealed.nonce), additionalData: new TextEncoder().encode(sealed.expires) };
    text = new TextDecoder().decode(await crypto.subtle.decrypt(how, own, bytes(sealed.data)));
  } catch {
    return say("The key does not fit this page. Is the link complete?");
  }
  const made = new DOMParser().parseFromString(text, "text/html");
  document.title = made.title;
  for (const one of made.querySelectorAll("style")) document.head.append(document.adoptNode(one));
  document.documentElement.lang = made.documentElement.lang;
  document.body.className = made.body.className;
  document.body.replaceChildren(...made.body.childNodes);
};
addEventListener("hashchange", () => location.reload());
show();
"""


class Encrypted(NamedTuple):
    """The file, and the key that belongs behind the # of its address."""

    html: bytes
    key: str


def encrypted(html: str, expires: datetime) -> Encrypted:
    """Encrypt a page. Its expiry is bound to it: whoever changes it in the file makes it unreadable."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key, nonce, until = secrets.token_bytes(32), secrets.token_bytes(12), utc(expires)
    plain = html.encode()
    padded = plain + b" " * (-len(plain) % _STEP)  # blanks behind a page show nothing
    sealed = {
        "data": _text(AESGCM(key).encrypt(nonce, padded, until.encode())),
        "expires": until,
        "nonce": _text(nonce),
    }
    return Encrypted(_page(json.dumps(sealed), _STYLES.findall(html)).encode(), _text(key).rstrip("="))


def content_policy(styles: list[str]) -> str:
    """What the page may do: run its one script, use its own styles, show embedded pictures; and nothing else."""
    allowed = " ".join(dict.fromkeys(map(_source, (_STYLE, *styles))))
    return (
        f"default-src 'none'; script-src {_source(_SCRIPT)}; style-src {allowed}; img-src data:; base-uri 'none';"
        " form-action 'none'"
    )


def _page(sealed: str, styles: list[str]) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{content_policy(styles)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex, nofollow, noarchive">\n'
        f"<title>Encrypted page</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        '<main><p id="said">This page is encrypted, and needs JavaScript to be read.</p></main>\n'
        f'<script type="application/json" id="sealed">{sealed}</script>\n<script>{_SCRIPT}</script>\n</body>\n</html>\n'
    )


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii")
