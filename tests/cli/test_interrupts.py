"""Ctrl-C, a polite kill and an impolite one while an act is being committed: before or after, never half."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pmctl.workflow.demo import become
from tests.cli.play import ID, Play

At = Callable[[str], Play]


def slow_hook(play: Play, *, stubborn: bool = False) -> Path:
    """A pre-commit hook that waits until it is told to go on; returns the file that says that it waits."""
    waits = play.stage.folder / "waits"
    hook = play.root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    trap = "trap '' INT TERM\n" if stubborn else ""
    hook.write_text(
        f"#!/bin/sh\n{trap}touch {shlex.quote(str(waits))}\nfor i in 1 2 3 4 5 6 7 8; do sleep 0.25; done\n"
    )
    hook.chmod(0o755)
    return waits


def start(play: Play, person: str, *words: str) -> subprocess.Popen[str]:
    """A real pmctl process in a process group of its own, as a terminal starts it."""
    become(play.stage, person)
    return subprocess.Popen(
        [sys.executable, "-m", "pmctl", "--no-input", *words], cwd=play.root, env=play.environment, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def until(file: Path) -> None:
    """Wait until a file is there."""
    deadline = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < deadline, f"{file} never came"
        time.sleep(0.01)


@pytest.mark.parametrize("stubborn", [False, True])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_signal_to_everybody_during_the_commit(signum: signal.Signals, stubborn: bool, play: At) -> None:
    """A terminal sends Ctrl-C to pmctl, git and the hook; git ends, or the hook ignores it and git lands the act."""
    review = play("review")
    before = review.snapshot()
    waits = slow_hook(review, stubborn=stubborn)
    process = start(review, "bob", "approve", ID)
    until(waits)
    os.killpg(process.pid, signum)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + signum, (process.returncode, out, err)
    assert "Traceback" not in err, err
    time.sleep(0.1)
    (review.root / ".git/hooks/pre-commit").unlink()
    head, _, _ = review.snapshot()
    if head == before[0]:
        assert review.snapshot() == before, "put back"
        assert "nothing is half done" in err, err
        review.do("bob", f"pmctl approve {ID}")
    assert review.snapshot()[1] == ""
    assert review.run("bob", "pmctl doctor").returncode == 0
    assert "bob: approve" in review.do("bob", f"pmctl log {ID}")
    review.do("bob", "pmctl audit")
    assert not (review.root / ".git/index.lock").exists()


def test_signal_to_pmctl_alone(play: At) -> None:
    """`kill PID`: git goes on or not; in the end the act is there whole or not at all."""
    review = play("review")
    waits = slow_hook(review)
    process = start(review, "bob", "approve", ID)
    until(waits)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode in (0, 130), (out, err)
    deadline = time.monotonic() + 10
    while (review.root / ".git/index.lock").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    (review.root / ".git/hooks/pre-commit").unlink()
    assert review.snapshot()[1] == "", "nothing half done"
    assert review.run("bob", "pmctl doctor").returncode == 0
    review.do("bob", "pmctl audit")


def test_kill_during_the_commit(play: At) -> None:
    """SIGKILL of pmctl, git and the hook: the next act, or doctor, finishes or undoes it."""
    review = play("review")
    before = review.snapshot()
    waits = slow_hook(review)
    process = start(review, "bob", "approve", ID)
    until(waits)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    (review.root / ".git/hooks/pre-commit").unlink()
    doctor = review.run("bob", "pmctl doctor")
    assert doctor.returncode == 1 and "BAD   acts: an act was killed half way" in doctor.stdout
    assert "pmctl doctor --fix" in doctor.stdout
    fixed = review.run("bob", "pmctl doctor --fix")
    if "index.lock" in fixed.stderr:  # git was killed as well and left its lock: it is said how to go on
        assert "delete" in fixed.stderr
    for lock in (review.root / ".git").glob("*.lock"):
        lock.unlink()
    done = review.run("bob", "pmctl doctor --fix")
    assert done.returncode == 0, done.stdout + done.stderr
    assert review.snapshot() == before
    review.do("bob", f"pmctl approve {ID} && pmctl audit")


def test_the_next_act_clears_up_by_itself(play: At) -> None:
    review = play("review")
    waits = slow_hook(review)
    process = start(review, "bob", "approve", ID)
    until(waits)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    (review.root / ".git/hooks/pre-commit").unlink()
    for lock in (review.root / ".git").glob("*.lock"):
        lock.unlink()
    review.do("bob", f"pmctl approve {ID}")
    assert review.snapshot()[1] == ""
    review.do("bob", "pmctl audit")


def test_two_acts_at_once_one_waits_its_turn(play: At) -> None:
    review = play("review")
    waits = slow_hook(review)
    process = start(review, "bob", "approve", ID)
    until(waits)
    second = review.run("jane", "pmctl actions set AI-7f3k --status COMPLETED")
    assert second.returncode == 2 and "another pmctl act is running" in second.stderr, second.stderr
    assert review.run("jane", "pmctl list").returncode == 0, "reading goes on meanwhile"
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err


def test_interrupt_while_reading(play: At) -> None:
    """Ctrl-C before anything is written."""
    review = play("review")
    before = review.snapshot()
    process = start(review, "bob", "new", "--from", "-")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode in (130, 2, -2, 1), err
    assert review.snapshot() == before


SAID = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "terminated"}


@pytest.mark.parametrize("signum", SAID)
def test_a_signal_at_any_moment_leaves_one_sentence(signum: signal.Signals, play: At) -> None:
    """From the first line that is ours on, imports included; what the interpreter does before is its own affair."""
    review = play("review")
    before = review.snapshot()
    become(review.stage, "bob")
    code = "import sys, pmctl.start as s; own = s._listen; s._listen = lambda: (own(), print(1, flush=True)); "
    code += "sys.argv = ['pmctl', 'audit']; s.run()"
    for step in range(12):
        process = subprocess.Popen(
            [sys.executable, "-c", code], cwd=review.root, env=review.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.005 + step * 0.03)
        process.send_signal(signum)
        _, err = process.communicate(timeout=30)
        assert "Traceback" not in err and "Exception ignored" not in err, err
        if process.returncode != 0:
            assert process.returncode == 128 + signum, (process.returncode, err)
            assert err.strip() == f"{SAID[signum]}: nothing is half done"
    assert review.snapshot() == before


@pytest.mark.parametrize("signum", SAID)
def test_a_signal_while_an_object_is_destroyed(signum: signal.Signals) -> None:
    """What is raised there goes nowhere, so that it has to come again."""
    code = f"""
import os, sys, time, types
import signal
import pmctl.start

signal.signal({int(signum)}, signal.SIG_DFL)  # whoever started the tests may have had it ignored

class Held:
    def __del__(self):
        os.kill(os.getpid(), {int(signum)})
        time.sleep(0)

def main():
    Held()
    time.sleep(30)

sys.modules["pmctl.cli"] = types.SimpleNamespace(main=main)
pmctl.start.run()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (128 + signum, f"\n{SAID[signum]}: nothing is half done\n")


def test_a_signal_while_standard_error_is_set_up() -> None:
    """The stream is not writable from then on; what has to be said is said all the same."""
    code = """
import codecs, sys
from pmctl.cli import main

def interrupted(*words):
    raise KeyboardInterrupt

def half(errors):
    utf8 = codecs.lookup("utf-8")
    codecs.register(
        lambda name: codecs.CodecInfo(utf8.encode, utf8.decode, incrementalencoder=interrupted, name=name)
        if name == "half" else None
    )
    own(errors=errors, encoding="half")

own = sys.stderr.reconfigure
sys.stderr.reconfigure = half
sys.exit(main(["list"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (130, "\ninterrupted: nothing is half done\n")
