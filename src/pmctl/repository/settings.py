"""pmctl.yaml: what a team sets for its repository. Bytes in, Settings and findings out.

Settings say how pmctl helps: which template, which checks, which targets. They never weaken what the
audit proves; who may do what stands in the policy alone. Blocks that belong to one package (rules,
triggers) are handed over as they were parsed, and that package reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import NamedTuple

from pmctl.codes import Code
from pmctl.document import strict_yaml
from pmctl.document.fields import Priority, Visibility
from pmctl.document.finding import Finding
from pmctl.document.node_reader import DAYS, NodeReader
from pmctl.document.templates import NAME
from pmctl.policy.audience import AUDIENCE
from pmctl.repository.public_settings import PublicSettings, public_settings
from pmctl.repository.wiki_settings import WikiSettings, wiki_settings
from pmctl.text import did_you_mean

CURRENT_VERSION = 1
URL = r"https?://[A-Za-z0-9.\-]+(:[0-9]+)?(/[A-Za-z0-9._~%/\-]*)?"
"""What `url` may be: an address to which the path of a page can be added."""

DEFAULT_SETTINGS = b"""\
# Settings of pmctl for this repository. Who may do what is in .pmctl/policy.yaml.
version: 1

# The template of `pmctl new`: a built-in one (default, lightweight, security, near-miss) or the name of a
# file in .pmctl/templates/.
template: default

# The severities that your team uses, worst first. Without the list any text is allowed.
# severities: [SEV1, SEV2, SEV3, SEV4]

# Days begin in this time zone: what is due today, and what is overdue.
# time_zone: Europe/Berlin

# Within how long action items are wanted, and when a new one is due that names no day.
# actions: {due: {HIGH: 2w, MEDIUM: 30d, LOW: 90d}}

# Checks: see `pmctl explain CODE`. Codes may be given by their beginning: PM7 is all of blameless language.
# Targets say how long after the end of an incident each step is expected.
rules:
  ignore: []
  severity: {}
  targets: {draft: 24h, complete: 48h, review: 7d, publish: 14d}
"""

KEYS = (
    "version", "template", "severities", "visibility", "time_zone", "root_causes", "actions", "rules", "triggers",
    "integrations", "publishing", "url", "notify", "tickets", "meetings", "site", "wiki",
    "services", "public",
)  # fmt: skip
_BLOCKS = ("rules", "triggers", "integrations", "publishing", "notify", "tickets", "meetings")


class Settings(NamedTuple):
    """What pmctl.yaml says. `blocks` holds the parsed mappings that other packages read, by their key.

    `time_zone` is a name of the IANA database, by which days begin; `root_causes` are the words for causes, none when
    they are free; `item_targets` are days within which an action item is wanted, by its priority;
    `site_audience` is for whom `pmctl site` builds, as `policy.audience` reads it;
    `url` is the start of every link in what leaves, with a slash at its end, "" for no links.
    """

    template: str = "default"
    severities: tuple[str, ...] = ()
    visibility: str = "organization"
    time_zone: str = "UTC"
    root_causes: tuple[str, ...] = ()
    item_targets: Mapping[str, int] = MappingProxyType({})
    blocks: Mapping[str, strict_yaml.Node] = MappingProxyType({})
    url: str = ""
    site_audience: str = "organization"
    wiki: WikiSettings = WikiSettings()
    public: PublicSettings = PublicSettings()


def load_settings(data: bytes, path: str = "pmctl.yaml") -> tuple[Settings, tuple[Finding, ...]]:
    """Read the settings; whatever is wrong is a finding with its line, and that key keeps its default."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Settings(), (
            Finding("PM001", "the settings are not UTF-8", path, line, 1, fix="save the file as UTF-8"),
        )
    parsed = strict_yaml.load(text, path=path, document_start=True)
    if parsed.node is None:  # nothing but comments, or nothing that can be read
        return Settings(), parsed.problems
    reader = NodeReader(path, "PM190", "PM191", blank_is_absent=True, findings=list(parsed.problems))
    top = reader.mapping(parsed.node, "the settings", KEYS)
    version = reader.number(top.get("version"), "version", CURRENT_VERSION)
    if version != CURRENT_VERSION:
        message = f"version {version} of the settings is not known to this pmctl"
        reader.add(top["version"], message, "upgrade pmctl", code="PM192")
    settings = Settings(
        template=reader.matching(
            top.get("template"), "template", NAME.pattern, "the name of a template: a-z, 0-9 and -", "default"
        ),
        severities=_severities(reader, top.get("severities")),
        visibility=reader.choice(top.get("visibility"), "visibility", Visibility, Visibility.ORGANIZATION),
        time_zone=_time_zone(reader, top.get("time_zone")),
        root_causes=reader.texts(top.get("root_causes"), "root_causes"),
        item_targets=_item_targets(reader, top.get("actions")),
        wiki=wiki_settings(reader, top.get("wiki")),
        public=public_settings(reader, top.get("services"), top.get("public")),
        blocks={key: top[key] for key in _BLOCKS if reader.mapping(top.get(key), key)},
        url=_url(reader, top.get("url")),
        site_audience=_site_audience(reader, top.get("site")),
    )
    return settings, reader.sorted()


def _site_audience(reader: NodeReader, node: strict_yaml.Node | None) -> str:
    site = reader.mapping(node, "site", ("audience",))
    return reader.matching(
        site.get("audience"), "site.audience", AUDIENCE, "organization, team:NAME or person:HANDLE", "organization"
    )


def _url(reader: NodeReader, node: strict_yaml.Node | None) -> str:
    """An address with a slash at its end."""
    url = reader.matching(node, "url", URL, "a web address, as in https://pm.example.com/")
    return url if not url or url.endswith("/") else f"{url}/"


def _severities(reader: NodeReader, node: strict_yaml.Node | None) -> tuple[str, ...]:
    """The severities, each a word, or a number as in `severities: [1, 2, 3]`."""
    found = []
    for item in reader.items(node, "severities"):
        if isinstance(item.value, str | int) and not isinstance(item.value, bool) and item.raw.strip():
            found.append(str(item.value))
        else:
            reader.add(item, "a severity must be text")
    return tuple(found)


def _time_zone(reader: NodeReader, node: strict_yaml.Node | None) -> str:
    name = reader.text(node, "time_zone", "UTC")
    if name == "UTC" or node is None:
        return "UTC"
    import zoneinfo  # seldom asked for, and it takes its time

    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
        fix = did_you_mean(name, sorted(known), "write a name of the IANA database, as in Europe/Berlin")
        reader.add(node, f"there is no time zone {name!r}", fix if known else "pip install tzdata: there are none here")
        return "UTC"
    return name


def _item_targets(reader: NodeReader, node: strict_yaml.Node | None) -> dict[str, int]:
    """Days by priority, in the order HIGH, MEDIUM, LOW."""
    actions = reader.mapping(node, "actions", ("due",))
    due = reader.mapping(actions.get("due"), "actions.due", tuple(Priority))
    found = {}
    for name in (str(one) for one in Priority if one in due):
        length = reader.duration(due[name], f"actions.due.{name}", timedelta(0), DAYS)
        if length.days:
            found[name] = length.days
    return found


CODES = (
    Code(
        "PM190", "malformed-setting", "A value in pmctl.yaml has another shape than its setting.",
        "A value that cannot be used is left out, and the setting's default counts instead.",
        "Write the shape that the message names; the settings' schema lists every key.", "severities: SEV1",
    ),
    Code(
        "PM191", "unknown-setting-key", "pmctl.yaml has a key that is no setting.",
        "A misspelt setting changes nothing, and looks as if it did.",
        "Correct the spelling, or take the key out.", "tempalte: default",
    ),
    Code(
        "PM192", "settings-version", "The settings are of a version that this pmctl does not know.",
        "Keys may mean something else in another version.", "Upgrade pmctl, or write version: 1.", "version: 7",
    ),
)  # fmt: skip
