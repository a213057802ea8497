"""Blameless wording: what is flagged, and its nearest innocent neighbours."""

from __future__ import annotations

import re

import pytest

from pmctl.rules.engine import check
from pmctl.rules.settings import RuleSettings

from .sample import CONTEXT, sample


def flagged(text: str, section: str = "Root Cause", settings: RuleSettings | None = None) -> list[tuple[str, str]]:
    """(code, words) of the blameless findings about a text."""
    doc = sample(f"## {section}\n\n{text}\n")
    context = CONTEXT._replace(settings=settings) if settings else CONTEXT
    lines = doc.text.split("\n")
    return [
        (one.code, lines[one.line - 1][one.column - 1 : one.end_column - 1 if one.end_line == one.line else None])
        for one in check(doc, context)
        if one.code.startswith("PM7")
    ]


FLAGGED = {
    "PM701": """
        The limit [ought to have been raised] before the campaign.
        This [should have been caught] in review.
        The migration [should never have been merged] on a Friday.
        The workaround [should have been a signal] to pause.
        We [should have tested] the restore.
        We [should've checked] the staging logs first.
        Jane [should have waited] for the second approval.
        The vendor [should have known] that.
        [Should have checked] the API response first.
        The investigation [should have checked] the proxy.
        It [could have been avoided] by a load test.
        It [could easily have been prevented].
        A canary [would have caught] it.
        Reading the function once [would have surfaced this].
        An integration test [would have revealed the missing column].
        The review skipped the load test, which [would have caught] it.
        We [could have rolled] back at 14:05.
        The on-call [could have restarted] it earlier.
        If we had tested the failover, we [would have known].
        [If only we had] tested it.
        [Had we] tested the failover, it would have been a short outage.
        [Had the alert been] routed to the team, the queue would not have grown.
    """,
    "PM702": """
        The team [failed to check] the replica.
        The on-call engineer [did not follow] the runbook.
        The engineer who ran the migration [did not check] the lag.
        The DBA on call [failed to notice] it.
        Engineers [failed to follow] the process.
        @bob [forgot] the flag.
        Jane [missed] the page.
        We [overlooked] the second pool.
        The `api` team [never tested] the restore.
        The [platform team](https://example.com) [did not read] it.
        We did not just look away: we [did not document] any of it.
        [Nobody noticed] the graph.
        [No one on the team noticed] the drop.
        [None of us read] the release notes.
        It was rolled out [without reading the release notes first].
        [The engineer on duty saw the alert and dismissed] it as noise.
        When the vendor's engineer [failed to answer], the order was sent twice.
        The operator [did not think to] look at page two.
        [The developers were not aware of] the quota.
        [Nobody compared] both lists.
    """,
    "PM703": """
        The root cause was [human error].
        [Human error] in naming the bucket.
        It was [operator error].
        Caused by a [mistake made by an engineer].
        A junior [engineer's mistake] took down the site.
        It was due to [user error] on our side.
        Two small [oversights caused] this.
        It [was an oversight] that nobody likes.
        The transfer [was mistakenly sent] to the old account.
    """,
    "PM704": """
        This was [negligent].
        The developers [should know better].
        This was a [sloppy] release.
        [The reviewer was lazy] and approved it unread.
    """,
    "PM705": """
        [Of course], the disk filled up.
        The timeout was [obviously too] low.
        [Obviously], nobody had looked at the graph.
        Some payments failed, [obviously].
        This bug was [obviously not caught] in review.
        [It was obvious that] the pool would run out.
        [It should have been clear that] the queue was full.
        [Clearly,] the change was not tested.
        The change [was clearly wrong].
        [In hindsight], the right first step would have been to look at the host.
        [In retrospect] the rollback was too late.
        [Anyone could have seen] that this breaks.
        It [would have been easy to see].
        This [could have easily been] avoided.
        [This obviously slowed] the rollout.
    """,
    "PM706": """
        Find out [whose fault] it was.
        [Why did the engineer] restart it?
        It is open [who broke] the build.
    """,
    "PM708": """
        The [culprit was an intern].
        [The engineer was to blame].
        It was [my fault].
        The [fault lies with the team].
    """,
    "PM709": """
        Engineers need to [be more careful].
        We have to [be careful] with migrations.
        If an image is new, [be very cautious] on that day.
        [Pay attention] to the lag.
        [Take extra care] next time.
        [Retrain the team].
        [Remind everyone] to read it.
        We must [remind the team] of the limit.
        [Be aware of] the limit.
        [Engineers should double-check] the region.
        [We need to remember] the renewal.
        [Make sure everyone is aware] of it.
        We [have to do better].
        [Don't make the same mistake again].
        Write a page to [raise awareness] of the limit.
    """,
}
CASES = [(code, line.strip()) for code, lines in FLAGGED.items() for line in lines.strip().splitlines()]


@pytest.mark.parametrize(("code", "text"), CASES)
def test_flagged(code, text):
    plain = re.sub(r"\[(?![^\]]*\]\()([^\]]*)\](?!\()", r"\1", text)
    marked = re.findall(r"\[([^\]]*)\](?!\()", text)
    assert [words.lower() for found, words in flagged(plain) if found == code] == [marked[-1].lower()]


ELSEWHERE = {
    "PM701": """
        [Wir hätten das vorher prüfen müssen].
        Das [hätte getestet werden sollen].
        Nous aurions dû relire la page.
        La limite [aurait dû être vérifiée] avant.
        [Debimos haber probado] el cambio.
        [Deveríamos ter testado] a mudança.
        事前に確認す[べきだった]。
        这个开关[应该提前]打开。
    """,
    "PM702": """
        Der Neustart [wurde vergessen].
        [Niemand bemerkte] die Warnung.
        L'équipe [a oublié de] redémarrer le service.
        [Personne n'a vérifié] la sauvegarde.
        El operador [olvidó] el segundo paso.
        [Nadie revisó] el registro.
        A equipe [esqueceu] o segundo passo.
        設定の[戻し忘れ]があった。
        值班[忘记]切换开关。
        [没有人检查]备份。
    """,
    "PM703": """
        Die Ursache war [menschliches Versagen].
        La cause est une [erreur humaine].
        La causa fue un [error humano].
        原因は[操作ミス]です。
        根因是[人为失误]。
    """,
    "PM709": """
        Wir [müssen künftig vorsichtiger] sein.
        Il faut [faire plus attention].
        Hay que [tener más cuidado].
        É preciso [ter mais cuidado].
        [今後は注意する]。
        大家要[更加小心]。
    """,
}
CASES += [
    (code, line.strip()) for code, lines in ELSEWHERE.items() for line in lines.strip().splitlines() if "[" in line
]

INNOCENT = """
It was sent without checking the cache.
The proxy saw the header and ignored it.
When a node failed to answer, it is drained.
When the team failed to answer within an hour, the pager calls the next one.
The oversight board meets in May.
The scheduler mistakenly treats it as free.
The amount should have been counted as illiquid by the strategy.
Of course we had a message from the pool.
In retrospect it is now clear that both disks were old.
In hindsight, it became evident that two caches were there.
Der Alarm hätte auslösen müssen.
Es war kein menschliches Versagen.
L'alerte aurait dû se déclencher.
La alerta debería haberse disparado.
プロキシはこのヘッダーを見逃している。
监控没有发现问题。
The health check failed to reach the pod within 5 s.
Our monitoring failed to notice the drop.
The Prometheus operator failed to reload, because the config map was too large.
The node manager did not notice the dead worker.
The engineering team's alert did not notice this.
A member of the replica set failed to notice the new primary.
The two write operations did not check the lock.
The memory management failed to account for huge pages.
The engineer restarted the pod that failed to check its lease.
We saw that `kubelet` failed to check the certificate.
"Access denied" had been logged twice, and the client would have retried.
`contents: read` had also been wrong, so the hold would have been too late.
Customers did not receive their mail.
The job never ran because the queue was full.
We missed our SLO for January, and the 4-hour SLA by 12 minutes.
We failed to reproduce the crash locally.
We did not notice any data loss.
We did not test all of the 4,000 links.
We did not run out of disk.
We did not understand why the pods restarted.
We might have missed the offloading in that case.
If the on-call engineer missed the page, the escalation goes to the second.
The issue was not that the team failed to predict the date.
Nobody noticed any errors during the failover.
These are 4 episodes that nobody asked for.
The default was 50, and fault tolerance was off.
It ended in a segmentation fault after a page fault.
The fault injection test found a fault in the driver.
The disk was at fault.
We should have a runbook for this.
Each service should have automated tests.
We should have read replicas in both regions.
The pods should have been able to start.
The alert should have fired at 14:05, but its query had a typo.
We should have been alerted by the burn-rate alert; it was silenced.
The failover should have taken 30 s and took 12 minutes.
The response should have been 404 and was 500.
The rows that should have been published were removed.
Jobs should have been rescheduled automatically.
The agent should never have held a token.
Users should have seen the maintenance page.
Only one should have existed, and the servers should have synchronized clocks.
An attacker could have read the file.
Someone could have deleted the bucket.
We could have lost up to 5 minutes of writes.
Without paging we could've noticed it much later.
Backups mean that we could have restored it within minutes.
Nobody could have known this.
We could not have known the vendor's limit.
There is no test that would have caught this.
No unit test could have caught it.
The check that would have caught it runs only on merge.
We considered whether a rollback would have helped.
We thought we could have restored from the snapshot, but it was too old.
What could have prevented this?
How could we have detected this earlier?
What we could have done better
Had we not kept the old nodes, the rollback would have taken 3 hours.
Had the disk filled up at night, all writes would have stopped.
It would not have been noticed without the alert.
The customers would have had delays.
I would have gone there next.
It works if only one node is left.
It happens if only the second condition was true.
We had 3 nodes. They had the old image.
The user error rate rose to 4 %.
The Kubernetes operator error was retried 10 times.
It was not human error.
Human error is not a root cause, and it was ruled out.
The prompt is there to prevent human error.
Manual steps invite human error, so we automated them.
There are many kinds: bugs, hardware failures, human error, storms.
Lazy loading was on, and the iterator was lazy.
The sloppy quorum accepted writes on the wrong side.
Clearly state the goal; the page is easily accessible.
There was nothing obviously wrong in the logs.
The packages were very obviously crafted by one author.
Most obviously, you now have two contracts.
Of course we will publish the script.
These should have priority over bots and, of course, over crawlers.
The dashboard clearly showed the problem, but there was no alert.
The token was simply not present in the binary.
By 14:20 it was clear that the primary was overloaded.
It is clear that the logs miss many entries.
In hindsight, it is most likely because the pod requests only 100 MiB.
The script could easily be extended, and should simply be linked.
The setting is easily overlooked.
Why did the alert not fire?
The team who broke up the monolith wrote it.
The users who caused the load were throttled.
Git blame shows when the line changed.
The culprit was a slow query.
We do not blame the engineer.
The vendor's fault report is attached.
The lock is released with care.
We had been very careful to drain one node at a time.
We wanted to be cautious: the migration had failed before.
If you have been paying attention to our posts, you know it.
It was posted to raise awareness of the attack.
We would like to remind everyone that the status page has all updates.
The bot will remind the owner 30 days before.
What could we do better?
Please be aware that times are in UTC.
These are changes that we should be aware of.
Retrain the model every night.
The scheduler is topology-aware.
"""


@pytest.mark.parametrize("text", INNOCENT.strip().splitlines())
def test_innocent(text):
    assert flagged(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "```\nwe forgot to check, human error\n```",
        "The log said `operator error: should have been caught`.",
        "> We forgot to check, obviously.",
        'The customer wrote: "it was human error, you should have tested".',
        "See [the report](https://example.com/human-error/should-have-been).",
        "See https://example.com/human-error for more.",
        "<!-- we forgot to check -->",
        "$ echo we forgot to check",
        "Output:\n\n    human error\n",
        "> jane [5:01 PM]\nhmm, we forgot to check, obviously",
        "<pre>\nwe forgot to check\n</pre>",
        "The field is named <code>we forgot to check</code>.",
        "<blockquote>\n\nwe forgot to check\n\n</blockquote>",
    ],
)
def test_what_nobody_said_is_skipped(text):
    assert flagged(text) == []


def test_one_sentence_is_one_counterfactual():
    text = "Had we tested it, we could have caught it, and it would have been avoided. A canary would have caught it."
    assert [words for _, words in flagged(text)] == ["could have caught", "would have caught"]


def test_the_timeline_tells_what_was_known_and_luck_weighs_what_was_spared():
    assert flagged("It was obvious that the primary was down.", "Timeline") == []
    assert flagged("- @jane sees statuses that should have been removed.", "Timeline") == []
    assert flagged("### Where we got lucky\n\nNobody noticed. We could have waited.", "Lessons Learned") == []
    assert [code for code, _ in flagged("Nobody noticed.", "Lessons Learned")] == ["PM702"]


def test_what_would_have_caught_it_is_a_reason_for_an_action():
    assert flagged("### Follow-up\n\nAlert on spikes. This would have caught it.", "Lessons Learned") == []
    assert [code for code, _ in flagged("This would have caught it.", "Lessons Learned")] == ["PM701"]


def test_a_pattern_does_not_run_across_blocks():
    assert flagged("- decided by the team\n- failed to start again") == []
    assert flagged("Made by the team\n\nfailed to check anything") == []


def test_a_pattern_runs_across_a_wrapped_line_and_emphasis():
    assert [code for code, _ in flagged("The limit should\nhave been **raised**.")] == ["PM701"]
    assert [code for code, _ in flagged("We *forgot* the flag.")] == ["PM702"]


def test_names_are_welcome_in_the_timeline_and_not_near_causes():
    head = "| Time (UTC) | Event | Who |\n|---|---|---|\n"
    rows = "| 14:00 | @jane restarted the pod | @jane |\n| 14:45 | Resolved | @bob |"
    assert flagged(head + rows, "Timeline") == []
    assert flagged("@jane restarted it, as Bob Stone had asked.") == [("PM707", "@jane"), ("PM707", "Bob Stone")]
    assert flagged("The package @scope/name was pinned; ask team@example.com.") == []
    assert flagged("Rolled back @14:05; @Retryable and @cached were missing; told @here.") == []
    assert flagged("Pinned app@sha256:abc and lodash@4.17.20.") == []


def test_a_first_name_that_is_a_word_is_no_name():
    assert flagged("The fields of alice.example.com; a stone in the field.") == []


def test_the_organisation_adds_and_removes_phrases():
    own = RuleSettings(phrases={"hindsight": ("as any fool can see",)}, phrases_removed=("of course",))
    assert flagged("As any fool can see, it was full.", settings=own) == [("PM705", "As any fool can see")]
    assert flagged("Of course it was full.", settings=own) == []
    assert flagged("Of course it was full.") == [("PM705", "Of course")]
