"""Action items of every form become the table that pmctl tracks; nothing about them is invented."""

from __future__ import annotations

from pmctl.adopt.item_tables import Ids
from pmctl.adopt.items import to_tables
from pmctl.document.action_problems import action_problems
from pmctl.document.actions import action_items
from pmctl.document.reader import read

PEOPLE = {"jane": "jane", "jane doe": "jane"}


def convert(text: str) -> tuple[str, int]:
    made = to_tables(text.split("\n"), "2024-01-15-x", Ids(), lambda name: PEOPLE.get(name.casefold(), ""))
    return "\n".join(made.lines), made.items


def items(text: str) -> list[tuple[str, str, str, str]]:
    made, _ = convert(text)
    document = read(f"---\nid: 2024-01-15-x\n---\n\n## Action Items\n\n{made}\n".encode())
    assert not action_problems(document)
    return [(one.description, one.owner, one.due, one.status) for one in action_items(document)]


def test_bullets_say_nothing_about_their_status() -> None:
    assert items("- Add an alert\n- Scale `a|b`") == [("Add an alert", "", "", ""), ("Scale `a|b`", "", "", "")]


def test_task_lists_owners_and_due_dates() -> None:
    assert items(
        "- [x] Add an alert (@jane)\n- [ ] Scale it, owner: Jane Doe, due 2024-02-01\n- [ ] Ask @stranger"
    ) == [
        ("Add an alert (@jane)", "jane", "", "COMPLETED"),
        ("Scale it, owner: Jane Doe, due 2024-02-01", "jane", "2024-02-01", "OPEN"),
        ("Ask @stranger", "", "", "OPEN"),
    ]


def test_numbered_lists_count_up_or_stay() -> None:
    assert [one[0] for one in items("1. one\n2. two\n\n3. three")] == ["one", "two", "three"]
    assert convert("4. four\n5. five")[1] == 0


def test_labels_with_items_below_them() -> None:
    text, count = convert("- **Prevent**\n  - [ ] one\n  - [x] two\n- Detect:\n  - three")
    assert count == 3 and "**Prevent**" in text and "Detect:" in text


def test_a_table_gets_ids_and_known_columns() -> None:
    table = "| What | Assignee | Deadline | State |\n|--|:--|--|--|\n| Fix `a\\|b` | Jane | 2024-06-01 | Done |\n"
    table += "| More | | soon | todo |"
    assert items(table) == [("Fix `a|b`", "Jane", "2024-06-01", "COMPLETED"), ("More", "", "soon", "OPEN")]
    text, _ = convert(table)
    assert "*Original columns: What, Assignee, Deadline, State*" in text
    assert "| Original State |" in text and "| Done |" in text


def test_a_table_that_is_right_already_keeps_its_ids() -> None:
    table = "| ID | Action | Owner | Due |\n|---|---|---|---|\n| AI-7f3k | Do | @jane | 2024-02-02 |"
    assert convert(table) == (table, 1)


def test_links_leave_the_tracking_columns() -> None:
    text, count = convert("| Action | Ticket |\n|---|---|\n| Do | [#12](https://example.com/12) |")
    assert count == 1 and "| References |" in text


def test_what_is_no_list_of_actions_stays() -> None:
    for text in (
        "We will do better.",
        "- None",
        "- N/A",
        "| a | b |\n|---|---|\n| c | d |",
        "- x\n  ```\n  code\n  ```",
    ):
        assert convert(text) == (text, 0)


def test_ids_are_the_same_at_every_run_and_never_given_twice() -> None:
    ids = Ids()
    first, second = ids.new("p", "same text"), ids.new("p", "same text")
    assert first != second
    assert Ids().new("p", "same text") == first


def test_an_empty_bullet_is_nothing() -> None:
    text, count = convert("- Add an alert\n- \n- [ ] \n- [ ]")
    assert count == 1 and text.endswith("| Add an alert | | | | | | |")
    assert convert("- \n- [ ] ") == ("- \n- [ ] ", 0)


def test_marks_in_front_of_an_item_are_its_status() -> None:
    assert [one[3] for one in items("- ✅ Add an alert\n- ⬜ Test it\n- Ask them")] == ["COMPLETED", "OPEN", ""]


def test_names_below_a_colon_are_no_actions() -> None:
    text = "These names were taken away:\n\n- oldname\n- oldshare"
    assert convert(text) == (text, 0)
    assert convert("We will:\n\n- Add an alert for it\n- Test it")[1] == 2
    assert convert("Still to do:\n\n- [ ] Tests")[1] == 1


def test_the_bold_first_row_of_a_wikis_table_is_its_header() -> None:
    table = "| | | |\n|---|---|---|\n| **Measure** | **Assign** | **Jira** |\n| Raise it | Jane | OPS-1 |"
    assert items(table.replace("Measure", "Action")) == [("Raise it", "Jane", "", "")]
