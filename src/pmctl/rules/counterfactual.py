"""What is said of what did not happen: should, could, would, if only, had we.

Most of such sentences weigh a risk, describe a guard or say what a system is built for. Each kind has its own gate;
what passes is a counterfactual (Dekker, The Field Guide to Understanding Human Error).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmctl.rules.persons import PERSON
from pmctl.rules.prose import Pattern, lucky, remedies
from pmctl.rules.wording import Said, elsewhere, inside, people_named, said, sentence_end

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.rules.context import Context

_NOT = (
    r"(?:n't|\s+not|\s+never|\s+also|\s+already|\s+probably|\s+likely|\s+perhaps|\s+easily|\s+simply|\s+clearly){0,3}"
)
# "It would not have been noticed" weighs a risk; only the wish that it had been is a counterfactual.
_ALSO = r"(?:\s+also|\s+already|\s+probably|\s+likely|\s+perhaps|\s+easily|\s+simply|\s+clearly){0,3}"
_HAVE = r"(?:\s+have|'ve)\s+"
_IRREGULAR = (
    r"(?:known|caught|seen|done|had|taken|gone|made|found|given|run|put|set|read(?!\s+(?:replicas?|access|only))|told"
    r"|thought|written"
    r"|gotten|got|kept|left|built|sent|held|met|led|spent|begun|chosen|understood|foreseen|come|brought|paid"
    r"|shut|cut|spoken|stuck|let)(?!-)"
)
_ADJECTIVAL = (
    r"(?!(?:automated|dedicated|limited|detailed|improved|centrali[sz]ed|standardi[sz]ed|distributed|shared"
    r"|managed|documented|defined|required|increased|reduced|advanced|integrated|isolated|redundant|combined"
    r"|proposed|related|trusted|agreed|skilled|fixed|named|mixed|updated|reserved|encrypted|replicated"
    r"|established|enforced|synchroni[sz]ed|need|speed|seed)\s+(?!(?:this|that|it|them|us|the|our|a|an|by|before|in"
    r"|for|to|and|so"
    r"|earlier|sooner|when|because|if|on|from|as)\b)[a-z])"
)
# What a machine does by itself: that it should have says what it is built for, not what somebody left undone.
_BY_MACHINE = (
    r"(?:able|automatically|cached|alerted|notified|paged|woken|triggered|rejected|refused|retried|evicted|expired"
    r"|queued"
    r"|routed|redirected|rerouted|rendered|returned|dropped|throttled|(?:re)?scheduled|delivered|processed|skipped"
    r"|ignored"
    r"|charged|billed|un\w+ed|supposed|expected)\b"
)
_NOT_WORSE = r"(?![^.;!?\0]{0,50}\b(?:later|longer|worse|harder|slower)\b)"
_BETTER = (
    r"(?:clear|obvious|evident|easy|simple|trivial|enough|better|faster|quicker|earlier|sooner|more|part\s+of"
    r"|in\s+place"
    r"|an?\s+(?:clear\s+|strong\s+|early\s+|big\s+)?(?:signal|sign|warning|red\s+flag|hint|indication))"
)
_PREVENT = (
    r"(?:been\s+)?(?:\w+ly\s+)?(?:been\s+)?(?:prevented|avoided|caught|detected|mitigated|noticed|spotted|averted"
    r"|identified\s+(?:this|the)|discovered|minimi[sz]ed|helped|shown\s+up)\b"
    r"|been\s+(?:\w+ly\s+)?(?:known|foreseen|anticipated|stopped|alerted\s+(?:on|by))\b"
    r"|(?:stopped|exposed|surfaced|revealed|flagged|uncovered|highlighted)\s+(?:this|it|(?:the|a"
    r"|an)\s+(?:[\w-]{1,40}\s+){0,2}?"
    r"(?:(?:missing|wrong|broken|stale|faulty|incorrect|invalid)\s+\w+|rollout|deploy(?:ment)?|bug|issue|problem"
    r"|error|defect|failure|fault|regression|mistake|gap|cause|mismatch"
    r"|misconfiguration|divergence|drift|risk|conflict|outage|incident|attack))\b"
)
_SHOULD_WORDS = (" should ", " ought ", " shouldn't ", " should've ")
_COULD_WORDS = (" could ", " would ", " might ", " couldn't ", " wouldn't ", " could've ", " would've ", " might've ")
_HAVE_WORDS = (" have ", " should've ", " could've ", " would've ", " might've ")
_SHOULD_BEEN = Pattern(
    rf"(?:should(?<!\wshould)|ought(?<!\wought)\s+to){_NOT}{_HAVE}(?:\w+ly\s+|also\s+"
    rf"|never\s+)?been\s+(?!{_BY_MACHINE})"
    rf"(?:(?:\w+ly|also|already|more|better)\s+)?(?:{_BETTER}\b|{_IRREGULAR}\b|[a-z]{{2,}}ed\b)",
    needs=_SHOULD_WORDS,
    also=_HAVE_WORDS,
)
_SHOULD_HAVE = Pattern(
    rf"(?:should(?<!\wshould)|ought(?<!\wought)\s+to){_NOT}{_HAVE}(?:\w+ly\s+|also\s+|never\s+)?"
    rf"(?:{_IRREGULAR}\b(?!\s+(?:points|times|up)\b)|{_ADJECTIVAL}[a-z]{{2,}}ed\b)",
    needs=_SHOULD_WORDS,
    also=_HAVE_WORDS,
)
"""In the active voice: needs a person as the subject, or a verb of _REALISED."""
_REALISED = Pattern(r"\b(?:known|reali[sz]ed|thought|foreseen|anticipated|asked|remembered)$")
_STARTS = Pattern(r"(?:^|[\0.:;!?(]\s*|\s[-–—]\s+|\bthe\s+(?:(?:code\s+)?review|investigation|process)\s+)$")
"""What may stand before a verb without a subject of its own, or before a process that people carry out."""
_COULD_HAVE = Pattern(
    rf"(?:could|would|might)(?<!\w\w{{5}}){_ALSO}{_HAVE}(?:{_PREVENT}){_NOT_WORSE}",
    needs=_COULD_WORDS,
    also=_HAVE_WORDS,
)
_PERSON_COULD_HAVE = Pattern(
    rf"could(?<!\wcould){_ALSO}{_HAVE}(?:\w+ly\s+)?(?!(?:expected|liked|preferred|wanted|wished|loved|needed|had"
    r"|lost|broken|ended|faced|suffered|seen|missed|experienced|exceeded|leaked|exposed|corrupted|deleted|charged"
    r"|failed"
    r"|run\s+(?:out|into)|gone\s+down)\b)"
    rf"(?:{_IRREGULAR}\b|been\s+(?:more|better|faster|quicker|earlier|clearer)\b"
    rf"|[a-z]{{2,}}ed\b)(?!\s+to\s+be\b){_NOT_WORSE}"
    rf"|(?:would|might)(?<!\w\w{{5}}){_ALSO}{_HAVE}(?:known|reacted|responded|acted|escalated|checked|tested"
    rf"|reali[sz]ed)\b",
    needs=_COULD_WORDS,
    also=_HAVE_WORDS,
)
_BY_SYSTEM = Pattern(
    r"\bby\s+(?:the|our|its|an?|each|every)\s+(?:[\w-]{1,40}\s+){0,2}?(?:strateg(?:y|ies)|systems?|code|contracts?|services?"
    r"|clients?|servers?|jobs?|scripts?|functions?|librar(?:y|ies)|apis?|controllers?|schedulers?|parsers?|algorithms?"
    r"|modules?|components?|programs?|protocols?|daemons?|nodes?|databases?|pipelines?|tools?|alerts?|monitor(?:s|ing)?)\b"
)
"""Who should have done it: what a program is meant to do."""
_WISHED = (
    Pattern(
        r"\b(?:it|that|this)\s+would(?:\s+have|'ve)\s+been\s+(?:\w+ly\s+|more\s+|very\s+)?"
        r"(?:useful|helpful|better|good|wise|prudent|nice|safer|wiser)\b",
        needs=(" would ", " would've "),
        also=_HAVE_WORDS,
    ),
    Pattern(
        r"\bcould(?:\s+have|'ve)\s+been\s+(?:much\s+|a\s+lot\s+|significantly\s+)?"
        r"(?:faster|quicker|shorter|earlier|sooner|smoother|better)\b",
        needs=(" could ", " could've "),
        also=_HAVE_WORDS,
    ),
    Pattern(
        r"\bcould(?:\s+have|'ve)\s+been\s+\w+[^.;!?\0]{0,60}?,?\s+but\s+(?:was|were)(?:n't|\s+not)\b",
        needs=(" could ", " could've "),
        also=(" wasn't ", " weren't ", " not "),
    ),
    Pattern(
        r"\bshould(?:\s+have|'ve)\s+(?:\w+ly\s+)?\w+[^.;!?\0]{0,60}?,\s+but\s+(?:i|we|they|he|she|nobody|no\s+one)\b",
        needs=(" should ", " should've "),
        also=(" but ",),
    ),
    Pattern(
        r"(?:(?<=\0)|(?<=[.!?] ))with\s+(?:a|an|more|better|some)\s[^.;!?\0]{3,60}?\b(?:we|i|they|the\s+team)\s+"
        r"(?:would|could)(?:\s+have|'ve)\s+\w+",
        needs=(" with ",),
        also=(" would ", " could ", " would've ", " could've "),
    ),
)
"""Wishes without a person in front of the verb, which say what would have been good."""
_ANYBODY = Pattern(r"(?:an?|any|each|every|some|another)\s|some(?:one|body)\b")
"""A subject that is nobody in particular: what such a person could have done is a risk."""
_WEIGHED = Pattern(
    r"\b(?:(?:whether|if)\b[^.:;,!?\0]{0,40}|(?:no|none\s+of|neither|nothing|nobody)\b[^.:;,!?\0]{0,60}"
    r"|(?:(?:assum|thought|believed|suspect|expected|doubt)\w*|means?|meant)\s+(?:that\s+)?(?:\w+\s+){0,2}"
    r"|(?:what|how|where|when|why|things?|ways?)\s+(?:(?:else|that|we|i|they|the\s+team|people)\s+){0,2})$"
)
"""Before what could have been: a doubt, a denial, a question that is going to be answered."""
_GUARD = Pattern(r"(?<!,)(?<!, )\b(?:that|which|who)\s+$")
"""Before "would have caught it": the sentence is about a guard that was absent."""
_IF_ONLY = Pattern(
    rf"if(?<!\wif)\s+only\s+{PERSON}|they|it|there|the\s+\w+|this|that)(?:\s+\w+)?"
    r"\s+(?:had|could\s+have|would\s+have|did)\b",
    needs=(" if only ",),
)
_HAD_WE = Pattern(
    rf"had(?<!\whad)\s+(?:{PERSON})(?!\s+not\b)\b(?=[^.;!?\0]{{0,160}}\b(?:would|could|might)\b)"
    r"|(?!(?:\w+\s+)?(?:been|not)\b)[\w' -]{1,50}?\s(?:been|\w{2,}ed)\b"
    r"(?=[^.;!?\0]{0,160}\b(?:(?:would|could|might)(?:n't|\s+not|\s+never)\s+have)\b))",
    needs=(" had ",),
    also=_COULD_WORDS,
)
_BEGINS = Pattern(r"(?:^|[\0.;:,(!?-]\s*(?:(?:but|and|or|so|also|however,?)\s+)?)$")


def counterfactuals(doc: Document, context: Context) -> Iterator[Said]:
    """What is said of what did not happen, without what only weighs it; the surest kinds first."""
    yield from said(doc, context, "counterfactual")
    names = people_named(doc, context)
    for one in said(doc, context, "", _SHOULD_BEEN):
        by_system = _BY_SYSTEM.compiled.search(one.prose, one.end, sentence_end(one.prose, one.end))
        if not (by_system or _GUARD.compiled.search(one.before) or _WEIGHED.compiled.search(one.before)):
            yield one
    for one in said(doc, context, "", *_WISHED, *elsewhere("counterfactual")):
        if not (_WEIGHED.compiled.search(one.before) or one.asked or inside(lucky(doc), one.start)):
            yield one
    for one in said(doc, context, "", _SHOULD_HAVE):
        needless = _REALISED.compiled.search(one.match[0]) or _STARTS.compiled.search(one.before)
        if not _WEIGHED.compiled.search(one.before) and (needless or one.subject(names)):
            yield one
    for one in said(doc, context, "", _COULD_HAVE):
        guard = "been" not in one.match[0] and _GUARD.compiled.search(one.before)
        if not (guard or inside(remedies(doc), one.start) or _WEIGHED.compiled.search(one.before) or one.asked):
            yield one
    for one in said(doc, context, "", _PERSON_COULD_HAVE):
        subject = None if _WEIGHED.compiled.search(one.before) or one.asked else one.subject(names)
        if subject and not _ANYBODY.compiled.match(subject[0]) and not inside(lucky(doc), one.start):
            yield one
    yield from said(doc, context, "", _IF_ONLY)
    for one in said(doc, context, "", _HAD_WE):
        if _BEGINS.compiled.search(one.before) and not inside(lucky(doc), one.start):
            yield one
