"""Imports go downwards only: the layers of the house, read from the sources themselves.

`lint-imports` checks the same contract in CI; this needs nothing installed and names the line.
"""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"


def layers() -> dict[str, int]:
    """Package -> its height: 0 is the lowest. Packages in one line of the contract may not import each other."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    rows = [[name.strip() for name in row.split("|")] for row in contract["layers"]]
    return {name: height for height, row in enumerate(reversed(rows)) for name in row}


def imports(path: Path) -> list[tuple[int, str]]:
    """(line, module) of everything of pmctl that a file imports while it runs; type checking alone does not count."""
    tree = ast.parse(path.read_text())
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return [(line, name) for line, name in found if name.startswith("pmctl.")]


def layer_of(module: str, known: dict[str, int]) -> str:
    """The layer that a module belongs to, '' for none."""
    return next((name for name in known if module == name or module.startswith(name + ".")), "")


def test_imports_go_downwards_only() -> None:
    known = layers()
    wrong, seen = [], 0
    for path in sorted(SOURCE.rglob("*.py")):
        module = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        own = layer_of(module, known)
        for line, imported in imports(path):
            target = layer_of(imported, known)
            if own and target and own != target:
                seen += 1
                if known[target] >= known[own]:
                    wrong.append(f"{path.relative_to(ROOT)}:{line}: {own} imports {target}")
    assert wrong == []
    assert seen > 200, "the walk finds imports at all"


def test_every_package_has_its_layer() -> None:
    known = layers()
    packages = {f"pmctl.{path.parent.name}" for path in (SOURCE / "pmctl").glob("*/__init__.py")}
    assert {layer_of(name, known) for name in packages} >= packages


def test_no_module_imports_itself_by_way_of_others() -> None:
    """No circle of modules, also none that only type checking or a function's body would close."""
    sources = {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts): ast.parse(path.read_text())
        for path in SOURCE.rglob("*.py")
    }
    needs: dict[str, set[str]] = {}
    for module, tree in sources.items():
        named = {f"{node.module}.{alias.name}": node.module or "" for node in ast.walk(tree)
                 if isinstance(node, ast.ImportFrom) for alias in node.names}  # fmt: skip
        needs[module] = {whole if whole in sources else part for whole, part in named.items()} & sources.keys()
    circles = []
    for module in needs:
        reached, waiting = set(), list(needs[module])
        while waiting:
            one = waiting.pop()
            if one not in reached:
                reached.add(one)
                waiting += needs[one]
        if module in reached:
            circles.append(module)
    assert circles == []
