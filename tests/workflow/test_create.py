"""New postmortems: ids, what is filled in, what is refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.document.fields import MAX_ID, id_of, is_id, path_of
from pmctl.document.reader import read
from pmctl.document.template_file import builtin, parse_template
from pmctl.errors import BadInput, NotFound, Refused, UsageProblem
from pmctl.workflow.create import NewPostmortem, item_id, new_id, plan, slug_of, write_only
from tests.team import TODAY, Team

DAY = date(2024, 2, 29)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Payment API: 45 min. outage!", "payment-api-45-min-outage"),
        ("Größere Störung", "grossere-storung"),
        ("Bob's café", "bobs-cafe"),
        ("  --  x  --  ", "x"),
    ],
)
def test_slugs(title: str, slug: str) -> None:
    assert slug_of(title) == slug


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_any_title_gives_a_valid_id(title: str) -> None:
    name = f"2024-01-15-{slug_of(title)}"[:MAX_ID].rstrip("-")
    assert is_id(name)
    assert id_of(path_of(name)) == name


def test_titles_without_a_latin_letter_do_not_collide() -> None:
    assert slug_of("障害") != slug_of("障害")


def test_id_that_is_taken_is_refused_also_when_only_in_the_history(crew: Team) -> None:
    with pytest.raises(Refused, match="exists already"):
        new_id(crew.workspace, "Payments failed", date(2024, 1, 15))
    (crew.top / crew.path("2024-01-15-payments-failed")).unlink()
    with pytest.raises(Refused, match="exists already"):
        new_id(crew.workspace, "Payments, failed", date(2024, 1, 15))
    assert new_id(crew.workspace, "x" * 300, DAY) == f"2024-02-29-{'x' * 89}"


def test_what_was_given_stands_in_the_front_matter(crew: Team) -> None:
    wish = NewPostmortem(
        title='  "Quotes"  and: colons # hash\n- {', day=DAY, author="jane", severity="SEV1", urgency="high",
        services=("a, b", "c"), tags=("x",),
    )  # fmt: skip
    created = plan(crew.workspace, wish, None, today=TODAY)
    document = read(created.data, created.path)
    assert document.readable
    meta = document.meta
    assert meta["title"] == '"Quotes" and: colons # hash - {'
    assert (meta["id"], meta["status"], meta["author"]) == (created.id, "DRAFT", "jane")
    assert (meta["severity"], meta["urgency"], meta["services"]) == ("SEV1", "HIGH", ["a, b", "c"])


@pytest.mark.parametrize(
    ("values", "message", "hint"),
    [
        ({"urgency": "hihg"}, "--urgency hihg: no urgency", "HIGH"),
        ({"urgency": "foo"}, "--urgency foo", "one of HIGH, MEDIUM, LOW"),
        ({"fields": {"cost": "1"}}, "template default has no field 'cost'", "template show"),
    ],
)
def test_what_cannot_be_is_refused_with_a_suggestion(
    crew: Team, values: dict[str, object], message: str, hint: str
) -> None:
    with pytest.raises(UsageProblem, match=message) as caught:
        plan(crew.workspace, NewPostmortem(title="T", **values), None, today=TODAY)  # type: ignore[arg-type]
    assert hint in caught.value.hint


@pytest.mark.parametrize("title", ["", "   ", "\n\t"])
def test_a_title_is_needed(crew: Team, title: str) -> None:
    with pytest.raises(BadInput, match="needs a title"):
        plan(crew.workspace, NewPostmortem(title=title), None, today=TODAY)


def test_unknown_template_names_those_that_there_are(crew: Team) -> None:
    with pytest.raises(NotFound, match="no template 'x'") as caught:
        plan(crew.workspace, NewPostmortem(title="T", template="x"), None, today=TODAY)
    assert "lightweight" in caught.value.details


def test_a_template_of_the_settings_that_is_not_there_is_said(crew: Team) -> None:
    (crew.top / "pmctl.yaml").write_text("template: lightwieght\n")
    created = plan(crew.workspace, NewPostmortem(title="T", author="jane", day=DAY), None, today=TODAY)
    assert read(created.data).meta["template"] == "default@1"
    assert created.warnings == ("pmctl.yaml: there is no template 'lightwieght'; default is used instead",)


@pytest.mark.parametrize("template", ["default", "lightweight", "security", "near-miss"])
def test_every_shipped_template_makes_a_readable_postmortem(crew: Team, template: str) -> None:
    created = plan(
        crew.workspace, NewPostmortem(title="T", author="jane", template=template, day=DAY), None, today=TODAY
    )
    assert created.warnings == ()
    assert read(created.data).meta["template"] == f"{template}@1"


def test_written_only_is_not_committed(crew: Team) -> None:
    before = crew.head
    created = plan(crew.workspace, NewPostmortem(title="Written only", author="jane", day=DAY), None, today=TODAY)
    write_only(crew.workspace, created)
    assert (crew.head, crew.snapshot()[1]) == (before, f"?? {created.path}")


def test_item_ids() -> None:
    made = {item_id() for _ in range(200)}
    assert len(made) > 190 and all(len(one) == 7 and one.startswith("AI-") for one in made)


def test_a_template_is_parsed_once_and_only_if_it_may_be_taken(crew: Team) -> None:
    parse_template.cache_clear()
    builtin.cache_clear()
    own = [template.reference for template in crew.workspace.own_templates]
    assert parse_template.cache_info().misses == len(own) == 1
    wish = NewPostmortem(title="T", author="jane", day=DAY, severity="SEV1", services=("api",))
    created = plan(crew.workspace, wish, None, today=TODAY)
    assert created.template == "default@1"
    assert parse_template.cache_info().misses == 1, "neither again nor the others that come with pmctl"
