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
)
