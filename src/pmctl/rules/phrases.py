"""The words that the blameless rules look for, as patterns over lower-case prose.

Every pattern begins with a verb or noun that is rare in clean text; what stands before it is looked at next: a person
as the subject, a negation, a modal. That is both what makes the rules precise ("the health check failed to" passes,
"we failed to" does not) and what makes them fast, together with the words without which a pattern is not tried.

The list follows published advice on postmortem wording: counterfactuals and hindsight (Dekker, The Field
Guide to Understanding Human Error), who and why (Allspaw, The Infinite Hows), human error and blame
(PagerDuty's postmortem guide), vague actions (Google's SRE book).
"""

from __future__ import annotations

from pmctl.rules.persons import ONE, PEOPLE, PERSON
from pmctl.rules.prose import Pattern, word


def _whole(words: str) -> tuple[str, ...]:
    """Each word as a needle that stands for the whole word."""
    return tuple(f" {one} " for one in words.split())


# --- omission -----------------------------------------------------------------------------------------
_CARE = (
    r"(?:check|test|verify|notice|review|follow|read|ask|tell|inform|notify|communicate|monitor|document|validate"
    r"|reali[sz]e|catch|consider|account\s+for|anticipate|foresee|plan(?!\s+to\b)|think\s+(?:of|about|to)|remember"
    r"|bother"
    r"|look\s+(?:at|into)|pay\s+(?:\w+\s+)?attention|double-?check|ensure|make\s+sure|spot|recogni[sz]e"
    r"|understand(?!\s+(?:why|how|what|where))|escalate|alert|warn"
    r"|coordinate|run(?!\s+(?:out|into))|perform|provision|take\s+into|appreciate|question|report|update|rotate|renew"
    r"|raise)"
)
_CARED = (
    r"(?:checked|tested|verified|noticed|reviewed|followed|read|asked|told|informed|notified|communicated|monitored"
    r"|documented|validated|reali[sz]ed|caught|considered|accounted\s+for|anticipated|foreseen|planned|thought"
    r"|remembered|bothered|looked|paid\s+(?:\w+\s+)?attention|ensured|made\s+sure|spotted|recogni[sz]ed|understood"
    r"|escalated|warned"
    r"|coordinated|performed|provisioned|questioned|renewed|rotated|ran(?!\s+(?:out|into)))"
)
_TRIED = (
    r"(?:reproduce|connect|resolve|fix|find|restore|recover|mitigate|get|reach|bring|load|start|log|deploy|upgrade"
    r"|solve"
    r"|replicate|identify|determine|isolate|diagnose|locate|pinpoint|roll|revert|apply|delete|create|authenticate|open"
    r"|build|install|ssh|access|download|push|merge|publish|restart|stop|drain|import|export|sign|fetch|pull|contact)"
)
_NOT_DONE = (
    r"\s+(?:\w+ly\s+|even\s+|always\s+)?"
    rf"(?:(?:{_CARE}|{_CARED})\b(?<!notice)(?<!spot)(?<!catch)(?!\s+(?:all|every)\b)|(?:notice|spot"
    rf"|catch)\b(?!\s+any\s))"
)
OMISSIONS = (
    word("failed", rf"\s+to\s+(?!{_TRIED}\b)\w+", needs=("failed to",)),
    word("neglected", rf"(?:\s+to\s+(?!{_TRIED}\b)\w+|\b)"),
    word("omitted", rf"\s+to\s+(?!{_TRIED}\b)\w+"),
    word("forgot", r"(?:ten)?\b(?!\s+(?:what|how|whether|who|where|why)\b)", needs=(" forgot ", " forgotten ")),
    word("overlooked", r"\b"),
    word(
        "missed",
        r"\b(?!\s+(?:(?:the|our|its|their|an?)\s+)?(?:\S{1,40}\s+)?(?:slos?|slas?|targets?|deadlines?|release|goals?)\b)",
    ),
    word("did", rf"(?:\s+not|\s?n't){_NOT_DONE}", needs=("did not", " didn't ")),
    word("never", _NOT_DONE),
    word("had", rf"(?:n't|\s+not|\s+never){_NOT_DONE}", needs=("had not", " hadn't ", " never ")),
)
IN_CASE = Pattern(r"\b(?:if|unless|in case|when|whenever|whether|until|not(?:\s+(?:that|because))?)\s+$")
"""Before the subject of an omission: what is provided for or denied, not what happened."""
HAPPENED = Pattern(r",[^.;!?\0]{0,80}?\b(?:was|were|had|did|led|took|\w{3,}ed)\b")
"""Behind "when somebody failed to": what happened then, and not what is provided for."""
_DOCUMENTS = (
    r"(?:guides?|docs|documentation|runbooks?|manuals?|release\s+notes|changelogs?|checklists?|instructions"
    r"|procedures?)"
)
_ADMIN = r"(?:admins?|administrators?|operators?)"
LEFT_OUT = (
    Pattern(
        r"\bwithout\s+(?:first\s+|properly\s+|fully\s+|even\s+)?"
        r"(?:checking|reading|verifying|testing|reviewing|consulting|asking|telling|informing|notifying)\b"
        rf"[^.;!?\0]{{0,50}}?\b(?:{_DOCUMENTS}\b(?:\s+first\b)?|first(?=\s*[.;!?\0])|beforehand\b"
        r"|(?:the|our|any|other)\s+(?:[\w-]{1,40}\s+)?(?:team|owners?|colleagues?|engineers?)\b)",
        needs=(" without ",),
    ),
    Pattern(
        rf"(?<![\w'@/.-]){PERSON}|the\s+{_ADMIN})(?:\s+on\s+(?:call|duty|shift))?\s+(?:saw|noticed|received|got|read|heard|acknowledged)\s"
        r"[^.;!?\0]{1,60}?\b(?:and|but)\s+(?:then\s+)?(?:ignored|dismissed|disregarded)\b",
        needs=(" ignored ", " dismissed ", " disregarded "),
    ),
    Pattern(
        r"\b(?:did\s+not|didn't|never)\s+(?:think|thought|bother(?:ed)?)\s+to\b",
        needs=("think to", "thought to", " bother ", " bothered "),
    ),
    Pattern(
        rf"(?:(?<![\w'@/.-]){PERSON})|(?<![\w'-])(?:the\s+|our\s+)?{_ADMIN}|(?<![\w'-])(?:engineers|developers))\s+"
        r"(?:was|were)(?:n't|\s+not)\s+(?:\w+ly\s+)?aware\s+(?:of|that)\b",
        needs=(" aware ",),
    ),
)
"""What people left out, said by words that only people can be the subject of."""
NOBODY = Pattern(
    r"no(?<!\wno)(?:body|[ -]one|ne\s+of\s+(?:us|the\s+(?:engineers|developers|reviewers|team|responders)))\s+"
    r"(?:(?:on|in|from)\s+(?:the|our)\s+(?:[\w-]{1,40}\s+)?(?:team|shift|rotation|call)\s+)?"
    rf"(?:had\s+|ever\s+){{0,2}}(?:{_CARED}|saw|knew|compared|watched)\b(?!\s+any\s|\s+for\b)",
    needs=(" nobody ", " no one ", "none of"),
)

# --- human error, character, hindsight ----------------------------------------------------------------
_FAT_FINGER = ("fat finger", "fatfinger")
_ROLES = (
    "human operator pilot user manual engineer engineer's engineering developer developer's admin admin's administrator"
    " administrator's people personnel"
)
HUMAN_ERROR = Pattern(
    r"\b(?:(?:(?P<role>human|operator|pilot|user|manual|engineering|people|personnel)|engineer(?:'s)?|developer(?:'s)?"
    r"|admin(?:istrator)?(?:'s)?)[\s-]+(?:error(?!s)|mistake)s?\b(?!['\w-]|\s+(?:rates?|messages?|counts?|logs?"
    r"|budgets?"
    r"|pages?|codes?|reports?|handling|responses?|tracking|monitoring|\d"
    r"|(?:was|is|can\s+be|has\s+been)\s+(?:ruled|excluded|not|never|unlikely|a\s+symptom)))"
    r"|(?:errors?|mistakes?)\s+(?:(?:was|were)\s+)?(?:made\s+)?by\s+(?:a\s+|an\s+|the\s+|our\s+|one\s+of\s+)"
    r"(?:[\w-]{1,40}\s+){0,2}?(?:human|engineer|developer|team|administrator|employee|person|colleague|intern"
    r"|contractor)s?\b"
    r"|(?:human|operator)\s+failure\b|fat[\s-]?finger\w*)",
    needs=(" error ", " errors ", " mistake ", " mistakes ", " failure ", *_FAT_FINGER),
    also=(*_whole(_ROLES), " by ", *_FAT_FINGER),
)
OVERSIGHTS = (
    Pattern(
        r"\b(?:(?:due\s+to|because\s+of|caused\s+by|was|were)\s+(?:an?|our|my|the|this|some)\s+(?:\w+\s+)?oversights?\b"
        r"|oversights?(?!\s+(?:board|committee|body|bodies|process|of\s+the\s+board))\s+(?:\w+\s+){0,2}?"
        r"(?:led|caused|resulted|contributed|allowed|meant)\b)",
        needs=(" oversight ", " oversights "),
    ),
    Pattern(
        r"\b(?:was|were|been|got)\s+mistakenly\s+(?!linked|attributed|associated|believed|thought|assumed|identified|diagnosed|reported)\w+(?:ed|en|t|n|e)\b(?!\s+by\s+the\s+\w+\s+(?:job|script|service|code))"
        r"|\b(?:was|were|been)\s+\w+ed\s+(?:[\w-]{1,40}\s+){0,4}?by\s+mistake\b",
        needs=(" mistakenly ", "by mistake"),
    ),
)
"""A slip that is told as what went wrong."""
AS_CAUSE = Pattern(
    r"(?:^|[\0.:;(!?-]|\b(?:was|were|is|be|been|being|by|to|of|an?|from|some|pure|simple|as|and|or|our|my|for|through"
    r"|another|one|partly|mainly|purely|and|also))\s*$"
)
"""Before an error that somebody made: elsewhere it is one of a list, or a message of software."""
AS_RISK = Pattern(
    r"\b(?:risks?|chances?|possibilit\w+|likelihood|potential|room|prone|susceptible|vulnerable|open|guards?|guarding"
    r"|protects?|protection|invit\w+|allow\w*|prevent\w*|avoid\w*|reduc\w+|minimi\w+|eliminat\w+|mitigat\w+|treat\w*"
    r"|instead\s+of|rather\s+than|such\s+as|more\s+than|against)\b[^.;:!?\0]{0,30}$"
)
"""Before an error that may happen and that something is done about."""
_WAS = Pattern(rf"(?<![\w']){PERSON})\s+(?:was|were|got|became|had\s+been)\s+(?:too\s+|so\s+|a\s+bit\s+)?$")
CHARACTER = (
    Pattern(
        r"\b(?:careless(?:ly|ness)?|negligen(?:t|ce|tly)|incompeten(?:t|ce|tly|cy)|reckless(?:ly|ness)?"
        r"|irresponsibl[ey]"
        r"|stupid(?:ly|ity)?|foolish(?:ly)?|sloppy(?!\s+(?:quorums?|counters?|phrases?))|sloppiness|laziness)\b",
        needs=_whole(
            "careless carelessly carelessness negligent negligence negligently incompetent incompetence incompetently"
            " incompetency reckless recklessly recklessness irresponsible irresponsibly stupid stupidly stupidity"
            " foolish foolishly sloppy sloppiness laziness"
        ),
    ),
    word("lazy", r"\s+(?:engineer|developer|admin|operator|review|work|approach|habit)\w*\b"),
    word("lazy", r"(?![-\w]|\s+(?:load|eval|init|import))", lead=_WAS),
    Pattern(r"\b(?:should|ought\s+to)(?:\s+have|'ve)?\s+known?\s+better\b", needs=("know better", "known better")),
)
_FLAW = (
    r"(?:wrong|a\s+(?:mistake|bad|poor|wrong)|the\s+wrong|mis(?:configured|judged|taken|handled)|insufficient"
    r"|inadequate"
    r"|bad|too\b|unsafe|flawed|incorrect|foreseeable|avoidable|preventable)"
)
_NOW = r"(?![^.;:!?\0]{0,40}?\b(?:can|will|is|are|may|want|should|needs?|have|has|you|means?|would\s+like)\b)"
_SEEN = r"(?:see|notice|spot|catch|detect|avoid|prevent|find|check|test|fix)\b"
HINDSIGHT = (
    Pattern(
        r"obviously(?<!\wobviously)(?:\)?\s+(?:(?:not|never)\s+(?:\w+ed|caught|known|seen|done|good|enough)\b"
        rf"|should|could|would|{_FLAW}|(?:in)?correct|adding|nobody|no\s+one)"
        rf"|(?:(?<=\0obviously)|(?<=\0 obviously)|(?<=[.!?] obviously))\b{_NOW}|(?<=, obviously)(?=[.!)\0]))",
        needs=(" obviously ",),
    ),
    Pattern(
        rf"(?:(?<=\0)|(?<=[.!?] )|\b(?:which|this|that|it|had|did|was|were)\s+)of\s+course\b{_NOW}"
        # What people did of course is told; that they did not, or wrongly, is judged.
        r"(?:(?!,?\s+(?:we|i|they|you|he|she)\b)|(?=[^.;!?\0]{0,100}(?:\b(?:should|could|would|never|not|nobody|no\s+one"
        r"|wrong|mistake|forgot\w*|missed|too|bad|fail\w*|invalid|insufficient)\b|n't\b)))",
        needs=(" course ",),
    ),
    Pattern(r"\b(?:this|that|it|which)\s+obviously\s+(?!\w+ed\s+(?:to\s+be|like))\w+ed\b", needs=(" obviously ",)),
    Pattern(r"\bas\s+everyone\s+knows\b", needs=("everyone knows",)),
    Pattern(
        r"\b(?:in\s+hindsight|with\s+(?:the\s+(?:benefit|power)\s+of\s+)?hindsight"
        r"|in\s+retrospect)\b(?!,?\s+it\s+(?:is|was|became|has\s+become)\s+(?:now\s+)?(?:clear|known|evident)\b)(?=[^.!?\0]{0,160}\b"
        r"(?:(?:should|could|would|might|ought\s+to)\s+(?:not\s+|never\s+)?have|obvious(?:ly)?|clear(?:ly)?|mistake"
        r"|wrong"
        r"|error|bad|poor|right|correct|too|better|unnecessary|preventable|avoidable)\b)",
        needs=(" hindsight ", " retrospect "),
    ),
    Pattern(r"\b(?:it|this|that)\s+(?:is|was)\s+obvious(?:\s+to\s+\w+)?\s+that\b", needs=(" obvious ",)),
    Pattern(
        r"\b(?:it|this|that)\s+(?:should|ought\s+to)(?:\s+have|'ve)\s+been\s+(?:clear|obvious|evident)(?:\s+to\s+\w+)?\s+that\b",
        needs=("been clear", "been obvious", "been evident"),
    ),
    Pattern(
        r"\b(?:(?:should|could|would|might)(?:(?:\s+have|'ve)(?:\s+been)?\s+(?:easily|simply|clearly)"
        r"|\s+(?:easily|simply|clearly)\s+have)\s+(?:been|\w+ed)\b"
        r"|(?:easily|simply|clearly)\s+(?:(?:should|could|would|might)(?:\s+have|'ve)\b"
        r"|(?:been\s+)?(?:avoided|prevented|avoidable|preventable|caught|foreseen|foreseeable)\b))",
        needs=(" easily ", " simply ", " clearly "),
    ),
    Pattern(rf"\b(?:is|was|were|are)\s+(?:quite\s+|very\s+)?clearly\s+{_FLAW}", needs=(" clearly ",)),
    Pattern(r"(?:(?<=[.!?\0] )|(?<=\0))clearly,", needs=(" clearly ",)),
    Pattern(r"simply\s+a\s+mistake\b", needs=("simply a mistake",)),
    Pattern(
        r"\bany(?:one|body)\s+(?:could|would|should)(?:\s+have|'ve)\s+(?:seen|known|noticed|spotted|guessed|predicted)\b",
        needs=(" anyone ", " anybody "),
    ),
    Pattern(
        rf"\b(?:would|should)(?:\s+have|'ve)\s+been\s+(?:easy|trivial|simple)\s+to\s+{_SEEN}",
        needs=("been easy", "been trivial", "been simple"),
    ),
)
# --- who, blame ---------------------------------------------------------------------------------------
_OTHERS = ("attacker", "attackers", "user", "users", "customer", "customers", "tenant", "tenants")
_NOT_STAFF = "".join(f"(?<!{one} who)" for one in _OTHERS)
WHO = (
    word(
        "who",
        rf"{_NOT_STAFF}\s+(?:\w+ly\s+)?(?:caused(?!\s+the\s+alert)|broke(?!\s+(?:up|in|into|out|down)\b)|messed\s+up"
        r"|screwed\s+up|did\s+this|let\s+this|made\s+(?:the|this)\s+(?:mistake|error|change)|(?:is"
        r"|was)\s+(?:to\s+blame|at\s+fault"
        r"|responsible\s+for\s+(?:the|this)\s+(?:outage|incident|failure|error|mistake|bug|breakage)))",
        also=(
            *_whole("caused broke mistake error blame fault responsible"),
            "messed up",
            "screwed up",
            "did this",
            "let this",
            "made the change",
            "made this change",
        ),
    ),
    word("whose", r"\s+(?:fault|mistake|error)", also=("whose fault", "whose mistake", "whose error")),
    word("why", rf"\s+did(?:n't)?\s+{ONE}\b", also=("why did",)),
)
_OWNER = Pattern(
    r"\b(?:his|her|my|our|someone's|somebody's|(?:engineer|developer|team|operator|admin|administrator|manager"
    r"|employee|person|intern|vendor)(?:'s|s'))\s+(?:own\s+)?$"
)
_BLAMED = Pattern(rf"(?<![\w']){ONE}\s*$")
BLAME = (
    Pattern(
        r"(?:fault(?!\s+(?:toleran|domain|inject|report|ticket|code|tree|anal)|-)|guilt|failing)\b",
        needs=(" fault ", " guilt ", " failing "),
        lead=_OWNER,
    ),
    Pattern(
        r"(?:is|was|were|are|should\s+be|must\s+be|'s)\s+"
        r"(?:to\s+blame|to\s+be\s+blamed|blamed|at\s+fault|guilty|the\s+culprits?)\b",
        needs=(" blame ", " blamed ", "at fault", " guilty ", "the culprit"),
        lead=_BLAMED,
    ),
    word("blam", rf"(?:e|es|ed|ing)\s+(?:on\s+)?{ONE}\b", needs=_whole("blame blames blamed blaming")),
    Pattern(rf"(?:fault|guilt)\s+(?:of|(?:lies|lay|is|was|rests)\s+with)\s+{ONE}\b", needs=(" fault ", " guilt ")),
    word("guilty", r"\s+(?:part(?:y|ies)|engineer|developer|person)"),
    word("culprit", rf"(?:s?\s+(?:is|was|were|are)\s+{ONE}\b|\s+who\b)", needs=(" culprit ", " culprits ")),
)

# --- vague actions ------------------------------------------------------------------------------------
_CAREFUL_WORDS = _whole("careful vigilant mindful diligent attentive cautious")
_CAREFUL = r"(?:careful|vigilant|mindful|diligent|attentive|cautious)\b(?!\s+not\s+to\s+take)"
_ASKING = Pattern(
    r"(?:^|[\0.:;,!?]\s*(?:[-+*]\s+)?(?:\[[ x]?\]\s+)?|\b(?:please|always)\s+"
    r"|\b(?:we|i|you|engineers|developers|operators|everyone|everybody|people|the\s+team|teams|the\s+user|users)\s+"
    r"(?:all\s+|also\s+)?(?:should|must|need\s+to|needs\s+to|have\s+to|ought\s+to|will|'ll)\s+(?:all\s+|also\s+"
    r"|always\s+)?)$"
)
_DOUBLE_CHECK = (" doublecheck ", "double check")
_BY_PEOPLE = Pattern(rf"(?<![\w']){PEOPLE}\s+$")
VAGUE = (
    Pattern(
        rf"\bbe\s+(?:extra\s+|very\s+)?{_CAREFUL}",
        needs=_CAREFUL_WORDS,
        condition=_ASKING,
    ),
    word("pay", r"\s+attention\b", needs=("pay attention",), condition=_ASKING),
    word("remind", rf"\s+{PEOPLE}\b", condition=_ASKING),
    Pattern(
        r"\b(?:(?:should|must|needs?\s+to|ha(?:s|ve)\s+to)\s+(?:all\s+)?be\s+(?:more\s+|made\s+)?"
        r"aware(?!\s+of\s*[.,;:!?)\0])|(?:should|must|will)\s+(?:all\s+)?(?:remember|double-?check|keep\s+in\s+mind))\b",
        needs=(" aware ", " remember ", *_DOUBLE_CHECK, "in mind"),
        lead=_BY_PEOPLE,
    ),
    Pattern(
        rf"\b(?:be|being|been)\s+(?:a\s+(?:bit|little|lot)\s+)?more\s+{_CAREFUL}",
        needs=_CAREFUL_WORDS,
    ),
    Pattern(
        r"\b(?:(?:take|exercise|use|apply)\s+(?:more|extra|greater)\s+(?:care|caution|vigilance|diligence)\b"
        r"|(?:more|extra|greater)\s+(?:care|caution|vigilance|diligence)\s+(?:is|should|must|needs?)\b)",
        needs=("more care ", "extra care ", "greater care ", *_whole("caution vigilance diligence")),
    ),
    word("pay", r"(?:ing)?\s+(?:more|closer|better|extra)\s+attention\b", needs=(" attention ",)),
    word("try", r"\s+harder\b", needs=("try harder",)),
    Pattern(
        r"\bwe\s+(?:need|have)\s+to\s+(?:remember|double-?check|keep\s+in\s+mind)\b",
        needs=(" remember ", *_DOUBLE_CHECK, "in mind"),
    ),
    Pattern(r"\b(?:must|need\s+to|have\s+to|will|should|try\s+to|we'll)\s+do\s+better\b", needs=("do better",)),
    Pattern(rf"\bre-?train(?:ing)?\s+(?:of\s+)?{PEOPLE}\b", needs=(" retrain ", " retraining ", "re train")),
    word(
        "mak",
        rf"(?:e|ing)\s+(?:sure\s+)?(?!them\b|him\b|her\b|us\b){PEOPLE}\s+(?:(?:is|are)\s+)?(?:more\s+)?"
        r"(?:aware|careful|understands?|knows?)\b",
        needs=(" aware ", " careful ", "sure ev", "sure people", "sure the team", "sure all"),
    ),
    word("raise", r"\s+(?:more\s+)?awareness\b", needs=(" awareness ",)),
    Pattern(r"(?:(?<=\0)|(?<=\0[-+ ] ))be\s+(?:more\s+)?aware\s+of\b", needs=(" aware ",)),
    Pattern(
        r"\b(?:not|don't|never)\s+(?:(?:do|make)\s+(?:it|this|that|(?:the\s+)?same\s+mistakes?)\s+again"
        r"|(?:make|repeat)\s+(?:the\s+)?same\s+mistakes?)\b",
        needs=("it again", "this again", "that again", "same mistake"),
    ),
)
DONE = Pattern(
    r"\b(?:posted|sent|published|written|announced|shared|held|used|done|made|started)\s+(?:\w+\s+){0,3}to\s+$"
)
"""Before the purpose of something that was done."""
WHAT = Pattern(r"\bwhat\s+(?:else\s+)?(?:[\w']{1,40}\s+){0,2}$")
"""Before a remedy that is asked for: "what we should do better" is a heading."""
