"""Paths that are taken for ours, and the honest ones beside them."""

from __future__ import annotations

import pytest

from pmctl.document.lookalikes import is_ours, same_on_disk, taken_for

DOC = "2024-01-15-x"


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("Postmortems/2024/x.md", "postmortems/2024/x.md"),
        ("postmortems /a", "postmortems/a"),
        ("post\u200dmortems/a", "postmortems/a"),
        ("p\u043estmortems/a", "postmortems/a"),
        ("p0stmortems/a", "postmortems/a"),
        ("POSTMO~1/a", "postmortems/a"),
        ("postmortems\\2024\\2024-01-15-x.md", "postmortems/2024/2024-01-15-x.md"),
        (".PMCTL/policy.yaml", ".pmctl/policy.yaml"),
        (".pmctl/Records/x", ".pmctl/records/x"),
        (".pmctl/policy.yaml::$DATA", ".pmctl/policy.yaml"),
        (f".pmctl/records/{DOC.upper()}/a", f".pmctl/records/{DOC}/a"),
        (f".pmctl/records/{DOC}/0001-submit-a.JSON", f".pmctl/records/{DOC}/0001-submit-a.json"),
        (f"postmortems/2024/{DOC.upper()}/a.png", f"postmortems/2024/{DOC}/a.png"),
        (f"postmortems/2024/{DOC}.MD", f"postmortems/2024/{DOC}.md"),
        ("postmortems/\uff12\uff10\uff12\uff14/a", "postmortems/2024/a"),
        ("Pmctl.yaml", "pmctl.yaml"),
        (".GitAttributes", ".gitattributes"),
        ("postmortems/.GITATTRIBUTES", "postmortems/.gitattributes"),
    ],
)
def test_what_can_be_taken_for_one_of_ours(path: str, meant: str) -> None:
    assert taken_for(path) == meant
    assert is_ours(path.split("/")[0])


@pytest.mark.parametrize(
    "path",
    [
        f"postmortems/2024/{DOC}.md",
        f"postmortems/2024/{DOC}/Graph.PNG",
        f"postmortems/2024/{DOC}/\u00dcber uns.md",
        f"postmortems/2024/{DOC}/PIC~1.PNG",
        ".pmctl/policy.yaml",
        f".pmctl/records/{DOC}/0001-submit-a-1a2b3c4d.json.sig",
        ".pmctl/records/policy/0001-a-1a2b3c4d.json",
        ".pmctl/templates/Own.md",
        "pmctl.yaml",
        ".gitattributes",
        "src/Records/x",
        "docs/.GITATTRIBUTES",
        "README.md",
        "postmortem/x",
        "post-mortems/x",
        "POSTMORTEMS",
        "postmortems/README.md",
        "postmortems/2024/notes.txt",
    ],
)
def test_what_is_ours_or_nobodys(path: str) -> None:
    assert taken_for(path) == ""


def test_what_one_file_system_or_another_folds() -> None:
    assert same_on_disk("a/Caf\u00e9.svg") == same_on_disk("A/cafe\u0301.SVG") == same_on_disk("a /caf\u00e9.svg.")
    assert same_on_disk("a.svg") != same_on_disk("b.svg")
