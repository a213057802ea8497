"""Whatever the command line allows the audit passes, and whatever somebody forges by hand it reports.

Random people act on two postmortems, on main and on a branch that is merged, squashed or rebased. An act is
done or refused; a refused one changes nothing. At the end the audit is clean, with and without its cache. Then
one forgery of a random kind is committed, and the audit names that very commit.

PMCTL_PROPERTY_EXAMPLES sets how many histories are tried (default: a few, always the same).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from pmctl import git
from pmctl.errors import NotFound, PmctlError, Refused, UsageProblem
from pmctl.ledger.audit import audit
from pmctl.ledger.current_state import current_state
from pmctl.policy import act as acts
from pmctl.policy.model import Key
from pmctl.policy.state import DRAFT, FINAL, IN_REVIEW, PUBLISHED, PostmortemState
from pmctl.workflow import actions, given_keys, people
from pmctl.workflow.editing import commit_edit
from pmctl.workflow.lifecycle import perform
from tests.team import ADMIN, AT, PEOPLE, TITLES, TODAY, Team, isolated_environment, public

EXAMPLES = int(os.environ.get("PMCTL_PROPERTY_EXAMPLES", "0"))
DOCS = ("2024-01-15-payments-failed", "2024-01-15-search-was-slow")
ACTS = sorted(spec.name for spec in acts.ACTS.values() if spec.help)

somebody = st.sampled_from(PEOPLE)
a_doc = st.sampled_from(DOCS)
a_stage = st.integers(0, 6)  # 0 a draft, ... 4 published at the latest, 5 archived, 6 a draft again
a_number = st.integers(0, 999)


class Histories(RuleBasedStateMachine):
    """One repository; each rule is something that a person does."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="pmctl-property-"))
        self.environment = mock.patch.dict(os.environ, isolated_environment(self.folder), clear=True)
        self.environment.start()
        self.team = Team.copy(self.folder / "team")
        self.forgery, self.victim = "status_edit", DOCS[0]
        self.acts = 0

    def teardown(self) -> None:
        try:
            self.clean_audit()
            self.forge(self.forgery, self.victim)
        finally:
            self.environment.stop()
            shutil.rmtree(self.folder, ignore_errors=True)

    # What people do

    @initialize(author=somebody, first=a_stage, second=a_stage, forgery=st.deferred(lambda: forgeries), victim=a_doc)
    def prologue(self, author: str, first: int, second: int, forgery: str, victim: str) -> None:
        """Both postmortems have come some way already, or random steps would hardly ever see a publication."""
        self.forgery, self.victim = forgery, victim
        self.team.new(author, TITLES[1])
        for doc, steps in zip(DOCS, (first, second), strict=True):
            for _ in range(min(steps, 4)):
                self.next_step(doc, ("bob", "carol") if steps % 2 else ("carol",))
            for kind in (acts.ARCHIVE, acts.REOPEN)[: max(0, steps - 4)]:
                self.must(ADMIN, kind, doc)

    @rule(person=somebody, doc=a_doc, kind=st.sampled_from(ACTS), reviewer=somebody, number=a_number)
    def act(self, person: str, doc: str, kind: str, reviewer: str, number: int) -> None:
        """Anybody tries any act."""
        if not (self.there(doc)):
            return
        if kind == acts.AMEND and self.state(doc).status in FINAL:
            self.write(doc, number)
        done = self.attempt(
            f"{person} {kind} {doc}",
            lambda: perform(
                self.team.workspace,
                self.team.actor(person),
                kind,
                doc,
                at=self.now(),
                note="because",
                reviewers=(reviewer,) if kind == acts.SUBMIT else (),
            ),
        )
        if not done and kind == acts.AMEND:
            self.team.git("checkout", "-q", "--", ".")

    @rule(doc=a_doc, reviewers=st.sets(st.sampled_from(("bob", "carol")), min_size=1))
    def move_on(self, doc: str, reviewers: set[str]) -> None:
        """Whoever's turn it is does the next step, so that histories get far."""
        if self.there(doc):
            self.next_step(doc, tuple(sorted(reviewers)))

    @rule(doc=a_doc)
    def move_on_again(self, doc: str) -> None:
        """The same, twice as often."""
        self.move_on(doc, {"bob", "carol"})

    def next_step(self, doc: str, reviewers: tuple[str, ...]) -> None:
        state, author = self.state(doc), self.author(doc)
        if state.status == DRAFT:
            asked = tuple(name for name in reviewers if name != author) or ("alice",)
            self.must(author, acts.SUBMIT, doc, asked)
        elif state.status == IN_REVIEW:
            content = self.team.workspace.head.digest(doc)
            waiting = [name for name in state.reviewers if name not in {a.by for a in state.counting(content)}]
            if waiting:
                self.must(waiting[0], acts.APPROVE, doc)
            else:
                self.must(author, acts.PUBLISH, doc)

    @rule(person=somebody, doc=a_doc, number=a_number)
    def edit(self, person: str, doc: str, number: int) -> None:
        """Somebody edits the text with `pmctl edit`."""
        if not (self.there(doc)):
            return
        self.write(doc, number)
        signing = self.team.actor(person).signer.git_arguments()
        if not self.attempt(
            f"{person} edits {doc}", lambda: commit_edit(self.team.workspace, person, doc, "", signing)
        ):
            self.team.git("checkout", "-q", "--", ".")

    @rule(doc=a_doc, person=somebody)
    def share(self, doc: str, person: str) -> None:
        """The author lets somebody else edit."""
        if not (self.there(doc) and self.state(doc).status not in FINAL):
            return
        author = self.author(doc)
        before = dict(self.team.workspace.read(doc).meta.get("editors") or {})
        if person == author or person in before:
            return
        note(f"{author} shares {doc} with {person}")
        if self.state(doc).status == IN_REVIEW:
            self.must(author, acts.SUBMIT, doc, editors=(person,))
            return
        self.team.set_field(doc, "editors", {**before, person: "edit"})
        signing = self.team.actor(author).signer.git_arguments()
        commit_edit(self.team.workspace, author, doc, "", signing)

    @rule(doc=a_doc, number=a_number)
    def attach(self, doc: str, number: int) -> None:
        """The author adds a graph to a draft."""
        if not (self.there(doc) and self.state(doc).status not in FINAL):
            return
        folder = self.team.top / self.team.path(doc).removesuffix(".md")
        folder.mkdir(exist_ok=True)
        graph = folder / f"graph-{number % 3}.txt"
        if graph.exists() and graph.read_text() == f"{number}\n":
            return
        graph.write_text(f"{number}\n")
        self.team.actor(self.author(doc))
        note(f"{self.author(doc)} attaches to {doc}")
        self.team.commit_all("Add a graph")

    @rule(person=somebody, doc=a_doc, owner=somebody)
    def add_item(self, person: str, doc: str, owner: str) -> None:
        if not (self.there(doc)):
            return
        wanted = actions.Change("Do something about it", owner, "2024-03-01", "LOW")
        signing = self.team.actor(person).signer.git_arguments()
        self.attempt(
            f"{person} adds an item to {doc}",
            lambda: actions.add(
                self.team.workspace,
                person,
                doc,
                wanted,
                signing,
                today=TODAY,
                signer=lambda: (self.team.actor(person), self.now()),
            ),
        )

    @rule(person=somebody, doc=a_doc, number=a_number, status=st.sampled_from(("IN_PROGRESS", "COMPLETED", "WONT_DO")))
    def move_item(self, person: str, doc: str, number: int, status: str) -> None:
        if not (self.there(doc)):
            return
        from pmctl.document.actions import action_items

        items = action_items(self.team.workspace.read(doc))
        if not items:
            return
        item = items[number % len(items)].id
        known = [name for name in DOCS if self.there(name)]
        if sum(i.id == item for name in known for i in action_items(self.team.workspace.read(name))) != 1:
            return
        wanted = actions.Change(status=status, notes=f"see {number}")
        signing = self.team.actor(person).signer.git_arguments()
        self.attempt(
            f"{person} moves {item}", lambda: actions.change(self.team.workspace, person, item, wanted, signing)
        )

    @rule(
        person=st.sampled_from((ADMIN, ADMIN, *PEOPLE)),
        whom=somebody,
        what=st.sampled_from(("key", "second key", "admin", "team", "leave")),
    )
    def change_policy(self, person: str, whom: str, what: str) -> None:
        workspace, actor = self.team.workspace, self.team.actor(person)
        if what in ("key", "second key"):
            given = [given_keys.GivenKey(Key(public(whom, 2)))]
            keep = what == "second key"
            done = self.attempt(
                f"{person} gives {whom} a new key",
                lambda: people.rotate(workspace, actor, whom, given, keep=keep, at=self.now()),
            )
            if done:
                self.team.numbers[whom] = 2
            return
        change = {
            "admin": {"admin": whom not in workspace.policy.admins},
            "team": {"add_teams": ("payments",)},
            "leave": {"remove_teams": ("payments",)},
        }[what]
        self.attempt(
            f"{person} changes {whom}: {change}",
            lambda: people.change_person(workspace, actor, whom, at=self.now(), **change),  # type: ignore[arg-type]
        )

    # Branches

    @rule(
        doc=a_doc,
        how=st.sampled_from(("merge", "squash", "rebase", "pull")),
        moves=st.lists(st.sampled_from(("next", "next", "edit", "item", "attach")), min_size=1, max_size=4),
        meanwhile=st.sampled_from(("nothing", "the other one", "approval", "policy")),
        number=a_number,
    )
    def on_a_branch(self, doc: str, how: str, moves: list[str], meanwhile: str, number: int) -> None:
        """What concerns `doc` happens on a branch while main goes on; then it lands in one of four ways."""
        if not self.there(doc):
            return
        note(f"a branch for {doc}")
        author = self.author(doc)
        self.team.git("checkout", "-q", "-b", "side")
        for index, move in enumerate(moves):
            if move == "next":
                self.next_step(doc, ("bob", "carol"))
            elif move == "edit":
                self.edit(author, doc, number + index)
            elif move == "attach":
                self.attach(doc, number + index)
            else:
                self.move_item(author, doc, number, "IN_PROGRESS")
        self.team.git("checkout", "-q", "main")
        other = next(name for name in DOCS if name != doc)
        if meanwhile == "the other one" and self.there(other):
            self.next_step(other, ("bob",))
        elif meanwhile == "policy":
            self.change_policy(ADMIN, "carol", "team")
        elif meanwhile == "approval":
            for reviewer in ("carol", "bob"):
                self.act(reviewer, doc, acts.APPROVE, reviewer, number)
        self.team.actor(author)
        note(f"{author} lands the branch by {how}")
        if self.team.git("rev-list", "--count", "main..side") != "0" and not self.land(how):
            note("it conflicts and is given up")
        self.team.git("branch", "-q", "-D", "side")
        self.clean_audit()

    def land(self, how: str) -> bool:
        team = self.team
        before = team.head
        if how == "merge":
            done = git.run(team.top, "merge", "-q", "--no-ff", "--no-edit", "side", check=False, reading=False)
        elif how == "pull":  # the old main line becomes the second parent
            git.run(team.top, "checkout", "-q", "side", reading=False)
            done = git.run(team.top, "merge", "-q", "--no-ff", "--no-edit", "main", check=False, reading=False)
        elif how == "squash":
            done = git.run(team.top, "merge", "-q", "--squash", "side", check=False, reading=False)
            if done.code == 0:
                done = git.run(team.top, "commit", "-qm", "Land a branch", check=False, reading=False)
        else:
            done = git.run(team.top, "rebase", "-q", "main", "side", check=False, reading=False)
        if done.code != 0:
            for words in (("rebase", "--abort"), ("merge", "--abort")):
                git.run(team.top, *words, check=False, reading=False)
            git.run(team.top, "reset", "-q", "--hard", reading=False)
            git.run(team.top, "checkout", "-q", "-f", "main", reading=False)
            git.run(team.top, "reset", "-q", "--hard", before, reading=False)
            return False
        if how in ("pull", "rebase"):
            git.run(team.top, "checkout", "-q", "-B", "main", "side", reading=False)
        return True

    # What must hold

    def clean_audit(self) -> None:
        """No violation, and no false alarm of the attributed layer either."""
        report = audit(self.team.repo, tip="main")
        assert report.complete
        found = [f"{f.code} {f.message}" for f in report.findings]
        assert found == [], found
        cached = audit(self.team.repo, tip="main")
        assert (cached.states, cached.findings, cached.tip) == (report.states, report.findings, report.tip)
        for doc, state in report.states.items():
            if self.there(doc):
                now = current_state(self.team.workspace.head, doc).state
                assert (now.status, now.round, now.head) == (state.status, state.round, state.head)

    def forge(self, kind: str, doc: str) -> None:
        """One step that nobody was allowed to make, after everything else."""
        if not self.there(doc):
            return
        before, state = self.team.head, self.state(doc)
        kinds = sorted(FORGERIES)
        while not FORGERIES[kind](self.team, doc, state):  # no chance for it here: the next one
            kind = kinds[(kinds.index(kind) + 1) % len(kinds)]
        note(f"forged: {kind}")
        commit = self.team.head
        assert commit != before
        report = audit(self.team.repo)
        assert [f.code for f in report.violations if f.commit == commit], f"{kind} was not reported: {report.findings}"
        assert audit(self.team.repo).findings == report.findings

    # The stage

    def attempt(self, what: str, function: Callable[[], object]) -> bool:
        """Whether it was done; when it was refused, nothing has changed."""
        before = self.team.snapshot()
        try:
            function()
        except (Refused, UsageProblem, NotFound) as error:
            note(f"{what}: refused, {error.message}")
            assert self.team.snapshot() == before
            return False
        except PmctlError as error:
            raise AssertionError(f"{what}: {error.message} {error.details}") from error
        note(f"{what}: done")
        assert self.team.head != before[0]
        assert self.team.snapshot()[1] == ""
        return True

    def must(
        self, person: str, kind: str, doc: str, reviewers: tuple[str, ...] = (), editors: tuple[str, ...] = ()
    ) -> None:
        note(f"{person} {kind} {doc} {reviewers} {editors}")
        perform(
            self.team.workspace, self.team.actor(person), kind, doc, at=self.now(), note="because",
            reviewers=reviewers, editors=editors,
        )  # fmt: skip

    def write(self, doc: str, number: int) -> None:
        self.team.edit_text(
            doc, lambda text: text.replace("## Timeline", f"It was seen by {number} users.\n\n## Timeline")
        )

    def now(self) -> datetime:
        """A minute later than the last time."""
        self.acts += 1
        return AT + timedelta(minutes=self.acts)

    def there(self, doc: str) -> bool:
        return (self.team.top / self.team.path(doc)).is_file()

    def state(self, doc: str) -> PostmortemState:
        return current_state(self.team.workspace.head, doc).state

    def author(self, doc: str) -> str:
        return self.team.workspace.read(doc).author


Forgery = Callable[[Team, str, PostmortemState], bool]
"""Commits one step that nobody may make; False when this postmortem offers no chance for it."""


def status_edit(team: Team, doc: str, state: PostmortemState) -> bool:
    team.actor("alice")
    team.set_field(doc, "status", PUBLISHED if state.status != PUBLISHED else "ARCHIVED")
    team.commit_all("Move on")
    return True


def content_edit(team: Team, doc: str, state: PostmortemState) -> bool:
    if state.status not in FINAL:
        return False
    team.actor("alice")
    team.edit_text(doc, lambda text: text.replace("## Timeline", "Nobody noticed.\n\n## Timeline"))
    team.commit_all("Fix a typo")
    return True


def record_removed(team: Team, doc: str, state: PostmortemState) -> bool:
    if not team.records(doc):
        return False
    team.records(doc)[-1].unlink()
    team.commit_all("Tidy up")
    return True


def record_edited(team: Team, doc: str, state: PostmortemState) -> bool:
    if not team.records(doc):
        return False
    file = team.records(doc)[0]
    file.write_bytes(file.read_bytes().replace(b'"at":"2024', b'"at":"2023'))
    team.sign_record(file, "jane")
    team.commit_all("Correct the year")
    return True


def record_unsigned(team: Team, doc: str, state: PostmortemState) -> bool:
    if not team.records(doc):
        return False
    file = team.records(doc)[-1]
    file.with_name(file.name + ".sig").unlink()
    team.commit_all("Tidy up")
    return True


def approval_unsigned(team: Team, doc: str, state: PostmortemState) -> bool:
    """An approval in bob's name as last record, without a signature."""
    return _approval(team, doc, state, by="bob", signed_by="")


def approval_by_another(team: Team, doc: str, state: PostmortemState) -> bool:
    return _approval(team, doc, state, by="bob", signed_by="mallory")


def self_approval(team: Team, doc: str, state: PostmortemState) -> bool:
    author = team.workspace.read(doc).author
    return _approval(team, doc, state, by=author, signed_by=author)


def _approval(team: Team, doc: str, state: PostmortemState, *, by: str, signed_by: str) -> bool:
    from pmctl.ledger import record
    from pmctl.policy import lifecycle

    if state.status != IN_REVIEW:
        return False
    now = current_state(team.workspace.head, doc)
    act = lifecycle.propose(
        acts.APPROVE,
        state,
        now.policy,
        now.root,
        by=by,
        at="2024-01-23T09:00:00Z",
        content=team.workspace.head.digest(doc),
    )
    data = record.to_bytes(act)
    path = team.top / record.path(doc, now.next_number, act.act, by, record.mark(data))
    path.write_bytes(data)
    if signed_by:
        team.sign_record(path, signed_by)
    team.commit_all("Approve")
    return True


def approval_replayed(team: Team, doc: str, state: PostmortemState) -> bool:
    """An old approval of this postmortem, once more, under the next number."""
    old = [file for file in team.records(doc) if "-approve-" in file.name]
    if not old:
        return False
    number = current_state(team.workspace.head, doc).next_number
    new = old[0].with_name(f"{number:04d}" + old[0].name[4:])
    shutil.copy(old[0], new)
    shutil.copy(f"{old[0]}.sig", f"{new}.sig")
    team.commit_all("Approve again")
    return True


def approval_of_another_postmortem(team: Team, doc: str, state: PostmortemState) -> bool:
    other = next(name for name in DOCS if name != doc)
    old = [file for file in team.records(other) if "-approve-" in file.name]
    if not old:
        return False
    target = old[0].parent.with_name(doc)
    target.mkdir(exist_ok=True)
    number = current_state(team.workspace.head, doc).next_number
    shutil.copy(old[0], target / (f"{number:04d}" + old[0].name[4:]))
    shutil.copy(f"{old[0]}.sig", target / (f"{number:04d}" + old[0].name[4:] + ".sig"))
    team.commit_all("Approve this as well")
    return True


def policy_edit(team: Team, doc: str, state: PostmortemState) -> bool:
    team.actor("jane")
    file = team.top / ".pmctl/policy.yaml"
    text = file.read_text()
    if "self_approval: false" in text:
        text = text.replace("self_approval: false", "self_approval: true")
    else:
        text += "# harmless\n"
    file.write_text(text)
    team.commit_all("Help out")
    return True


def key_swap(team: Team, doc: str, state: PostmortemState) -> bool:
    team.actor("jane")
    file = team.top / ".pmctl/policy.yaml"
    current = public("bob", team.numbers.get("bob", 1))
    text = file.read_text()
    if current not in text:
        return False
    file.write_text(text.replace(current, public("mallory")))
    team.commit_all("Bob has a new laptop")
    return True


def file_renamed(team: Team, doc: str, state: PostmortemState) -> bool:
    team.actor("alice")
    team.git("mv", team.path(doc), team.path(doc).replace(".md", "-2.md"))
    team.commit_all("Say it better")
    return True


def file_deleted(team: Team, doc: str, state: PostmortemState) -> bool:
    team.actor("alice")
    team.git("rm", "-q", team.path(doc))
    team.commit_all("Remove it")
    return True


def made_executable(team: Team, doc: str, state: PostmortemState) -> bool:
    (team.top / team.path(doc)).chmod(0o755)
    team.commit_all("Run it")
    return True


def attachment_swapped(team: Team, doc: str, state: PostmortemState) -> bool:
    folder = team.top / team.path(doc).removesuffix(".md")
    files = sorted(folder.glob("*")) if folder.is_dir() else []
    if not files or state.status not in FINAL:
        return False
    files[0].write_text("a nicer graph\n")
    team.commit_all("Nicer")
    return True


FORGERIES: dict[str, Forgery] = {
    function.__name__: function
    for function in (
        status_edit, content_edit, record_removed, record_edited, record_unsigned, approval_unsigned,
        approval_by_another, self_approval, approval_replayed, approval_of_another_postmortem, policy_edit, key_swap,
        file_renamed, file_deleted, made_executable, attachment_swapped,
    )
}  # fmt: skip
forgeries = st.sampled_from(sorted(FORGERIES))

Histories.TestCase.settings = settings(
    max_examples=EXAMPLES or 6,
    stateful_step_count=30 if EXAMPLES else 20,
    deadline=None,
    derandomize=not EXAMPLES,
    database=None,
    print_blob=False,
    # A history takes seconds: the notes say what happened, and shrinking it would take many minutes.
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
TestHistories = pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")(Histories.TestCase)
