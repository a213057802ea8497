"""Documents that try to run a script, to load something, or to look like what they are not, when made into a page."""

from __future__ import annotations

import pytest

SCRIPT = "document.title='owned'"

FRAGMENTS: tuple[str, ...] = (
    f"<script>{SCRIPT}</script>",
    f"<ScRiPt\n>{SCRIPT}</sCrIpT >",
    f'<img src=x onerror="{SCRIPT}">',
    f'text <img src=x onerror="{SCRIPT}"> text',
    f"<svg onload={SCRIPT}>",
    f"<svg><script>{SCRIPT}</script></svg>",
    f'<details open ontoggle="{SCRIPT}"><summary>x</summary></details>',
    f'<iframe srcdoc="<script>parent.{SCRIPT}</script>"></iframe>',
    f'<object data="data:text/html,<script>{SCRIPT}</script>"></object>',
    '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
    '<base href="https://evil.example/">',
    '<link rel="stylesheet" href="https://evil.example/x.css">',
    "<style>body{display:none}</style>",
    f"</style><script>{SCRIPT}</script>",
    f"</title><script>{SCRIPT}</script>",
    f"</main></body></html><script>{SCRIPT}</script>",
    f"<!-- --><script>{SCRIPT}</script>",
    f"<!-- > <script>{SCRIPT}</script> -->",
    f"<!--><script>{SCRIPT}</script>-->",
    f"<!--->\n<script>{SCRIPT}</script>\n-->",
    f"<!-- a --!><script>{SCRIPT}</script> -->",
    f"<![CDATA[<script>{SCRIPT}</script>]]>",
    f"<?php ?><script>{SCRIPT}</script>",
    f"[link](javascript:{SCRIPT})",
    f"[link](JaVaScRiPt:{SCRIPT})",
    f"[link](java\tscript:{SCRIPT})",
    f"[link](&#106;avascript:{SCRIPT})",
    f"[link](<javascript:{SCRIPT}>)",
    f"[link](\x01javascript:{SCRIPT})",
    f"[link](vbscript:{SCRIPT})",
    f"[link](data:text/html,<script>{SCRIPT}</script>)",
    "[link](data:text/html;base64,PHNjcmlwdD4=)",
    "[link](file:///etc/passwd)",
    "[link](//evil.example/)",
    "[link](\\\\evil.example\\x)",
    f"<javascript:{SCRIPT}>",
    f'[ref]\n\n[ref]: javascript:{SCRIPT} "x"',
    f'[link](https://a.example/"onmouseover="{SCRIPT})',
    f"[link](https://a.example/ '\"onmouseover=\"{SCRIPT}')",
    f"![pic](javascript:{SCRIPT})",
    "![pic](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)",
    "![pic](data:image/png;base64,iVBORw0KGgo=)",
    f'![pic" onerror="{SCRIPT}](2024-01-15-x/picture.png)',
    "![pic](https://evil.example/pixel.gif)",
    "![pic](2024-01-15-x/../../secret.png)",
    f"[![pic](https://evil.example/a.png)](javascript:{SCRIPT})",
    "[![pic](https://evil.example/a.png)](https://evil.example/b)",
    f'## Heading "onclick="{SCRIPT}" <script>{SCRIPT}</script>',
    f'## Table <b>\n\n| a" onclick="{SCRIPT} | <b> |\n|---|---|\n| <script>{SCRIPT}</script> | `<b>` |',
    f'| a |\n|:-:|\n| <img src=x onerror="{SCRIPT}"> |',
    f"```html\n<script>{SCRIPT}</script>\n```",
    f'```"><script>{SCRIPT}</script>\nx\n```',
    f"`<script>{SCRIPT}</script>`",
    f"    <script>{SCRIPT}</script>",
    f"&lt;script&gt;{SCRIPT}&lt;/script&gt;",
    f"&#60;script&#62;{SCRIPT}&#60;/script&#62;",
    "{{ 7 * 7 }} {% raw %} ${7*7}",
    "\u202etxt.exe\u202c and \u2066isolated\u2069 and zero\u200bwidth and \x1b[31m",
    "&#8238;txt.exe &#x200B; &rlm;",
)

ACTION_ROWS = (
    f"| AI-7f3k | <script>{SCRIPT}</script> | <b>@jane</b> | 2024-01-22 | HIGH | OPEN | javascript:{SCRIPT} | **x** |\n"
    f'| AI-7f3m | x | @jane | 2024-01-22 | HIGH | x" onclick="{SCRIPT} | https://a/"onclick="{SCRIPT} '
    "| [x](javascript:1) |\n"
)


def front(value: str) -> str:
    """Front matter with `value` (without quotes and breaks) wherever text goes."""
    text = value.replace("\\", "").replace('"', "'").replace("\n", " ")
    text = "".join(character for character in text if character.isprintable())
    return (
        f'---\nid: 2024-01-15-x\ntitle: "{text}"\nstatus: DRAFT\nauthor: jane\nservices: ["{text}"]\n'
        f'severity: "{text}"\ntags: ["{text}"]\n'
        f'incidents: [{{source: "{text}", id: "{text}", url: "javascript:1"}}]\n'
        f'fields: {{"{text[:20]}": "{text}"}}\n---\n'
    )


@pytest.fixture(scope="session")
def fragments() -> tuple[str, ...]:
    """The hostile texts."""
    return FRAGMENTS


@pytest.fixture(scope="session")
def hostile_documents() -> tuple[bytes, ...]:
    """Each hostile text as a document of its own, in the body and in the front matter."""
    items = (
        "## Action Items\n\n| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |\n"
        f"|---|---|---|---|---|---|---|---|\n{ACTION_ROWS}"
    )
    return tuple(f"{front(fragment)}\n## Summary\n\n{fragment}\n\nAfter.\n\n{items}".encode() for fragment in FRAGMENTS)
