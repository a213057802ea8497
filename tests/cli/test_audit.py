"""pmctl audit, waive and policy verify: formats, exit codes, where the root comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pmctl.policy import act as acts
from tests.attacks.gate import Said, command
from tests.published import sarif_problems
from tests.world import DOC, World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("PMCTL_TRUST_ROOT", raising=False)
    made = World(tmp_path / "repo")
    made.init()
    made.published()
    return made


def audit(world: World, *words: str, **environment: str) -> Said:
    return command(world, "jane", "audit", *words, **environment)


def report(world: World, *words: str) -> dict[str, object]:
    said = audit(world, "--format", "json", *words)
    found = json.loads(said.out)
    assert isinstance(found, dict)
    return found


def test_a_clean_history_passes(world: World) -> None:
    said = audit(world)
    assert said.code == 0
    assert said.out.splitlines()[-1] == "passed: 0 proved violations in 5 steps, 4 signed records"
    assert "seen for the first time" in said.out
    assert "remembered from an earlier audit" in audit(world).out


def test_violations_and_warnings_are_told_apart(world: World) -> None:
    forged = world.edit("too small", "fine")
    tracked = world.edit("| OPEN |", "| COMPLETED |", by="mallory")
    said = audit(world)
    assert said.code == 1
    lines = said.out.splitlines()
    proved, attributed = lines.index("proved (rests on signatures, records and content):"), -1
    attributed = lines.index("attributed (rests on whom commits say they are from):")
    assert f"  {forged[:12]} {world.file()}: error: AU401 " in lines[proved + 1]
    assert f"  {tracked[:12]} {world.file()}: warning: AU701 " in lines[attributed + 1]
    assert lines[-1].startswith("FAILED: 1 proved violation, 1 warning in ")


def test_the_json_report_has_its_documented_shape(world: World) -> None:
    forged = world.edit("too small", "fine")
    world.edit("| OPEN |", "| COMPLETED |", by="mallory")
    found = report(world)
    assert list(found) == [
        "schema", "passed", "complete", "incomplete", "root", "root_source", "tip", "base", "policy_version", "steps",
        "records", "proved", "attributed", "postmortems",
    ]  # fmt: skip
    assert found["schema"] == "pmctl/audit/v1"
    assert (found["passed"], found["complete"], found["root"]) == (False, True, world.first)
    proved, attributed = found["proved"], found["attributed"]
    assert isinstance(proved, dict) and isinstance(attributed, dict)
    assert proved["warnings"] == [] and attributed["violations"] == []
    assert [(one["code"], one["commit"], one["postmortem"]) for one in proved["violations"]] == [("AU401", forged, DOC)]
    assert [one["code"] for one in attributed["warnings"]] == ["AU701"]
    assert set(proved["violations"][0]) == {
        "code", "message", "commit", "postmortem", "path", "severity", "fix", "waived_by", "waived_note",
    }  # fmt: skip
    page = (Path(__file__).parents[2] / "docs" / "trust.md").read_text()
    for key in (*found, *proved, *proved["violations"][0]):
        assert f"`{key}`" in page, key


def test_the_sarif_report_keeps_the_layers_in_two_runs(world: World) -> None:
    forged = world.edit("too small", "fine")
    world.waive("AU401", forged)
    world.edit("| OPEN |", "| COMPLETED |", by="mallory")
    said = audit(world, "--format", "sarif")
    assert said.code == 0
    found = json.loads(said.out)
    assert found["version"] == "2.1.0"
    assert sarif_problems(said.out) == []
    proved, attributed = found["runs"]
    assert proved["automationDetails"]["id"] == "pmctl-audit/proved/"
    assert attributed["automationDetails"]["id"] == "pmctl-audit/attributed/"
    assert [(r["ruleId"], r["level"]) for r in proved["results"]] == [("AU401", "error")]
    suppression = proved["results"][0]["suppressions"][0]
    assert (suppression["status"], suppression["justification"]) == ("accepted", "alice: agreed in the review")
    assert proved["results"][0]["properties"]["commit"] == forged
    assert [(r["ruleId"], r["level"]) for r in attributed["results"]] == [("AU701", "warning")]
    for run in (proved, attributed):
        rules = run["tool"]["driver"]["rules"]
        for result in run["results"]:
            rule = rules[result["ruleIndex"]]
            assert rule["id"] == result["ruleId"]
            assert rule["shortDescription"]["text"] != rule["id"]
            uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            assert (world.root / uri).exists()


def test_waived_findings_stay_with_who_and_why(world: World) -> None:
    forged = world.edit("too small", "fine")
    assert command(world, "bob", "waive", "AU401", forged, "-m", "agreed").code == 1
    assert command(world, "alice", "waive", "AU309", forged, "-m", "agreed").code == 2
    said = command(world, "alice", "waive", "au401", forged[:12], "-m", "agreed in the review")
    assert said.code == 0, said
    said = audit(world)
    assert said.code == 0
    assert "waived (accepted by an admin's signed record):" in said.out
    assert "    accepted by alice: agreed in the review" in said.out
    assert said.out.splitlines()[-1].startswith("passed: 0 proved violations, 1 waived in ")


def test_a_range_reports_only_what_is_new(world: World) -> None:
    world.edit("too small", "fine")
    base = world.head
    world.new("2024-02-01-other")
    assert audit(world).code == 1
    said = audit(world, "--range", f"{base}..HEAD")
    assert said.code == 0
    assert f"audited {base[:12]}..{world.head[:12]}" in said.out
    world.edit("status: DRAFT", "status: PUBLISHED", "2024-02-01-other")
    said = audit(world, "--range", f"{base}..")
    assert said.code == 1
    assert "AU301" in said.out and "AU401" not in said.out


@pytest.mark.parametrize("reach", ["HEAD", "..HEAD", "HEAD...HEAD", "nowhere..HEAD", "HEAD..nowhere"])
def test_ranges_that_are_none(world: World, reach: str) -> None:
    said = audit(world, "--range", reach)
    assert said.code == 2
    assert said.err.startswith("error: ")


def test_the_root_given_must_be_the_one_found(world: World) -> None:
    other = "sha256:" + "0" * 64
    assert audit(world, "--root", world.first).code == 0
    said = audit(world, "--root", other)
    assert said.code == 1
    assert "AU106" in said.out
    assert audit(world, PMCTL_TRUST_ROOT=other).code == 1
    assert "from PMCTL_TRUST_ROOT" in audit(world, PMCTL_TRUST_ROOT=world.first).out
    assert audit(world, "--root", "abc").code == 2


def test_in_ci_the_root_has_to_be_given(world: World) -> None:
    assert audit(world).code == 0  # what a person's clone remembers counts for nothing in CI
    said = audit(world, CI="true")
    assert said.code == 2
    assert "PMCTL_TRUST_ROOT=sha256:" in said.err
    assert audit(world, CI="true", PMCTL_TRUST_ROOT=world.first).code == 0
    assert audit(world, CI="false").code == 0


def test_another_root_and_a_rollback_are_reported_until_accepted(world: World, tmp_path: Path) -> None:
    assert audit(world).code == 0
    world.git("reset", "-q", "--hard", "HEAD~1")
    said = audit(world)
    assert said.code == 0  # nobody else has seen this branch: a warning
    assert "warning: AU605" in said.out
    world.git("update-ref", "refs/remotes/origin/main", "HEAD@{1}")
    world.git("reset", "-q", "--hard", "HEAD@{1}")
    assert audit(world, "--accept").code == 0
    world.git("reset", "-q", "--hard", "HEAD~1")
    world.git("update-ref", "refs/remotes/origin/main", "HEAD")
    said = audit(world)
    assert said.code == 1
    assert "AU605" in said.out
    assert audit(world).code == 1  # still
    assert audit(world, "--accept").code == 0
    assert audit(world).code == 0


def test_policy_verify_and_diff(world: World) -> None:
    world.change_policy(teams={"payments": ("jane",)})
    said = command(world, "jane", "policy", "verify")
    assert said.code == 0
    assert "version 2: signed by alice (SHA256:" in said.out
    text = (world.root / ".pmctl/policy.yaml").read_text()
    world.write(".pmctl/policy.yaml", text.replace("version: 2", "version: 3").replace("minimum: 1", "minimum: 2"))
    assert "review.minimum: 1 -> 2" in command(world, "jane", "policy", "diff").out
    said = command(world, "jane", "policy", "verify")
    assert said.code == 1
    assert "AU102" in said.out
    assert command(world, "jane", "policy", "sign").code == 1
    assert command(world, "alice", "policy", "sign", "-m", "stricter").code == 0
    found = json.loads(command(world, "jane", "policy", "verify", "--format", "json").out)
    assert found["passed"] is True
    assert [(one["version"], one["by"]) for one in found["signatures"]] == [(1, "alice"), (2, "alice"), (3, "alice")]
    assert command(world, "jane", "policy", "show", "--at", "HEAD~1").out.startswith("version           2\n")
    assert command(world, "jane", "policy", "show", "--at", "HEAD~9").code == 2


def test_people_list(world: World) -> None:
    assert command(world, "alice", "people", "revoke", "bob").code == 0
    said = command(world, "jane", "people", "list")
    assert "bob" not in said.out
    assert "1 person without an active key" in said.err
    assert "bob" in command(world, "jane", "people", "list", "--all").out
    found = json.loads(command(world, "jane", "people", "list", "--format", "json").out)
    assert found["schema"] == "pmctl/people/v1"
    assert {one["handle"]: one["keys"][0]["status"] for one in found["people"]}["bob"] == "retired"
    assert world.act(acts.ARCHIVE, "alice")
