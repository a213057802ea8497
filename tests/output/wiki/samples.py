"""Postmortems that want the worst of a wiki, and their pages."""

from __future__ import annotations

from pathlib import Path

from pmctl.document.reader import read
from pmctl.insight.publication import Broken
from pmctl.output.wiki.article import Article, Collection, article_of

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
STILL = b'<svg xmlns="http://www.w3.org/2000/svg"><title>t</title><rect width="4" height="4" fill="url(#a)"/></svg>'

HOSTILE = r"""## Summary

Raw <script>alert(1)</script> and <img src=x onerror=alert(2)> here. {window.evil()} `{code}` <https://example.com/a_b>
import evil from "x"
export default 1

{{< evil >}} and {{% evil %}} and [[Wiki|Link]] and ]] and $math$ and a | b

## Links

[js](javascript:alert(1)) [data](data:text/html,x) [out](../../../etc/passwd) [file](../../README.md)
[web](https://example.com/x?a=1&b={c}) [mail](mailto:a@example.com) [here](#impact)
[other](2024-02-01-second.md) [there](../2024/2024-02-01-second.md#root-cause) [hidden](2024-03-01-hidden.md)
[log](2024-01-01-first/build.log) [page](2024-01-01-first/page.html) ![gone](2024-01-01-first/missing.png)
![graph](<2024-01-01-first/a graph (1).png>) ![日本](2024-01-01-first/日本.png) ![away](https://example.com/x.png)
[hidden too][ref] ![still](2024-01-01-first/still.svg) ![live](2024-01-01-first/live.svg)

[ref]: ../2024/2024-03-01-hidden.md "Hidden title"

## Code

```python {.x onclick=evil()}
{{< figure src="x" >}} {{% raw %}} {{</* done */>}} {{< open
]]> <b> {x} {{< a {{< b >}}
```

    indented <i> {y}

- one

  ```sh
  echo "{{< nested >}}"
  ```

  - two
    1. three | pipe
- [ ] open task
- [x] done task

| A | B |
|---|--:|
| `a \| b` | x<br>y \| <b>z</b> |
| [l](2024-02-01-second.md) | {z} |

> quoted {q}
>
> - item

Setext
======

: not a definition

:::note
!!! warning
--8<-- "x"
"""


def article(folder: Path, postmortem: str, title: str, body: str, **front: str) -> Article:
    """The article of a postmortem with this title and body."""
    values = {"id": postmortem, "status": "PUBLISHED", "author": "jane", "started_at": "2024-01-01T10:00:00Z", **front}
    lines = "".join(f"{key}: {value}\n" for key, value in values.items())
    quoted = title.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    text = f'---\ntitle: "{quoted}"\n{lines}---\n\n{body}'
    document = read(text.encode(), f"postmortems/{postmortem[:4]}/{postmortem}.md")
    assert document.readable, document.problems
    return article_of(document, postmortem, folder / postmortem, names={"jane": "Jane <Doe>"})


def collection(folder: Path) -> Collection:
    """Newest first: a plain one, one with every trick, and one that cannot be read."""
    own = folder / "2024-01-01-first"
    own.mkdir(parents=True, exist_ok=True)
    (own / "build.log").write_text("log")
    (own / "page.html").write_text("<script>")
    (own / "a graph (1).png").write_bytes(PNG)
    (own / "日本.png").write_bytes(PNG)
    (own / "still.svg").write_bytes(STILL)
    (own / "live.svg").write_bytes(b"<svg><script>alert(1)</script></svg>")
    second = article(folder, "2024-02-01-second", "決済が止まった", "## Summary\n\nShort.\n", tags="[db, 障害]")
    first = article(folder, "2024-01-01-first", 'A | b ]] "c" <i>{d}</i>\n# x', HOSTILE, services="[pay|ment, <b>]")
    broken = Broken(
        "2024-01-05-broken",
        "postmortems/2024/2024-01-05-broken.md",
        "postmortems/2024/2024-01-05-broken.md:1:1: PM001 <b>no</b>",
    )
    return Collection((second, first), (broken,), "commit 0123456789ab")


def text_of(files: object) -> str:
    """All text of some files, for looking for what must not be there."""
    assert isinstance(files, dict)
    return "\n".join(f"{path}\n{data.decode()}" for path, data in files.items() if isinstance(data, bytes))
