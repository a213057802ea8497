"""At a terminal pmctl asks for what is missing; through a pipe or with --no-input it never does."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator

import pytest

from pmctl.output.terminal import width_of
from pmctl.workflow.demo import become
from tests.cli.play import ID, Play

At = Callable[[str], Play]
ENTER, DOWN, CTRL_C = "\r", "\x1b[B", "\x03"


class Terminal:
    """A pmctl process at a pseudo-terminal of its own, and somebody who reads and types."""

    def __init__(
        self,
        play: Play,
        person: str,
        *words: str,
        env: dict[str, str] | None = None,
        columns: int = 120,
        program: tuple[str, ...] = (),
    ) -> None:
        become(play.stage, person)
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (40, columns))
        command = [*(program or (sys.executable, "-m", "pmctl")), *words]
        self.process = subprocess.Popen(
            command, cwd=play.root, stdin=slave, stdout=slave, stderr=slave,
            env=play.environment | {"TERM": "xterm"} | (env or {}), start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(slave)
        self.seen = ""

    def read(self, seconds: float) -> bool:
        """Read what comes within some time; False at the end of the process's output."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the other end is closed
            return False
        if b"\x1b[6n" in data:  # the program asks where the cursor is, as prompts do
            os.write(self.master, b"\x1b[1;1R")
        self.seen += data.decode("utf-8", "replace")
        return bool(data)

    @property
    def plain(self) -> str:
        """What is on the screen, without its colours and movements."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.seen)

    def expect(self, text: str) -> None:
        """Wait until that has been shown, then forget what was shown."""
        deadline = time.monotonic() + 30
        while text not in self.plain:
            assert self.read(0.2) or text in self.plain, f"{text!r} never came:\n{self.plain}"
            assert time.monotonic() < deadline, f"{text!r} never came:\n{self.plain}"
        self.seen = ""

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self.master, keys.encode())

    def end(self) -> int:
        """The exit code, after everything was read."""
        deadline = time.monotonic() + 30
        while self.read(0.1):
            assert time.monotonic() < deadline, f"it does not end:\n{self.plain}"
            if self.process.poll() is not None and not select.select([self.master], [], [], 0.1)[0]:
                break
        return self.process.wait(timeout=10)

    def close(self) -> None:
        """End what still runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self.master)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def sit_down(*arguments: object, **more: object) -> Terminal:
        opened.append(Terminal(*arguments, **more))  # type: ignore[arg-type]
        return opened[-1]

    yield sit_down
    for one in opened:
        one.close()


def test_new_asks_for_what_is_missing(play: At, terminal: Callable[..., Terminal]) -> None:
    team = play("team")
    sat = terminal(team, "jane", "new")
    sat.expect("Title")
    sat.type(ENTER)
    sat.expect("please type something")
    sat.type("Checkout was slow" + ENTER)
    sat.expect("Severity")
    sat.type("SEV2" + ENTER)
    sat.expect("Urgency")
    sat.type(DOWN + ENTER)
    sat.expect("Affected services")
    sat.type("checkout, cart" + ENTER)
    assert sat.end() == 0, sat.plain
    (created,) = (team.root / "postmortems/2024").glob("*.md")
    assert created.name == "2024-01-23-checkout-was-slow.md"
    text = created.read_text()
    assert "severity: SEV2" in text and "urgency: MEDIUM" in text and "services: [checkout, cart]" in text
    assert team.git("status", "--porcelain") == ""


def test_new_asks_nothing_that_was_given(play: At, terminal: Callable[..., Terminal]) -> None:
    sat = terminal(play("team"), "jane", "new", "Checkout was slow")
    assert sat.end() == 0
    assert "?" not in sat.plain


def test_ctrl_c_at_a_question_leaves_everything_as_it_was(play: At, terminal: Callable[..., Terminal]) -> None:
    team = play("team")
    before = team.snapshot()
    sat = terminal(team, "jane", "new")
    sat.expect("Title")
    sat.type("Half a ti" + CTRL_C)
    assert sat.end() == 130
    assert "Traceback" not in sat.plain
    assert team.snapshot() == before


def test_init_offers_to_make_a_key(play: At, terminal: Callable[..., Terminal]) -> None:
    stage = play("nothing")
    no_key = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "gpg.format", "GIT_CONFIG_VALUE_0": "openpgp"}
    sat = terminal(stage, "alice", "init", env=no_key)
    sat.expect("Make one for pmctl at ~/.ssh/id_ed25519_pmctl?")
    sat.type("n")
    assert sat.end() == 2, sat.plain
    assert "run it again with --make-key" in sat.plain
    assert not (stage.root / "pmctl.yaml").exists()
    sat = terminal(stage, "alice", "init", env=no_key)
    sat.expect("Make one for pmctl")
    sat.type("y")
    sat.expect("Where to put a recovery key")
    sat.type("\r")
    assert sat.end() == 0, sat.plain
    assert "there is no recovery key" in sat.plain
    key = stage.stage.folder / "home/.ssh/id_ed25519_pmctl"
    assert key.stat().st_mode & 0o777 == 0o600
    assert stage.git("config", "user.signingkey") == str(key)
    assert stage.run("alice", f"pmctl audit && git config user.signingkey {key}").returncode == 0


def test_key_with_a_passphrase_is_asked_for_at_the_terminal(play: At, terminal: Callable[..., Terminal]) -> None:
    review = play("review")
    key = review.stage.folder / "home/keys/bob"
    review.do("bob", f"ssh-keygen -q -p -P '' -N secret -f {key}")
    sat = terminal(review, "bob", "approve", ID)
    for _ in range(2):  # once for the record, once for the commit
        sat.expect("passphrase")
        sat.type("secret\n")
    assert sat.end() == 0, sat.plain
    review.do("bob", "pmctl audit")
    sat = terminal(review, "bob", "approve", ID)
    assert sat.end() == 1, "what is not allowed is refused before anybody types a passphrase"
    assert "AU316" in sat.plain


def test_items_are_picked_from_a_list(play: At, terminal: Callable[..., Terminal]) -> None:
    draft = play("draft")
    sat = terminal(draft, "jane", "actions", "done")
    sat.expect("Load-test the pool")
    sat.type(" " + DOWN + " " + ENTER)
    assert sat.end() == 0, sat.plain
    assert "AI-7f3k of" in sat.plain and "AI-q2m8 of" in sat.plain
    assert draft.git("log", "-1", "--format=%s") == f"Update 2 action items of {ID}"
    sat = terminal(draft, "jane", "actions", "done")
    assert sat.end() == 2
    assert "there is no open action item to pick" in sat.plain


def test_nothing_picked_is_nothing_done(play: At, terminal: Callable[..., Terminal]) -> None:
    draft = play("draft")
    before = draft.snapshot()
    sat = terminal(draft, "jane", "actions", "remove")
    sat.expect("Load-test the pool")
    sat.type(ENTER)
    assert sat.end() == 2, sat.plain
    sat = terminal(draft, "jane", "actions", "remove")
    sat.expect("Load-test the pool")
    sat.type(" " + CTRL_C)
    assert sat.end() == 130
    assert draft.snapshot() == before


def test_wont_do_asks_for_its_reason(play: At, terminal: Callable[..., Terminal]) -> None:
    draft = play("draft")
    sat = terminal(draft, "jane", "actions", "set", "7f3k", "--status", "won't do")
    sat.expect("Why will it not be done?")
    sat.type(ENTER)
    sat.expect("please type something")
    sat.type("the pool is gone" + ENTER)
    assert sat.end() == 0, sat.plain
    assert "| WONT_DO | | the pool is gone |" in draft.file.read_text()


def test_no_input_and_a_pipe_never_ask(play: At, terminal: Callable[..., Terminal]) -> None:
    team = play("team")
    sat = terminal(team, "jane", "--no-input", "new")
    assert sat.end() == 2
    assert "a postmortem needs a title" in sat.plain
    (team.stage.folder / "bin/pmctl").write_text(f'#!/bin/sh\nexec {sys.executable} -m pmctl "$@"\n')
    for line in ("pmctl new", "pmctl new < /dev/null", "echo | pmctl new", "pmctl new | cat"):
        done = team.run("jane", f"set -o pipefail; {line}")
        assert (done.returncode, "a postmortem needs a title" in done.stderr) == (2, True), line
    sat = terminal(team, "jane", "--version")
    assert sat.end() == 0
    assert "\x1b" not in sat.seen


def test_colours_at_a_terminal_only(play: At, terminal: Callable[..., Terminal]) -> None:
    draft = play("draft")
    draft.environment.pop("NO_COLOR")
    sat = terminal(draft, "jane", "list")
    assert sat.end() == 0
    assert "\x1b[" in sat.seen
    assert "\x1b" not in draft.run("jane", "pmctl list").stdout
    assert "\x1b[" in draft.run("jane", "pmctl --color always list").stdout
    assert "\x1b[" in draft.run("jane", "pmctl list", env={"FORCE_COLOR": "1"}).stdout
    sat = terminal(draft, "jane", "list", env={"NO_COLOR": "1"})
    assert sat.end() == 0
    assert "\x1b[" not in sat.seen


INNER = """
import os, pty, subprocess, sys
master, slave = pty.openpty()
done = subprocess.run([sys.executable, "-m", "pmctl", *sys.argv[1:]], stdin=subprocess.DEVNULL, stdout=slave)
os.write(1, os.read(master, 65536))
"""


@pytest.mark.parametrize("columns", [50, 120])
@pytest.mark.parametrize("program", [(), (sys.executable, "-c", INNER)])
def test_excerpts_fit_the_terminal(
    play: At, terminal: Callable[..., Terminal], columns: int, program: tuple[str, ...]
) -> None:
    """Also where pmctl has a terminal without a size of its own, as pre-commit gives to hooks."""
    team = play("draft")
    for file in (team.root / "postmortems/2024").glob("*.md"):
        text = file.read_text()
        file.write_text(text.replace("## Summary\n", f"## Summary\n\n{'日本 ' * 60} last week {'日本 ' * 60}\n"))
    unset = {"NO_COLOR": "1", "COLUMNS": "", "LINES": ""}
    sat = terminal(team, "jane", "validate", "--select", "PM802", columns=columns, program=program, env=unset)
    sat.end()
    lines = sat.plain.replace("\r", "").split("\n")
    at = next(number for number, line in enumerate(lines) if "PM802" in line)
    shown, carets = lines[at + 1 : at + 3]
    assert columns - 4 < width_of(shown) < columns
    assert shown.count("…") == 2
    assert width_of(shown.partition("last week")[0]) == carets.index("^^^^^^^^^")


def test_hostile_titles_cannot_move_the_cursor(play: At, terminal: Callable[..., Terminal]) -> None:
    draft = play("draft")
    text = draft.file.read_text()
    draft.file.write_text(text.replace("title: Payment API returns errors", 'title: "Evil\\e[2J\\u202Etitle"', 1))
    for words in (("list",), ("show", ID), ("validate",), ("status",), ("status", ID)):
        sat = terminal(draft, "jane", "--color", "never", *words)
        sat.end()
        assert "\x1b[2J" not in sat.seen and "\u202e" not in sat.seen, words


HOSTILE = "\x1b]0;owned\x07 \x9b31m \x1b[8mhidden \u202eback\u202c \x1b[2J"


@pytest.mark.parametrize(
    "words",
    [("show",), ("export", "--to", "md"), ("export", "--to", "md", "--no-front-matter"), ("export", "--to", "html"),
     ("export", "--to", "json"), ("log",), ("status",), ("validate",), ("show", "--section", "Summary"),
     ("diff", "--from", "HEAD~1"),
     ("diff", "--from", "HEAD~1", "--format", "md"), ("diff", "--from", "HEAD~1", "--format", "json"), ("review",)],
)  # fmt: skip
def test_no_control_character_reaches_the_terminal(words: tuple[str, ...], play: At) -> None:
    stage = play("draft")
    file = stage.root / f"postmortems/2024/{ID}.md"
    text = file.read_text()
    file.write_text(text.replace("title: ", 'tags: ["\\e]0;owned\\a"]\ntitle: ', 1) + f"\nMore {HOSTILE}\n")
    stage.do("jane", f"git commit -qam $'Title {HOSTILE.encode('unicode_escape').decode()}'")
    sat = Terminal(stage, "jane", words[0], ID, *words[1:])
    sat.end()
    left = re.sub(r"\x1b\[(?!8m)[0-9;]*m", "", sat.seen)
    assert not re.findall(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e]", left), ascii(left)
