"""What the files of the product may say and do: no traces of other places, printing and processes where they belong."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from pmctl.cli.app import chapters

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "pmctl"

# Only these start processes: git through git.py, keys through workflow's signing, the person's editor, the demo.
STARTS_PROCESSES = {
    "git.py",
    "ledger/openpgp.py",
    "services/secrets.py",  # PMCTL_SECRET_COMMAND
    "workflow/demo.py",
    "workflow/editing.py",
    "repository/signing.py",
}
STARTERS = {"subprocess", "os.system", "os.popen", "os.execv", "os.execve", "os.execvp", "os.posix_spawn", "pty.spawn"}
# The site that serves packages, and that of test packages: spelt so that this file does not name them.
REGISTRIES = re.compile(r"\b(?:test\.)?py" + r"pi\.org|files\.python" + r"hosted\.org|registry\.npm" + r"js\.org")
PLACES = re.compile(r"(?<![\w.])/(?:work|root)/[\w.]")
ISSUES = re.compile(r"\b[Ii]ssues? #?\d+\b|\(#\d+\)|# ?#\d+")


def tracked() -> list[Path]:
    """Every text file that git knows, apart from data that people of other places wrote."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    paths = [ROOT / name for name in listed.split("\0") if name]
    binary = {".png", ".gz", ".pdf", ".ico", ".gpg"}
    return [path for path in paths if path.is_file() and path.suffix not in binary]


def lines_with(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """`path:line: text` of every line in which the pattern is found."""
    found = []
    for path in paths:
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [
            f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
            for number, line in enumerate(text.splitlines(), 1)
            if pattern.search(line)
        ]
    return found


@pytest.mark.parametrize(
    ("pattern", "sample"),
    [
        (REGISTRIES, "https://py" + "pi.org/simple"),
        (PLACES, "see /wo" + "rk/somewhere"),
        (ISSUES, "fixes iss" + "ue 12"),
    ],
)
def test_no_traces_of_other_places(pattern: re.Pattern[str], sample: str) -> None:
    assert pattern.search(sample), "the pattern finds what it is for"
    # Incident records of examples and fixtures speak of pull requests and tickets of their own.
    paths = [path for path in tracked() if not {"examples", "fixtures"} & set(path.relative_to(ROOT).parts)]
    assert len(paths) > 100
    if pattern is ISSUES:
        paths = [path for path in paths if SOURCE in path.parents and "fixtures" not in path.parts]
        paths = [path for path in paths if path.suffix == ".py"]
    assert lines_with(pattern, paths) == []


def modules() -> list[Path]:
    """Every module of the package."""
    found = sorted(SOURCE.rglob("*.py"))
    assert len(found) > 100
    return found


def named(tree: ast.AST) -> set[str]:
    """Modules that are imported, and dotted names that are used."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names.add(f"{node.value.id}.{node.attr}")
    return names


# Packages whose errors and findings name an advice (`errors.advise`) in place of the command to type.
WITHOUT_COMMANDS = ("document", "policy", "ledger", "rules", "services")
COMMAND = re.compile(rf"\bpmctl (?:{'|'.join(name for chapter in chapters().values() for name in chapter)})\b")


def said(tree: ast.Module) -> list[ast.Constant]:
    """The texts of a module but for docstrings and the documentation of codes."""
    silent: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) or (isinstance(node, ast.Call) and ast.unparse(node.func) == "Code"):
            silent |= set(ast.walk(node))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and node not in silent]


def test_domain_packages_name_no_commands() -> None:
    found = [
        f"{path.relative_to(SOURCE)}:{node.lineno}: {node.value}"
        for path in modules()
        if path.relative_to(SOURCE).parts[0] in WITHOUT_COMMANDS
        for node in said(ast.parse(path.read_text()))
        if isinstance(node.value, str) and COMMAND.search(node.value)
    ]
    assert found == []


def test_processes_are_started_in_few_places() -> None:
    starting = {
        path.relative_to(SOURCE).as_posix() for path in modules() if named(ast.parse(path.read_text())) & STARTERS
    }
    assert starting == STARTS_PROCESSES


def test_git_is_started_by_one_module() -> None:
    found = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            command = node.args[0] if isinstance(node, ast.Call) and node.args else None
            if isinstance(command, ast.List) and command.elts and isinstance(command.elts[0], ast.Constant):
                found += [path.name] if command.elts[0].value == "git" else []
    assert found == [], "git.run and git.hermetic are the ways to git"


def test_only_the_command_line_prints() -> None:
    printing = {
        path.relative_to(SOURCE).as_posix()
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print")
        or (isinstance(node, ast.Attribute) and node.attr == "stdout" and ast.unparse(node.value) == "sys")
    }
    allowed = {path for path in printing if path.startswith("cli/")}
    # A language server speaks to whoever started it; the start has to answer before anything is loaded.
    assert printing - allowed <= {"editor/server.py", "start.py"}


def test_only_the_command_line_looks_up_where_it_runs() -> None:
    """What needs the environment, the home or the terminal gets it handed down; git.py passes the environment on."""
    asked = re.compile(r"\bos\.(?:environ|getenv)\b|\bPath\.home\(|\.expanduser\(|\bstd(?:in|out|err)\.isatty\(")
    asking = {path.relative_to(SOURCE).as_posix() for path in modules() if asked.search(path.read_text())}
    below = {path for path in asking if not path.startswith("cli/")}
    assert below == {"git.py"}


def test_modules_stay_readable() -> None:
    long = {
        path.relative_to(SOURCE).as_posix(): count
        for path in modules()
        if (count := len(path.read_text().splitlines())) > 440
    }
    assert long == {}, "a module that outgrows 300 lines holds two ideas"


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        path.relative_to(SOURCE).as_posix() for path in modules() if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []
