"""A small runner for the files of CI services: plays what they say in real clones, as a fresh machine would.

What a service does by itself is done for real: a checkout clones, with the depth that the file asks for; steps run in
bash with their variables, one after the other, as their conditions say; outputs and summaries go through files. What
comes from elsewhere is not fetched: `pip` and `apt-get` are stand-ins that note what they are asked for, and `pmctl` is
the one of these sources. An action or an expression that the runner does not know is an error, never passed over.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_STAND_IN = '#!/bin/sh\necho "{name} $*" >> "{log}"\n'
_PYTHON = (
    '#!/bin/sh\n[ "$1 $2 $3" = "-m pip install" ] && {{ echo "pip $*" >> "{log}"; exit; }}\nexec "{python}" "$@"\n'
)
_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(&&|\|\||==|!=|!|\(|\)|,)|([A-Za-z_][\w.-]*))")


@dataclass
class Played:
    """What a job did: its exit code, what it printed, its summary, what it published, and what it installed."""

    code: int = 0
    out: str = ""
    summary: str = ""
    steps: dict[str, str] = field(default_factory=dict)
    artifacts: dict[str, Path] = field(default_factory=dict)
    installed: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


def machine(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a fresh runner whose home is `folder`: nobody's settings, pmctl where pip would put it."""
    shims, log = folder / "bin", folder / "installed.txt"
    shims.mkdir(parents=True, exist_ok=True)
    (shims / "pmctl").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pmctl "$@"\n')
    (shims / "python").write_text(_PYTHON.format(log=log, python=sys.executable))
    for name in ("pip", "apt-get"):
        (shims / name).write_text(_STAND_IN.format(name=name, log=log))
    for shim in shims.iterdir():
        shim.chmod(0o755)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITHUB_", "CI_"))}
    own = {"PATH": f"{shims}{os.pathsep}{os.environ['PATH']}", "CI": "true", "HOME": str(folder)}
    return {**clean, **own, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", **more}


def _bash(script: str, cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], cwd=cwd, env=dict(env), text=True,
        check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


class GitHub:
    """Jobs of a workflow, or the steps of a composite action, for one event in one repository."""

    def __init__(self, folder: Path, origin: str, event: str, github: Mapping[str, Any], token: str = "") -> None:
        self.folder = folder
        self.origin = origin
        self.workspace = folder / "workspace"
        self.context: dict[str, Any] = {
            "github": {"event_name": event, "token": token, "workspace": str(self.workspace), "event": {}, **github},
            "runner": {"temp": str(folder)}, "steps": {}, "env": {}, "inputs": {},
        }  # fmt: skip
        self.played = Played()

    def workflow(self, text: str) -> Played:
        """Play every job of a workflow, in their order, each with the permissions of its own."""
        content = yaml.safe_load(text)
        for name, job in content["jobs"].items():
            needed = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            assert set(needed) < set(content["jobs"])
            assert job["timeout-minutes"] > 0
            if self.played.code:
                break
            rights = job.get("permissions", content.get("permissions"))
            assert rights, f"{name} says nothing of its rights"
            defaults = content.get("defaults", {}).get("run", {}).get("working-directory", ".")
            self._steps(job["steps"], self._filled(job.get("env", {})), defaults, rights)
        return self.played

    def action(self, path: Path, inputs: Mapping[str, str]) -> Played:
        """Play a composite action in the clone that is there, with these inputs."""
        content = yaml.safe_load(path.read_text())
        assert set(inputs) <= set(content["inputs"])
        known = {name: str(one.get("default", "")) for name, one in content["inputs"].items()}
        self.context["inputs"] = {name: self.text(value) for name, value in {**known, **inputs}.items()}
        self.context["github"]["action_path"] = str(path.parent)
        self._steps(content["runs"]["steps"], {}, ".", {})
        self.played.outputs = {name: self.text(one["value"]) for name, one in content.get("outputs", {}).items()}
        return self.played

    def checkout(self, depth: str = "1", ref: str = "") -> None:
        """Clone as the checkout action does: of the commit of the event, and no more of history than was asked for."""
        shutil.rmtree(self.workspace, ignore_errors=True)
        git = ["git", "-c", "advice.detachedHead=false", "-c", "init.defaultBranch=main"]
        subprocess.run([*git, "init", "-q", str(self.workspace)], check=True)
        wanted = ref or str(self.context["github"]["sha"])
        spec = ["+refs/heads/*:refs/remotes/origin/*", wanted] if depth == "0" else [f"--depth={depth}", wanted]
        env = {**os.environ, **self._credentials()}
        for words in (["remote", "add", "origin", self.origin], ["fetch", "-q", "--no-tags", "origin", *spec]):
            subprocess.run([*git, "-C", str(self.workspace), *words], check=True, env=env)
        subprocess.run([*git, "-C", str(self.workspace), "checkout", "-q", "--detach", wanted], check=True)

    def _credentials(self) -> dict[str, str]:
        """What the checkout action knows and, without persist-credentials, leaves behind nowhere."""
        token = str(self.context["github"]["token"])
        helper = f"!f() {{ echo username=x-access-token; echo password={token}; }}; f"
        return {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "credential.helper", "GIT_CONFIG_VALUE_0": helper}

    def _steps(self, steps: list[dict[str, Any]], env: dict[str, str], folder: str, rights: Mapping[str, str]) -> None:
        self.context["env"] = env
        failed = False
        for number, step in enumerate(steps):
            name = str(step.get("id") or step.get("name") or step.get("uses") or number)
            condition = str(step.get("if", "success()"))
            self.context["failed"] = failed
            asked = any(word in condition for word in ("cancelled()", "always()", "failure()", "success()"))
            if not self.value(condition) or (failed and not asked):
                self._done(name, step, "skipped")
                continue
            code = self._uses(step, rights) if "uses" in step else self._run(step, env, folder)
            failed = failed or code != 0
            self.played.code = self.played.code or code
            self._done(name, step, "failure" if code else "success")

    def _done(self, name: str, step: Mapping[str, Any], outcome: str) -> None:
        self.played.steps[name] = outcome
        if "id" in step:
            self.context["steps"].setdefault(step["id"], {"outputs": {}})["outcome"] = outcome

    def _uses(self, step: Mapping[str, Any], rights: Mapping[str, str]) -> int:
        action, _, version = step["uses"].partition("@")
        given = self._filled(step.get("with", {}))
        assert re.fullmatch(r"v\d+", version), f"{action} is not pinned"
        if action == "actions/checkout":
            assert rights["contents"] in ("read", "write")
            assert given.get("persist-credentials") == "False", "a token would stay where everything can read it"
            self.checkout(given.get("fetch-depth", "1"))
        elif action == "actions/upload-pages-artifact":
            assert (Path(given["path"]) / "index.html").is_file()
            self.played.artifacts["github-pages"] = Path(given["path"])
        elif action == "actions/deploy-pages":
            assert "github-pages" in self.played.artifacts
            assert rights == {"pages": "write", "id-token": "write"}
        else:
            assert action == "actions/setup-python", f"the runner does not know {action}"
        return 0

    def _run(self, step: Mapping[str, Any], env: Mapping[str, str], folder: str) -> int:
        assert "${{" not in step["run"], "what is pasted into a script could bring commands with it"
        files = {name: self.folder / name.lower() for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_ENV")}
        for file in files.values():
            file.write_text("")
        own = {name: str(file) for name, file in files.items()}
        host = re.match(r"https?://[^/]+", self.origin)
        known = {
            "GITHUB_SHA": str(self.context["github"]["sha"]), "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.folder), "GITHUB_SERVER_URL": host[0] if host else "https://github.com",
        }  # fmt: skip
        given = {**machine(self.folder), **known, **own, **env, **self._filled(step.get("env", {}))}
        done = _bash(step["run"], self.workspace / self.text(step.get("working-directory", folder)), given)
        self.played.out += done.stdout
        self.played.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        installed = self.folder / "installed.txt"
        self.played.installed = installed.read_text() if installed.exists() else ""
        if "id" in step:
            outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
            self.context["steps"][step["id"]] = {"outputs": outputs}
        return done.returncode

    def _filled(self, given: Mapping[str, Any]) -> dict[str, str]:
        return {name: self.text(value) for name, value in given.items()}

    def text(self, value: object) -> str:
        """A value of the file with its expressions filled in."""
        return re.sub(r"\$\{\{(.*?)\}\}", lambda found: _shown(self.value(found[1])), str(value))

    def value(self, expression: str) -> Any:
        """What an expression says, with or without the braces around it."""
        inside = re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", expression, re.DOTALL)
        source = (inside[1] if inside else expression).strip()
        words, at = [], 0
        while at < len(source):
            token = _TOKEN.match(source, at)
            assert token, f"the runner does not understand {source!r}"
            words.append(self._word(token, source))
            at = token.end()
        return eval(" ".join(words), {"__builtins__": {}}, {"here": self, **_FUNCTIONS})  # noqa: S307  # tokens of ours

    def _word(self, token: re.Match[str], source: str) -> str:
        text, mark, name = token.groups()
        if text:
            return repr(text[1:-1].replace("''", "'"))
        if mark:
            return {"&&": "and", "||": "or", "!": "not"}.get(mark, mark)
        if name in ("success", "failure", "cancelled", "always"):
            return f"here.{name}"
        if name in (*_FUNCTIONS, "true", "false"):
            return {"true": "True", "false": "False"}.get(name, name)
        return f"here.look_up({name!r})"

    def look_up(self, name: str) -> Any:
        """A value of the context by its dotted name; what is not there is nothing, as on the service."""
        found: Any = self.context
        assert name.partition(".")[0] in found, f"the runner does not know {name}"
        for part in name.split("."):
            found = found.get(part, "") if isinstance(found, Mapping) else ""
        return found

    def success(self) -> bool:
        return not self.context["failed"]

    def failure(self) -> bool:
        return bool(self.context["failed"])

    def cancelled(self) -> bool:
        return False

    def always(self) -> bool:
        return True


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": lambda text, part: str(part) in str(text),
    "format": lambda text, *values: str(text).format(*values),
    "startsWith": lambda text, part: str(text).startswith(str(part)),
}


def _shown(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else str(value)


def gitlab(text: str, job: str, folder: Path, origin: str, **variables: str) -> Played:
    """Play a job of GitLab's: a clone of CI_COMMIT_SHA with the depth that it asks for, then its scripts in a shell."""
    content = yaml.safe_load(text)[job]
    played, clone = Played(), folder / "clone"
    own = {name: str(value) for name, value in content["variables"].items()}
    depth = own.get("GIT_DEPTH", "20")
    git = ["git", "-c", "advice.detachedHead=false", "-c", "init.defaultBranch=main", "-C", str(clone)]
    clone.mkdir(parents=True)
    for words in (
        ["init", "-q"], ["remote", "add", "origin", origin],
        ["fetch", "-q", *(() if depth == "0" else [f"--depth={depth}"]), "origin", variables["CI_COMMIT_SHA"]],
        ["checkout", "-q", "--detach", variables["CI_COMMIT_SHA"]],
    ):  # fmt: skip
        subprocess.run([*git, *words], check=True)
    env = machine(folder, CI_PROJECT_DIR=str(clone), **own, **variables)
    script = "\n".join([*content.get("before_script", []), *content["script"]])
    done = _bash(script, clone, env)
    played.code, played.out = done.returncode, done.stdout
    played.installed = (folder / "installed.txt").read_text()
    artifacts = content["artifacts"]
    if not played.code or artifacts.get("when") == "always":
        played.artifacts = {name: clone / name for name in artifacts.get("paths", [])}
        played.artifacts |= {name: clone / path for name, path in artifacts.get("reports", {}).items()}
    return played
