"""What a document is judged by follows from the template that it records."""

from __future__ import annotations

from pmctl.document.template_file import builtin, parse_template
from pmctl.document.template_library import requirements
from pmctl.rules.context import DEFAULT_TEMPLATE, TemplateView


def test_the_default_view_asks_what_the_shipped_default_template_asks():
    shipped = builtin("default")
    titles = tuple(section.title for section in shipped.sections)
    assert TemplateView.recorded("", ()) is DEFAULT_TEMPLATE
    assert (DEFAULT_TEMPLATE.name, DEFAULT_TEMPLATE.required, DEFAULT_TEMPLATE.sections, DEFAULT_TEMPLATE.fields) == (
        shipped.name, shipped.required, titles, shipped.fields,
    )  # fmt: skip
    assert set(DEFAULT_TEMPLATE.optional) == {one.title for one in shipped.sections if not one.required}
    for recorded in ("default", "default@1"):
        assert TemplateView.recorded(recorded, ()) is DEFAULT_TEMPLATE


def test_an_organisations_own_default_template_counts_instead():
    text = b"---\nname: default\ndescription: Ours\nversion: 2\n---\n\n## Ours\n\n<!-- required -->\n"
    own, problems = parse_template(text, "default.md")
    assert own is not None, problems
    assert TemplateView.recorded("default@2", (own,)).sections == requirements("default@2", (own,)).titles
    assert TemplateView.recorded("default", (own,)) is not DEFAULT_TEMPLATE
