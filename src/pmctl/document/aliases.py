"""The headings that stand for each section of a postmortem, as teams write them, and for the parts of Lessons Learned.

Lower case, without numbering, emphasis and a trailing colon; separated by bars. Besides English the usual Japanese,
Chinese, German, French, Spanish and Portuguese headings are here.
"""

from __future__ import annotations

from pmctl.text import single_line

SUMMARY, TIMELINE, IMPACT = "Summary", "Timeline", "Impact"
ROOT_CAUSE, RESOLUTION, ACTION_ITEMS = "Root Cause", "Resolution", "Action Items"
LESSONS, FACTORS, DETECTION, RESPONSE = "Lessons Learned", "Contributing Factors", "Detection", "Response"
WENT_WELL, TO_IMPROVE, LUCKY = "What went well", "What could be improved", "Where we got lucky"
METADATA = "Metadata"

_ALIASES: dict[str, str] = {
    SUMMARY: """summary|executive summary|issue summary|incident summary|overview|tl;dr|tldr|tl; dr|outage description
        |what happened|what happened?|brief description|incident overview|incident description|description
        |description of the incident|problem summary|problem description|summary of the incident|summary of events
        |abstract|synopsis|event summary|outage summary|at a glance|the incident|incident|issue|the issue|problem
        |the problem|problem statement|short summary|high level summary|high-level summary|quick summary|in brief
        |サマリー|サマリ|概要|障害概要|インシデント概要|要約|事象|発生事象|何が起きたか|摘要|概述|概况|事件概述
        |故障概述|事故概述|背景与概述|事件摘要|故障简述|zusammenfassung|überblick|übersicht|was ist passiert
        |was ist passiert?|résumé|résumé de l'incident|aperçu|que s'est-il passé|que s'est-il passé ?|resumen
        |resumen ejecutivo|qué pasó|¿qué pasó?|resumo|sumário|resumo executivo|o que aconteceu|o que aconteceu?""",
    TIMELINE: """timeline|time line|incident timeline|timeline of events|chain of events|chronology
        |narrative|key events
        |event timeline|events timeline|timeline of the incident|sequence of events|chronology of events|event log
        |events|incident log|incident chronology|history of events|log|what happened when|course of events
        |タイムライン|経緯|時系列|発生経緯|対応経緯|対応履歴|障害経緯|时间线|時間線|时间轴|事件经过|处理过程
        |故障时间线|事故时间线|事件时间线|处理时间线|zeitleiste|zeitlicher ablauf|zeitverlauf|ablauf|chronologie
        |déroulement|chronologie des événements|cronología|línea de tiempo|línea temporal
        |linha do tempo|cronologia""",
    IMPACT: """impact|impacts|customer impact|user impact|infrastructure impact|affected users|impact & metrics
        |impact and metrics|business impact|incident impact|impact on users|impact on customers|impact assessment
        |impact analysis|users affected|who was affected|who was affected?|what was impacted|what was affected|scope
        |scope of impact|blast radius|user-facing impact|customers affected|services affected|impact summary
        |service impact|affected services|affected systems|effects|effect|consequences|extent of damage
        |what was the impact|what was the impact?|external impact|scope and impact|impact and scope|影響|影響範囲
        |影響内容|ユーザー影響|ユーザーへの影響|影响|影响范围|影响面|影響範圍|业务影响|用户影响|auswirkung
        |auswirkungen|effets|conséquences|impacto|impacto en los usuarios|impactos""",
    ROOT_CAUSE: """root cause|root causes|root cause(s)|root cause analysis|five whys|5 whys|the five whys|the 5 whys
        |what caused the incident|what caused the incident?|fault|diagnosis|cause|causes|the cause|rca
        |root cause summary|what caused this|what caused this?|why did it happen|why did it happen?
        |why did this happen|why did this happen?|analysis|underlying cause|underlying causes|technical root cause
        |cause analysis|causal analysis|what went wrong technically|root cause and trigger|what was the cause
        |what was the cause?|why|why?|the root cause|cause of the incident|problem analysis|cause of the outage
        |technical analysis|technical details|根本原因|根本原因分析|原因|原因分析|発生原因|直接原因|真因|根因
        |根因分析|故障原因|事故原因|问题原因|なぜなぜ分析|ursache|ursachen|grundursache|ursachenanalyse|cause racine
        |causes racines|analyse des causes|analyse de la cause racine|causa raíz|causas|causa|análisis de causa raíz
        |causa raiz|análise da causa raiz""",
    RESOLUTION: """resolution|resolution and recovery|resolution & recovery|mitigation|recovery
        |details of fix|remediation|fix
        |the fix|how it was fixed|how we fixed it|how was it fixed|how was it fixed?|solution|incident resolution
        |resolution and mitigation|mitigation and resolution|recovery and resolution|mitigation steps
        |resolution steps|remediation steps|how was it resolved|how was it resolved?|how it was resolved
        |how did we fix it|how did we fix it?|mitigation and recovery|repair|restoration|steps taken|actions taken
        |workaround|how we resolved it|fix details|what we did to fix it|what fixed it|corrective actions taken
        |immediate actions|immediate fix|immediate actions taken|復旧|復旧対応|復旧手順|対応|対応内容|暫定対応|対処
        |解決|解決策|修正|修正内容|解决|解决方案|解决办法|解决措施|处理措施|处理方案|恢复|恢复过程|修复|修复方案
        |解決方案|lösung|behebung|wiederherstellung|résolution|rétablissement|correction|resolución|solución
        |recuperación|resolução|solução|recuperação|mitigación|mitigação""",
    ACTION_ITEMS: """action items|action item|actions|action items & follow-ups
        |action items and follow-ups|follow-up tasks
        |follow up|follow-ups|follow ups|followups|follow-up|followup|corrective actions|corrective action
        |preventative actions|preventive actions|corrective and preventative actions
        |corrective and preventive actions|corrective and preventative action|corrective and preventative measure
        |corrective and preventative measures|corrective and preventive measures|corrective measures
        |preventive measures|preventative measures|next steps|recommendations|proposal improvements|prevention
        |improvements|follow-up actions|follow up actions|follow-up items|follow up items|follow-up improvements
        |action plan|planned actions|todo|to do|to-do|todos|to-dos|future improvements|future work|remediation items
        |remediation and follow-up|remediation actions|remediation (action items)|remediations|proposed actions
        |tasks|action points|future actions|what we are doing about it|what we're doing about it|what's next
        |what's next?|whats next|what are we doing about it|what are we doing about it?|preventing recurrence
        |how do we prevent this|action items (aig)|going forward|moving forward|looking ahead|improvement actions
        |remediation plan|prevention measures|prevent recurrence|how we will prevent this|planned improvements
        |proposed improvements|long term fix|long-term fix|long-term fixes|what we're changing|what we are changing
        |changes we are making|steps to prevent recurrence|how to prevent it|アクションアイテム|アクション|再発防止
        |再発防止策|今後の対応|今後の対策|対策|恒久対応|恒久対策|改善策|改善アクション|フォローアップ|残課題
        |todo リスト|改进措施|后续行动|后续措施|后续计划|后续改进|行动项|行动计划|待办|待办事项|改进计划|预防措施
        |整改措施|後續行動|改善措施|改进项|改进方案|maßnahmen|folgemaßnahmen|nächste schritte|korrekturmaßnahmen
        |actions correctives|actions|prochaines étapes|plan d'action|acciones|acciones correctivas|próximos pasos
        |plan de acción|ações|ações corretivas|próximos passos|plano de ação|itens de ação""",
    LESSONS: """lessons learned|lessons learnt|lesson learned|learnings|key takeaways|takeaways|conclusion|conclusions
        |lessons|key learnings|what we learned|what we've learned|what did we learn|what did we learn?|learning
        |retrospective|reflection|reflections|lessons learned and future improvements|what have we learned
        |what have we learned?|key lessons|教訓|学び|学んだこと|振り返り|ふりかえり|得られた教訓|反省点|まとめ
        |经验教训|经验|教训|总结|复盘总结|經驗教訓|反思|总结与反思|erkenntnisse|gelernte lektionen|fazit
        |leçons apprises|enseignements|leçons tirées|lecciones aprendidas|lições aprendidas|aprendizados
        |aprendizajes""",
    FACTORS: """contributing factors|contributing factor|contributors|contributing conditions
        |contributing causes|trigger
        |triggers|leadup|lead up|lead-up|background|process breakdown|contributing factors and causes|context
        |aggravating factors|contributory factors|precondition|preconditions|background information
        |incident background|factors|寄与要因|要因|背景|背景要因|誘因|間接原因|触发原因|诱因|促成因素|背景信息
        |beitragende faktoren|hintergrund|facteurs contributifs|contexte|factores contribuyentes|contexto
        |fatores contribuintes""",
    DETECTION: """detection|how was it detected|how was it detected?|monitoring|how we detected it|incident detection
        |discovery|how was the incident detected|how was the incident detected?|how it was detected
        |how did we find out|how did we find out?|identification|detection and alerting|alerting
        |how was it discovered|how was it discovered?|how we found out|monitoring and alerting|monitoring & alerting
        |detection & alerting|検知|検出|発見|発見経緯|検知方法|检测|发现|发现过程|监控|告警|erkennung|détection
        |detección|detecção""",
    RESPONSE: """response|investigation|incident response|our response|the response|response and recovery|what we did
        |how we responded|incident response evaluation|debugging|troubleshooting|communication|escalation
        |incident handling|初動|初動対応|調査|調査内容|対応体制|响应|应急响应|调查|排查过程|排查|reaktion
        |untersuchung|réponse|enquête|investigation de l'incident|respuesta|investigación|resposta|investigação""",
}
_PARTS: dict[str, str] = {
    WENT_WELL: """what went well|what went well?|went well|things that went well|the good|what worked|what worked well
        |what worked?|what did go well|good|what we did well|successes|positives|うまくいったこと|うまくいった点
        |良かったこと|良かった点|做得好的|做得好的地方|好的方面|亮点|was gut lief|was lief gut
        |ce qui a bien fonctionné|qué salió bien|o que deu certo|o que funcionou""",
    TO_IMPROVE: """what could be improved|what could be improved?|what could have gone better
        |what could have gone better?
        |what went badly|what went wrong|what went wrong?|what went poorly|what didn't go well|what didn't go well?
        |what didn't go so well|what didn't go so well?|what did not go well|what did not go well?
        |what could we improve|what needs improvement|the bad|what can be improved|what can be improved?
        |what didn't work|what did not work|what could have been better|went badly|areas for improvement
        |areas of improvement|things that went wrong|things that went poorly|things that didn't go well
        |what could we have done better|what could we have done better?|what we could do better
        |what we could have done better|opportunities for improvement|what to improve|what went less well
        |what went not so well|what went not so good|うまくいかなかったこと|改善が必要なこと|改善点|悪かったこと
        |悪かった点|課題|做得不好的|不足|待改进|需要改进的地方|不足之处|was schlecht lief|was lief schlecht
        |ce qui a mal fonctionné|ce qui peut être amélioré|qué salió mal|o que deu errado""",
    LUCKY: """where we got lucky|where we got lucky?|where did we get lucky|where did we get lucky?|got lucky|luck
        |what was lucky|how we got lucky|we got lucky|lucky|where were we lucky|where were we lucky?
        |where we were lucky|運が良かったこと|幸運だったこと|運がよかったこと|幸运的地方|运气成分
        |wo wir glück hatten|où nous avons eu de la chance""",
}
_METADATA = """at-a-glance|attendees|basic information|details|document information|facts
        |general information|incident data
        |incident details|incident info|incident information|incident metadata|information|key facts|meta|metadata
        |participants|quick facts|statistics|stats|メタデータ|元数据|基本信息|基本情報"""


def names(text: str) -> tuple[str, ...]:
    """The names in a text that separates them by bars, each with its white space as single spaces."""
    return tuple(single_line(name) for name in text.split("|"))


def _by_name(aliases: dict[str, str]) -> dict[str, str]:
    return {name.casefold(): section for section, text in aliases.items() for name in names(text)}


SECTION_OF = _by_name(_ALIASES)
PART_OF = _by_name(_PARTS)
METADATA_TITLES = frozenset(names(_METADATA))
# Names of sections that are as often the first word of a title ("Incident: the API was down").
TOO_SHORT = frozenset(
    names(
        """actions|analysis|background|cause|communication|context|description|effect|effects|event|events|fix
        |improvements|incident|issue|lessons|log|prevent recurrence|prevention|problem|recovery|response|scope
        |solution|tasks|the fix|the incident|the issue|the problem|why"""
    )
)
# Headings of what comes next that are action items only when a list or a table stands below them.
OUTLOOKS = frozenset(
    names(
        """future improvements|future work|going forward|improvements|looking ahead|moving forward|next steps
        |prevention|what's next|what's next?|whats next"""
    )
)
