"""The words that the blameless rules look for, as patterns over lower-case prose.

Every search begins at a verb or noun that is rare in clean text (`anchor`) and then looks at what stands
before it: a person as the subject, a negation, a modal. That is both what makes the rules precise ("the
health check failed to" passes, "we failed to" does not) and what makes them fast.

The list follows published advice on postmortem wording: counterfactuals and hindsight (Dekker, The Field
Guide to Understanding Human Error), who and why (Allspaw, The Infinite Hows), human error and blame
(PagerDuty's postmortem guide), vague actions (Google's SRE book).
"""

from __future__ import annotations

from functools import lru_cache

from pmctl.rules.prose import Pattern

_NOUN = (
    r"(?:engineer|developer|devs|programmer|sysadmin|administrator|dba|sres?|technician|architect|contractor"
    r"|employee|staff(?: members?)?|colleague|co-?worker|intern|manager|person|people|individual|responder"
    r"|reviewer|author|maintainer|committer|on-?call|teams?|team members?|(?:tech|team|incident|shift) lead"
    r"|(?:code|service|product) owner|human operator|operations|management|vendor's engineer"
    r"|members? of [\w' -]{3,30})s?"
)
_DETERMINER = (
    r"(?:the|an?|our|one|another|this|that|their|his|her|my|both|neither|two|three|several|most|many|some|all"
    r"|each|every|no)(?: of (?:the|our|us))?"
)
PERSON = (
    r"(?:we|i|he|she|someone|somebody|nobody|no[ -]?one|everyone|everybody|none of us|all of us"
    rf"|{_DETERMINER}\s+(?:[\w'/-]+\s+){{0,3}}?{_NOUN}|@[a-z0-9][a-z0-9-]*"
)
_ADVERB = (
    r"(?:\s+(?:also|then|simply|just|initially|still|unfortunately|apparently|probably|clearly|obviously|both|all"
    r"|even|again|later|first|mistakenly|wrongly|incorrectly|collectively|however|carelessly|had|have|has|'ve|'d"
    r"|was|were|must|may|might)|'ve|'d)*"
)

# --- counterfactual -----------------------------------------------------------------------------------
_NOT = r"(?:n't|\s+not|\s+never|\s+also|\s+already|\s+probably|\s+likely|\s+perhaps|\s+easily|\s+simply|\s+clearly)*"
# "It would not have been noticed" weighs a risk; only the wish that it had been is a counterfactual.
_ALSO = r"(?:\s+also|\s+already|\s+probably|\s+likely|\s+perhaps|\s+easily|\s+simply|\s+clearly)*"
_IRREGULAR = (
    r"(?:been|known|caught|seen|done|had|taken|gone|made|found|given|run|put|set|read|told|thought|written"
    r"|gotten|got|kept|left|built|sent|held|met|led|spent|begun|chosen|understood|foreseen|come|brought|paid"
    r"|shut|cut|spoken|stuck|let)"
)
_ADJECTIVAL = (
    r"(?!(?:automated|dedicated|limited|detailed|improved|centrali[sz]ed|standardi[sz]ed|distributed|shared"
    r"|managed|documented|defined|required|increased|reduced|advanced|integrated|isolated|redundant|combined"
    r"|proposed|related|trusted|agreed|skilled|fixed|named|mixed|updated|reserved|encrypted|replicated"
    r"|established|enforced|synchroni[sz]ed|need|speed|seed)\s+(?!(?:this|that|it|them|us|the|our|a|an|by|before|in|for|to|and|so"
    r"|earlier|sooner|when|because|if|on|from|as)\b)[a-z])"
)
_PREVENT = (
    r"(?:been\s+)?(?:\w+ly\s+)?(?:been\s+)?(?:prevented|avoided|caught|detected|mitigated|noticed|stopped|spotted"
    r"|known|checked|tested|foreseen|anticipated|averted|identified\s+(?:this|the)|discovered|reacted|responded"
    r"|acted|escalated|minimi[sz]ed|helped|alerted|shown\s+up)\b"
)
SHOULD_HAVE = Pattern(
    rf"\b(?:should|ought\s+to){_NOT}\s+have\s+(?:\w+ly\s+|also\s+|never\s+)?"
    r"(?!been\s+(?:able\b|automatically\b)"
    r"|(?:mattered|existed|resulted|worked|returned|contained|succeeded|appeared|stayed|remained)\b)"
    rf"(?:{_IRREGULAR}\b(?!\s+(?:points|times|up)\b)|{_ADJECTIVAL}[a-z]{{2,}}ed\b)"
)
COULD_HAVE = Pattern(rf"\b(?:could|would|might){_ALSO}\s+have\s+{_PREVENT}")
PERSON_COULD_HAVE = Pattern(
    rf"\bcould{_NOT}\s+have\s+(?:\w+ly\s+)?(?!(?:expected|liked|preferred|wanted|wished|loved|needed|had\s+to)\b)"
    rf"(?:{_IRREGULAR}\b|[a-z]{{2,}}ed\b)(?!\s+to\s+be\b)"
)
IF_ONLY = Pattern(
    rf"\bif\s+only\s+{PERSON}|they|it|there|the\s+\w+|this|that)(?:\s+\w+)?\s+(?:had|could|would|did|were|was)\b"
)
HAD_WE = Pattern(
    r"(?:(?<=[.;:,(!?\0])|(?<=[.;:,(!?\0] )|^)(?:\s*(?:but|and|or|so|also|however,?)\s+)?\bhad\s+(?:(?:we|i|he|she"
    r"|someone|somebody|anyone)\b|[\w' -]{1,50}?\s(?:been|\w{2,}ed)\b(?=[^.;|\0]{0,160}\b(?:would|could|might)\b))"
)

# --- omission -----------------------------------------------------------------------------------------
_CARE = (
    r"(?:check|test|verify|notice|review|follow|read|ask|tell|inform|notify|communicate|monitor|document|validate"
    r"|reali[sz]e|catch|consider|account\s+for|anticipate|foresee|plan|think\s+(?:of|about|to)|remember|bother"
    r"|look\s+(?:at|into)|pay|double-?check|ensure|make\s+sure|spot|recogni[sz]e|understand|escalate|alert|warn"
    r"|coordinate|run|perform|provision|take\s+into|appreciate|question|report|update|rotate|renew|raise)"
)
_CARED = (
    r"(?:checked|tested|verified|noticed|reviewed|followed|read|asked|told|informed|notified|communicated|monitored"
    r"|documented|validated|reali[sz]ed|caught|considered|accounted\s+for|anticipated|foreseen|planned|thought"
    r"|remembered|bothered|looked|paid|ensured|made\s+sure|spotted|recogni[sz]ed|understood|escalated|warned"
    r"|coordinated|performed|provisioned|questioned|renewed|rotated)"
)
OMISSION = Pattern(
    r"\b(?:(?:failed|neglected|omitted)\s+to\s+(?!(?:reproduce|connect|resolve|fix|find|restore|recover|mitigate|get"
    r"|reach|bring|load|start|log|deploy|upgrade|solve|replicate)\b)\w+"
    r"|neglected\b|forgot(?:ten)?\b(?!\s+(?:what|how|whether|who|where|why)\b)|overlooked\b"
    r"|missed\b(?!\s+(?:(?:the|our|its|their|an?)\s+)?(?:\S+\s+)?(?:slos?|slas?|targets?|deadlines?|release|goals?)\b)"
    rf"|(?:did\s+not|didn't|did\s+n't|never|had(?:n't|\s+not|\s+never))\s+(?:\w+ly\s+|even\s+|always\s+)?"
    rf"(?:{_CARE}|{_CARED})\b)"
)
NOBODY = Pattern(
    r"\b(?:nobody|no[ -]one|none\s+of\s+(?:us|the\s+(?:engineers|developers|reviewers|team|responders)))\s+"
    rf"(?:had\s+|ever\s+)*(?:{_CARED}|saw|knew)\b"
)

# --- human error, character, hindsight ----------------------------------------------------------------
HUMAN_ERROR = Pattern(
    r"\b(?:(?:human|operator|pilot|user|manual|engineer(?:'s|ing)?|developer(?:'s)?|admin(?:istrator)?(?:'s)?"
    r"|people|personnel)[\s-]+(?:error(?!s)|mistake)s?\b(?!['\w-]|\s+(?:rates?|messages?|counts?|logs?|budgets?|pages?|codes?"
    r"|reports?|handling|responses?|tracking|monitoring|\d))"
    r"|(?:errors?|mistakes?)\s+(?:(?:was|were)\s+)?(?:made\s+)?by\s+(?:a\s+|an\s+|the\s+|our\s+|one\s+of\s+)"
    r"(?:[\w-]+\s+){0,2}?(?:human|engineer|developer|team|administrator|employee|person|colleague|intern|contractor)s?\b"
    r"|(?:human|operator)\s+failure\b|fat[\s-]?finger\w*)"
)
CHARACTER = Pattern(
    r"\b(?:careless(?:ly|ness)?|negligen(?:t|ce|tly)|incompeten(?:t|ce|tly|cy)|reckless(?:ly|ness)?"
    r"|irresponsibl[ey]|stupid(?:ly|ity)?|foolish(?:ly)?|sloppy(?:\s+(?:work|engineering|review|coding|code|mistake)\w*)"
    r"|sloppiness|laziness|lazy\s+(?:engineer|developer|admin|operator|review|work|approach|habit)\w*"
    r"|(?:was|were|being|got|too|been)\s+(?:too\s+|so\s+|a\s+bit\s+)?(?:sloppy|lazy)(?!-|\s+(?:load|eval|init|import))"
    r"|should(?:\s+have)?\s+know[n]?\s+better|ought\s+to(?:\s+have)?\s+know[n]?\s+better)\b"
)
_FLAW = (
    r"(?:wrong|an?\s|the\s+(?:wrong|cause|culprit|problem|result)|due|caused|mis\w+|insufficient|inadequate|visible"
    r"|broken|missing|bad|too\s|not\s|under\w+|unsafe|flawed|incorrect|foreseeable|avoidable|preventable)"
)
HINDSIGHT = Pattern(
    r"\b(?:obviously\b|of\s+course\b|as\s+everyone\s+knows|in\s+hindsight\b|with\s+hindsight\b"
    r"|(?:it|this|that)\s+(?:is|was|should\s+have\s+been)\s+(?:clear|obvious|evident)\s+that\b"
    r"|(?:should|could|would|might)(?:\s+have)?(?:\s+been)?\s+(?:easily|simply|clearly)\s+(?:have|be|been|\w+ed)\b"
    r"|(?:easily|simply|clearly)\s+(?:should|could|would|might)\s+have\b"
    r"|easily\s+(?:been\s+)?(?:avoided|prevented|avoidable|preventable|caught|foreseen|foreseeable)\b"
    rf"|(?:is|was|were|are)\s+(?:quite\s+|very\s+)?(?:clearly|obviously|simply)\s+{_FLAW}"
    r"|(?:that|which|had|logs?|metrics?|graphs?|dashboards?|alerts?)\s+clearly\s+(?:showed|indicated|pointed)"
    r"|(?:(?<=[.!?\0] )|(?<=\0))clearly,)"
)
NEGATION = Pattern(
    r"(?:\b(?:no|not|never|nothing|without|isn't|wasn't|aren't|weren't|don't|doesn't|didn't|nor|neither|none|instead\s+of"
    r"|rather\s+than|hardly|avoid(?:ing)?|prevent(?:ing)?"
    r"|reduc(?:e|ing)|minimi[sz](?:e|ing)|eliminat(?:e|ing)|against|than)|n't)(?:\s+[\w'-]+){0,2}\s*[\s(]$"
)

# --- who, blame ---------------------------------------------------------------------------------------
_ONE = (
    rf"(?:he|she|him|her|someone|somebody|anyone|anybody|everyone|{_DETERMINER}\s+(?:[\w'/-]+\s+){{0,2}}?{_NOUN}"
    r"|@[a-z0-9][a-z0-9-]*|individuals?|people|colleagues?|engineers|developers)"
)
WHO = Pattern(
    r"\b(?:who\s+(?:\w+ly\s+)?(?:caused|broke|messed\s+up|screwed\s+up|did\s+this|let\s+this|made\s+(?:the|this)\s+"
    r"(?:mistake|error|change)|is\s+to\s+blame|was\s+to\s+blame|is\s+at\s+fault|was\s+at\s+fault"
    r"|(?:is|was)\s+responsible\s+for\s+(?:the|this)\s+(?:outage|incident|failure|error|mistake|bug|breakage))"
    rf"|whose\s+(?:fault|mistake|error)|why\s+did(?:n't)?\s+{_ONE}\b)"
)
BLAME = Pattern(
    rf"\b(?:(?:to\s+)?blam(?:e|es|ed|ing)\s+(?:on\s+)?{_ONE}\b"
    rf"|{_ONE}\s+(?:is|was|were|are|should\s+be|must\s+be|'s)\s+(?:to\s+blame|to\s+be\s+blamed|blamed|at\s+fault|guilty)\b"
    r"|(?:his|her|my|our|someone's|somebody's|nobody's|(?:engineer|developer|team|operator|admin|administrator|manager"
    r"|employee|person|intern|vendor)(?:'s|s'))\s+(?:own\s+)?(?:fault(?!\s+toleran|\s+domain|\s+inject|-)|guilt|failing)\b"
    rf"|(?:fault|guilt)\s+of\s+{_ONE}\b|guilty\s+part(?:y|ies)|guilty\s+(?:engineer|developer|person)"
    rf"|culprits?\s+(?:is|was|were|are)\s+{_ONE}\b|{_ONE}\s+(?:is|was|were|are)\s+the\s+culprits?"
    r"|the\s+culprit\s+who\b)"
)

# --- vague actions ------------------------------------------------------------------------------------
_PEOPLE = (
    r"(?:everyone|everybody|people|(?:the\s+|our\s+|all\s+|an?\s+|new\s+|each\s+|every\s+){0,4}(?:[\w-]{1,40}\s+)?(?:teams?|engineers?"
    r"|staff|developers?|operators?|personnel|responders?|employees|colleagues|on-?calls?|members|sres|reviewers?|authors?)"
    r"|him|her|them|us|we|@[a-z0-9][a-z0-9-]*)"
)
VAGUE = Pattern(
    r"\b(?:(?:be|being|been)\s+(?:(?:a\s+(?:bit|little)\s+)?more\s+|extra\s+|very\s+)?(?:careful|vigilant|mindful|diligent"
    r"|attentive|cautious)\b(?!\s+not\s+to\s+take)"
    r"|take\s+(?:more|extra|greater)\s+care\b|(?:more|extra|greater)\s+(?:care|caution|vigilance|diligence)\b"
    r"|pay(?:ing)?\s+(?:more\s+|closer\s+|better\s+|extra\s+)?attention\b|try\s+harder\b|do\s+better\b"
    rf"|re-?train(?:ing)?\s+(?:of\s+)?{_PEOPLE}\b|remind(?:ing)?\s+{_PEOPLE}\b"
    rf"|{_PEOPLE}\s+(?:should|must|need(?:s)?\s+to|ha(?:s|ve)\s+to|will|to)\s+(?:all\s+)?(?:be\s+(?:more\s+|made\s+)?aware"
    r"|remember|double-?check|keep\s+in\s+mind)\b"
    rf"|(?:make|making)\s+(?:sure\s+)?{_PEOPLE}\s+(?:(?:is|are)\s+)?(?:more\s+)?(?:aware|careful|understands?|knows?)\b"
    r"|raise\s+(?:more\s+)?awareness\b|not\s+(?:do|make)\s+(?:it|this|that|the\s+same\s+mistakes?)\s+again\b)"
)
VAGUE_START = Pattern(r"(?:retrain|re-train|be\s+(?:more\s+)?aware|double-?check|remember)\b(?![-\w])")


# --- what a text must hold before a pattern is compiled: ` word ` or a part of the text's words -----------------------
SHOULD_WORDS = (" should ", " ought ", " shouldn't ")
COULD_WORDS = (" could ", " would ", " might ", " couldn't ", " wouldn't ")
HAVE_WORDS = (" have ",)
OMITTED_WORDS = (
    " neglected ",
    " omitted ",
    " forgot ",
    " forgotten ",
    " overlooked ",
    " missed ",
    " didn't ",
    " never ",
    " hadn't ",
    "failed to",
    "did not",
    "had not",
)
NOBODY_WORDS = (" nobody ", " no one ", "none of")
ERROR_WORDS = (
    (" error ", " errors ", " mistake ", " mistakes ", " failure ", "fat finger", "fatfinger"),
    (
        " human ",
        " operator ",
        " pilot ",
        " user ",
        " manual ",
        " engineer ",
        " engineer's ",
        " engineering ",
        " developer ",
        " developer's ",
        " admin ",
        " admin's ",
        " administrator ",
        " administrator's ",
        " people ",
        " personnel ",
        " by ",
        "fat finger",
        "fatfinger",
    ),
)
_TRAITS = (
    "careless carelessly carelessness negligent negligence negligently incompetent incompetence incompetently"
    " incompetency reckless recklessly recklessness irresponsible irresponsibly stupid stupidly stupidity foolish"
    " foolishly sloppy sloppiness lazy laziness better"
)
CHARACTER_WORDS = tuple(f" {trait} " for trait in _TRAITS.split())
HINDSIGHT_WORDS = (
    " obviously ",
    " obvious ",
    " course ",
    " hindsight ",
    " clear ",
    " clearly ",
    " easily ",
    " simply ",
    " evident ",
    "everyone knows",
)
WHO_WORDS = (
    (" who ", " whose ", " why "),
    (
        " caused ",
        " broke ",
        " mistake ",
        " error ",
        " blame ",
        " fault ",
        " responsible ",
        "messed up",
        "screwed up",
        "did this",
        "let this",
        "made the change",
        "made this change",
        "why did",
    ),
)
BLAME_WORDS = (
    " blame ",
    " blames ",
    " blamed ",
    " blaming ",
    " fault ",
    " guilt ",
    " guilty ",
    " culprit ",
    " culprits ",
    " failing ",
)
VAGUE_WORDS = (
    " careful ",
    " vigilant ",
    " vigilance ",
    " mindful ",
    " diligent ",
    " diligence ",
    " attentive ",
    " cautious ",
    " caution ",
    " attention ",
    " harder ",
    " retrain ",
    " retraining ",
    " remind ",
    " reminding ",
    " aware ",
    " awareness ",
    " remember ",
    " doublecheck ",
    " mind ",
    "more care ",
    "extra care",
    "greater care",
    "do better",
    "re train",
    "double check",
    "make sure ev",
    "make sure people",
    "make sure the team",
    "make sure all",
    "same mistake",
)


@lru_cache(maxsize=256)
def subject_before(names: tuple[str, ...] = ()) -> Pattern:
    """A pattern that matches text which ends with a person as the subject; `names` are known people's, lower case."""
    import re

    known = "".join(rf"|{re.escape(name)}" for name in names)
    return Pattern(rf"(?<![\w'@/.-]){PERSON}{known}){_ADVERB}\s+(?:\w+ly\s+)?$")
