"""What counts for a postmortem when the template that it records was changed under its name and version."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.document.template import ANY_KIND, Template, TemplateField, TemplateSection, field_problem
from pmctl.document.template_library import Requirements, builtin, requirements
from pmctl.document.template_past import Definitions, Replaced, definition, joined, unchanging

PATH = "postmortems/2024/2024-01-15-a.md"


def made(*titles: str, fields: tuple[TemplateField, ...] = (), name: str = "api") -> Template:
    """A template of these sections; a title in brackets is optional, a text stands behind a colon."""
    sections = []
    for title in titles:
        word, _, text = title.partition(":")
        sections.append(TemplateSection(word.strip("()"), not word.startswith("("), default=text))
    return Template(name, sections=tuple(sections), fields=fields)


def asked(
    own: tuple[Template, ...], *past: tuple[tuple[Template, ...], bool], recorded: object = "api"
) -> Requirements:
    states = [Replaced(templates, lambda path, there=there: there and path == PATH) for templates, there in past]
    templates = Definitions(own, states).of(recorded, PATH)
    return requirements(recorded if isinstance(recorded, str) else "", templates)


def test_what_is_required_since_is_not_asked_of_a_postmortem_that_was_there() -> None:
    before, after = (made("Summary"),), (made("Summary", "Detection"),)
    assert asked(after, (before, True)).required == ("Summary",)
    assert asked(after, (before, False)).required == ("Summary", "Detection")
    assert asked(before, (after, True)).required == ("Summary",), "less is asked of everybody"


def test_the_order_and_the_texts_are_those_that_the_postmortem_was_made_from() -> None:
    before = (made("Summary", "Impact:None.", "Fix"),)
    after = (made("(Start)", "Impact:Nobody.", "Summary", "(Costs)", "Fix"),)
    found = asked(after, (before, True))
    assert found.titles == ("Start", "Summary", "Costs", "Impact", "Fix")
    assert found.required == ("Summary", "Impact", "Fix")
    assert found.texts == (("impact", "None."),)


def test_a_template_that_is_gone_counts_as_it_last_was() -> None:
    first, last = (made("Summary"),), (made("Summary", "Fix"),)
    assert asked((), (first, False), (last, False)).required == ("Summary", "Fix")
    assert asked((), (first, False), (last, True)).required == ("Summary", "Fix")
    assert asked((), (first, True), (last, True)).required == ("Summary",)
    assert not asked((), ((), True)).exact


def test_a_shipped_template_counts_where_there_is_no_own_one() -> None:
    own = (made("Summary", "Weather", name="default"),)
    for recorded in ("default", "", None, 5):
        assert asked(own, ((), True), recorded=recorded).required == ("Summary",)
        assert asked((), (own, True), recorded=recorded).required == ("Summary",)
        assert asked(own, ((), False), recorded=recorded).required == ("Summary", "Weather")
    assert unchanging((), None) and unchanging((builtin("default"),), "default") and unchanging(own, "Not a name")
    assert not unchanging(own, "default") and not unchanging((), "api") and not unchanging((), "default@2")


def test_a_postmortem_is_looked_for_only_where_more_or_less_was_asked() -> None:
    asked_for: list[str] = []

    def holds(path: str) -> bool:
        asked_for.append(path)
        return True

    other = [Replaced((made("Summary"), made("Costs", name=f"other-{number}")), holds) for number in range(50)]
    own = (made("Summary", "Detection"),)
    definitions = Definitions(own, [Replaced((), holds), *other, Replaced(own, holds)])
    assert requirements("api", definitions.of("api", PATH)).required == ("Summary",)
    assert asked_for == [PATH], "once for fifty changes of other templates"


def test_only_the_version_that_is_recorded_counts() -> None:
    other = Template("api", 2, sections=(TemplateSection("Fix", True),))
    own = (made("Summary", "Detection"), other)
    past = [Replaced((made("Summary"), other), lambda _: True)]
    assert [one.required for one in Definitions(own, past).of("api", PATH)] == [
        ("Summary",), ("Summary", "Detection"), ("Fix",)
    ]  # fmt: skip
    assert Definitions(own, past).of("api@2", PATH) is own
    assert Definitions(own, past).of("api", PATH) is not own
    assert Definitions(own, past).of("No name", PATH) is own
    assert Definitions(own, []).of("api", PATH) is own


@pytest.mark.parametrize(
    ("before", "after", "values"),
    [
        ("number", "date", [1, "2024-01-31", True, "x"]),
        ("choice", "choice", ["gold", "tin"]),
        ("string", "", ["text", None]),
        ("", "string", ["text", None]),
    ],
)
def test_a_field_takes_what_any_of_its_declarations_took(before: str, after: str, values: list[object]) -> None:
    old = (TemplateField("x", before, True, ("gold",) if before == "choice" else ()),) if before else ()
    new = (TemplateField("x", after, True, ("tin",) if after == "choice" else ()),) if after else ()
    (field,) = asked((made(fields=new),), ((made(fields=old),), True)).fields
    assert [field_problem(field, value) for value in values] == [""] * len(values)
    assert field.required is bool(before and after)
    assert (field.kind == ANY_KIND) is (before == "number")
    assert field_problem(field, None) == ("x is required" if field.required else "")


FIELDS = st.builds(TemplateField, st.sampled_from("pq"), st.sampled_from(["string", "number"]), st.booleans())
SECTIONS = st.lists(
    st.sampled_from(["Summary", "(Summary)", "Fix", "(Fix)", "Fix:None.", "Detection"]),
    unique_by=lambda one: one.partition(":")[0].strip("()"),
)
TEMPLATES = st.builds(
    lambda titles, fields: made(*titles, fields=tuple(fields)),
    SECTIONS,
    st.lists(FIELDS, max_size=2, unique_by=lambda one: one.name),
)


@given(st.lists(TEMPLATES, min_size=1, max_size=4), st.lists(st.booleans(), min_size=4, max_size=4))
@settings(max_examples=300, deadline=None)
def test_no_change_ever_asks_more(definitions: list[Template], lived: list[bool]) -> None:
    """Whatever the template becomes, what is asked was asked by every definition that the postmortem lived under."""
    *past, now = definitions
    since = sorted(lived[: len(past)])  # from some state on it was there
    found = asked((now,), *(((one,), there) for one, there in zip(past, since, strict=True)))
    under = [one for one, there in zip(past, since, strict=True) if there] + [now]
    assert set(found.required) == set.intersection(*(set(one.required) for one in under))
    assert set(found.titles) == {section.title for one in under for section in one.sections}
    for field in found.fields:
        for one in under:
            known = {other.name: other for other in one.fields}.get(field.name)
            assert known is None or not field_problem(field, None) or field_problem(known, None)
            assert known is None or not field_problem(field, "text") or field_problem(known, "text")


def test_definitions_are_found_by_name_and_version() -> None:
    own = (made("A"), Template("api", 2))
    found: Callable[[str, int], Template | None] = lambda name, version: definition(own, (name, version))  # noqa: E731  short
    assert [found("api", 1), found("api", 2), found("api", 3), found("none", 1)] == [*own, None, None]
    assert found("security", 1) is builtin("security")
    assert found("security", 2) is None
    assert joined(own[:1]) is own[0]
