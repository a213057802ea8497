"""Send messages so that nobody gets one twice: say so in the ledger, send, say what came of it; one after the other.

    intended (pushed) -> sent, refused, or unknown

Whoever dies in between leaves `intended` behind. What was certainly refused is sent again by the next run; what nobody
knows about only when somebody asks for it. Before each message the ledger moves, so of two runs that want to send the
same one only one does; the other reads again what is left.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pmctl.errors import EnvironmentProblem, PmctlError
from pmctl.insight.notifications import Notice
from pmctl.output.advice import words
from pmctl.repository import deliveries
from pmctl.repository.deliveries import Book, Delivery, Overtaken
from pmctl.services.message import Receipt
from pmctl.services.retrying import Uncertain
from pmctl.text import parse_utc, utc
from pmctl.workflow.sending import Outlet, send

ATTEMPTS = 100
UNDER_WAY = timedelta(minutes=15)
"""For so long another run may still be sending what it intended."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A notice to be sent. `open` is what the ledger has of it from before, `items` what it reminds of."""

    notice: Notice
    open: Delivery | None = None
    items: tuple[str, ...] = ()


@dataclass(slots=True)
class Run:
    """One run: the ledger as it knows it, what came of the last message and is not in it yet, and what was done."""

    book: Book
    unsaid: dict[str, bytes | None] = field(default_factory=dict)
    done: list[Delivery] = field(default_factory=list)


def deliver(
    run: Run,
    plan: Callable[[Book], Sequence[Wanted]],
    out: Outlet,
    closing: Callable[[Book], Mapping[str, bytes | None]] = lambda book: {},
) -> None:
    """Send everything that the plan has for the ledger as it is; the plan is made again when somebody was faster.

    `closing` says what else is to be kept in the end. Raises EnvironmentProblem where the ledger cannot be kept.
    """
    for _ in range(ATTEMPTS):
        try:
            for wanted in plan(run.book):
                _one(run, wanted, out)
            run.book = run.book.written({**run.unsaid, **closing(run.book)}, "What came of it")
            run.unsaid = {}
            return
        except Overtaken:
            time.sleep(random.uniform(0.01, 0.3))  # noqa: S311  only so that runs differ
            run.book = deliveries.opened(run.book.repo)
        except BaseException:
            _say_at_last(run)
            raise
    raise EnvironmentProblem("others send all the time, and this run never got its turn", hint="try again")


def _say_at_last(run: Run) -> None:
    """Before an error ends the run: say what came of the last message, if the ledger can still be kept."""
    if run.unsaid:
        try:
            run.book = run.book.written(run.unsaid, "What came of it")
        except PmctlError:
            return  # it stays intended there, and is shown as unknown
        run.unsaid = {}


def _one(run: Run, wanted: Wanted, out: Outlet) -> None:
    """Send one message, unless this run has sent it."""
    notice, message = wanted.notice, wanted.notice.message
    if any(one.channel == notice.channel and one.events == notice.events for one in run.done):
        return
    intended = Delivery(
        notice.channel, notice.events, message.reason, utc(out.moment), postmortem=message.postmortem,
        items=wanted.items,
    )  # fmt: skip
    run.book = deliveries.intend(run.book, intended, run.unsaid)
    run.unsaid = {}
    try:
        receipt = send(notice, out, run.book.post(notice.channel, message.postmortem) if message.postmortem else {})
        result = replace(intended, state="sent", answer=receipt.answer)
    except Uncertain as problem:
        receipt, result = Receipt(""), replace(intended, state="unknown", answer=_told(problem))
    except PmctlError as problem:
        receipt, result = Receipt(""), replace(intended, state="refused", answer=_told(problem))
    run.unsaid = deliveries.outcome(result, receipt.place)
    run.done.append(result)


def _told(problem: PmctlError) -> str:
    hint = words(problem.hint) if problem.hint else ""
    return f"{problem.message}; {hint}" if hint else problem.message


def may_be_sent_again(one: Delivery, now: datetime, *, resend: bool) -> bool:
    """Whether something open is sent by this run: what was refused, and when it is asked for what nobody knows about
    and no other run can still be sending."""
    if one.state == "refused":
        return True
    begun = parse_utc(one.at)
    return resend and (one.state == "unknown" or begun is None or now - begun >= UNDER_WAY)
