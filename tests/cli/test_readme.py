"""The README's ten minutes, played as printed by somebody who has a name, an e-mail address and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.cli.play import Play

README = Path(__file__).parents[2] / "README.md"
_EDITOR = """\
import sys
from pathlib import Path
from pmctl.document.reader import read
from pmctl.workflow.demo import story_edit
file = Path(sys.argv[1])
file.write_bytes(story_edit(read(file.read_bytes(), f"postmortems/2024/{file.name}")).data)
"""


def blocks() -> list[str]:
    """The shell commands that the page promises to be played."""
    return re.findall(r"<!-- play -->\n```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_every_block_works_as_printed(tmp_path: Path) -> None:
    home, programs = tmp_path / "home", tmp_path / "bin"
    for folder in (home, programs):
        folder.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Jane Doe\n\temail = jane@example.com\n")
    (programs / "pmctl").write_text(f'#!/bin/sh\nexec {sys.executable} -m pmctl --no-input "$@"\n')
    (programs / "editor.py").write_text(_EDITOR)
    (programs / "pmctl").chmod(0o755)
    environment = {
        "HOME": str(home), "PATH": f"{programs}:{Path('/usr/bin')}:/bin", "GIT_CONFIG_NOSYSTEM": "1",
        "EDITOR": f"{sys.executable} {programs / 'editor.py'}", "PMCTL_NOW": "2024-01-23T09:00:00Z",
    }  # fmt: skip
    assert len(blocks()) >= 8
    # One shell, as one person would have open; the first command that fails ends it.
    script = "set -e\n" + "".join(f"{block}echo '--- {number}'\n" for number, block in enumerate(blocks()))
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, text=True, check=False, capture_output=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed: 0 proved violations" in done.stdout
    assert "error:" not in done.stderr
    assert (tmp_path / "try/mine/payment-api.html").is_file()


def test_what_the_page_says_of_a_draft_that_nobody_wrote(play: Callable[[str], Play]) -> None:
    """An editor that changes nothing: the next step is refused, and what step 5 names lists why."""
    stage = play("team")
    stage.do("jane", "pmctl new 'Payment API outage' --severity SEV2 --service payment-api --date 2024-01-15")
    refused = stage.run("jane", "pmctl submit payment --reviewer bob")
    assert refused.returncode == 1 and "PM202" in refused.stderr, refused.stderr
    listed = stage.run("jane", "pmctl validate --strict payment")
    assert listed.returncode == 1 and "error: PM202" in listed.stdout, listed.stdout
    assert stage.run("jane", "EDITOR=true pmctl edit payment").returncode == 0
    assert stage.run("jane", "pmctl submit payment --reviewer bob").returncode == 1
    assert "`pmctl validate --strict payment-api` lists what is left" in README.read_text(encoding="utf-8")
