"""pmctl.api: the examples of its page, and that it answers as the command line does."""

from __future__ import annotations

import ast
import io
import re
from contextlib import redirect_stdout
from datetime import date
from pathlib import Path

import pytest

import pmctl
from pmctl import api
from pmctl.api import BadInput, EnvironmentProblem, NotFound, Repository, UsageProblem
from tests.world import World

PAGE = Path(__file__).parents[1] / "docs/api.md"
DOC = "2024-01-15-open-to-all"


@pytest.fixture
def published(world: World) -> World:
    world.published(DOC, title="Pool too small", services=["cart"])
    return world


def test_the_examples_run(published: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(published.root)
    names: dict[str, object] = {}
    said = io.StringIO()
    with redirect_stdout(said):
        for block in re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE):
            exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102  # our own page
    text = said.getvalue()
    assert f"{DOC} Pool too small" in text
    assert "True True 1" in text
    assert "no-such-outage" in text


def test_all_is_what_the_module_offers_and_every_public_name_is_described() -> None:
    tree = ast.parse(Path(api.__file__).read_text())
    own = next(node for node in tree.body if isinstance(node, ast.ClassDef))
    methods = [node for node in own.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    assert all(ast.get_docstring(node) and node.returns is not None for node in methods)
    assert all(hasattr(api, name) for name in api.__all__)
    assert (Path(pmctl.__file__).parent / "py.typed").is_file()


def test_filters_state_and_audit(published: World) -> None:
    repository = Repository(published.root)
    assert repository.path == published.root
    assert [one.status for one in repository.postmortems(service=["cart"], since=date(2024, 1, 1))] == ["PUBLISHED"]
    assert repository.postmortems(status=["DRAFT"]) == []
    assert repository.status("open-to").status == "PUBLISHED"
    assert repository.read(DOC, at="HEAD").front_matter.status == "PUBLISHED"
    assert "publish" in repository.history(DOC).events[-1].what
    assert repository.events().events[-1].postmortem == DOC
    published.set_status("DRAFT", DOC)
    assert repository.postmortems()[0].status == "PUBLISHED", "what is proved, not what the file claims"
    published.commit("By hand")
    assert not repository.audit().passed


def test_what_cannot_be_is_an_error_of_its_kind(published: World, tmp_path: Path) -> None:
    repository = Repository(published.root)
    with pytest.raises(NotFound, match="nothing-like-it"):
        repository.read("nothing-like-it")
    with pytest.raises(UsageProblem, match="decade"):
        repository.metrics(period="decade")
    with pytest.raises(EnvironmentProblem, match="nowhere"):
        repository.audit(at="nowhere")
    with pytest.raises(EnvironmentProblem):
        Repository(tmp_path)
    published.write(published.file(DOC), "---\nid: [\n---\n")
    with pytest.raises(BadInput):
        repository.read(DOC)
    broken = repository.postmortems()
    assert broken[0].problem
