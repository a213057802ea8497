"""HTML from records becomes its text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.services.html_text import from_html


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain text & more < less", "plain text & more < less"),
        ("<p>One</p><p>Two <b>bold</b></p>", "One\nTwo bold"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("line<br>break<br/>again", "line\nbreak\nagain"),
        ("fails &amp; recovers &lt;5 %", "fails & recovers <5 %"),
        ("<script>alert(1)</script>text<style>p{}</style>", "text"),
        ("<b>unclosed", "unclosed"),
        ("<!-- gone -->left", "left"),
        (
            '<p>Ran</p><pre><code class="language-sh">a  |\n\n\tb &lt;c&gt;</code></pre>ok',
            "Ran\n```sh\na  |\n\n\tb <c>\n```\nok",
        ),
        ("x\n```java\nList<T> a;\n\n  b\n```\n<b>y</b>", "x\n```java\nList<T> a;\n\n  b\n```\ny"),
        ("`List<T>` is <b>x</b>, <code>y</code>", "`List<T>` is x, `y`"),
        ("<pre>never closed", "```\nnever closed\n```"),
    ],
)
def test_html_becomes_its_text(raw: str, shown: str) -> None:
    assert from_html(raw) == shown


@given(st.text(st.sampled_from("<>/!-&;abp \n\"'=[]?"), max_size=80))
@settings(max_examples=300, deadline=None)
def test_no_html_makes_the_reader_raise(text: str) -> None:
    from_html(text)
