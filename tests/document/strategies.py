"""Hypothesis strategies: Markdown made of what confuses line scanners, and texts that try to break out."""

from __future__ import annotations

from hypothesis import strategies as st

_FRAGMENTS = [
    "", " ", "   ", "    ", "\t", "text", "more text", "a | b", "| a | b |", "|---|---|", "---|---", ":-- | --:", "|-|",
    "| x \\| y | z |", "| `a | b` | c |", "|a|", "||", "| |", "--- | ---", "---", "===", "=", "-", "--", "***", "* * *",
    "# One", "## Two", "### Three ###", "#", "#no", "## Closed ## ", "####### seven", "  ## Indented", "    ## Code",
    "- item", "* item", "+ item", "-", "- ", "-item", "1. one", "2. two", "1) one", "10. ten", "- - nested", "- # h",
    "  continued", "   deeper", "     deepest", "  - nested", "    - nested", "      - nested", "- ```", "  ```",
    "```", "````", "~~~", "```python", "``` a`b", "    ```", "> quote", ">", "> ## quoted", "> - item", ">> two", "> ```",
    "<!-- comment -->", "<!-- open", "-->", "<!-->", "text <!-- inline", "<div>", "</div>", "<b>x</b>", "<http://x.y>",
    "<custom>", "<?php", "[ref]: /url", "[ref]:", "[ref]: /url 'title", "[a", "b]: /c", "[link](x)", "## Action Items",
    "- a | b", "- foo", "-\tfoo", "1.\tfoo", "\tindented", " \t- x", "> \tq", "\u00a0", "\u3000| a |", "text\\", "| a \\",
    "**bold**", "`code`", "_under_", "&amp;", "é😀", "2024-01-15 14:00", "\x0b", "\x0c", "\u2028", "a\x85b",
]  # fmt: skip

lines = st.one_of(
    st.sampled_from(_FRAGMENTS),
    st.builds(lambda *parts: "".join(parts), st.sampled_from(["", " ", "  ", "   ", "> ", "- ", "1. "]),
              st.sampled_from(_FRAGMENTS)),
    st.text(alphabet=" \t|-:=#`~<>*+_.)(0123456789abc[]\\!\"'", max_size=12),
)  # fmt: skip
markdown_lines = st.lists(lines, max_size=14)

hostile = st.one_of(
    st.sampled_from([
        "a | b", "|", "\\|", "\\", "a\\", "---", "- x", "# h", "## Summary", ": ", "a: b", "a #b", "#", "'", '"', "it's",
        '"quoted"', "-->", "<!--", "<!-- x -->", "```", "~~~", "> q", "yes", "no", "null", "~", "true", "1", "1.0", "012",
        "1:30", "0x1f", "2024-01-15", "2024-01-15T14:00:00Z", "&a", "*a", "!!str x", "<<", "%TAG", "@jane", "`x`", "é",
        "😀", "👩‍💻", "\u202eevil", "\u200b", "\u00a0", "a\u00a0b", "[a]", "{a: b}", "[", "]", "{", "}", ",", "a, b", "?", "? a",
        "-", "", " ", "\t", "\n", "a\nb", "\r", "a\rb", "\x00", "\x1b[31m", "\x85", "\u2028", "\ufeff", "...", "=", "<b>",
        "https://x.example/a?b=c#d", "x" * 400,
    ]),
    st.text(max_size=20),
    st.text(alphabet="|\\ -:#'\"\n\t`<>!&*[]{},?%@=~ab1.", max_size=12),
)  # fmt: skip
