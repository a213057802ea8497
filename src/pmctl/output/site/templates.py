"""The templates of a site: the built-in ones, and those that a repository puts in their place.

A file in `.pmctl/site/` replaces the built-in one of the same name; `{% extends "builtin/base.html.j2" %}` changes only
a part of it. `theme.css` comes after the built-in style. They are somebody else's programs: they run in Jinja's
immutable sandbox, see plain values only, and read nothing but templates.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pmctl.errors import BadInput
from pmctl.output.site.look import assets
from pmctl.output.site.own_files import FOLDER, SUFFIX, THEME, builtin, findings, in_work_tree
from pmctl.text import harmless

if TYPE_CHECKING:
    from jinja2 import Environment

FRAME = "base.html.j2"


@dataclass(frozen=True)
class Templates:
    """The texts of all templates by name, and the site's own style and script."""

    own: dict[str, str]
    theme: bytes = b""

    @cached_property
    def digest(self) -> str:
        """Changes with anything that a page's look depends on."""
        texts = (*(f"{name}\0{text}" for name, text in sorted({**builtin(), **self.own}.items())),)
        return hashlib.sha256("\0".join(texts).encode() + self.theme).hexdigest()

    @property
    def assets(self) -> dict[str, bytes]:
        """The files that pages load, by name."""
        found = dict(assets())
        found["site.css"] += self.theme
        return found

    @cached_property
    def _sandbox(self) -> Environment:
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        return _environment(ImmutableSandboxedEnvironment, self.own)

    @cached_property
    def _plain(self) -> Environment:
        """For the built-in templates alone, which need no sandbox and take half the time without one."""
        from jinja2 import Environment

        return _environment(Environment, {})

    def render(self, name: str, values: dict[str, Any]) -> bytes:
        """One page. Raises BadInput, with file and line, when a template of the repository cannot be carried out."""
        from jinja2 import TemplateError, TemplateNotFound

        # A built-in template refers to none but the frame (a test asks for that).
        environment = self._plain if self.own.keys().isdisjoint((name, FRAME)) else self._sandbox
        try:
            page = "".join(environment.get_template(name).generate(values))
        except TemplateNotFound as error:
            raise self._problem(name, error, f"there is no template {error.name}") from None
        except TemplateError as error:
            raise self._problem(name, error, str(error.message or error)) from None
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            if not self.own:
                raise
            raise self._problem(name, error, str(error) or type(error).__name__) from None
        return harmless(page).encode("utf-8", "replace")

    def _problem(self, name: str, error: Exception, message: str) -> BadInput:
        """The error at the line of the template that it is about."""
        place, line = name, 1
        at = error.__traceback__
        while at is not None:  # the last frame that is a template's
            file = at.tb_frame.f_code.co_filename
            place, line = (file, at.tb_lineno) if file.endswith(SUFFIX) else (place, line)
            at = at.tb_next
        from jinja2 import TemplateSyntaxError

        if isinstance(error, TemplateSyntaxError):
            place, line = error.name or place, error.lineno
        place = place.removeprefix("builtin/")
        hint = f"correct it, or remove {FOLDER}/{place} to have the built-in one"
        return BadInput(f"{FOLDER}/{place}:{line}: {message}", hint=hint)


def _environment(kind: type[Environment], own: dict[str, str]) -> Environment:
    """The built-in templates with a repository's `own` in their place, in an environment that knows nothing else."""
    from jinja2 import FunctionLoader, StrictUndefined

    known = builtin()
    texts = {**{f"builtin/{name}": text for name, text in known.items()}, **known, **own}

    def load(name: str) -> tuple[str, str, None] | None:  # with its name, which errors then say
        return (texts[name], name, None) if name in texts else None

    environment = kind(
        loader=FunctionLoader(load), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals = {}
    return environment


def load_templates(root: Path) -> Templates:
    """The templates of the repository whose pmctl root is `root`.

    Raises BadInput, with all that is wrong, for files that replace nothing or cannot be read: they would look as if
    they counted.
    """
    files = in_work_tree(root)
    if wrong := findings(files):
        first, *others = (f"{one.path}{f':{one.line}:' if one.line else ''} {one.message}" for one in wrong)
        raise BadInput(first, hint=wrong[0].fix, details=tuple(others))
    own = {name: data for name, data in files.items() if isinstance(data, bytes)}
    theme = own.pop(THEME, None)
    return Templates({name: data.decode() for name, data in own.items()}, b"" if theme is None else b"\n" + theme)
