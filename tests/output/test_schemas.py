"""The published schemas, held against the readers of what people write and against what commands print."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.validators import validator_for

from pmctl.document.comment import read_message
from pmctl.document.fields import FIELDS, Priority
from pmctl.document.finding import Finding, Severity
from pmctl.document.reader import read
from pmctl.document.schema import check_front_matter
from pmctl.errors import NotFound
from pmctl.insight import triggers
from pmctl.output.schemas import published, render
from pmctl.repository.settings import DEFAULT_SETTINGS, load_settings
from pmctl.repository.wiki_settings import FLAVOURS, WikiSettings
from pmctl.rules import settings as rule_settings
from pmctl.rules.settings_reading import parse_rule_settings

from ..cli.play import ID, Play, Settings
from ..rules.sample import source

SCHEMA = published()["settings"]()
CLI = Path(__file__).parents[2] / "src/pmctl"


def findings(text: str) -> list[Finding]:
    """What the readers of the settings find."""
    read_settings, found = load_settings(text.encode())
    _, of_rules = parse_rule_settings(read_settings.blocks.get("rules"))
    _, of_triggers = triggers.trigger_settings(read_settings.blocks.get("triggers"))
    return [*found, *of_rules, *of_triggers]


@pytest.mark.parametrize("name", published())
def test_each_is_a_schema(name: str) -> None:
    """Valid by its own dialect, titled, and every reference leads somewhere."""
    schema = json.loads(render(name))
    validator_for(schema).check_schema(schema)
    assert schema["title"] == f"pmctl/{name}/v1" or name == "postmortem"
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', render(name)):
        place: Any = schema
        for part in reference.split("/"):
            place = place[part]


def test_unknown_names() -> None:
    with pytest.raises(NotFound, match="nonsense") as caught:
        render("nonsense")
    assert "front-matter" in caught.value.hint


def test_every_answer_of_the_command_line_is_published() -> None:
    """A command that prints JSON under a name has a schema by that name."""
    printed = set()
    for file in (CLI / "cli").glob("*.py"):
        printed |= set(re.findall(r'session\.json\(\s*"([a-z-]+)"', file.read_text()))
    for file in (CLI / "output").glob("*.py"):
        printed |= set(re.findall(r'"schema": "pmctl/([a-z-]+)/v1"', file.read_text()))
    assert printed <= set(published())


def test_settings_have_the_keys_of_their_readers() -> None:
    """No key, target, kind of phrase, trigger or rule is missing from the schema, and none is too many."""
    from pmctl.repository import settings as top

    def keys(*path: str) -> set[str]:
        place = SCHEMA
        for part in path:
            place = place["properties"][part]
        return set(place["properties"])

    assert keys() == set(top.KEYS)
    assert keys("actions") == {"due"}
    assert keys("actions", "due") == set(Priority)
    assert keys("rules") == set(rule_settings.KEYS)
    assert keys("rules", "targets") == set(rule_settings.TARGETS)
    assert keys("rules", "phrases", "add") == set(rule_settings.PHRASE_FAMILIES)
    assert keys("triggers") == set(triggers.KEYS)
    assert keys("triggers", "rules") == set(triggers.RULES)
    assert keys("triggers", "words") == set(triggers.WORD_RULES)


def test_default_settings_fit() -> None:
    """What `pmctl init` writes has no mistake, by the reader and by the schema."""
    Draft7Validator(SCHEMA).validate(yaml.safe_load(DEFAULT_SETTINGS))
    assert findings(DEFAULT_SETTINGS.decode()) == []


CODES = st.sampled_from(["PM7", "PM801", "AU", "PM999", "nonsense", "", 7])
LENGTHS = st.sampled_from(["24h", "7d", "2w", "30m", "3", "x", 24, "1 day"])
WORDS = st.lists(st.sampled_from(["of course", "x", "", 3]), max_size=2)
HOSTS = st.lists(st.sampled_from(["corp.example", ".corp.example", "@x", "*", "a b", ".", "", 3]), max_size=2)
DAYS = ("7d", "2w", "0d", "00w", "90 days", "1 week", "12345d", "x")
RULE_SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "select": st.lists(CODES, max_size=2),
        "ignore": st.lists(CODES, max_size=2),
        "severity": st.dictionaries(
            CODES.filter(bool).map(str), st.sampled_from(["error", "hint", "off", "loud", 1, False])
        ),
        "paths": st.dictionaries(
            st.sampled_from(["a/**", "a", "./a", "/a", "a/../b", ".."]), st.lists(CODES, max_size=1)
        ),
        "phrases": st.fixed_dictionaries(
            {},
            optional={
                "add": st.dictionaries(st.sampled_from(["hindsight", "nonsense"]), WORDS),
                "remove": WORDS,
                "more": WORDS,
            },
        ),
        "targets": st.dictionaries(st.sampled_from(["draft", "publish", "nonsense"]), LENGTHS),
        "internal": HOSTS,
        "customers": HOSTS,
        "detect_secrets": st.sampled_from([True, False, "yes"]),
        "selct": st.just([]),
    },
)
TRIGGERS = st.fixed_dictionaries(
    {},
    optional={
        "longer_than": LENGTHS,
        "auto_resolved_within": LENGTHS,
        "recurring": st.dictionaries(st.sampled_from(["count", "within", "x"]), st.sampled_from([1, 0, 2000, "7d"])),
        "several_teams": st.sampled_from([0, 1, 1000, 1001, "2"]),
        "high_severities": WORDS,
        "words": st.dictionaries(st.sampled_from(["near-miss", "novel"]), WORDS),
        "rules": st.dictionaries(st.sampled_from(["novel", "x"]), st.sampled_from(["off", "skip", "loud", False])),
        "x": st.just(1),
    },
)
URLS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(
        ["https://", "ssh://", "http://", "file://", "git@", "-x@", "ssh://git@", "https://me:pw@", "ext::", ""]
    ),
    st.sampled_from(["git.example", "127.0.0.1", "h:8443", "-oProxyCommand=x", "..", "é.example", ""]),
    st.sampled_from(["/", ":", "//", ""]),
    st.text("aZ9/.:@- ~\u65e5\t", max_size=6),
)
WIKI = st.fixed_dictionaries(
    {},
    optional={
        "flavour": st.sampled_from([*FLAVOURS, "GitHub", "", "hugo ", 1, None, ["hugo"]]),
        "to": URLS | st.sampled_from([None, 1, "../wiki", "C:/wiki", "user@host:path/x.git", "üser@host:x"]),
        "audience": st.sampled_from(
            ["organization", "team:a-b", "team:", "team:A", "person:x", "person:@x", "person: x", "all", "", 7, None]
        ),
        "space": st.text("aZ0~-_ é", max_size=4) | st.sampled_from([None, 12, "~" + "a" * 255, "a" * 256, ["OPS"]]),
        "parent": st.sampled_from(["Postmortems", "12", 12, -1, 0, True, 1.5, "", " ", "日本", None, [], {}]),
        "flavor": st.just("hugo"),
    },
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "version": st.sampled_from([1, 2, "1"]),
        "template": st.sampled_from(["security", "Our Template", "", 3]),
        "severities": st.lists(st.sampled_from(["SEV1", 1, " ", True]), max_size=2),
        "visibility": st.sampled_from(["team", "everybody"]),
        "time_zone": st.sampled_from(["UTC", "Europe/Berlin", "", 7]),  # the schema knows no list of them
        "root_causes": WORDS,
        "actions": st.dictionaries(
            st.sampled_from(["due", "x"]),
            st.dictionaries(st.sampled_from(["HIGH", "LOW", "high"]), st.sampled_from([*DAYS, "24h", 7, None])),
            max_size=2,
        )
        | st.just([]),
        "rules": RULE_SETTINGS | st.just("all"),
        "triggers": TRIGGERS,
        "wiki": WIKI | st.sampled_from([None, [], "github"]),
        "integrations": st.sampled_from([{}, []]),
        "publishing": st.just({}),
        "nonsense": st.just(1),
    },
)


@given(SETTINGS)
@settings(max_examples=400, deadline=None)
def test_schema_and_readers_agree(values: dict[str, Any]) -> None:
    """What the schema accepts the readers accept, and the other way."""
    text = json.dumps(values)
    if not values:
        return
    accepted = Draft7Validator(SCHEMA).is_valid(values)
    found = findings(text)
    assert accepted == (not found), (values, found)


@given(WIKI)
@settings(max_examples=300, deadline=None)
def test_the_schema_of_the_wiki_and_its_reader_agree(values: dict[str, Any]) -> None:
    """And what is accepted is what counts afterwards: nothing given is dropped."""
    given_settings, found = load_settings(json.dumps({"wiki": values}, ensure_ascii=False).encode())
    accepted = Draft7Validator(SCHEMA).is_valid({"wiki": values})
    assert accepted == (not found), (values, found)
    if accepted:
        meant = {key: str(value) for key, value in values.items() if value is not None}
        assert given_settings.wiki == WikiSettings()._replace(**meant)


FRONT_MATTER = published()["front-matter"]()
WORD = st.sampled_from(
    ["jane", "Jane Doe", "", " ", "a" * 64, "a" * 65, "x" * 500, "x" * 501, "SEV 2", "two\nlines", "a\u202eb", "é日本",
     "-x", "edit", "HIGH", "team", "DRAFT", "default", "mine@1.2", "@x"]
)  # fmt: skip
PLAIN = WORD | st.sampled_from([None, True, False, 0, 7, -7, 1.5, 10**12])
LIST = st.lists(PLAIN, max_size=3) | st.sampled_from([[f"x{n}" for n in range(count)] for count in (200, 201)])
MOMENT = st.sampled_from(
    ["2024-01-15T14:00:00Z", "2024-01-15 14:00 +02:00", "2024-01-15t14:00:00.123+0200", "2024-01-15T14:00:00,5z",
     "2024-01-15T14:00-07", "2024-01-15T14:00:00", "2024-01-15", "2024-13-15T14:00Z", "2024-01-32T14:00Z",
     "2024-01-15T24:00Z", "2024-01-15T14:60Z", "2024-01-15T14:00+25:00", "0000-01-15T14:00Z", "14:00", "soon"]
)  # fmt: skip
INCIDENT = st.fixed_dictionaries(
    {},
    optional={
        "source": PLAIN,
        "id": PLAIN,
        "url": PLAIN | st.sampled_from(["https://a.example/1", "http://a b", "ftp://a"]),
        "more": st.just(1),
    },
)
ANYTHING = PLAIN | LIST | st.dictionaries(WORD.filter(str.strip), PLAIN, max_size=2)
EVERY_FIELD = {
    "id": PLAIN
    | st.sampled_from(["2024-01-15-a", "2024-1-15-a", "2024-13-15-a", "2024-01-15-A", "2024-01-15-" + "a" * 90]),
    "title": PLAIN,
    "status": PLAIN,
    "author": PLAIN,
    "editors": st.dictionaries(WORD.filter(str.strip), PLAIN, max_size=2),
    "reviewers": LIST,
    "participants": LIST,
    "visibility": PLAIN,
    "teams": LIST,
    "services": LIST,
    "severity": PLAIN,
    "urgency": PLAIN,
    "incidents": st.lists(INCIDENT | PLAIN, max_size=2),
    **dict.fromkeys(("started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at"), MOMENT | PLAIN),
    "tags": LIST,
    "root_causes": LIST,
    "contributing_factors": LIST,
    "template": PLAIN,
    "fields": st.dictionaries(WORD.filter(str.strip), PLAIN | LIST | st.just([["x"]]), max_size=2),
}
GOOD = {"id": "2024-01-15-payment-api-outage", "title": "Payment API outage", "status": "DRAFT", "author": "jane"}


def test_every_field_is_drawn() -> None:
    assert list(EVERY_FIELD) == [field.name for field in FIELDS] == list(FRONT_MATTER["properties"])


@given(
    st.sampled_from(list(EVERY_FIELD)).flatmap(lambda key: st.tuples(st.just(key), EVERY_FIELD[key] | ANYTHING)),
    st.sampled_from([*EVERY_FIELD, "visibilty", "x"]),
)
@settings(max_examples=1500, deadline=None)
def test_front_matter_schema_and_checks_agree(changed: tuple[str, Any], other: str) -> None:
    """What the schema accepts the checks accept, and the other way: one key with any value, one without a value."""
    key, value = changed
    values = {**GOOD, other: None, key: value}
    if other in GOOD:
        del values[other]
    text = "---\n" + "".join(f"{name}: {json.dumps(one)}\n" for name, one in values.items()) + "---\n"
    document = read(text.encode(), "")
    assert document.readable, document.problems
    plain = {name: node.plain() for name, node in document.front.items()}
    assert plain == values
    accepted = Draft202012Validator(FRONT_MATTER).is_valid(plain)
    errors = [finding for finding in check_front_matter(document) if finding.severity is Severity.ERROR]
    assert accepted == (not errors), (values, errors)


@pytest.mark.parametrize("fragment", ["", "severity: 2", "editors: {bob: edit}", "fields: {cost_center: '4711'}"])
def test_front_matter_of_a_postmortem_fits(fragment: str) -> None:
    document = read(source(fragment).encode(), "postmortems/2024/2024-01-15-payment-api-outage.md")
    Draft202012Validator(FRONT_MATTER).validate({key: node.plain() for key, node in document.front.items()})


COMMANDS = {
    "findings": "pmctl validate --format json",
    "audit": "pmctl audit --format json",
    "list": "pmctl list --format json",
    "error": "pmctl show nothing --format json 2>&1 || true",
    "commands": "pmctl schema commands",
    "tokens": "pmctl serve token list --format json",
    "config": "pmctl config list --format json",
    "section": 'pmctl show "$ID" --section Summary --format json',
    "status": "pmctl status --format json",
    "log": 'pmctl log "$ID" --format json',
    "diff": 'pmctl diff "$ID" --from HEAD~2 --format json',
    "actions": "pmctl actions list --group-by owner --format json",
    "item-changes": "pmctl actions done 7f3k --format json",
    "item": "pmctl actions show 7f3k --format json",
    "tickets": "pmctl tickets status --format json",
    "events": "pmctl events --on 2030-01-01 --format json",
    "similar": "pmctl similar --text outage --format json",
    "report": "pmctl report --format json",
    "trends": "pmctl metrics trends --format json",
    "factors": "pmctl metrics trends --graph json",
    "effectiveness": "pmctl metrics effectiveness --by service --format json",
    "metrics": "pmctl metrics --by team --period month --format json",
    "review": "pmctl review --as bob --format json",
    "review-one": 'pmctl review "$ID" --as bob --format json',
    "discussions": 'pmctl comment list "$ID" --format json',
    "editors": 'pmctl editors list "$ID" --format json',
    "people": "pmctl people list --format json",
    "policy": "pmctl policy show --format json",
    "policy-verify": "pmctl policy verify --format json",
    "templates": "pmctl template list --format json",
    "triage": 'pmctl incident triage "$EXAMPLES/incidents/pagerduty.json" --format json',
    "incident": 'pmctl incident show "$EXAMPLES"/incidents/*.json --format json',
    "merge": (
        "git worktree add -q -b one ../one && cd ../one && sed -i 's/| HIGH |/| LOW |/' $FILE && git commit -qam one"
        " && git switch -qc two HEAD~1 && sed -i 's/| HIGH |/| MEDIUM |/' $FILE && git commit -qam two"
        " && pmctl merge --check one --format json"
    ),
    "site": 'pmctl site build -o "$(mktemp -d)/out" --drafts --format json',
    "public-pages": 'pmctl public build -o "$(mktemp -d)/out" --format json',
    "links": "pmctl public links --format json",
    "sync": "git clone -q . ../near && pmctl -C ../near sync --format json",
    "notify": (
        "rm -rf ../told && git clone -q . ../told && cd ../told &&"
        " printf 'notify: {channels: {sre: {mail: [a@example.com], events: [all]}}}' >> pmctl.yaml &&"
        " pmctl notify --dry-run --since $(git rev-list --max-parents=0 HEAD) --format json"
    ),
    "integrations": (
        "rm -rf ../asked && git clone -q . ../asked && cd ../asked &&"
        " printf 'notify: {channels: {sre: {mail: [a@example.com]}}}' >> pmctl.yaml &&"
        " pmctl integrations list --format json"
    ),
    "deliveries": "pmctl integrations log --format json",
    "reminders": "pmctl remind --on 2030-01-01 --format json",
    "agenda": 'pmctl meeting agenda "$ID" --to json',
    "meetings": "pmctl meeting list --format json",
    "doctor": "pmctl doctor --format json",
    "wiki": "pmctl wiki build --drafts --flavour plain -o ../wiki --format json",
    "postmortem": 'pmctl export "$ID" --to json --evidence',
    "act": "pmctl new 'Search was slow' --date 2024-01-16 --format json",
    "adopt": "printf '# Outage on 2023-02-03\\n\\nIt was down.\\n' > old.md; pmctl adopt old.md --format json",
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Play:
    """A team's repository with one postmortem in review."""
    folder = tmp_path_factory.mktemp("schemas")
    return Settings(folder / "made").at("review", folder / "stage")


def closed(schema: Any) -> Any:
    """The schema with no room for keys that it does not list, so that an undocumented one shows."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    if "properties" in inner and isinstance(inner["properties"], dict):
        inner.setdefault("additionalProperties", False)
    return inner


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_keep_to_their_schema(stage: Play, name: str) -> None:
    """What a command prints has every key of its schema, of the right kind, and no other key."""
    done = stage.run("jane", COMMANDS[name])
    assert done.returncode in (0, 1), done.stderr
    answer = json.loads(done.stdout)
    schema = closed(published()[name]())
    assert answer["schema"] == f"pmctl/{name}/v1"
    problems = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(answer)]
    assert problems == []


def test_the_examples_hold_something(stage: Play) -> None:
    """The answers above are not empty lists, of which anything is true."""
    stage.do("jane", 'pmctl comment add "$ID" --section Impact --quote "45 minutes" -m "@bob, see"')
    stage.do("jane", 'pmctl editors add "$ID" alice --comment')
    for name, key in (("list", "postmortems"), ("status", "postmortems"), ("log", "events"), ("actions", "items"),
                      ("discussions", "threads"), ("editors", "editors"), ("notify", "planned"),
                      ("reminders", "reminders")):  # fmt: skip
        assert json.loads(stage.run("jane", COMMANDS[name]).stdout)[key], name
    assert ID in stage.do("jane", COMMANDS["audit"])


def test_every_answer_is_played() -> None:
    written: set[str] = {"front-matter", "settings", "message", "ticket", "meeting"}
    written.add("public-text")  # held to its schema where a public text is shared: tests/cli/test_public_sending.py
    assert set(published()) - written == set(COMMANDS)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""), ("kind: comment", "kind: coment"), ("by: bob", "by: Bob"), ("by: bob\n", ""),
        ("thread: 2", "thread: x2"),
        ("at: 2024-01-17T10:00:00Z", "at: 2024-01-17T10:00:00"),
        ("at: 2024-01-17T10:00:00Z", "at: 2024-01-17T12:00:00+02:00"),
        ("section: Impact\n", ""), ("block: sha256:00", "block: sha256:0"), ("quote: few", f"quote: {'x' * 501}"),
        ("quote: few\n", ""), ("kind:", "other: 1\nkind:"), ("kind: comment", "kind: [comment]"),
    ],
)  # fmt: skip
def test_message_schema_and_reader_agree(old: str, new: str) -> None:
    front = (
        "thread: 20240117T100000Z-bob-7f3kq2\nkind: comment\nby: bob\nat: 2024-01-17T10:00:00Z\nsection: Impact\n"
        f"quote: few\nblock: sha256:{'0' * 64}\n"
    )
    assert old in front
    data = f"---\n{front.replace(old, new, 1)}---\n\nHow many?\n".encode()
    found, problems = read_message(data, "20240117T100000Z-bob-7f3kq2.md")
    values = {key: node.plain() for key, node in read(data).front.items()}
    assert Draft202012Validator(published()["message"]()).is_valid(values) is (not problems), problems
    assert (found is None) >= ("other" not in new and bool(problems))


def test_the_schema_of_a_ticket_takes_what_its_reader_takes() -> None:
    from pmctl.document.ticket import LinkedChange, TicketFile, written

    checker = Draft202012Validator(published()["ticket"]())
    url = "https://acme.example/browse/OPS-12"
    linked = (LinkedChange(url, "merged"),)
    there = TicketFile("AI-7f3k", "jira", id="1", key="OPS-12", url=url, agreed={"owner": ""}, changes=linked)
    announced = TicketFile(
        "AI-7f3k", "jira", announced="2024-01-17T10:00:00Z", since="2024-01-17T10:00:00Z", run="0" * 16
    )
    for one in (there, announced):
        plain = json.loads(written(one))
        checker.validate(plain)
        assert not checker.is_valid(plain | {"note": "hidden"})
        assert not checker.is_valid(plain | {"item": "AI-../x"})
    assert not checker.is_valid(json.loads(written(there)) | json.loads(written(announced)))
