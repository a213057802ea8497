"""Spoil one clause of the rules of trust at a time, and run the tests that reach it, by hand:

    python -m tests.fuzz.mutants policy/edits.py tests/policy/test_edits.py tests/attacks/test_edits.py
    python -m tests.fuzz.mutants ledger/landing.py,ledger/lost_records.py tests/attacks/test_lines.py -k merge

The tests run once, watched. Then each condition is made true and false, and each operand of `and` and `or`, each member
of a list in which something is looked up or people are gathered, each statement that reports or collects is left out:
in a process of its own that has everything imported, where the tests that reach that line run until one fails. What
survives is a clause that no test needs; it is printed. `EQUIVALENT` says of which this is known, and why.

A push to a server would ask other processes, which have no spoiled clause: the audit of the pushed range answers it.
"""

from __future__ import annotations

import ast
import copy
import functools
import gc
import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

import pmctl
from tests.attacks.gate import Gate, Push

SOURCES = Path(pmctl.__file__).parent
LONGEST = 20  # times what the tests took before: a mutant that hangs is found

EQUIVALENT: dict[tuple[str, str, str], str] = {
    (
        "ledger/side_lines.py",
        "unsigned_texts",
        "without `named.act == acts.PUBLISH` in `named is not None and named.act == acts.PUBLISH`",
    ): "of a postmortem that was not published on the line the last move before an edit is none to a final status",
    (
        "ledger/side_lines.py",
        "policy_acts",
        "without `if name.startswith(f'{new.version:04d}-')`",
    ): "a record of another version binds other bytes; that it is not read spares time",
}
"""(module, function, what is done to it) -> why no test can tell it from what stands there."""


@dataclass(frozen=True)
class Mutant:
    """A module with one clause spoiled. `line` and `last` are those of the clause, `function` is the one to replace."""

    file: str
    function: ast.FunctionDef
    line: int
    last: int
    what: str
    tree: ast.Module


def mutants(file: str) -> Iterator[Mutant]:
    """Every clause of a module's functions, spoiled in each way."""
    tree = ast.parse((SOURCES / file).read_text())
    for function in _outermost(tree):
        nodes = [node for node in ast.walk(function) if not isinstance(node, ast.arg)]
        for number, node in enumerate(nodes):
            for what, _ in _spoiled(node):
                other = copy.deepcopy(tree)
                same = next(one for one in _outermost(other) if one.lineno == function.lineno)
                target = [one for one in ast.walk(same) if not isinstance(one, ast.arg)][number]
                _replace(same, target, dict(_spoiled(target))[what])
                line, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
                yield Mutant(file, function, line, last, what, ast.fix_missing_locations(other))


def _outermost(tree: ast.AST) -> list[ast.FunctionDef]:
    found = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            found.append(node)
        elif isinstance(node, ast.ClassDef):
            found += _outermost(node)
    return found


def _spoiled(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What can be done to a node: (in words, what stands there then)."""
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        for value in (True, False):
            if isinstance(node, ast.While) and value:
                continue  # hangs
            other = copy.copy(node)
            other.test = ast.Constant(value)
            yield f"`{ast.unparse(node.test)}` is {value}", other
    elif isinstance(node, ast.comprehension):
        for number, test in enumerate(node.ifs):
            without = copy.copy(node)
            without.ifs = [*node.ifs[:number], *node.ifs[number + 1 :]]
            yield f"without `if {ast.unparse(test)}`", without
    elif isinstance(node, ast.BoolOp):
        word = " and " if isinstance(node.op, ast.And) else " or "
        for number, value in enumerate(node.values):
            kept = [*node.values[:number], *node.values[number + 1 :]]
            part = kept[0] if len(kept) == 1 else ast.BoolOp(node.op, kept)
            yield f"without `{ast.unparse(value)}` in `{word.join(map(ast.unparse, node.values))}`", part
    elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
        for what, fewer in _fewer(node.comparators[0], 1):
            yield what, ast.Compare(node.left, node.ops, [fewer])
    elif isinstance(node, ast.Tuple | ast.List | ast.Set) and any(isinstance(one, ast.Starred) for one in node.elts):
        yield from _fewer(node, 0)
    elif isinstance(node, ast.AugAssign | ast.Continue | ast.Break) or (
        isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
    ):
        yield f"without `{ast.unparse(node)}`", ast.Pass()


def _fewer(node: ast.AST, least: int) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Tuple | ast.List | ast.Set) and len(node.elts) > least:
        for number, one in enumerate(node.elts):
            other = copy.copy(node)
            other.elts = [*node.elts[:number], *node.elts[number + 1 :]]
            yield f"without `{ast.unparse(one)}` in `{ast.unparse(node)}`", other


def _replace(root: ast.AST, target: ast.AST, by: ast.AST) -> None:
    for parent in ast.walk(root):
        for name, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, name, by)
            elif isinstance(value, list):
                value[:] = [by if one is target else one for one in value]


def spoil(mutant: Mutant) -> None:
    """Put a mutant's function in the place of the one that is imported, for everybody who has it."""
    path = str(SOURCES / mutant.file)
    first = min(mutant.function.lineno, *(one.lineno for one in mutant.function.decorator_list), mutant.function.lineno)
    place = first, mutant.function.name
    code = next(one for one in _codes(compile(mutant.tree, path, "exec")) if (one.co_firstlineno, one.co_name) == place)
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename == path:
            if (one.__code__.co_firstlineno, one.__code__.co_name) == place:
                one.__code__ = code
        elif isinstance(one, functools._lru_cache_wrapper) and one.__module__.startswith("pmctl."):
            one.cache_clear()


def _codes(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _codes(one)


class Mutation:
    """A plugin of pytest that runs the tests watched, and then those that reach a mutant, for each."""

    def __init__(self, files: list[str]) -> None:
        self.files = {str(SOURCES / file): file for file in files}
        self.reached: dict[tuple[str, int], dict[Any, float]] = defaultdict(dict)

    def pytest_runtestloop(self, session: Any) -> bool:
        if session.config.option.collectonly:
            return True
        self._baseline(session)
        counts = {"killed": 0, "survived": 0, "unreached": 0, "equivalent": 0}
        for file in self.files.values():
            for mutant in mutants(file):
                key = file, mutant.function.name, mutant.what
                became = "equivalent" if key in EQUIVALENT else self._tried(session, mutant)
                counts[became] += 1
                if became in ("survived", "unreached"):
                    print(f"{became}: {file}:{mutant.line} {mutant.function.name}: {mutant.what}", flush=True)
        print(f"{sum(counts.values())} mutants: {counts}", flush=True)
        return True

    def _baseline(self, session: Any) -> None:
        for item in session.items:
            lines: set[tuple[str, int]] = set()
            session._setupstate.teardown_exact(item)
            start = time.perf_counter()
            sys.settrace(self._tracer(lines))
            try:
                reports = runtestprotocol(item, log=False, nextitem=item)
            finally:
                sys.settrace(None)
            took = time.perf_counter() - start
            if any(report.failed for report in reports):
                print(f"not used, it fails here: {item.nodeid}", flush=True)
                continue
            for line in lines:
                self.reached[line][item] = took
        print(f"{len(session.items)} tests reach {len(self.reached)} lines", flush=True)

    def _tracer(self, lines: set[tuple[str, int]]) -> Any:
        files = self.files

        def called(frame: FrameType, _event: str, _argument: object) -> Any:
            name = frame.f_code.co_filename
            if name not in files:
                return None

            def within(frame: FrameType, _event: str, _argument: object) -> Any:
                lines.add((files[name], frame.f_lineno))
                return within

            return within(frame, "", None)

        return called

    def _tried(self, session: Any, mutant: Mutant) -> str:
        reaching: dict[Any, float] = {}
        for line in range(mutant.line or mutant.function.lineno, (mutant.last or mutant.function.end_lineno or 0) + 1):
            reaching |= self.reached.get((mutant.file, line), {})
        if not reaching:
            return "unreached"
        child = os.fork()
        if child == 0:
            signal.alarm(int(10 + LONGEST * sum(reaching.values())))
            devnull = os.open(os.devnull, os.O_WRONLY)
            os.dup2(devnull, 1)
            os.dup2(devnull, 2)
            os._exit(self._killed(session, mutant, sorted(reaching, key=reaching.__getitem__)))
        _, status = os.waitpid(child, 0)
        return "survived" if status == 0 else "killed"

    def _killed(self, session: Any, mutant: Mutant, items: list[Any]) -> int:
        try:
            spoil(mutant)
            for item in items:
                session._setupstate.teardown_exact(item)
                if any(report.failed for report in runtestprotocol(item, log=False, nextitem=item)):
                    return 1
        except BaseException:  # whatever it is, the mutant did it
            return 1
        return 0


def _pushed(gate: Gate, *_: object, **__: object) -> Push:
    """What a server would say, from the audit of the range in this process."""
    report = gate.reach()
    return Push(report.passed, "\n".join(f"{one.code} {one.commit[:12]} {one.message}" for one in report.findings))


def main() -> None:
    files = sys.argv[1].split(",")
    Gate.push = _pushed  # type: ignore[method-assign]  # no server in this process
    words = ["-q", "-s", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist", *sys.argv[2:]]
    raise SystemExit(pytest.main(words, plugins=[Mutation(files)]))


if __name__ == "__main__":
    main()
