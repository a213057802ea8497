"""50 to 66: attacks on the tool itself, each beside the nearest legitimate act."""

from __future__ import annotations

import ast
import re
import socket
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

import pmctl
from pmctl.document.fields import path_of
from pmctl.document.reader import read
from pmctl.errors import BadInput, EnvironmentProblem, PmctlError
from pmctl.ledger import record
from pmctl.ledger.record import RecordProblem
from pmctl.output import audit as output
from pmctl.policy import act as acts
from pmctl.policy.model import POLICY_PATH
from pmctl.policy.reading import parse_policy
from pmctl.repository.transaction import interrupted
from tests.world import DOC, World, document

from .conftest import Copy
from .gate import Gate, command

OTHER = "2024-02-01-other"
SOURCE = Path(pmctl.__file__).parent
READING = (
    ("list",), ("show", DOC), ("status", DOC), ("log", DOC), ("validate",), ("audit",), ("policy", "verify"),
    ("people", "list"), ("export", DOC, "--to", "json"),
)  # fmt: skip


def test_attack_50_symlink_submodule_and_executable(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    blob = world.git("rev-parse", "HEAD:" + world.file())
    for mode, oid in (("120000", blob), ("100755", blob), ("160000", gate.before)):
        world.git("reset", "-q", "--hard", gate.before)
        world.git("update-index", "--add", "--cacheinfo", f"{mode},{oid},{world.file(OTHER)}")
        world.git("commit", "-qm", "Link")
        assert ("AU501", world.head) in {(f.code, f.commit) for f in gate.new(gate.whole())}
    push = gate.push()
    assert not push.landed
    assert "AU501" in push.said
    gate.back()
    world.new(OTHER)
    gate.lands()


def test_attack_50_a_link_is_not_followed(stage: Copy, tmp_path: Path) -> None:
    world = stage("drafted")
    secret = tmp_path / "secret.md"
    secret.write_text(document(OTHER, title="the secret of the house"))
    (world.root / world.file(OTHER)).parent.mkdir(exist_ok=True)
    (world.root / world.file(OTHER)).symlink_to(secret)
    gate = Gate(world)
    world.git("add", "-A")
    for words in (("show", OTHER), ("list",), ("validate",), ("export", OTHER, "--to", "md")):
        done = pmctl_here(world, *words)
        assert "the secret of the house" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    assert gate.before == world.head


@pytest.mark.parametrize(
    "name", ["../../../../etc/passwd", "/etc/passwd", "--output=x", "2024-01-15-../../x", "2024-01-15-x\n", "."]
)
def test_attack_51_ids_and_paths_that_lead_elsewhere(stage: Copy, name: str) -> None:
    world = stage("drafted")
    with pytest.raises(ValueError):
        path_of(name)
    assert record.parse_path(f".pmctl/records/{name}/0001-submit-jane-1a2b3c4d.json") is None
    done = pmctl_here(world, "show", "--", name)
    assert done.returncode == 2
    assert "root:" not in done.stdout
    assert not (world.root / "x").exists()


def test_attack_51_a_record_about_another_place(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.write(".pmctl/records/elsewhere/0001-submit-jane-1a2b3c4d.json", "{}")
    world.commit("Record", "jane")
    codes = {finding.code for finding in gate.new(gate.whole())}
    assert codes <= {"AU203", "AU204", "AU221"} and codes
    push = gate.push()
    assert not push.landed
    gate.back()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate.lands()


def trap(world: World, keys: tuple[str, ...]) -> Path:
    """A program that leaves a trace, set for some keys of the repository's configuration; returns the trace."""
    sprung = world.path.parent / "sprung"
    script = world.path.parent / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch {sprung}\nexit 0\n")
    script.chmod(0o755)
    for key in keys:
        world.git("config", key, str(script))
    sprung.unlink(missing_ok=True)
    return sprung


def test_attack_52_hostile_repository_configuration(stage: Copy) -> None:
    world = stage("published")
    keys = (
        "core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "core.alternateRefsCommand", "diff.external",
        "gpg.program", "gpg.ssh.program", "gpg.ssh.defaultKeyCommand", "diff.x.textconv", "diff.x.command",
        "filter.x.smudge", "filter.x.clean", "credential.helper", "pager.log", "interactive.diffFilter",
    )  # fmt: skip
    (world.path / ".git" / "info").mkdir(exist_ok=True)
    (world.path / ".git" / "info" / "attributes").write_text("*.md filter=x diff=x\n")
    sprung = trap(world, keys)
    for words in READING:
        done = pmctl_here(world, *words)
        assert not sprung.exists(), words
        assert done.returncode == 0, (words, done.stderr)


def test_attack_53_hooks_and_fsmonitor(stage: Copy) -> None:
    world = stage("published")
    sprung = trap(world, ("core.fsmonitor",))
    hooks = world.path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman"):
        (hooks / name).write_text((world.path.parent / "trap.sh").read_text())
        (hooks / name).chmod(0o755)
    for words in READING:
        pmctl_here(world, *words)
        assert not sprung.exists(), words
    # A person's own commit runs the hooks that they installed, as git does.
    (hooks / "pre-commit").write_text((world.path.parent / "trap.sh").read_text())
    (hooks / "pre-commit").chmod(0o755)
    world.edit("| OPEN |", "| COMPLETED |", by="jane")
    assert sprung.exists()


def test_attack_54_option_injection(stage: Copy, tmp_path: Path) -> None:
    world = stage("drafted")
    target = tmp_path / "written"
    questions = (
        ("audit", "--range", f"--output={target}..HEAD"),
        ("audit", "--range", f"HEAD..--output={target}"),
        ("show", DOC, "--at", f"--output={target}"),
        ("policy", "show", "--at", f"--output={target}"),
        ("people", "revoke", "bob", "--compromised-since", f"--output={target}"),
        ("waive", "AU301", "-m", "x", "--", f"--output={target}"),
    )
    for words in questions:
        done = pmctl_here(world, *words)
        assert done.returncode == 2, (words, done)
        assert "Traceback" not in done.stderr
        assert not target.exists()
    world.git("update-ref", f"refs/heads/--output={target}", "HEAD")  # a revision by that name, and no option
    for words in questions[:2]:
        assert pmctl_here(world, *words).returncode == 0
        assert not target.exists()
    assert pmctl_here(world, "audit", "--range", "HEAD..HEAD").returncode == 0


def test_attack_55_advisories_of_gitpython() -> None:
    # CVE-2023-40267, CVE-2023-40590, CVE-2023-41040 and CVE-2024-22190 are fixed in 3.1.41.
    project = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text())
    floor = next(line for line in project["project"]["dependencies"] if line.lower().startswith("gitpython"))
    version = tuple(int(part) for part in re.findall(r"\d+", floor)[:3])
    assert version >= (3, 1, 41)
    # Nothing that a person or a repository says reaches its keyword options: it makes new repositories, names branches,
    # and makes one for somebody who joins.
    users = []
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "git" and not node.level:
                users.append(file.relative_to(SOURCE).as_posix())
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "init":
                assert all(keyword.arg for keyword in node.keywords), file
    assert set(users) == {"git.py", "repository/branches.py", "workflow/demo.py", "workflow/joining.py"}


BOMB = "a: &a [x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)
DEEP = "a: " + "[" * 5000 + "]" * 5000 + "\n"


@pytest.mark.parametrize("text", [BOMB, DEEP])
def test_attack_56_alias_bomb_and_deep_nesting(stage: Copy, text: str) -> None:
    assert not read(f"---\n{text}---\n".encode()).readable
    assert parse_policy(text.encode())[0] is None
    with pytest.raises(RecordProblem):
        record.from_bytes(b"[" * 60_000)
    world = stage("empty")
    gate = Gate(world)
    world.write(POLICY_PATH, text)
    world.commit("Bomb", "alice")
    gate.refuses("AU104")


def test_attack_57_huge_files_and_scalars(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    policy = (world.root / POLICY_PATH).read_bytes()
    world.write(f".pmctl/records/{DOC}/0001-submit-jane-1a2b3c4d.json", b'{"act":"' + b"x" * 70_000 + b'"}\n')
    world.write(f".pmctl/records/{DOC}/0001-submit-jane-1a2b3c4d.json.sig", b"x")
    world.write(POLICY_PATH, policy + b"# " + b"x" * 300_000)
    world.commit("Huge", "jane")
    gate.refuses("AU104", "AU201")
    gate.back()
    for data in (
        b"---\nid: " + DOC.encode() + b"\n---\n" + b"x" * 1_100_000,
        b"---\ntitle: " + b"x" * 70_000 + b"\n---\n",
    ):
        assert not read(data).readable
    world.edit("too small", "far too small")
    gate.lands()


NASTY = "\x1b]0;owned\x07\x1b[2J\u202eGNP\u200b"


def test_attack_58_terminal_escapes_and_bidi(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.write(world.file(), world.text().replace("## Summary", f"## Summary\n\n{NASTY}\n"))
    world.write(f"postmortems/2024/{NASTY}.md", document(DOC, title='"A \\e[31m title"'))
    world.git("add", "-A")
    commit = world.commit(f"Edit {NASTY}", "mallory")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",), note=NASTY)
    report = gate.whole()
    text = output.to_text(report) + output.to_sarif(report, {}) + output.to_json(report)
    assert commit[:12] in text
    for shown in (text, gate.push().said, *(_output(world, words) for words in READING if words[0] != "export")):
        assert not set(shown) & set("\x1b\x07\u202e\u200b"), shown[:300]
    assert not set(_output(world, ("export", DOC, "--to", "json"))) & set("\x1b\x07")  # text for other programs


def _output(world: World, words: tuple[str, ...]) -> str:
    done = pmctl_here(world, *words)
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_attack_59_script_on_a_page() -> None:
    from pmctl.output.html import to_html

    body = (
        "\n## Summary\n\n<script>alert(1)</script> <img src=x onerror=alert(1)>\n\n"
        "[click](javascript:alert(1)) [data](data:text/html,x) <javascript:alert(1)> [fine](https://example.com/)\n"
    )
    page = to_html(read(document(title='"<script>alert(2)</script>"', body=body).encode()), today=date(2024, 1, 20))
    inside = page.partition("<main")[2]
    assert "<script" not in inside.lower()
    for tag in re.findall(r"<[a-z][^>]*>", inside):
        assert "javascript:" not in tag.lower()
        assert not re.search(r"\son[a-z]+\s*=", tag), tag
        assert "data:text/html" not in tag
    assert 'href="https://example.com/"' in page


@pytest.mark.parametrize(
    "payload",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{% include '/etc/passwd' %}",
        "{% for a in range(99999999) %}x{% endfor %}",
        "{{ title.__init__ }}",
    ],
)
def test_attack_60_template_injection(payload: str) -> None:
    from pmctl.workflow.template_engine import expand

    with pytest.raises(BadInput):
        expand(payload, {"title": "Payment"}, path="x.md", first_line=1)
    assert expand("About {{ title }}", {"title": "{{ 7 * 7 }}"}, path="x.md", first_line=1).count("49") == 0
    assert expand("About {{ title }}", {"title": "Payment"}, path="x.md", first_line=1) == "About Payment"


def test_attack_61_requests_to_private_addresses(stage: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    from pmctl.output.html import to_html

    def refuse(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    world = stage("drafted")
    urls = "![x](http://169.254.169.254/latest/meta-data) [y](http://localhost:8080/) <http://[::1]/>"
    world.edit("too small", f"too small {urls}")
    assert "169.254.169.254" in world.text()
    to_html(read(world.text().encode()), today=date(2024, 1, 20))
    gate = Gate(world)
    for words in (("validate",), ("export", DOC, "--to", "html"), ("audit",), ("list",)):
        assert gate.command("jane", *words).code in (0, 1), words


def test_attack_61_a_page_link_to_another_host() -> None:
    import httpx

    from pmctl.services.client import Service

    with httpx.Client() as client:
        service = Service("PagerDuty", "https://api.pagerduty.com", "TOKEN", client)
        with pytest.raises(PmctlError):
            service.get("http://169.254.169.254/latest/meta-data", "a page")


def test_attack_62_tokens_in_errors_and_remote_urls(stage: Copy) -> None:
    from pmctl.rules.credentials import redact

    token = "ghp_" + "a1B2" * 9
    world = stage("published")
    world.git("remote", "add", "origin", f"https://jane:{token}@git.example.com/postmortems.git")
    for words in (*READING, ("doctor",), ("show", "nothing-like-it")):
        assert token not in _output(world, words), words
    assert token not in redact(f"fatal: unable to access 'https://jane:{token}@git.example.com/'")
    assert redact("https://git.example.com/postmortems.git") == "https://git.example.com/postmortems.git"


def test_attack_63_check_then_commit(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    honest = world.text()
    world.edit("status: DRAFT", "status: PUBLISHED", commit=False)
    world.git("add", "-A")
    world.write(world.file(), honest)  # the work tree is innocent; the index is what gets committed
    said = pmctl_here(world, "hook", "pre-commit")
    assert said.returncode == 1
    assert "AU301" in said.stdout
    world.git("commit", "-qm", "Innocent", "--no-verify")
    gate.refuses("AU301")
    world.git("reset", "-q", "--hard", gate.before)
    world.edit("too small", "far too small", commit=False)
    world.git("add", "-A")
    world.edit("status: DRAFT", "status: PUBLISHED", commit=False)  # and the other way round
    assert pmctl_here(world, "hook", "pre-commit").returncode == 0
    world.git("commit", "-qm", "Edit", "--no-verify")
    world.git("checkout", "-q", "--", ".")
    gate.lands()


def test_attack_64_two_people_at_once(stage: Copy) -> None:
    import threading

    from pmctl.repository.transaction import locked

    world = stage("submitted")
    gate = Gate(world)
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with locked(world.repo):
            inside.set()
            leave.wait(20)

    other = threading.Thread(target=hold)
    other.start()
    try:
        assert inside.wait(20)
        said = gate.command("bob", "approve", DOC)
    finally:
        leave.set()
        other.join()
    assert said.code == 2
    assert "another pmctl act is running" in said.err
    # On two clones each acts alone; the server takes the first, and the second has to merge.
    world.git("switch", "-qc", "theirs")
    world.act(acts.WITHDRAW, "jane")
    assert gate.push().landed
    world.git("switch", "-q", "main")
    world.act(acts.APPROVE, "bob")
    assert not gate.push().landed
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "theirs")
    gate.lands()


def test_attack_65_a_change_that_alters_its_verifier(stage: Copy) -> None:
    from pmctl.workflow.ci_files import SERVICES, ci_files

    world = stage("drafted")
    gate = Gate(world)
    world.write("pmctl.yaml", "template: elsewhere\n")
    world.write(".github/workflows/postmortems.yml", "on: push\njobs: {}\n")
    world.edit("status: DRAFT", "status: PUBLISHED")
    gate.refuses("AU301")
    root = "sha256:" + "a" * 64
    for service in SERVICES:
        text = b"\n".join(ci_files(service, "", root, "main").values()).decode()
        assert root in text
        assert "--range" in text or "pmctl audit --branch" in text
    github = ci_files("github", "", root, "main")[".github/workflows/postmortems.yml"].decode()
    assert "pull_request_target" in github  # the file of the target branch runs, not the one of the change
    assert "persist-credentials: false" in github
    assert "ref:" not in github  # and nothing of the change is checked out
    gate.back()
    world.write("pmctl.yaml", "template: default\n")
    world.commit("Settings", "jane")
    gate.lands()


def test_attack_66_settings_and_environment_that_switch_checks_off(
    stage: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.write("pmctl.yaml", "rules: {ignore: [AU, AU3, AU301], severity: {AU301: 'off'}}\n")
    forged = world.edit("status: DRAFT", "status: PUBLISHED")
    world.write("/".join(("postmortems", "2024", "note.txt")), "<!-- pmctl: ignore AU301 -->\n")
    gate.refuses("AU301", commit=forged, warnings=("AU715",))
    hostile = {
        "GIT_NO_REPLACE_OBJECTS": "0", "GIT_GRAFT_FILE": "/dev/null", "GIT_DIR": "/nonexistent",
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "pmctl.protectedBranch", "GIT_CONFIG_VALUE_0": "elsewhere",
        "PMCTL_AUDIT": "off",
    }  # fmt: skip
    push = gate.push(env={name: value for name, value in hostile.items() if name != "GIT_DIR"})
    assert not push.landed
    assert "AU301" in push.said
    for name, value in hostile.items():
        monkeypatch.setenv(name, value)
    done = pmctl_here(world, "audit", "--root", world.first)
    assert done.returncode == 1
    assert "AU301" in done.stdout


def test_attack_66_ci_without_a_root(stage: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    from pmctl.insight.auditing import examine

    world = stage("drafted")
    with pytest.raises(EnvironmentProblem, match="in CI"):
        examine(world.repo, environ={"CI": "true"})
    found = examine(world.repo, environ={"CI": "true", "PMCTL_TRUST_ROOT": world.first})
    assert found.report.passed


@dataclass(frozen=True)
class Done:
    """What a run of pmctl left."""

    returncode: int
    stdout: str
    stderr: str


def pmctl_here(world: World, *words: str) -> Done:
    """Run pmctl on the world, as jane; in this process, so that many commands cost little."""
    said = command(world, "jane", *words)
    return Done(said.code, said.out, said.err)


def test_an_act_that_is_refused_clears_what_a_killed_one_left_all_the_same(
    stage: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = stage("drafted")
    with monkeypatch.context() as killed:  # after its commit landed, before its journal went
        killed.setattr("pmctl.repository.journal.forget", lambda *_: None)
        assert command(world, "jane", "submit", DOC, "--reviewer", "bob").code == 0
    assert interrupted(world.repo)
    again = command(world, "jane", "submit", DOC, "--reviewer", "bob")
    assert (again.code, "asked already" in again.err) == (1, True), again
    assert "an interrupted act had landed" in again.err
    assert not interrupted(world.repo)
    assert command(world, "jane", "doctor").code == 0
