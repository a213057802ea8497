"""A page that needs nothing else: title and parts in, HTML out. Its own policy allows its one style sheet alone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from markupsafe import Markup

from pmctl.text import harmless

_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1d2129; --soft: #565d68; --line: #dcdfe4; }
@media (prefers-color-scheme: dark) { :root { --paper: #16181d; --ink: #e4e6eb; --soft: #a3aab6; --line: #363b45; } }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; }
figure { margin: 1rem 0; overflow-x: auto; } figcaption { color: var(--soft); }
svg { display: block; max-width: 100%; min-width: 30rem; height: auto; }
.wide { overflow-x: auto; } .wide td { white-space: nowrap; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1rem; }
caption { text-align: left; color: var(--soft); }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; border-top: 1px solid var(--line);
  font-weight: normal; font-variant-numeric: tabular-nums; }
thead th { border: 0; color: var(--soft); }
@media print { body { max-width: none; padding: 0; font-size: 0.75rem; } tr, figure { break-inside: avoid; }
  details { display: none; } .wide { overflow: visible; font-size: 0.55rem; } .wide td { white-space: normal; }
  th, td { padding-right: 0.25rem; } }
"""
_PAGE = Markup("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="pmctl">
<title>{}</title>
<style>{}</style>
</head>
<body>
<main>
<h1>{}</h1>
{}
</main>
</body>
</html>
""")


def content_policy() -> str:
    """What such a page may load: its own style, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def standalone(title: str, parts: Sequence[Markup]) -> str:
    """The page; whatever deceives in it is replaced."""
    page = _PAGE.format(Markup(content_policy()), title, Markup(_STYLE), title, Markup("\n").join(parts))  # noqa: S704  # our own style
    return harmless(page)
