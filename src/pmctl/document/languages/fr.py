"""French."""

from __future__ import annotations

from pmctl.document.language import Language

LANGUAGE = Language(
    sections={
        "Summary": """résumé|résumé de l'incident|aperçu|que s'est-il passé|que s'est-il passé ?
            |que s'est-il passé?|synthèse|en bref|description|description de l'incident|problème|le problème
            |incident|vue d'ensemble|ce qui s'est passé|résumé exécutif""",
        "Timeline": """chronologie|déroulement|chronologie des événements|chronologie de l'incident
            |frise chronologique|déroulé|historique|déroulement des faits|déroulement de l'incident|événements""",
        "Impact": """impact|impacts|effets|conséquences|symptôme|symptômes|impact utilisateur|impact client
            |impact sur les utilisateurs|utilisateurs touchés|services touchés|services affectés|périmètre
            |qui a été touché|qui a été touché ?|quel a été l'impact|quel a été l'impact ?""",
        "Root Cause": """cause|causes|cause racine|causes racines|cause profonde|cause principale
            |analyse des causes|analyse de la cause racine|diagnostic|origine|origine du problème
            |origine de l'incident|pourquoi|pourquoi ?|analyse|pourquoi est-ce arrivé|pourquoi est-ce arrivé ?
            |explication""",
        "Resolution": """résolution|rétablissement|correction|correctif|correctifs|remédiation|solution
            |réparation|correctif appliqué|actions menées|mesures prises|retour à la normale
            |résolution de l'incident|comment l'avons-nous résolu|comment l'avons-nous résolu ?|contournement
            |atténuation""",
        "Action Items": """actions|actions correctives|actions préventives|prochaines étapes|plan d'action
            |prévention|mesures préventives|mesures correctives|actions à mener|actions de suivi|suivi|suites
            |à faire|améliorations|recommandations|tâches|pistes d'amélioration|plan d'actions|actions à venir""",
        "Lessons Learned": """leçons|leçons apprises|enseignements|leçons tirées|ce que nous avons appris
            |ce que l'on a appris|retour d'expérience|les leçons|qu'avons-nous appris|qu'avons-nous appris ?""",
        "Contributing Factors": """facteurs contributifs|facteurs aggravants|facteurs|déclencheur
            |élément déclencheur""",
        "Detection": "détection|découverte|comment l'incident a-t-il été détecté ?|signalement",
        "Response": "réponse|enquête|investigation de l'incident|investigation|intervention|communication",
    },
    parts={
        "What went well": """ce qui a bien fonctionné|ce qui s'est bien passé|points positifs
            |qu'est-ce qui a bien marché|qu'est-ce qui a bien marché ?|ce qui a bien marché|points forts""",
        "What could be improved": """ce qui a mal fonctionné|ce qui peut être amélioré
            |ce qui s'est mal passé|points négatifs|points à améliorer|ce qui n'a pas fonctionné
            |axes d'amélioration|ce qui a mal marché""",
        "Where we got lucky": "où nous avons eu de la chance|où avons-nous eu de la chance ?|chance",
    },
    metadata="informations générales|informations|métadonnées|participants|participantes et participants",
    either="conclusion|conclusions|bilan",
    labels={
        "title": "titre",
        "incident_date": "date de l'incident",
        "start": "début|heure de début|début de l'incident",
        "end": "fin|heure de fin|fin de l'incident|résolu|résolu le",
        "detected": "détecté|détecté à|détection",
        "period": "durée|période|horaire",
        "author": "auteur|auteurs|autrice|rédigé par|rédacteur",
        "participants": "intervenants|personnes impliquées",
        "severity": "sévérité|gravité|criticité",
        "services": "services touchés|services affectés|service concerné|services concernés|composants",
    },
    columns={
        "Action": "tâche|mesure|description",
        "Owner": "responsable|responsables|porteur|assigné à|qui",
        "Due": "échéance|date limite|pour le|date",
        "Priority": "priorité",
        "Status": "statut|état|avancement",
        "Notes": "commentaire|commentaires|remarques",
    },
    statuses={
        "COMPLETED": "terminé|terminée|fait|faite|clos|résolu|oui",
        "OPEN": "ouvert|ouverte|à faire|en attente|prévu|non",
        "IN_PROGRESS": "en cours",
        "WONT_DO": "abandonné|annulé|abandonnée|annulée",
    },
    nothing="aucun|aucune|néant|rien",
    times="heure|horaire",
    wording={
        "counterfactual": (
            (" aurait ", " auraient ", " aurions ", " aurais "),
            r"(?:nous|on|je|j'|il|elle|ils|elles|l'équipe|les?\s+\w*(?:ingénieur|développeur|équipe|astreinte)\w*)\s*"
            r"(?:n')?aur(?:ait|ais|ions|aient)\s+(?:\w+\s+)?(?:dû|du|pu)\b"
            r"|aur(?:ait|aient)\s+(?:\w+\s+)?(?:dû|du|pu)\s+être\s+(?:\w+ment\s+)?(?:vérifi|test|détect|remarqu"
            r"|préven|évit|inform|consult|relu|vu)\w*",
        ),
        "omission": (
            (" oublié ", " négligé ", " omis ", " personne ", " vérifié ", " remarqué ", " testé "),
            r"(?:a|ont|avons|ai|avait|avaient|avions)\s+(?:oublié|négligé|omis)\s+d(?:e\b|')"
            r"|personne\s+n'a(?:vait)?\s+(?:\w+\s+)?(?:vérifié|remarqué|vu|testé|pensé)\b"
            r"|(?:nous|on|il|elle|ils|elles|l'équipe)\s+n'(?:a|ont|avons|avait|avaient|avions)\s+pas\s+"
            r"(?:vérifié|remarqué|testé|pensé|relu|prévenu)\b",
        ),
        "human-error": ((" humaine ", " humaines "), r"(?<!pas une )(?<!pas d')erreurs?\s+humaines?\b"),
        "character": (
            (" négligence ", " négligent ", " imprudence ", " inattention ", " incompétence "),
            r"(?:négligences?|négligente?s?|imprudence|inattention|incompétence)\b",
        ),
        "vague-care": (
            (" attention ", " prudent ", " prudents ", " vigilant ", " vigilants ", " vigilance ", " attentifs "),
            r"(?:faire\s+(?:plus|davantage|mieux)\s+(?:d')?attention|(?:être|soyons|serons)\s+(?:plus|davantage)\s+"
            r"(?:prudente?s?|vigilante?s?|attentifs?)|redoubler\s+de\s+vigilance)\b",
        ),
    },
)
