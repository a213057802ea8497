"""A language is one file, and its names lead to sections, columns and states that exist."""

from __future__ import annotations

import pytest

from pmctl.document import aliases
from pmctl.document.actions import COLUMNS
from pmctl.document.fields import ItemStatus
from pmctl.document.headings import meaning
from pmctl.document.language import by_name, known

SECTIONS = {
    aliases.SUMMARY, aliases.TIMELINE, aliases.IMPACT, aliases.ROOT_CAUSE, aliases.RESOLUTION, aliases.ACTION_ITEMS,
    aliases.LESSONS, aliases.FACTORS, aliases.DETECTION, aliases.RESPONSE,
}  # fmt: skip


def test_every_language_names_only_what_there_is() -> None:
    assert len(known()) >= 7
    for language in known():
        assert set(language.sections) == SECTIONS
        assert set(language.parts) == {aliases.WENT_WELL, aliases.TO_IMPROVE, aliases.LUCKY}
        assert set(language.columns) <= set(COLUMNS) and set(language.statuses) <= set(ItemStatus)
        assert set(language.labels) <= set(by_name("labels").values())


@pytest.mark.parametrize(
    ("title", "section"),
    [
        ("问题", "Summary"),
        ("现象", "Impact"),
        ("根因", "Root Cause"),
        ("修复", "Resolution"),
        ("预防", "Action Items"),
        ("発生した問題", "Summary"),
        ("再発防止対策", "Action Items"),
        ("まとめ", ""),
        ("背景", ""),
        ("Warum ist es passiert?", "Root Cause"),
        ("Offene Punkte", "Action Items"),
        ("Hintergrund", ""),
        ("Symptôme", "Impact"),
        ("Diagnostic", "Root Cause"),
        ("Correctif", "Resolution"),
        ("Leçons", "Lessons Learned"),
        ("¿Por qué ocurrió?", "Root Cause"),
        ("Tareas pendientes", "Action Items"),
        ("Conclusiones", ""),
        ("O que houve?", "Summary"),
        ("Itens de ação", "Action Items"),
        ("Causa-raiz", "Root Cause"),
        ("What was done", "Resolution"),
        ("Affected regions", "Impact"),
        ("What let this through?", "Root Cause"),
        ("Remaining work", "Action Items"),
        ("What we did right", "Lessons Learned"),
        ("How could this happen", "Root Cause"),
        ("Five Why's", "Root Cause"),
        ("Details of recovery", "Resolution"),
        ("Background", ""),
        ("Context", ""),
        ("Monitoring", ""),
        ("Conclusion", ""),
    ],
)  # fmt: skip
def test_what_headings_stand_for(title: str, section: str) -> None:
    found = meaning(title)
    assert (found.section if found else "") == section
