"""What incident records say in words: harm to customers, lost data, near misses, false alarms.

A sentence counts when it states the harm. One that denies it ("no data loss", "customers were not affected"), only
wonders ("checking whether users are affected", "a possible leak") or tells of what might have been ("would have caused
an outage") does not. tests/insight/judged_sentences.py holds sentences with a verdict, and the test beside it how many
of them are told right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

_SLUG = re.compile(r"[^a-z0-9]+")
_SENTENCE = re.compile(r"[^.!?;\n]+(?:[.!](?=\S)[^.!?;\n]*)*[.!?;]?")
# Where a statement ends within a sentence: what is denied before does not deny what comes behind.
_CLAUSE = re.compile(r"[,:–—]|\s-\s|\b(?:but|although|though|however|whereas|yet|because|so that|and then)\b")

_PEOPLE = (
    r"(?:customers?|users?|clients?|subscribers?|merchants?|tenants?|visitors?|shoppers?|buyers?|sellers?|members|"
    r"guests|players?|viewers?|callers?|consumers?|patients?|students?|travell?ers?|passengers?|partners|readers|"
    r"people|everybody|everyone)"
)
_FEW = r"(?:[\w%'’.,:/-]+ ){0,5}?"
_TROUBLE = (
    r"(?:errors?|failures?|fail(?:ed|ing|s)?|time-?outs?|timed out|slow(?:er|ly|ness)?|delay(?:s|ed)?|latency|"
    r"issues?|"
    r"problems?|outages?|disruptions?|degraded|degradation|unavailable|unreachable|inaccessible|down|broken|blank|"
    r"empty|missing|wrong|stale|outdated|duplicates?|twice|interrupt\w+|rejected|declined|blocked|logged out|lost|"
    r"5\d\ds?|dropped|spinner|crash\w*|stuck|not load\w*|prevented|could not|couldn['’]t|cannot|can['’]t|unable)"
)
_FACING = (
    r"(?:(?:web)?site|apps?|store|shop|checkout|log-?ins?|sign-?ins?|portal|dashboards?|(?:[\w-]+ )?apis?|home ?page|"
    r"search|platform|payments?|orders?|purchases|bookings?|sign-?ups?|deliver(?:y|ies)|logins?|uploads?|downloads?|"
    r"webhooks?|emails?|e-mails?|notifications?|calls|service|transactions|transfers|invoices|streams?)"
)
_THINGS = (
    r"(?:data|records?|messages?|orders?|writes?|rows?|files?|backups?|events?|e-?mails?|documents?|transactions?|"
    r"entries|tables?|uploads?|invoices?|photos?|images?|objects?|payments?|comments?|histor(?:y|ies)|snapshots?|"
    r"(?:minutes?|hours?|days?|weeks?) of (?:[\w-]+ )?(?:data|writes?|records?|orders?|messages?|logs?|metrics?|"
    r"transactions?|events?|history))"
)
_SECRETS = (
    r"(?:tokens?|passwords?|credentials?|secrets?|(?:private |api |access |signing |encryption )?keys?|"
    r"certificates?|cookies|sessions?|personal (?:data|information|details)|customer data|user data|"
    r"e-?mail addresses|phone numbers|card (?:numbers|data|details)|(?:bank|health|medical) (?:data|details|records)|"
    r"addresses|pii|data|records|accounts?|documents?|invoices|files?)"
)
_OPEN = (
    r"(?:leaked|exposed|compromised|stolen|disclosed|visible|readable|publicly (?:accessible|readable|available)|"
    r"public|published|accessible (?:to|by|from)|shown to|sent to (?:the wrong|other|another)|shared with the wrong|"
    r"in plain ?text|hacked|hijacked|accessed (?:by|without)|downloaded by)"
)
_WAS = r"(?:(?:was|were|is|are|has been|have been|had been|got|being|became|went) )?"

# Ours, in the plain words of incident records; the settings add a team's own.
_PHRASES: dict[str, tuple[str, ...]] = {
    "customer-impact": (
        rf"{_PEOPLE}[ -](?:impact|facing)(?:ing)?",
        r"(?:customer|user) (?:complaints?|reports? of)",
        rf"(?:affect|impact|hit|hurt|disrupt|prevent|block|lock|interrupt|inconvenienc)(?:ed|s|ing|ting|e)? "
        rf"{_FEW}{_PEOPLE}",
        rf"{_PEOPLE} {_FEW}(?:affected|impacted|unable|disconnected|charged twice|locked out|logged out|cut off)",
        rf"{_PEOPLE} {_FEW}(?:could ?n[o'’]t|couldn['’]t|can ?not|can['’]t|(?:were|are|was|is)(?: not|n['’]t) "
        rf"able to|failed to|had to)",
        rf"{_PEOPLE} {_FEW}(?:experienc(?:ed|e|ing)|s(?:aw|een|ee|eeing)|received?|got|had|have|faced|"
        rf"encounter(?:ed)?|"
        rf"report(?:ed|ing)?|w(?:as|ere) (?:shown|served|given)|notic(?:ed|e|ing)|complain(?:ed|ing)?(?: "
        rf"about)?|met) {_FEW}{_TROUBLE}",
        rf"{_TROUBLE} {_FEW}(?:for|to|by|from|of|at) {_FEW}{_PEOPLE}",
        rf"(?:from|of|by) {_FEW}{_PEOPLE} {_FEW}(?:fail(?:ed|ing)?|timed out|dropped|rejected|bounced)",
        rf"{_PEOPLE} {_FEW}lost (?:access|connection|connectivity|service|their|the ability)",
        r"(?:nobody|no one|no (?:customer|user|client|visitor)s?) (?:could|was able to|were able to) (?:place|"
        r"order|log|pay|"
        r"sign|reach|use|connect|buy|book|check|load|upload|download|send|start)",
        rf"{_FACING} (?:[\w-]+ ){{0,3}}?(?:was|were|is|are|went|has been|have been|had been|became)"
        r"(?: [\w-]+){0,2}? (?:down|unavailable|unreachable|offline|inaccessible|not loading|failing|rejected|"
        r"declined|delayed|broken)",
        r"(?:payments?|orders?|purchases|checkouts?|log-?ins|sign-?ins|sign-?ups|bookings?|deliveries|transfers) "
        r"(?:[\w-]+ ){0,2}?(?:failed|timed out|bounced|did not (?:arrive|go through)|stopped)",
        rf"(?:could not|couldn['’]t|cannot|can['’]t) (?:be )?(?:log in|logged in|check ?out|pay|order|ordered|"
        rf"sign in|sign up|reach(?:ed)?) {_FEW}(?:site|shop|app|page|account)?",
        r"(?:full|partial|complete|total|major|widespread|global|regional|service)? ?outage(?:s (?:for|in|on|"
        r"at|across))?(?! (?:report|post|window|list))",
        r"downtime",
        r"sla breach(?:ed)?|(?:breached|broke|missed) (?:our|the|an?) sla",
    ),
    "data-loss-or-security": (
        r"(?:permanent )?(?:data|message|order|record)[ -]?loss",
        rf"(?:lost|los(?:e|es|ing)|deleted|wiped|overwrote|overwritten|erased|destroyed|corrupted|truncated|purged) "
        rf"{_FEW}{_THINGS}",
        rf"{_THINGS} {_FEW}{_WAS}(?:permanently |accidentally |silently |irrecoverably )?(?:lost|missing|gone|"
        rf"deleted|"
        r"wiped|erased|overwritten|corrupt(?:ed)?|unrecoverable|irrecoverable|destroyed|truncated|"
        r"(?:not recoverable|could ?n[o'’]t be (?:restored|recovered)|cannot be (?:restored|recovered)))",
        r"data[ -](?:breach|leak|corruption|exposure|theft)(?:e?s)?",
        r"security[ -](?:incident|breach|vulnerability|hole|compromise|issue)s?",
        r"unauthori[sz]ed (?:access|use|login|party|person)",
        rf"(?:access|read|open|download|us|chang)ed {_FEW}without (?:authori[sz]ation|permission)",
        rf"(?:tokens?|passwords?|credentials?|secrets?|keys?|card numbers) {_FEW}(?:written|printed|logged|"
        rf"committed|pushed|"
        r"pasted|copied) (?:in|to|into)",
        rf"{_SECRETS} {_FEW}{_WAS}{_OPEN}",
        rf"(?:leak|expos|disclos|publish|steal|stole|reveal|compromis)\w* {_FEW}{_SECRETS}",
        rf"{_SECRETS} {_FEW}(?:in (?:the |our |a |its )?(?:public |debug |access )?(?:logs?|log files?|"
        rf"repositor(?:y|ies)))",
        r"(?:committed|pushed|logged|printed|wrote|written) "
        rf"{_FEW}(?:tokens?|passwords?|credentials?|secrets?|(?:private |api |access )?keys?|card numbers)",
        rf"{_PEOPLE} (?:could|can|were able to|was able to|saw|got to) (?:see|read|access|view|open|download)? ?"
        rf"{_FEW}(?:other|another|each other|someone else|somebody else)",
        r"attackers?|intruders?|ransomware|malware|exfiltrat(?:ed|ion)|account takeover|intrusion|phish(?:ed|ing)|"
        r"brute[ -]force[ds]?|(?:was|were|been|got) hacked",
        r"(?:bucket|database|server|port|panel|dashboard|repository|container|disk) "
        r"(?:[\w-]+ ){0,3}?(?:was |were |is |has been )?(?:open to|exposed to|reachable from|public(?:ly)?) "
        r"?(?:the )?(?:internet|accessible|readable|everybody|anyone)?",
    ),
    "near-miss": (
        r"near[ -]miss(?:es)?",
        r"close call",
        r"(?:could|would|might) have been (?:(?:much|far|a lot) )?(?:worse|serious|an? (?:\w+ )?(?:outage|"
        r"incident|disaster))",
        r"narrow(?:ly)? (?:avoid|escap|miss|avert)\w*",
        r"(?:could|would|might) (?:easily |well |also )?have (?:\w+ )?(?:caused?|led|become|resulted?|taken|"
        r"affected|impacted|lost|deleted|brought|exposed|leaked|hit|gone|failed|broken|prevented|stopped|wiped|cost)",
        r"(?:almost|nearly) (?:caused|lost|took|brought|ran out|deleted|wiped|exposed|leaked|led|dropped|hit|"
        r"affected|"
        r"went|became|resulted|filled|expired)",
        r"(?:came|were|was) (?:very |so )?close to (?:\w+ing|an? \w+)",
        r"just in time",
        r"(?:outage|incident|data loss|disaster|failure|impact) (?:was |has been )?averted|averted (?:an?|the) \w+",
        r"before (?:any|anybody|anyone|it|customers?|users?|a single) (?:\w+ ){0,3}(?:noticed|affected|impacted|"
        r"harm(?:ed)?|damage|impact|effect|hit)",
        r"(?:by (?:sheer |pure )?luck|(?:we|got|were) lucky|luckily|fortunately)",
    ),
    "false-positive": (
        r"false[ -](?:positive|alarm)s?(?! rate)",
        r"not (?:a real|an actual|a real production) incident",
        r"test (?:incident|alert)",
    ),
}
_EXACT_TAGS = {
    "data-loss-or-security": ("security", "data-loss", "dataloss", "privacy", "breach"),
    "customer-impact": ("customer-impact", "customer-facing", "customer-impacting", "outage"),
    "near-miss": ("near-miss",),
    "false-positive": ("false-positive", "false-alarm", "drill", "test", "exercise", "not-planned", "declined",
                       "canceled", "cancelled", "duplicate", "invalid"),
}  # fmt: skip

# Before a statement, in its clause: it is denied, asked, feared, planned or imagined.
_DENIED_BEFORE = re.compile(
    r"\b(?:how many|how much|counts?|counted|counting|no|not|without|zero|0|never|nor|neither|none of|none|"
    r"nobody|nothing|no one|if|whether|unless|unclear|unlikely|how many|how much|counts?|counted|counting|"
    r"would|might|may|should|must|will|to avoid|avoid(?:ed|s|ing)?|rul(?:ed|es|ing) out|exclud(?:e|ed|es|ing)|"
    r"risk(?:s|ed)? of|"
    r"risk(?:s|ing)?|at risk|potential(?:ly)?|possible|possibly|in case|could (?:have )?(?:cause|caus|lead|led|"
    r"affect|"
    r"impact|lose|lost|be|been|result|expose|leak|delete|take|bring|wipe|become|prevent|hit)\w*|check(?:ed|ing)?|"
    r"verif(?:y|ied|ying)|confirm(?:ing)? that no|suspect(?:ed|s|ing)?|fear(?:ed|s)?|worr(?:y|ied)|"
    r"investigat(?:e|ed|ing) "
    r"(?:a )?(?:possible|potential|whether|if)|simulat\w+|drill|rehears\w+|game ?day|exercise|assum\w+|"
    r"suppos\w+|expected to|"
    r"plan(?:ned|s|ning)?|hypothetical\w*|theoretical\w*|in theory|instead of|rather than|protect(?:s|ed|ing)? "
    r"(?:us )?"
    r"(?:from|against)|guard(?:s|ed|ing)? against|almost|nearly|close to|fail to|ready for|alert(?:s|ing)? "
    r"(?:on|for|about)|"
    r"monitor(?:s|ing)? for|document\w* (?:on|about|how)|runbook|temporary|temp|unused|obsolete|expired|"
    r"train(?:ing|ed) (?:on|for|about)|internal|staging|"
    r"test|synthetic|sandbox|demo|absence of|lack of|free of|far from|did ?n[o'’]t|does ?n[o'’]t|do ?n[o'’]t|"
    r"was ?n[o'’]t|were ?n[o'’]t|is ?n[o'’]t|are ?n[o'’]t|has ?n[o'’]t|have ?n[o'’]t|had ?n[o'’]t|\w+n['’]t)\b|"
    r"\bcould (?:have |easily |also |still )?$|^had $",
    re.IGNORECASE,
)
# What stops a harm that is a noun; a verb of these before people is the harm itself ("prevented users from ...").
_STOPPED_BEFORE = re.compile(
    r"\b(?:prevent(?:ed|s|ing)?|stop(?:ped|s|ping)?|avert(?:ed|s|ing)?|escap(?:ed|es|ing)|mitigat(?:e|ed|es|ing))"
    r"(?: [\w'-]+){0,3} ?$",
    re.IGNORECASE,
)
# Inside of a statement, right before its last words.
_DENIED_WITHIN = re.compile(
    r"\b(?:nothing|none|nobody(?! (?:could|was able)))\b|"
    r"(?:n['’]t|\b(?:not|never|no longer|no|hardly|neither|would|might|may|should|will|can be|could be|could "
    r"have(?: been)?)) "
    r"(?:be |have |been |have been |even |ever |really )*"
    r"(?:unable|locked|logged|cut|affected|impacted|disconnected|charged|lost|missing|gone|deleted|wiped|"
    r"erased|overwritten|corrupt\w*|leaked|exposed|"
    r"compromised|stolen|disclosed|visible|readable|publicly|public|accessible|accessed|noticed?|saw|see|seen|notice|"
    r"experienced?|unavailable|down|unreachable|destroyed|hacked|shown|sent|in)\b",
    re.IGNORECASE,
)
# Behind a statement, in its sentence.
_DENIED_BEHIND = re.compile(
    r"^[^.;]{0,60}?\b(?:as (?:planned|intended|designed|expected)|(?:every|each) (?:night|day|week|hour|month|"
    r"time)|(?:was|were|is|are|has been|have been|can be|could be) (?:\w+ )?(?:ruled out|excluded|avoided|averted|"
    r"prevented|unlikely|unfounded|denied|not (?:found|confirmed|observed|seen|possible|affected|impacted))|"
    r"but (?:it |that |this |they |none |nothing )?(?:did ?n[o'’]t|never|were ?n[o'’]t|was ?n[o'’]t)|did "
    r"?n[o'’]t (?:happen|occur|materiali[sz]e)|"
    r"turned out (?:to be )?(?:false|wrong|unfounded|not)|never happened|no (?:effect|impact|influence) on|"
    r"remain(?:ed|s) theoretical|in theory only|"
    r"none (?:was|were)|: none\b|: no\b|= ?0\b|: ?0\b)",
    re.IGNORECASE,
)
_NOUN = re.compile(
    r"(?:\w+ )?(?:outages?|downtime|data[ -]?\w+|\w+[ -]impact|\w+[ -]?loss|security[ -]\w+|unauthori\w+ \w+)",
    re.IGNORECASE,
)


# A sentence about an impact that says there was none. "No customer could pay" is no such sentence.
_HARMLESS = re.compile(
    r"\b(?:no|zero|0|none|without|not any)\b(?: (?!(?:and|went|could|was|were|for|worked|with)\b)[\w/'’-]+){0,4}? "
    r"(?:impact|effect|disruption|outage|loss|downtime|degradation|issue|complaint|harm|consequence)s?\b"
    r"|^(?:no|zero|0|none|nobody|nothing|no one)\b(?: [\w/'’-]+){0,5}? "
    r"(?:affected|impacted|harmed|noticed|hit|lost|disrupted)\b"
    r"|(?:n['’]t|\b(?:not|never))\b(?: \w+){0,2} "
    r"(?:affect(?:ed)?|impact(?:ed)?|noticed?|disrupt(?:ed)?|hit|(?:customer|user)[ -]facing)\b"
    r"|\bun(?:affected|impacted|noticed)\b"
    r"|^(?:none|nothing|no|n/a|not applicable|nobody|no one)\b *(?:[,:(–—-].*)?[.!]?$"
    r"|^internal(?: \w+){0,2} only\b",
    re.IGNORECASE,
)
_RESTRICTED = re.compile(
    r"\b(?:but|however|except|although|though|other than|apart from|only|beyond|until|longer|more than|yet|besides|"
    r"then|initially|first|some)\b",
    re.IGNORECASE,
)


def says_none(text: str) -> bool:
    """Whether every sentence of what a record says about an impact is that there was none."""
    sentences = list(_sentences(text))
    return bool(sentences) and all(
        _HARMLESS.search(one) and not (_RESTRICTED.search(one) and not one.lower().startswith("internal"))
        for one in sentences
    )


def slug(text: str) -> str:
    """Lower case words joined by dashes, for comparing names of services, tags and states."""
    return _SLUG.sub("-", text.lower()).strip("-")


def tagged(tags: Iterable[str], rule: str) -> str:
    """The tag that says it, or ""."""
    return next((tag for tag in tags if slug(tag) in _EXACT_TAGS[rule]), "")


def stated(texts: Iterable[str], rule: str, words: tuple[str, ...] = ()) -> str:
    """The first phrase in these texts that says it and is not denied, or "". `words` are further phrases."""
    pattern = _pattern(rule, words)
    for text in texts:
        for sentence in _sentences(text):
            for match in pattern.finditer(sentence):
                if not _denied(sentence, match, rule):
                    return " ".join(match[0].split())
    return ""


def _sentences(text: str) -> Iterator[str]:
    for match in _SENTENCE.finditer(text[:_MOST]):
        sentence = " ".join(match[0].split())
        if sentence and not sentence.endswith("?"):
            yield sentence


_MOST = 100_000  # characters of one text that are judged


def _denied(sentence: str, match: re.Match[str], rule: str) -> bool:
    """Whether the sentence does not state what was found in it."""
    before = _CLAUSE.split(sentence[: match.start()])[-1][-160:]
    behind = sentence[match.end() :]
    if rule == "near-miss":
        return bool(re.search(r"\b(?:not|no|never|n['’]t)\b(?: \w+){0,2} ?$", before, re.IGNORECASE))
    stopped = _NOUN.fullmatch(match[0].strip()) and _STOPPED_BEFORE.search(before)
    return bool(
        _DENIED_BEFORE.search(before) or stopped or _DENIED_WITHIN.search(match[0]) or _DENIED_BEHIND.search(behind)
    )


@lru_cache(maxsize=32)
def _pattern(rule: str, words: tuple[str, ...]) -> re.Pattern[str]:
    phrases = (*_PHRASES[rule], *(re.escape(word) for word in words))
    return re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)", re.IGNORECASE)
