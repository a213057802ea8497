"""Templates of a repository: what they may change, and what they cannot reach."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pmctl.errors import BadInput
from pmctl.output.site.look import Frame
from pmctl.output.site.own_files import FOLDER, builtin
from pmctl.output.site.templates import FRAME, load_templates

VALUES = {"site": Frame("Postmortems"), "root": "", "here": "404.html"}


def _put(root: Path, name: str, text: str) -> None:
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    (root / FOLDER / name).write_text(text)


def test_the_built_in_ones_without_a_folder(tmp_path: Path) -> None:
    found = load_templates(tmp_path)
    assert found.own == {}
    assert b"Not found" in found.render("missing.html.j2", VALUES)


def test_one_is_replaced_and_one_is_changed_in_part(tmp_path: Path) -> None:
    before = load_templates(tmp_path).digest
    own = '{% extends "builtin/base.html.j2" %}{% block title %}Ours{% endblock %}'
    _put(tmp_path, "base.html.j2", own)
    _put(tmp_path, "theme.css", "body { color: teal }")
    found = load_templates(tmp_path)
    page = found.render("missing.html.j2", VALUES)
    assert b"<title>Not found" in page
    assert b"Skip to the content" in page
    assert found.assets["site.css"].endswith(b"body { color: teal }")
    assert found.digest != before


def test_the_built_in_ones_refer_to_the_frame_alone() -> None:
    """Those that nobody replaced are carried out without a sandbox, which knows none of the repository's."""
    referred = r"{%-?\s*(?:extends|include|import|from)\s+([^\s%]+)"
    assert {name for text in builtin().values() for name in re.findall(referred, text)} == {f'"{FRAME}"'}


def test_values_are_escaped(tmp_path: Path) -> None:
    _put(tmp_path, "missing.html.j2", "{{ site.name }}")
    page = load_templates(tmp_path).render("missing.html.j2", {"site": Frame("<script>x</script>\u202e")})
    assert page == "&lt;script&gt;x&lt;/script&gt;\ufffd".encode()


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ site.__init__.__globals__ }}",
        "{{ site.navigation.__class__ }}",
        "{% include '/etc/passwd' %}",
        "{% include '../../../../etc/passwd' %}",
        "{% import 'os' as os %}",
        "{{ cycler.__init__ }}",
        "{{ lipsum }}",
        "{{ namespace }}",
        "{{ self._TemplateReference__context }}",
        "{{ nothing.there }}",
        "{{ ().__class__.__base__.__subclasses__() }}",
        "{{ site.navigation.append(1) }}",
        "{{ 'x' | nothing }}",
        "{% for x in %}",
        "{{ 1 / 0 }}",
        "{{ '{0.__class__}'.format(site) }}",
    ],
)
def test_a_hostile_or_broken_template_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    _put(tmp_path, "missing.html.j2", f"first\n{text}\n")
    with pytest.raises(BadInput) as caught:
        load_templates(tmp_path).render("missing.html.j2", VALUES)
    assert caught.value.message.startswith(f"{FOLDER}/missing.html.j2:2: ")


@pytest.mark.parametrize(
    ("name", "said"),
    [("hom.html.j2", "did you mean home.html.j2?"), ("logo.png", "a site has"), ("../x", "a site has")],
)
def test_a_file_that_replaces_nothing_is_said(tmp_path: Path, name: str, said: str) -> None:
    _put(tmp_path, Path(name).name, "x")
    with pytest.raises(BadInput, match="replaces nothing") as caught:
        load_templates(tmp_path)
    assert said in str(caught.value.hint)


def test_links_and_what_is_no_text_are_refused(tmp_path: Path) -> None:
    _put(tmp_path, "theme.css", "x")
    (tmp_path / FOLDER / "home.html.j2").symlink_to("/etc/passwd")
    with pytest.raises(BadInput, match=r"home\.html\.j2"):
        load_templates(tmp_path)
    (tmp_path / FOLDER / "home.html.j2").unlink()
    (tmp_path / FOLDER / "home.html.j2").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="not UTF-8"):
        load_templates(tmp_path)


def test_a_link_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".pmctl").mkdir()
    (tmp_path / FOLDER).symlink_to("/etc")
    with pytest.raises(BadInput, match="no folder"):
        load_templates(tmp_path)
