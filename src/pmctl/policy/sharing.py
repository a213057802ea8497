"""What an act that approves, shares or withdraws a public text has to bind, and what has to be there for it. Pure."""

from __future__ import annotations

from pmctl.codes import Code
from pmctl.errors import advise
from pmctl.policy import act as acts
from pmctl.policy.act import Act
from pmctl.policy.model import Policy
from pmctl.policy.permission import Violation
from pmctl.policy.public_statement import from_text, statement_of
from pmctl.policy.state import Leaving, PostmortemState, View
from pmctl.text import plural

CHECKED = (acts.SHARE, acts.UNSHARE, acts.ENDORSE)


def public_text_bound(act: Act, state: PostmortemState, policy: Policy, view: View) -> list[Violation]:
    """Does the act bind a public text that is there, was it made from what was approved, is it reviewed, and do
    customers get the statement that fits?"""
    if act.act not in CHECKED:
        return []
    if act.act == acts.UNSHARE:
        if not state.shared:
            message = f"{state.id} has no public text that is shared, so that none can be withdrawn"
            return [Violation("AU723", message)]
        return _stated(act, state, policy, view)
    verb = "shared" if act.act == acts.SHARE else "approved"
    if view.public is not None and act.text not in view.public:
        message = f"{act.by} {verb} another public text of {state.id} than the one that is there"
        return [Violation("AU722", message, advise("check-public", id=state.id))]
    if act.content != state.content and act.content not in state.bound:
        message = f"{act.by} {verb} a public text that was made from other content than {state.id} is bound to"
        return [Violation("AU722", message, advise("amend", id=state.id))]
    if act.act == acts.ENDORSE:
        return []
    return [*reviews_missing(act.text, act.by, state, policy), *_stated(act, state, policy, view)]


def reviews_missing(text: str, by: str, state: PostmortemState, policy: Policy) -> list[Violation]:
    """What the approvals of a public text with this digest lack for `by` to share it. Nobody's own counts."""
    rules = policy.public
    own = () if policy.review.self_approval else (by,)
    given = sorted({one.by for one in state.endorsed if one.content == text} - set(own))
    found = []
    if len(given) < rules.reviews:
        asked = plural(rules.reviews, "review")
        message = (
            f"the policy asks for {asked} of exactly this public text of {state.id} by others than {by}, and has"
            f" {len(given)}"
        )
        found.append(Violation("AU724", message, advise("approve-public", id=state.id)))
    team = policy.teams.get(rules.team, ()) if rules.team else ()
    if rules.team and not set(given) & set(team):
        message = f"nobody of the team {rules.team} has approved exactly this public text of {state.id}"
        who = " or ".join(handle for handle in team if handle not in own) or "a new member"
        found.append(Violation("AU724", message, advise("approve-public-by", id=state.id, people=who)))
    return found


def _stated(act: Act, state: PostmortemState, policy: Policy, view: View) -> list[Violation]:
    """Is what customers are told the statement that fits, the next of its chain, and signed for the organisation?"""
    organization = policy.public.organization
    if not organization or (act.act == acts.UNSHARE and not state.statement):
        if not act.statement:
            return []
        return [Violation("AU725", f"{act.act} of {state.id} states something to customers in nobody's name")]
    said = from_text(act.statement)
    if said is None:
        message = f"{act.act} of {state.id} tells customers nothing that they could verify, and the policy asks for it"
        return [Violation("AU725", message, advise("share-again", id=state.id))]
    there = (view.public or {}).get(act.text) if act.text else None
    fits = from_text(statement_of(act, organization, state.statement, there or Leaving(said.page, said.text)))
    assert fits is not None  # noqa: S101  made of what was read
    if (said.number, said.prev) != (fits.number, fits.prev):
        message = f"{act.act} of {state.id}: the statement for customers does not follow the one before it"
        return [Violation("AU726", message, advise("share-again", id=state.id))]
    wrong = [name for name, a, b in zip(fits._fields, said, fits, strict=True) if a != b]
    if wrong:
        message = f"{act.act} of {state.id}: the statement for customers says something else: {', '.join(wrong)}"
        return [Violation("AU725", message, advise("share-again", id=state.id))]
    if view.sealed_by not in policy.public.active_keys:
        message = f"{act.act} of {state.id}: no key that speaks for {organization} signed the statement for customers"
        return [Violation("AU727", message, advise("share-again", id=state.id))]
    return []


CODES = (
    Code(
        "AU722",
        "shares-other-text",
        "A share or an approval binds a public text that is not there, or one that was made from content which no"
        " record binds.",
        "Customers would read what nobody signed for them.",
        "Check what is there (pmctl public check ID) and share that.",
        "a share with the digest of another postmortem's public text",
    ),
    Code(
        "AU723",
        "nothing-to-withdraw",
        "A public text was withdrawn where none is shared.",
        "The chain of statements that customers see would say what did not happen.",
        "pmctl log ID says what was shared and withdrawn.",
        "two withdrawals of one share",
    ),
    Code(
        "AU724",
        "shared-unreviewed",
        "A public text was shared without the reviews of exactly this text that the policy asks for.",
        "Whoever wrote a text reads past what it gives away.",
        "Others approve it (pmctl public approve ID), then share it.",
        "a share after an edit that made the approval stale",
    ),
    Code(
        "AU725",
        "states-otherwise",
        "What customers are told of a public text is not what its share or withdrawal says: another text or page,"
        " another organisation, or nothing although the policy asks for it.",
        "Customers verify the statement, and nothing else of all this.",
        "Share it again with this version of pmctl.",
        "a statement with the digest of another text",
    ),
    Code(
        "AU726",
        "statement-chain",
        "A statement for customers does not follow the one before it.",
        "A correction or a withdrawal that can be left out was never told.",
        "Share it again; it follows what is there now.",
        "a second statement that says that it is the first",
    ),
    Code(
        "AU727",
        "statement-unsigned",
        "A statement for customers is not signed by an active key that the policy names for it.",
        "Anybody could speak in the organisation's name.",
        "Share it again with the organisation's key: PMCTL_PUBLIC_KEY names its file.",
        "a statement signed with a person's own key",
    ),
)
