"""What libyaml says of a text that is no YAML, in words for people, and the usual way out. Message -> words."""

from __future__ import annotations

_PLAIN = (
    ("mapping values are not allowed", "a colon stands where none may"),
    ("cannot start any token", "no value begins with the character here"),
    ("could not find expected ':'", "a colon is missing behind the key"),
    ("unexpected end of stream", "quotes are opened and not closed"),
    ("did not find expected ',' or ']'", "a comma or the closing ] is missing"),
    ("did not find expected ',' or '}'", "a comma or the closing } is missing"),
    ("did not find expected node content", "a value is missing"),
    ("did not find expected key", "a key is missing, or the indentation is not that of the lines above"),
    ("did not find expected '-' indicator", "an entry of the list does not begin with -"),
    ("block sequence entries are not allowed", "a list begins where none may"),
    ("found unknown escape character", "what follows the backslash is no character that YAML knows"),
)


def in_words(message: str) -> str:
    """One of libyaml's messages in words for people; itself when it is a rare one."""
    return next((plain for part, plain in _PLAIN if part in message), message)


def advice(message: str) -> str:
    """The usual reason behind one of libyaml's messages."""
    if "mapping values are not allowed" in message:
        return "put the value in quotes: it holds `: `"
    if "found character that cannot start any token" in message:
        return "indent with spaces; put a value that begins with %, @ or ` in quotes"
    if "could not find expected ':'" in message:
        return "write `key: value`; a value over several lines is indented"
    if "found unexpected end of stream" in message or "quoted scalar" in message:
        return "close the quotes"
    return "put the value in quotes, or check indentation and brackets"
