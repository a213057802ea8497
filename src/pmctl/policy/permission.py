"""Who may do an act, and what it must bring along: the reasons why an act is not allowed, apart from its order.

Each function gives all violations of its kind. Signatures and keys are the caller's business: `act.by` is proved.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmctl.codes import ASK, Code
from pmctl.errors import Hint, advise
from pmctl.policy import act as acts
from pmctl.policy.act import ACTS, ADMIN, ANYBODY, AUTHOR, PUBLISHER, WITNESS, Act
from pmctl.policy.approvals import approval_gaps
from pmctl.policy.model import PERSON, SERVICE, Policy
from pmctl.policy.state import DELETED, DRAFT, PostmortemState, View


@dataclass(frozen=True, slots=True)
class Violation:
    """One reason why an act is not allowed: a code of the audit, a sentence, and the next step.

    `attributed` is true when the reason rests on who commits say they are from, not on signatures.
    """

    code: str
    message: str
    hint: Hint = ""
    attributed: bool = False


def needs_admin(act: Act, policy: Policy) -> Violation:
    """What is said to somebody who is no admin and does what only admins may."""
    return Violation("AU314", f"{act.act} needs an admin, and {act.by} is none", _ask(policy.admins))


def needs_note(act: Act) -> Violation:
    """What is said when the reason of an act is missing."""
    return Violation("AU319", f"{act.act} needs a reason", "say why with -m TEXT")


def kind(act: Act, policy: Policy) -> list[Violation]:
    """Does a person act, or a program whose signature decides nothing?"""
    actor = policy.people.get(act.by)
    if actor is None or actor.kind == PERSON or (actor.kind == SERVICE and ACTS[act.act].who == WITNESS):
        return []
    may = "checkpoints only" if actor.kind == SERVICE else "nothing"
    message = f"{act.act} by {act.by}, which is of the kind {actor.kind} and signs {may}"
    return [Violation("AU224", message, "a person acts, with their own key")]


def entitled(act: Act, state: PostmortemState, policy: Policy, view: View) -> list[Violation]:
    """Is the actor somebody who may do this?

    Who author and editors are is what the last submit binds; of a draft, whom its front matter names.
    """
    author = state.author or view.author
    editors = view.editors if state.status == DRAFT else state.editors
    admin = act.by in policy.admins
    who = ACTS[act.act].who
    if who == ANYBODY:
        return []
    if who == ADMIN:
        return [] if admin or takes_back_draft(act, state) else [needs_admin(act, policy)]
    if who == AUTHOR:
        if admin or act.by == author or act.by in editors:
            return []
        message = f"{act.act} needs the author, an editor or an admin, and {act.by} is none of them"
        return [Violation("AU303", message, _ask((author, *editors)))]
    if who == PUBLISHER:
        roles = {"author": (author,), "editors": editors, "admins": policy.admins}
        publishers = [handle for role in policy.publishers for handle in roles.get(role, ())]
        if act.by in publishers or (admin and _has_left(author, policy)):
            return []
        verb = "publish" if act.act == acts.PUBLISH else act.act
        return [Violation("AU308", f"{act.by} may not {verb} {state.id}", _ask(tuple(publishers)))]
    found = []
    own_work = act.act == acts.APPROVE and act.by == author and not policy.review.self_approval
    if own_work:
        hint = advise("ask-somebody-else", id=state.id)
        found.append(Violation("AU306", f"{act.by} is the author of {state.id} and may not approve it", hint))
    if act.by not in state.reviewers:
        hint = "" if own_work else advise("author-asks", id=state.id, reviewer=act.by)
        found.append(Violation("AU305", f"{act.by} was not asked to review {state.id}", hint))
    return found


def takes_back_draft(act: Act, state: PostmortemState) -> bool:
    """True when `act` deletes a draft that nobody ever submitted, and is its author's.

    The author of such a draft is an unsigned claim. It counts as the first version made it, which `state` has from
    history, or as an admin put it on record since; never as the file says at the time of the act (`View.author`):
    anybody who can commit could write their own name there and delete what is not theirs.
    """
    if act.act != acts.DELETE or not state.author or act.by != state.author or state.round:
        return False
    for digest, past in state.after.items():  # a baseline may have accepted more than a draft, without a round
        if past.status not in (DRAFT, DELETED):
            return False
        if digest == act.prev:
            break
    return True


def _has_left(author: str, policy: Policy) -> bool:
    """Whether the author could not sign any more: not in the policy, or without a key in use."""
    person = policy.people.get(author)
    return person is None or not person.active_keys


def author_named(act: Act, state: PostmortemState, view: View) -> list[Violation]:
    """Does a submission name the author whom the postmortem has? Whoever it names may publish."""
    author = state.author or view.author
    if act.act != acts.SUBMIT or act.author == author:
        return []
    message = f"{act.by} submits {state.id} as {act.author or 'nobody'}'s, and its author is {author or 'nobody'}"
    return [Violation("AU403", message, advise("amend-on-record", id=state.id))]


def content(act: Act, state: PostmortemState, policy: Policy, view: View) -> list[Violation]:
    """Does the act bind what it has to, and is what it binds fit for it?"""
    found = []
    if "reviewers" in ACTS[act.act].keys:
        found.extend(reviewers(act, state, policy, view))
    elif act.act == acts.APPROVE:
        found.extend(approval(act, state, view))
    elif act.act == acts.PUBLISH:
        found.extend(publication(act, state, policy, view))
    elif act.act == acts.ADD_ITEM and view.rows:
        message = f"{act.by} may add action items to {state.id}, and nothing else: {view.rows}"
        found.append(Violation("AU323", message, advise("amend", id=state.id)))
    if act.act in (acts.SUBMIT, acts.PUBLISH):
        found.extend(binding(act, state, view))
    return found


def reviewers(act: Act, state: PostmortemState, policy: Policy, view: View) -> list[Violation]:
    """Are the people asked ones who can answer?"""
    found = []
    author = state.author or view.author
    for handle in act.reviewers:
        person = policy.people.get(handle)
        if person is None:
            found.append(Violation("AU315", f"reviewer {handle} is not in the policy", advise("people")))
        elif person.kind != PERSON:
            found.append(Violation("AU315", f"reviewer {handle} is of the kind {person.kind} and signs no approval"))
        elif not person.active_keys:
            found.append(Violation("AU315", f"reviewer {handle} has no active key and could not sign an approval"))
        elif handle == author and not policy.review.self_approval:
            message = f"{handle} is the author of {state.id} and may not review it"
            found.append(Violation("AU306", message, "ask somebody else: --reviewer HANDLE"))
    if act.act == acts.REQUEST_REVIEW:
        unknown = [handle for handle in act.editors if handle not in policy.people]
        found.extend(Violation("AU315", f"editor {one} is not in the policy", advise("people")) for one in unknown)
    asked = len(set(act.reviewers) | (set(state.reviewers) if act.act == acts.REQUEST_REVIEW else set()))
    needed = max(1, policy.review.minimum, policy.review.approvals or 0)
    if asked < needed:
        noun = "reviewer" if needed == 1 else "reviewers"
        found.append(Violation("AU315", f"the policy asks for at least {needed} {noun}", "add --reviewer HANDLE"))
    return found


def approval(act: Act, state: PostmortemState, view: View) -> list[Violation]:
    """Does an approval bind what the document says?"""
    found = []
    known = act.content == view.content
    if view.landing:
        known = known or view.rewritten or act.content in view.earlier or act.content in state.landed
    if not known:
        message = f"{act.by} approved other content than {state.id} has or had in this round"
        found.append(Violation("AU304", message, "read it again and approve what is there now"))
    mine = {a.record for a in state.approvals if a.by == act.by}
    if set(act.replaces) - mine:
        message = f"{act.by} replaces approvals that are not {act.by}'s own of this round"
        found.append(Violation("AU325", message, "approve again through pmctl"))
    if not view.landing and any(a.by == act.by for a in state.counting(view.content)):
        found.append(Violation("AU316", f"{act.by} has approved exactly this content already"))
    if view.writers == (act.by,):
        message = f"{act.by} approves content that only {act.by} wrote, as far as the commits tell"
        found.append(Violation("AU708", message, attributed=True))
    return found


def publication(act: Act, state: PostmortemState, policy: Policy, view: View) -> list[Violation]:
    """Is what gets published approved, complete and undisputed?"""
    found = []
    counting = state.counting(act.content)
    known = {approval.record for approval in counting}
    if set(act.approvals) - known:
        found.append(
            Violation(
                "AU310",
                f"publish of {state.id} rests on approvals that do not count: unknown, taken back or of other content",
                advise("status", id=state.id),
            )
        )
    named = tuple(approval for approval in counting if approval.record in act.approvals)
    found.extend(Violation("AU309", gap.message, gap.hint) for gap in approval_gaps(state, policy, named))
    if view.missing:
        found.append(
            Violation(
                "AU311",
                f"{state.id} is not complete: {', '.join(view.missing)} missing or empty",
                advise("fill-in", id=state.id),
            )
        )
    if view.unresolved:
        count = "1 discussion is" if view.unresolved == 1 else f"{view.unresolved} discussions are"
        hint = advise("resolve-threads", id=state.id)
        found.append(Violation("AU312", f"{count} unresolved on {state.id}", hint))
    return found


def binding(act: Act, state: PostmortemState, view: View) -> list[Violation]:
    """Would approvals of this content cover what people read, and is it known what it is judged by?"""
    found = []
    if view.unbound:
        message = f"{act.act} of {state.id} could not bind what people read: {view.unbound}"
        found.append(Violation("AU321", message, advise("validate", id=state.id)))
    if view.template:
        message = f"{act.act} of {state.id} can't be judged by its template: {view.template}"
        found.append(Violation("AU326", message, advise("submit-again", id=state.id)))
    return found


def _ask(handles: tuple[str, ...]) -> str:
    names = ", ".join(dict.fromkeys(handle for handle in handles if handle))
    return f"ask one of: {names}" if names else ""


CODES = (
    Code(
        "AU224",
        "no-person",
        "A program signed what only people decide: an agent signs nothing, a service signs checkpoints only.",
        "An approval says that somebody has read and answers for it.",
        ASK,
        "approve by an agent with a key of its own",
    ),
    Code(
        "AU303",
        "may-not-submit",
        "Somebody submitted or withdrew who is not the author, an editor or an admin.",
        "The people who answer for the document decide when it is ready.",
        ASK,
        "submit by a colleague",
    ),
    Code(
        "AU304",
        "other-content",
        "An approval binds content that the document does not have and did not have in this round.",
        "An approval is for what the reviewer read, and for nothing else.",
        "Read the document as it is and approve that.",
        "an approval with the digest of another draft",
    ),
    Code(
        "AU305",
        "not-asked",
        "Somebody approved or refused who was not asked to review.",
        "The author chooses reviewers openly, on the record.",
        "pmctl submit ID --reviewer HANDLE first.",
        "approve by a passer-by",
    ),
    Code(
        "AU306",
        "self-approval",
        "The author is asked to review, or approves.",
        "Nobody reviews their own text, unless the policy says self_approval: true.",
        "Ask somebody else.",
        "submit --reviewer jane by jane",
    ),
    Code(
        "AU308",
        "may-not-publish",
        "Somebody published who is no publisher by the policy.",
        "The policy names who publishes: the author, editors, admins.",
        ASK,
        "publish by a reviewer",
    ),
    Code(
        "AU309",
        "approvals-missing",
        "Approvals are missing for exactly the content that is published.",
        "All requested reviewers (or as many as the policy asks for) must have approved this very text.",
        "pmctl status ID says who is missing.",
        "publish after an edit that made the approval stale",
    ),
    Code(
        "AU310",
        "approval-does-not-count",
        "A publication rests on an approval that does not count.",
        "It is unknown, of another round or of other content, or its giver approved another content in its place.",
        "Ask for the approvals again.",
        "publish that names the approval of an earlier version",
    ),
    Code(
        "AU311",
        "incomplete",
        "A required section is missing or not written: it holds only the template's prompt or text, or TBD; or a "
        "required field is not set.",
        "A postmortem without a root cause teaches nobody.",
        "pmctl validate ID shows what is missing.",
        "## Root Cause\n<!-- why did it happen? -->",
    ),
    Code(
        "AU321",
        "not-bound",
        "A postmortem was submitted or published that an approval cannot bind as it is read: its table of action items "
        "breaks its rules (PM590 to PM594), it holds invisible characters (PM208) or pictures from elsewhere (PM209).",
        "Readers would then see what nobody approved.",
        "Write it as validation asks, and submit again.",
        "| AI-7f3k | Add an alert | @jane | <b>soon</b> | HIGH | OPEN | | |",
    ),
    Code(
        "AU326",
        "other-template",
        "What a postmortem is submitted or published by is not its template: the submit names a template that is"
        " nowhere in the history, another one than the postmortem records, or none although the organisation has it.",
        "A template that was weakened, or that nobody can read again, would decide what is complete.",
        "Submit it again.",
        "a submit with the digest of a template that asks for nothing",
    ),
    Code(
        "AU323",
        "more-than-rows",
        "Whoever adds action items to a published postmortem changed something else with them.",
        "Authors and editors may add items; everything else that was approved changes by an admin's amend only.",
        "An admin amends it: pmctl amend ID -m TEXT.",
        "an add-item that also rewrites the root cause",
    ),
    Code(
        "AU325",
        "replaces-others",
        "An approval replaces others that are not earlier ones of the same person in the same round.",
        "Nobody takes back what somebody else has approved.",
        "Approve again.",
        "an approval by bob that replaces carol's",
    ),
    Code(
        "AU312",
        "discussion-open",
        "A discussion is unresolved.",
        "Publishing must not cut off an objection.",
        "Resolve it, or say why it does not matter.",
        "an open comment on the timeline",
    ),
    Code(
        "AU314",
        "admins-only",
        "Somebody who is no admin amended, archived, reopened, deleted, waived or accepted a history. (A draft that was"
        " never submitted may be deleted by its author.)",
        "What is published changes only with an admin's signature.",
        ASK,
        "amend by the author",
    ),
    Code(
        "AU315",
        "reviewer-unfit",
        "A reviewer is not in the policy, has no active key, or there are too few.",
        "Such a review could never be finished.",
        "Choose others, or add the person: pmctl people add.",
        "submit --reviewer nobody",
    ),
    Code(
        "AU316",
        "approved-already",
        "The same person has approved exactly this content before.",
        "A second approval by one person adds nothing.",
        "Nothing is to be done.",
        "approve, twice",
    ),
    Code(
        "AU319",
        "no-reason",
        "An act that needs a reason has none.",
        "Later readers want to know why.",
        "Say it with -m TEXT.",
        "reopen without -m",
    ),
)
