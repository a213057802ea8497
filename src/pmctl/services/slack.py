"""Slack: messages of an export or of its API, as what people said when.

Shapes as in Slack's public documentation: an export has a file of messages for each day of a channel and `users.json`,
the API answers with `{messages: [...]}`. `ts` is a time in seconds with six digits behind the point and also the
message's id. Text has a markup of its own: `<@U1>`, `<https://x|label>`, and `&lt;` for what would be markup.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pmctl.errors import BadInput
from pmctl.services.cursor import Cursor
from pmctl.services.instants import parse_instant
from pmctl.services.parsing import parse_all
from pmctl.services.people import is_bot

_ID = re.compile(r"[UW][A-Z0-9]{2,}")
_MARK = re.compile(r"<(?P<target>[^<>|]+)(?:\|(?P<label>[^<>]*))?>")
# Slack knows no language of code: what stands behind three backticks is code.
_CODE = re.compile(r"```\n?((?:(?!```)[\s\S])*?)\n?```")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
# What Slack writes about the channel itself.
_BOOKKEEPING = re.compile(r"(?:channel|group)_|pinned_item|bot_(?:add|remove)|reminder_add|tombstone|huddle_thread")


@dataclass(frozen=True, slots=True)
class Message:
    """One message: when (UTC, whole seconds, and the fraction), its text in Markdown's notation for code, who wrote it
    (name and e-mail, as far as the files tell; `person` is False for a program), and how many reacted with what."""

    at: datetime
    nanosecond: int
    text: str
    who: str
    email: str
    person: bool
    reactions: Mapping[str, int]
    path: str


def read_messages(
    files: Sequence[tuple[str, bytes]], warn: Callable[[str], None] = lambda said: None
) -> tuple[Message, ...]:
    """The messages in these files, oldest first, each once; people by name where a file lists them.

    `warn` is told how many messages have a time that cannot be read: they cannot be part of a timeline.
    Raises BadInput for a file that holds neither messages nor people.
    """
    users: dict[str, Cursor] = {}
    places: list[Cursor] = []
    for name, data in files:
        for root in parse_all(name, data):
            value = root if len(files) == 1 else Cursor(root.value, f"{name.rsplit('/', 1)[-1]}:{root.path}")
            listed = [item for holder in _holders(value) for item in holder.each()]
            people = [item for item in listed if _ID.fullmatch(item.at("id").text) and item.at("profile").mapping]
            said = [item for item in listed if _is_message(item)]
            if not people and not said and value.value not in ([], {"messages": []}):
                raise BadInput(
                    f"{name}: holds no messages of Slack",
                    hint="give files of an export, or what conversations.history answers",
                )
            users.update({user.at("id").text: user for user in people})
            places += said
    untimed = [place for place in places if parse_instant(place.at("ts").value).at is None]
    if untimed:
        what = "1 message has" if len(untimed) == 1 else f"{len(untimed)} messages have"
        warn(f"{what} a ts that is no time, left out: {', '.join(place.path for place in untimed[:3])}")
    found: dict[tuple[str, str], Message] = {}
    for place in places:
        message = _message(place, users)
        if message is not None:
            found.setdefault((place.at("ts").text, message.text), message)
    return tuple(sorted(found.values(), key=lambda one: (one.at, one.nanosecond)))


def chosen(
    messages: Iterable[Message],
    reactions: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[Message, ...]:
    """The messages that somebody gave one of these reactions, within a time; of an end that is None there is none."""
    names = {_reaction(name) for name in reactions}
    return tuple(
        message
        for message in messages
        if (not names or names & set(message.reactions))
        and (since is None or message.at >= since)
        and (until is None or message.at <= until)
    )


def _holders(root: Cursor) -> Iterator[Cursor]:
    yield root
    yield root.at("messages")
    yield root.at("members")


def _is_message(item: Cursor) -> bool:
    return item.at("type").text == "message" and bool(item.at("ts"))


def _message(place: Cursor, users: Mapping[str, Cursor]) -> Message | None:
    """The message, None for bookkeeping and for what has nothing to tell."""
    if _BOOKKEEPING.match(place.at("subtype").text) or place.at("hidden").value is True:
        return None
    files = [name for file in place.at("files").each() if (name := file.first("title", "name").text)]
    text = _markdown(place.at("text").text, users)
    text = "\n".join(filter(None, (text, f"(files: {', '.join(files)})" if files else "")))
    read = parse_instant(place.at("ts").value)
    if not text or read.at is None:
        return None
    user = users.get(place.at("user").text, Cursor(None))
    profile = user.at("profile")
    name = _name(user) or place.at("user_profile").first("real_name", "display_name", "name").text
    bot = place.at("bot_id").text or place.at("subtype").text == "bot_message" or user.at("is_bot").value is True
    name = name or place.first("username").text or place.at("bot_profile", "name").text or place.at("user").text
    person = not bot and not is_bot(name)
    counts = {_reaction(one.at("name").text): _count(one) for one in place.at("reactions").each() if one.at("name")}
    return Message(
        read.at, read.nanosecond, text, name, profile.at("email").text if person else "", person, counts, place.path
    )


def _count(reaction: Cursor) -> int:
    count = reaction.at("count").value
    return count if isinstance(count, int) else len(list(reaction.at("users").each()))


def _reaction(name: str) -> str:
    """A reaction's name without colons and skin tone."""
    return name.strip(":").partition("::")[0]


def _name(user: Cursor) -> str:
    profile = user.at("profile")
    return profile.first("real_name", "display_name").text or user.first("real_name", "name").text


def _markdown(text: str, users: Mapping[str, Cursor]) -> str:
    """Slack's text with names for people and addresses for links; code stays as it is."""

    def told(match: re.Match[str]) -> str:
        target, label = match["target"], match["label"] or ""
        if target.startswith("@"):
            return f"@{label or _name(users.get(target[1:], Cursor(None))) or target[1:]}"
        if target.startswith("#"):
            return f"#{label or target[1:]}"
        if target.startswith("!"):
            return f"@{label.lstrip('@') or target[1:].partition('^')[0]}"
        return f"{label} ({target})" if label and label != target else target

    text = _MARK.sub(told, text)
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return _CODE.sub(_fenced, text).strip()


def _fenced(match: re.Match[str]) -> str:
    """A block of several lines with its fences on lines of their own."""
    return f"\n```\n{match[1]}\n```\n" if "\n" in match[0] else match[0]
