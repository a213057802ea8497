"""77 to 80, 86 and 87: what is signed is what is read. Each attack beside the nearest legitimate act."""

from __future__ import annotations

import pytest

from pmctl.policy import act as acts
from tests.world import DOC, World

from .conftest import Copy
from .gate import Gate, command

OTHER = "2024-02-01-other"
ROW = "| AI-7f3k | Monitor the pool | @carol | 2024-01-22 | HIGH | OPEN | | |\n"
SECOND = "| Finding | Owner | Notes |\n|---|---|---|\n| F1 | nobody | Nobody was at fault |\n"
PICTURE = f"![Failed payments, 40 at the peak]({DOC}/graph.svg)"


def staged_is_refused(world: World, code: str) -> None:
    """The hook and `validate --staged` name this code for what is staged, and say the same."""
    world.git("add", "-A")
    hook, staged = command(world, "jane", "hook", "pre-commit"), command(world, "jane", "validate", "--staged")
    assert (hook.code, staged.code) == (1, 1), hook
    assert code in staged.out
    assert hook.out == staged.out


def submitted_with(world: World, old: str, new: str) -> None:
    """Another text, and then a submit that the command line would have refused."""
    world.edit(old, new)
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))


@pytest.mark.parametrize(
    "more",
    [
        "|\n" + SECOND,
        "\u00a0" + SECOND,
        "\n" + SECOND,
        " " + SECOND,
        "\x0c" + SECOND,
        "\u2028" + SECOND,
        "text | more\n",
    ],
)
def test_attack_77_rows_that_a_host_renders_differently(stage: Copy, more: str) -> None:
    world = stage("drafted")
    gate = Gate(world)
    submitted_with(world, ROW, ROW + more)
    gate.refuses("AU321")
    gate.back()
    world.edit(ROW, ROW + more)
    said = command(world, "jane", "submit", DOC, "-r", "bob")
    assert said.code == 1
    assert "PM593" in said.err
    gate.back()
    world.edit(ROW, ROW + "| AI-9d2m | Say when a \\| is no border | @bob | 2024-01-29 | LOW | OPEN | | |\n\nA word.\n")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate.lands()


@pytest.mark.parametrize("cell", ["x[^1]", "[OPS]", "![x][OPS]", "&#x202e;x", "a\u200bb", "<b>x</b>"])
def test_attack_77_markup_in_a_cell_that_no_approval_covers(stage: Copy, cell: str) -> None:
    world = stage("drafted")
    world.edit("Alerts came early.", "Alerts came early.\n\n[^1]: note\n\n[OPS]: https://tracker.example/")
    gate = Gate(world)
    submitted_with(world, "| OPEN | | |", f"| OPEN | | {cell} |")
    gate.refuses("AU321")
    gate.back()
    world.edit("| OPEN | | |", "| OPEN | OPS-12 | see [the runbook], 5 < 6 & more |")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate.lands()


@pytest.mark.parametrize(
    "hidden", ["\u200b", "\u202e", "\u2066", "\U000e0041", "\ufeff", "&ZeroWidthSpace;", "&#8238;"]
)
def test_attack_77_characters_that_nobody_sees(stage: Copy, hidden: str) -> None:
    world = stage("drafted")
    gate = Gate(world)
    submitted_with(world, "too small", f"too {hidden}small")
    gate.refuses("AU321")
    gate.back()
    world.edit("too small", f"too {hidden}small")
    assert command(world, "jane", "submit", DOC, "-r", "bob").code == 1
    gate.back()
    world.edit("too small", "too small 👩‍💻 (می‌خواهم, क्‍ष, שלום\u200f!), `&#x202e;` is no name")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate.lands()


LOOKALIKES = [
    "POSTMORTEMS/2024/x.txt", "po\u017ftmortems/x.txt", "postmortems\u200b/x.txt", "postmortems /x.txt",
    "postmortems./x",
    ".pmctl/Records/x.json", ".pm\u0441tl/policy.yaml", ".pmctl\u200d/policy.yaml", ".pmctl/policy.yaml.",
    f"postmortems/2024/{DOC.upper()}/graph.svg", f"postmortems/2024/{DOC}.MD", f"postmortems/2024/{DOC}.md ",
    "Pmctl.yaml", ".GITATTRIBUTES", "PMCTL~1/policy.yaml", "p\u043estmortems/x.txt", "\u24df\u24de\u24e2tmortems/x",
    f".pmctl/records/{DOC.upper()}/0001-submit-jane-1a2b3c4d.json",
]  # fmt: skip


@pytest.mark.parametrize("path", LOOKALIKES)
def test_attack_78_paths_that_look_like_ours(stage: Copy, path: str) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.write(path, "x\n")
    staged_is_refused(world, "AU504")
    world.commit("Notes", "jane")
    found = {one.code for one in gate.new(gate.whole())}
    assert "AU504" in found
    assert not gate.push().landed
    said = command(world, "jane", "validate")
    assert (said.code, "AU504" in said.out) == (1, True)


def test_attack_78_attachments_that_are_one_file_on_some_systems(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    folder = f"postmortems/2024/{DOC}"
    world.write(f"{folder}/Caf\u00e9.svg", "<svg/>")
    world.write(f"{folder}/cafe\u0301.svg", "<svg></svg>")
    staged_is_refused(world, "AU504")
    world.commit("Graphs", "jane")
    gate.refuses("AU504")
    gate.back()
    for path in (f"{folder}/Graph 1.PNG", f"{folder}/a/README.md", "docs/Records/x", "src/Postmortem.md", "README.md"):
        world.write(path, "x")
    world.git("add", "-A")
    assert command(world, "jane", "hook", "pre-commit").code == 0
    world.commit("Graphs", "jane")
    gate.lands()


@pytest.mark.parametrize(
    "shown",
    ["![Failed payments](../../img/graph.svg)", '<img alt="Failed payments" src="../../img/graph.svg">',
     "![Failed payments][g]\n\n[g]: ../../img/graph.svg", f"![Failed payments](2024/../{OTHER}/graph.svg)",
     "![Failed payments](https://graphs.example/1.png)", "<picture><source srcset=//a.example/1.png></picture>"],
)  # fmt: skip
def test_attack_79_pictures_outside_the_postmortems_folder(stage: Copy, shown: str) -> None:
    world = stage("drafted")
    world.write("img/graph.svg", "<svg/>")
    world.write(f"postmortems/2024/{DOC}/graph.svg", "<svg/>")
    world.commit("Graphs", "jane")
    gate = Gate(world)
    submitted_with(world, "too small.", f"too small.\n\n{shown}")
    gate.refuses("AU321")
    gate.back()
    world.edit("too small.", f"too small.\n\n{shown}")
    said = command(world, "jane", "submit", DOC, "-r", "bob")
    assert said.code == 1
    assert "PM209" in said.err
    gate.back()
    linked = "[the dashboard](https://graphs.example/1.png), [another](../../img/graph.svg)"
    world.edit("too small.", f"too small.\n\n{PICTURE}\n\nSee {linked}.")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate.lands()
    assert "PM209" not in command(world, "jane", "validate", DOC, "--strict").out


@pytest.mark.parametrize(
    ("place", "line"),
    [(".gitattributes", "*.md -diff"), (".gitattributes", "team/** binary"),
     (".gitattributes", '"team/pm/postmortems/2024/*" -diff'),
     ("team/.gitattributes", "pm/postmortems/** linguist-generated"),
     (".gitattributes", "*.md " + "x " * 2000 + "-diff"),
     ("team/pm/.gitattributes", "2024-01-15-*.md -diff"), (".gitattributes", "*.json conflict-marker-size=3")],
)  # fmt: skip
def test_attack_80_attributes_above_a_subfolder_root(tmp_path: object, place: str, line: str) -> None:
    world = World(tmp_path / "repo", prefix="team/pm/")  # type: ignore[operator]
    world.init()
    world.new()
    gate = Gate(world)
    (world.path / place).write_text(line + "\n")
    world.git("add", "-A")
    assert "AU505" in command(world, "jane", "validate", "--staged").out
    world.commit("Tidy", "jane")
    report = world.audit(root=world.first)
    assert [(one.code, one.commit) for one in gate.new(report)] == [("AU505", world.head)]
    assert "AU505" in command(world, "jane", "validate").out
    world.git("reset", "-q", "--hard", gate.before)
    (world.path / place).write_text("*.png binary\nREADME.md -diff\n/other/** -diff\n*.md text eol=lf\n")
    world.git("add", "-A")
    assert "AU505" not in command(world, "jane", "validate", "--staged").out
    world.commit("Tidy", "jane")
    assert gate.new(world.audit(root=world.first)) == []


CONFLICT = "<<<<<<< HEAD\nThe pool was too small.\n=======\nThe pool was fine.\n>>>>>>> feature\n"


@pytest.mark.parametrize(
    "text",
    [
        CONFLICT,
        CONFLICT.replace("<<<<<<< HEAD\n", ""),
        "\n=======\n",
        "||||||| 1a2b3c4\nThe pool.\n",
        "```\n" + CONFLICT,
    ],
)
def test_attack_86_conflict_markers(stage: Copy, text: str) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.edit("The connection pool was too small.\n", text, commit=False)
    staged_is_refused(world, "PM008")
    world.commit("Merge", "jane")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    found = {one.code for one in gate.new(gate.whole())}
    assert "AU405" in found
    assert not gate.push().landed
    for words in (
        ("submit", DOC, "-r", "bob"),
        ("actions", "set", "AI-7f3k", "--status", "COMPLETED"),
        ("validate", DOC),
    ):
        said = command(world, "jane", *words)
        assert said.code in (1, 2), said
        assert "PM008" in said.out + said.err
    for words in (("list",), ("actions", "list"), ("status", DOC)):
        said = command(world, "jane", *words)
        assert "PM008" in said.out + said.err, said
    gate.back()
    honest = f"The pool was too small: the merge left this in.\n\n```\n{CONFLICT}```\n\n| a | b |\n|---|---|\n|||\n"
    world.edit("The connection pool was too small.\n", honest)
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate.lands()


def test_attack_87_one_incident_two_postmortems(stage: Copy) -> None:
    world = stage("empty")
    world.new(incidents="[{source: pagerduty, id: Q1}]")
    gate = Gate(world)
    world.new(OTHER, incidents="[{source: PagerDuty, id: Q1, url: 'https://x.example/'}]")
    gate.warns("AU507", layer="proved")
    for words in (("validate",), ("validate", OTHER)):
        assert "PM158" in command(world, "jane", *words).out
    gate.back()
    world.new(OTHER, incidents="[{source: pagerduty, id: Q2}, {source: jira, id: Q1}]")
    gate.lands()
    assert "PM158" not in command(world, "jane", "validate").out
