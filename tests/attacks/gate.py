"""The enforcement points of one repository, asked about whatever was just done to it.

`Gate(world)` notes the present tip and clones a server from it whose pre-receive hook is the real one, called by
git over a real push. Then a test attacks (or acts honestly), and asks:

    gate.refuses("AU306")    the whole audit, the audit of the range and the server name exactly this finding
    gate.lands()             all three pass
    gate.command(...)        what the command line says to the same wish
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest.mock import patch

from pmctl.cli import main
from pmctl.document.finding import Severity
from pmctl.ledger.report import AuditFinding, Report
from tests.world import World

HOOK = '#!/bin/sh\nexec "{python}" -m pmctl hook pre-receive\n'
SETTINGS = (
    "[user]\n\tname = {name}\n\temail = {handle}@example.com\n\tsigningkey = {key}\n"
    "[gpg]\n\tformat = ssh\n[init]\n\tdefaultBranch = main\n"
)


@dataclass(frozen=True)
class Push:
    """What a push came to: whether it landed, and what the client was shown."""

    landed: bool
    said: str


@dataclass(frozen=True)
class Said:
    """What the command line answered: exit code, stdout and stderr."""

    code: int
    out: str
    err: str


class Gate:
    """The points at which a step can be stopped, for what comes after the tip that `world` has now."""

    def __init__(self, world: World, *, root: bool = True, branch: str = "main") -> None:
        self.world = world
        self.before = world.head
        self.branch = branch
        self.server = world.path.parent / f"server-{self.before[:8]}.git"
        world.git("clone", "-q", "--bare", str(world.path), str(self.server))
        self._on_server("update-ref", f"refs/heads/{branch}", self.before)
        if root:
            self._on_server("config", "pmctl.root", world.first)
        hook = self.server / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(HOOK.format(python=sys.executable))
        hook.chmod(0o755)

    def refuses(self, *codes: str, commit: str = "", warnings: tuple[str, ...] = (), layer: str = "proved") -> None:
        """The steps since `before` have exactly these findings, all in `commit` (the tip if not given)."""
        where = commit or self.world.head
        expected = {(code, where) for code in codes}
        for report in (self.whole(), self.reach()):
            found = [finding for finding in report.violations if finding in self.new(report)]
            assert {(f.code, f.commit) for f in found} == expected, _shown(report)
            assert {finding.layer for finding in found} == {layer}
            mild = {f.code for f in self.new(report) if f.severity is not Severity.ERROR}
            assert mild == set(warnings), _shown(report)
            assert not report.passed
        push = self.push()
        assert not push.landed, push.said
        for code in codes:
            assert code in push.said, push.said
        assert where[:12] in push.said, push.said

    def warns(self, *codes: str, commit: str = "", layer: str = "attributed") -> None:
        """The steps since `before` have exactly these warnings, all of one layer; they land and are said."""
        where = commit or self.world.head
        for report in (self.whole(), self.reach()):
            assert {(f.code, f.commit, f.layer) for f in self.new(report)} == {
                (code, where, layer) for code in codes
            }, _shown(report)
            assert report.passed
        push = self.push()
        assert push.landed, push.said
        for code in codes:
            assert code in push.said

    def lands(self) -> None:
        """Nothing is found in the steps since `before`, and the server takes them."""
        for report in (self.whole(), self.reach()):
            assert self.new(report) == [], _shown(report)
            assert report.complete
        push = self.push()
        assert push.landed, push.said

    def back(self) -> None:
        """Undo what was tried: the world is as it was when the gate was made."""
        self.world.git("reset", "-q", "--hard", self.before)
        self.world.git("clean", "-qfd")
        self._on_server("update-ref", f"refs/heads/{self.branch}", self.before)

    def whole(self) -> Report:
        """The audit of everything up to the tip."""
        return self.world.audit(root=self.world.first)

    def reach(self) -> Report:
        """The audit of the range from the tip before, as CI runs it."""
        return self.world.audit(base=self.before, root=self.world.first)

    def new(self, report: Report) -> list[AuditFinding]:
        """The findings of the steps that came after `before`."""
        old = set(self.world.git("rev-list", self.before).split())
        return [finding for finding in report.findings if finding.commit not in old]

    def push(self, refspec: str = "", *, force: bool = False, env: dict[str, str] | None = None) -> Push:
        """Push over git's own protocol to the server, which asks the hook."""
        target = refspec or f"HEAD:refs/heads/{self.branch}"
        words = ["push", "-q", *(["--force"] if force else []), str(self.server), target]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            ["git", *words], cwd=self.world.path, capture_output=True, text=True, check=False,
            env={**clean, "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, **(env or {})},
        )  # fmt: skip
        return Push(done.returncode == 0, done.stderr)

    def command(self, by: str, *words: str) -> Said:
        """Run pmctl as a person on the repository as it was before."""
        self.back()
        return command(self.world, by, *words)

    def command_refuses(self, by: str, *words: str, code: str = "") -> None:
        """The command line says no with this code and changes nothing."""
        said = self.command(by, *words)
        assert said.code == 1, said
        assert code in said.err + said.out, said
        assert self.world.head == self.before

    def _on_server(self, *words: str) -> None:
        subprocess.run(["git", "--git-dir", str(self.server), *words], check=True, capture_output=True)


def command(world: World, by: str, *words: str, **environment: str) -> Said:
    """Run pmctl as a person on the repository as it is, in this process."""
    settings = world.path.parent / f"gitconfig-{by}"
    settings.write_text(SETTINGS.format(name=by.capitalize(), handle=by, key=world.people[by].key))
    data = io.BytesIO()
    out, err = io.TextIOWrapper(data, encoding="utf-8", write_through=True), io.StringIO()
    here = {"GIT_CONFIG_GLOBAL": str(settings), "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(settings.parent)}
    with patch.dict(os.environ, {**here, **environment}), redirect_stdout(out), redirect_stderr(err):
        code = main(["-C", str(world.root), "--no-input", *words])
    return Said(code, data.getvalue().decode(), err.getvalue())


def _shown(report: Report) -> list[str]:
    return [f"{f.code} {f.commit[:12]} {f.severity} {f.message}" for f in report.findings]
