"""Who is a person in a sentence, as patterns over lower-case prose.

A system has the same verbs ("the health check failed to"), so a rule that asks for a person says which words are one.
"""

from __future__ import annotations

from functools import lru_cache
from re import escape

from pmctl.rules.prose import Pattern

_NOUN = (
    r"(?:engineer|developer|devs|programmer|sysadmin|administrator|dba|sres?|technician|architect|contractor"
    r"|employee|staff(?: members?)?|colleague|co-?worker|intern|person|people|individual|(?<!ocsp )responder"
    r"|reviewer|author|maintainer|committer|on-?call|teams?|team members?|(?:tech|team|incident|shift) lead"
    r"|(?:incident )?commander|(?:code|service|product) owner|human operator|vendor's engineer"
    r"|(?:incident|engineering|product|project|release|delivery|account|duty|shift|team|change) manager"
    r"|members? of (?:the |our |my )?(?:[\w-]{1,40} )?(?:team|staff|crew|on-?call))s?"
)
_DETERMINER = (
    r"(?:the|an?|our|one|another|this|that|their|his|her|my|both|neither|two|three|several|most|many|some|all"
    r"|each|every)(?: of (?:the|our|us))?"
)
_PLURAL = r"(?:engineers|developers|sysadmins|sres|reviewers|responders|maintainers|colleagues|employees)"
PERSON = (
    r"(?:we|i|he|she|someone|somebody|all of us"
    rf"|{_DETERMINER}\s+(?:(?:[\w'/-]{{1,40}}\s+){{0,3}}?{_NOUN}|(?:senior |upper )?management|manager)"
    rf"|{_PLURAL}|@[a-z][a-z0-9-]{{0,40}}"
)
"""The start of a group of alternatives: whoever uses it adds names and closes it."""
_WHO = (
    r"(?:\s+on\s+(?:call|duty|shift|(?:the|our)\s+team)"
    r"|\s+who(?:\s+(?!(?:that|which|and|but|where|when)\b)[\w'-]{1,40}){1,6}?)?"
)
_ADVERB = (
    r"(?:\s+(?:also|then|simply|just|initially|still|unfortunately|apparently|probably|clearly|obviously|both|all"
    r"|even|again|later|first|mistakenly|wrongly|incorrectly|collectively|however|carelessly|had|have|has|'ve|'d"
    r"|was|were)|'ve|'d){0,4}"
)
ONE = (
    rf"(?:he|she|him|her|someone|somebody|anyone|anybody|everyone|{_DETERMINER}\s+(?:[\w'/-]{{1,40}}\s+){{0,2}}?{_NOUN}"
    r"|@[a-z0-9][a-z0-9-]{0,40}|individuals?|people|colleagues?|engineers|developers)"
)
"""A person or a group, as the object too."""
PEOPLE = (
    r"(?:everyone|everybody|people|(?:(?:the|our|all|an?|new|each|every)\s+){0,3}(?:(?!and\b"
    r"|or\b)[\w-]{1,40}\s+)?(?:teams?|engineers?"
    r"|staff|developers?|operators?|personnel|responders?|employees|colleagues|on-?calls?|members|sres|reviewers?"
    r"|authors?)"
    r"|him|her|them|us|we|@[a-z0-9][a-z0-9-]{0,40})"
)
"""Those who are asked to take care."""


@lru_cache(maxsize=256)
def subject_before(names: tuple[str, ...] = ()) -> Pattern:
    """A pattern that matches text which ends with a person as the subject; `names` are known people's, lower case."""
    known = "".join(rf"|{escape(name)}" for name in names)
    return Pattern(rf"(?<![\w'@/.-]){PERSON}{known}){_WHO}{_ADVERB}\s+(?:\w+ly\s+)?$")
