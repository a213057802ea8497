"""Whether an incident's failure is known: a recurring pattern, or a novel one. (repository, triage) -> triage.

Known is what a postmortem at HEAD is about that `similar` finds to be of the same pattern.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pmctl import git
from pmctl.insight.similar import Asked, similar_to_each
from pmctl.insight.similar_terms import terms
from pmctl.insight.triage import NOVEL, RECURRING, Triage
from pmctl.insight.triggers import Verdict
from pmctl.services.incident import Incident

_SHOWN = 3


def with_patterns(repo: git.Repository, answers: Sequence[Triage]) -> list[Triage]:
    """The answers, each with its pattern and the postmortems of the same one; what is skipped is not asked about, and
    where no other postmortem is there yet nobody can tell."""
    asked = [one for one in answers if one.verdict is not Verdict.SKIP]
    questions = [Asked(terms_of_incident(one.incident), without=one.postmortem) for one in asked]
    told: dict[int, Triage] = {}
    for one, found in zip(asked, similar_to_each(repo, questions, most=_SHOWN) if asked else (), strict=True):
        if found.documents > bool(one.postmortem):
            alike = tuple(each for each in found.similar if each.recurs)
            told[id(one)] = replace(one, pattern=RECURRING if alike else NOVEL, similar=alike)
    return [told.get(id(one), one) for one in answers]


def terms_of_incident(incident: Incident) -> Mapping[str, float]:
    """What an incident's record is about."""
    text = "\n".join((incident.title, incident.summary, *(event.text for event in incident.events)))
    return terms(incident.title, text, incident.services, incident.root_causes)
