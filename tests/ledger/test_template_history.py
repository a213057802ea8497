"""The states of the organisation's templates that commits replaced, as the command line and the audit see them."""

from __future__ import annotations

from pmctl.document.template_past import Replaced
from pmctl.ledger import cache, template_history
from pmctl.ledger.audit import audit
from pmctl.ledger.store import Store
from pmctl.object_reader import ObjectReader
from pmctl.workflow import people
from tests.team import ADMIN, AT, Team

MINI = "---\nname: mini\nsections:\n  - {title: Summary, required: true}\n---\n\n## Summary\n\n<!-- What? -->\n"
PATH = ".pmctl/templates/mini.md"


def asking(*titles: str) -> str:
    """The template, with these sections besides."""
    more = "".join(f"  - {{title: {title}, required: true, prompt: 'Well?'}}\n" for title in titles)
    return MINI.replace("---\n\n##", f"{more}---\n\n##", 1)


def write(crew: Team, *titles: str) -> None:
    (crew.top / PATH).write_text(asking(*titles))
    crew.commit_all("Change mini")


def note(crew: Team, name: str) -> None:
    (crew.top / name).write_text("x\n")
    crew.commit_all("Note")


def required(found: tuple[Replaced, ...]) -> list[list[str]]:
    """The required sections of mini in each state; [] where it is not there."""
    return [[title for one in state.templates if one.name == "mini" for title in one.required] for state in found]


def by_steps(crew: Team) -> list[tuple[str, str]]:
    """What the audit takes down from step to step, as it keeps it for the next one."""
    audit(crew.workspace.repo)
    known = cache.load(crew.workspace.repo)
    assert known is not None
    return known.fold.templates


def look(crew: Team) -> list[tuple[str, str]]:
    """What the command line finds in git's log, without the state of HEAD."""
    repo = crew.workspace.repo
    with ObjectReader(repo.common_dir) as reader:
        _, *found = template_history._Past(repo, Store(reader)).folders(crew.head)
    return found[::-1]


def test_states_come_in_their_order_with_the_postmortems_of_their_end(crew: Team) -> None:
    write(crew)
    write(crew, "Detection")
    doc = crew.new("jane", "Second")
    write(crew, "Detection", "Costs")
    found = template_history.replaced(crew.workspace.repo)
    assert required(found) == [[], ["Summary"], ["Summary", "Detection"], ["Summary", "Detection", "Costs"]]
    assert [one.holds(crew.path(doc)) for one in found] == [False, False, True, True]
    assert look(crew) == by_steps(crew)


def test_history_before_the_policy_and_none_at_all(crew: Team) -> None:
    assert required(template_history.replaced(crew.workspace.repo)) == [[]]
    assert look(crew) == by_steps(crew) == []
    crew.git("checkout", "-q", "--orphan", "empty")
    assert template_history.replaced(crew.workspace.repo) == ()


def test_a_merge_is_one_step(crew: Team) -> None:
    """The main line goes along first parents, also when a branch was brought up to date by a merge."""
    write(crew)
    crew.git("checkout", "-q", "-b", "side")
    write(crew, "Detection")
    write(crew, "Costs")
    crew.git("checkout", "-q", "main")
    note(crew, "a.txt")
    crew.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    found = template_history.replaced(crew.workspace.repo)
    assert required(found) == [[], ["Summary"], ["Summary", "Costs"]]
    assert look(crew) == by_steps(crew)


def test_a_merge_that_brings_a_newer_policy(crew: Team) -> None:
    """Then the main line runs where the policy is newer, whichever parent comes first."""
    write(crew)
    crew.git("checkout", "-q", "-b", "behind")
    write(crew, "Detection")
    crew.git("checkout", "-q", "main")
    people.change_person(crew.workspace, crew.actor(ADMIN), "carol", add_emails=("c@example.com",), at=AT)
    write(crew, "Costs")
    crew.git("checkout", "-q", "behind")
    crew.git("merge", "-q", "-X", "ours", "-m", "Bring up to date", "main")
    assert look(crew) == by_steps(crew)
    assert len(look(crew)) == 3
