"""Templates: what a file declares, what a postmortem written with it must hold, and which one fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.document import template_file, templates
from pmctl.document.prompts import is_empty
from pmctl.document.reader import read
from pmctl.document.template import Conditions, Template, TemplateField, TemplateSection, field_problem, parse_reference
from pmctl.document.template_file import builtin, builtin_versions, parse_template
from pmctl.document.template_library import broken_versions, choose, differences, latest_versions, requirements
from pmctl.document.templates import BUILTIN_NAMES, builtin_source
from pmctl.rules.context import OPTIONAL, REQUIRED

GOOD = """---
name: api
version: 3
description: For
  the API
applies_to: {severity: SEV1, urgency: [HIGH], services: [payment-*]}
defaults: {visibility: team, tags: [api]}
sections:
  - Summary
  - {title: Timeline, required: false}
  - {title: Customers, prompt: "Who noticed?", text: Nobody yet.}
fields:
  tier: {kind: choice, choices: [gold, silver], required: true, description: Contract}
  cost: number
---

Above.

## Summary

<!-- What happened? -->
Tell it.

### Detail

<!-- More? -->

## Timeline
"""


def template(name: str, version: int = 1, required: tuple[str, ...] = (), **conditions: tuple[str, ...]) -> Template:
    sections = tuple(TemplateSection(title, True) for title in required)
    return Template(name, version, sections=sections, applies=Conditions(**conditions))


def codes(text: str, path: str = "") -> list[tuple[str, int]]:
    return [(finding.code, finding.line) for finding in parse_template(text.encode(), path)[1]]


def test_everything_declared_is_read() -> None:
    parsed, findings = parse_template(GOOD.encode(), ".pmctl/templates/api.md")
    assert findings == ()
    assert parsed is not None
    assert (parsed.name, parsed.version, parsed.reference) == ("api", 3, "api@3")
    assert parsed.description == "For the API"
    assert parsed.applies == Conditions(("SEV1",), ("HIGH",), ("payment-*",))
    assert parsed.defaults == {"visibility": "team", "tags": ("api",)}
    assert [(s.title, s.required) for s in parsed.sections] == [
        ("Summary", True),
        ("Timeline", False),
        ("Customers", True),
    ]
    assert parsed.sections[0].prompt == "What happened?\n\nMore?"
    assert parsed.sections[0].text.startswith("Tell it.")
    assert parsed.sections[2].content == "<!-- Who noticed? -->\n\nNobody yet."
    assert parsed.required == ("Summary", "Customers")
    assert parsed.fields == (
        TemplateField("tier", "choice", True, ("gold", "silver"), "Contract"),
        TemplateField("cost", "number"),
    )


@pytest.mark.parametrize("name", BUILTIN_NAMES)
def test_every_shipped_template_is_sound_and_only_prompts(name: str) -> None:
    parsed, findings = parse_template(builtin_source(name), f"{name}.md")
    assert findings == ()
    assert parsed is not None
    assert parsed.name == name
    assert all(section.prompt for section in parsed.sections)
    document = read(builtin_source(name))
    assert [s.title for s in document.sections] == [s.title for s in parsed.sections]
    assert [s.title for s in document.sections if not is_empty(s.text)] == []


def test_the_default_template_has_the_sections_of_the_format() -> None:
    default = builtin("default")
    assert tuple(section.title for section in default.sections) == REQUIRED + OPTIONAL
    assert default.required == ("Summary", "Timeline", "Impact", "Root Cause", "Resolution", "Action Items")
    assert "| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |" in default.body
    for part in ("What went well", "What could be improved", "Where we got lucky"):
        assert f"\n### {part}\n" in default.body


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("name: api", "name: Api!"), ("PM281", 2)),
        (("version: 3", "version: 0"), ("PM282", 3)),
        (("version: 3", "version: new"), ("PM282", 3)),
        (("description:", "descripton:"), ("PM283", 4)),
        (("  - Summary\n", "  - {title: ''}\n"), ("PM284", 9)),
        (("  - Summary\n", "  - 5\n"), ("PM284", 9)),
        (("  - Summary\n", "  - {title: Summary, prompt: Twice?}\n"), ("PM284", 9)),
        (("text: Nobody yet.", "text: '<!-- open'"), ("PM292", 11)),
        (("text: Nobody yet.", 'text: "## Other"'), ("PM284", 11)),
        (("description: For\n  the API", "description: [For]"), ("PM283", 4)),
        (("urgency: [HIGH]", "urgency: [urgent]"), ("PM288", 6)),
        (("services: [payment-*]", "services: [5]"), ("PM288", 6)),
        (("visibility: team", "visibility: secret"), ("PM288", 7)),
        (("choices: [gold, silver]", "choices: [gold, gold]"), ("PM289", 13)),
        (("choices: [gold, silver]", "choices: [1, 2]"), ("PM289", 13)),
        (("required: true, desc", 'required: "yes", desc'), ("PM289", 13)),
        (("required: false", "required: perhaps"), ("PM284", 10)),
        (("  - Summary\n", "  - Timeline\n"), ("PM284", 10)),
        (("  - Summary\n", ""), ("PM285", 18)),
        (("severity: SEV1", "severty: SEV1"), ("PM288", 6)),
        (("visibility: team", "author: jane"), ("PM288", 7)),
        (("kind: choice, ", "kind: color, "), ("PM289", 13)),
        (("choices: [gold, silver], ", ""), ("PM289", 13)),
        (("  cost: number", "  Cost: number"), ("PM289", 14)),
        (("## Timeline", "## Summary"), ("PM284", 28)),
        (("## Timeline", "## Extra"), ("PM285", 28)),
    ],
)
def test_a_mistake_is_found_where_it_is(change: tuple[str, str], expected: tuple[str, int]) -> None:
    assert change[0] in GOOD
    assert expected in codes(GOOD.replace(*change, 1))


def test_everything_wrong_is_said_in_the_order_of_the_file_each_with_its_fix() -> None:
    text = (
        GOOD.replace("version: 3", "version: new").replace("severity:", "severty:").replace("cost: number", "Cost: n")
    )
    _, findings = parse_template(text.replace("## Timeline", "## Extra").encode(), "api.md")
    assert [finding.line for finding in findings] == sorted(finding.line for finding in findings)
    assert len(findings) == 4
    assert all(finding.fix for finding in findings)


def test_with_a_mistake_among_its_conditions_a_template_is_taken_only_by_its_name() -> None:
    parsed, _ = parse_template(GOOD.replace("services:", "service:").encode())
    assert parsed is not None
    assert parsed.applies == Conditions()


def test_text_besides_prompts_is_a_default_unless_jinja_makes_it() -> None:
    text = (
        "---\nname: a\n---\n## A\n\n<!-- p -->\n\n- **Lost:**\n\n## B\n\n| x | y |\n|---|---|\n\n## C\n\n{{ title }}\n"
    )
    parsed, _ = parse_template(text.encode())
    assert parsed is not None
    assert [section.default for section in parsed.sections] == ["- **Lost:**", "", ""]
    assert requirements("a", (parsed,)).texts == (("a", "- **Lost:**"),)


def test_a_file_is_called_like_its_template() -> None:
    assert codes(GOOD, "x/api.md") == []
    assert codes(GOOD, "x/api@3.md") == []
    assert codes(GOOD, "x/api@2.md") == [("PM281", 2)]
    assert codes(GOOD, "x/other.md") == [("PM281", 2)]


def test_a_prompt_cannot_end_itself() -> None:
    parsed, findings = parse_template(GOOD.replace("Who noticed?", "a --> b").encode())
    assert [finding.code for finding in findings] == ["PM284"]
    assert parsed is not None
    assert is_empty(parsed.sections[2].content.replace("Nobody yet.", ""))


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda t: f"---\nname: a\n{t}\n---\n{t}".encode())))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    parsed, findings = parse_template(data, "a.md")
    assert parsed is not None or findings


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [("a", ("a", 1)), ("a-b@2", ("a-b", 2)), ("a@0", None), ("a@", None), ("A", None), ("a@99999", None), ("", None)],
)
def test_references(recorded: str, expected: tuple[str, int] | None) -> None:
    assert parse_reference(recorded) == expected


def test_a_postmortem_is_judged_by_the_version_that_it_records() -> None:
    own = (template("api", 1, ("Summary",)), template("api", 3, ("Summary", "Timeline", "Customers")))
    assert requirements("api", own).required == ("Summary",)
    assert requirements("api@3", own).required == ("Summary", "Timeline", "Customers")
    assert not requirements("api", own).hint


def test_a_version_that_is_gone_asks_for_nothing_that_may_have_come_later() -> None:
    own = (template("api", 3, ("Summary", "Detection", "Customers")),)
    stand_in = requirements("api@2", own)
    assert stand_in.required == ("Summary",)
    assert stand_in.hint == "there is no version 2 of template api; version 3 stands in for it"


def test_an_unknown_template_asks_what_the_default_one_asks() -> None:
    for recorded in ("nonsense", "No Name", "../x"):
        stand_in = requirements(recorded)
        assert stand_in.required == builtin("default").required
        assert stand_in.hint == f"there is no template {recorded!r}; what the default template requires is asked for"
    assert not requirements("").hint


def test_changing_the_default_template_leaves_earlier_postmortems_alone() -> None:
    own = (template("default", 2, ("Summary", "Customers")),)
    assert requirements("default", own).required == builtin("default").required
    assert requirements("default@2", own).required == ("Summary", "Customers")
    own = (template("default", 1, ("Summary",)),)
    assert requirements("default", own).required == ("Summary",)


def test_the_most_specific_template_that_fits_is_chosen() -> None:
    own = (
        template("severe", severity=("SEV1", "SEV2")),
        template("payments", severity=("SEV1",), services=("payment-*",)),
        template("anything"),
    )
    assert choose(own, severity="sev1", services=["payment-api"]).name == "payments"
    assert choose(own, severity="SEV1", services=["search"]).name == "severe"
    assert choose(own, severity="SEV3", services=["payment-api"]).name == "default"
    assert choose(own, fallback="anything").name == "anything"
    assert choose(own, fallback="gone").name == "default"
    assert choose((template("b", urgency=("HIGH",)), template("a", urgency=("HIGH",))), urgency="HIGH").name == "a"


def test_only_the_latest_version_is_offered() -> None:
    own = (template("api", 2), template("api", 1), template("default", 5))
    latest = latest_versions(own)
    assert latest["api"].version == 2
    assert latest["default"].version == 5
    assert set(latest) == {"api", *BUILTIN_NAMES}


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("string", ["a", "4711"], [4711, True, ["a"]]),
        ("number", [1, 2.5], ["1", True, [1]]),
        ("boolean", [True, False], ["yes", 1]),
        ("date", ["2024-02-29"], ["2023-02-29", "tomorrow", "2024-1-1", 20240101]),
        ("choice", ["gold"], ["Gold", "bronze", True]),
    ],
)
def test_custom_fields_are_typed(kind: str, good: list[object], bad: list[object]) -> None:
    declared = TemplateField("tier", kind, choices=("gold",) if kind == "choice" else ())
    assert [value for value in good if field_problem(declared, value)] == []
    assert [value for value in bad if not field_problem(declared, value)] == []
    assert field_problem(declared, None) == ""
    assert "required" in field_problem(TemplateField("tier", kind, required=True), None)


ASKED_BY_SHIPPED = {
    "default@1": (("Summary", "Timeline", "Impact", "Root Cause", "Resolution", "Action Items"), ()),
    "lightweight@1": (("Summary", "Impact", "Root Cause", "Action Items"), ()),
    "security@1": (
        (
            "Summary",
            "Timeline",
            "Impact",
            "Data Exposure",
            "Root Cause",
            "Containment",
            "Resolution",
            "Notifications",
            "Action Items",
            "Detection",
        ),
        (
            (
                "attack_vector",
                "choice",
                False,
                (
                    "credentials",
                    "vulnerability",
                    "misconfiguration",
                    "supply-chain",
                    "phishing",
                    "insider",
                    "physical",
                    "unknown",
                ),
            ),
            ("personal_data", "boolean", True, ()),
            ("disclosed_on", "date", False, ()),
        ),
    ),
    "near-miss@1": (("Summary", "Timeline", "Potential Impact", "What Stopped It", "Root Cause", "Action Items"), ()),
}


def test_what_a_shipped_version_asks_never_changes() -> None:
    every = [one for name in BUILTIN_NAMES for one in builtin_versions(name)]
    assert {one.reference: (one.required, fields_of(one)) for one in every} == ASKED_BY_SHIPPED


def fields_of(one: Template) -> tuple[tuple[str, str, bool, tuple[str, ...]], ...]:
    return tuple((field.name, field.kind, field.required, field.choices) for field in one.fields)


def test_the_files_of_the_package_are_those_that_it_names() -> None:
    folder = Path(templates.__file__).parent
    assert {file.stem for file in folder.glob("*.md")} == {*BUILTIN_NAMES, *templates.EARLIER_VERSIONS}


def test_an_earlier_version_stays_in_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when version 2 of a shipped template asks for more: default.md is new, default@1.md what it was."""
    first = builtin_source("default")
    second = first.replace(b"version: 1", b"version: 2").replace(
        b"title: Detection, required: false", b"title: Detection"
    )
    for name in BUILTIN_NAMES:
        (tmp_path / f"{name}.md").write_bytes(builtin_source(name))
    (tmp_path / "default@1.md").write_bytes(first)
    (tmp_path / "default.md").write_bytes(second)
    monkeypatch.setattr(templates, "__file__", str(tmp_path / "__init__.py"))
    for module in (templates, template_file):
        monkeypatch.setattr(module, "EARLIER_VERSIONS", ("default@1",))
    builtin.cache_clear()
    try:
        assert [one.reference for one in builtin_versions("default")] == ["default@2", "default@1"]
        assert requirements("default@1").required == requirements("").required == REQUIRED
        assert requirements("default@2").required == (*REQUIRED, "Detection")
        assert not requirements("default@1").hint
        assert latest_versions(())["default"].reference == choose(()).reference == "default@2"
        mine = (template("default", 1, ("Summary",)),)
        assert requirements("default@1", mine).required == ("Summary",)
        assert requirements("default@2", mine).required == (*REQUIRED, "Detection")
        assert choose(mine).reference == "default@1", "an organisation's own template is the one that it uses"
    finally:
        builtin.cache_clear()


def test_templates_that_come_with_pmctl_are_taken_by_name_only() -> None:
    assert not any(one.applies.given() for name in BUILTIN_NAMES for one in builtin_versions(name))


def asking(*titles: str, fields: tuple[TemplateField, ...] = (), name: str = "api") -> Template:
    """A template of these sections; a title in brackets is optional."""
    sections = tuple(TemplateSection(title.strip("()"), not title.startswith("(")) for title in titles)
    return Template(name, sections=sections, fields=fields, path=f".pmctl/templates/{name}.md")


BEFORE = asking(
    "Summary",
    "Impact",
    "(Notes)",
    fields=(TemplateField("tier", "choice", choices=("gold", "tin")), TemplateField("cost")),
)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (asking("Summary", "Impact", "Notes"), "section 'Notes' is required now"),
        (asking("Summary", "(Impact)", "(Notes)"), "section 'Impact' is no longer required"),
        (asking("Impact", "Summary"), "the required sections stand in another order"),
        (asking("(New)", "summary", "Impact"), ""),
    ],
)
def test_what_a_version_asks_of_sections_never_changes(after: Template, said: str) -> None:
    found = differences([BEFORE], [replace(after, fields=BEFORE.fields)])
    assert [one.message for one in found] == ([said] if said else [])


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (TemplateField("cost", "number"), "field 'cost' was of kind string and is of kind number now"),
        (TemplateField("cost", required=True), "field 'cost' is required now"),
        (TemplateField("extra", required=True), "field 'extra' is required now"),
        (TemplateField("tier", "choice", choices=("gold",)), "field 'tier' has lost the choice tin"),
        (TemplateField("tier", "choice", choices=("tin", "gold", "lead")), "field 'tier' has a new choice, lead"),
        (TemplateField("tier", "choice", choices=("tin", "gold"), description="Contract"), ""),
        (TemplateField("extra"), ""),
    ],
)
def test_what_a_version_asks_of_fields_never_changes(field: TemplateField, said: str) -> None:
    fields = {one.name: one for one in (*BEFORE.fields, field)}
    found = differences([BEFORE], [replace(BEFORE, fields=tuple(fields.values()))])
    assert [one.message for one in found] == ([said] if said else [])
    without = differences([BEFORE], [replace(BEFORE, fields=BEFORE.fields[:1])])
    assert [one.message for one in without] == ["field 'cost' is no longer declared"]


def test_only_versions_that_postmortems_record_are_kept_from_changing() -> None:
    after = asking("Summary")
    users = [("a", "api"), ("b", "api@1"), ("c", "api@2"), ("d", None), ("e", 7)]
    assert [one.message for one in broken_versions([BEFORE], [after], users[2:])] == []
    found = broken_versions([BEFORE], [replace(BEFORE, version=2)], users[:1])
    assert [(one.message, one.file, one.now) for one in found] == [
        ("is gone, and a was written with this version", BEFORE.path, None)
    ]
    assert "and 2 postmortems were written with this version" in broken_versions([BEFORE], [after], users)[0].message
    mine = asking("Weather", name="default")
    assert "'Weather' is required now" in broken_versions([], [mine], users[3:])[0].message
    assert "'Weather' is no longer required" in broken_versions([mine], [], users[3:])[-1].message


def test_templates_that_are_as_before_ask_for_no_postmortem() -> None:
    def nobody() -> Iterator[tuple[str, object]]:
        raise AssertionError("nothing changed")
        yield "", ""

    assert broken_versions([BEFORE], [replace(BEFORE, description="Better")], nobody()) == []
