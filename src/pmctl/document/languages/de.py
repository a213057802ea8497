"""German."""

from __future__ import annotations

from pmctl.document.language import Language

LANGUAGE = Language(
    sections={
        "Summary": """zusammenfassung|kurzfassung|überblick|übersicht|was ist passiert|was ist passiert?
            |was geschah|was geschah?|vorfall|beschreibung|problembeschreibung|problem|kurzbeschreibung|was war los
            |was war los?""",
        "Timeline": """zeitleiste|zeitlicher ablauf|zeitverlauf|ablauf|chronologie|zeitlinie|verlauf|ereignisse
            |ablauf der ereignisse|zeitachse|chronik|hergang|chronologischer ablauf""",
        "Impact": """auswirkung|auswirkungen|folgen|betroffene systeme|betroffene nutzer|betroffene kunden
            |betroffene dienste|wer war betroffen|wer war betroffen?|was war betroffen|was war betroffen?|symptome
            |symptom|schaden|ausmaß|einfluss auf kunden|auswirkungen auf kunden""",
        "Root Cause": """ursache|ursachen|grundursache|ursachenanalyse|fehlerursache|hauptursache|diagnose
            |analyse|wie kam es dazu|wie kam es dazu?|warum ist es passiert|warum ist es passiert?
            |was war die ursache|was war die ursache?|grund|gründe|warum|warum?|fehleranalyse""",
        "Resolution": """lösung|behebung|wiederherstellung|fehlerbehebung|entstörung|korrektur|sofortmaßnahmen
            |wie wurde es behoben|wie wurde es behoben?|wie haben wir es behoben|wie haben wir es behoben?
            |ergriffene maßnahmen|getroffene maßnahmen|durchgeführte maßnahmen|problemlösung|workaround""",
        "Action Items": """maßnahmen|massnahmen|folgemaßnahmen|nächste schritte|korrekturmaßnahmen|vorbeugung
            |prävention|präventionsmaßnahmen|vorbeugende maßnahmen|verbesserungsmaßnahmen|offene punkte|aufgaben
            |offene aufgaben|geplante maßnahmen|künftige maßnahmen|weitere schritte|weiteres vorgehen
            |empfehlungen|aktionspunkte|verbesserungen|was wir ändern|wie verhindern wir das|wie verhindern wir das?""",
        "Lessons Learned": """erkenntnisse|gelernte lektionen|lehren|lektionen|was wir gelernt haben
            |was haben wir gelernt|was haben wir gelernt?|gelerntes|learnings|gewonnene erkenntnisse""",
        "Contributing Factors": "beitragende faktoren|begünstigende faktoren|mitwirkende faktoren|auslöser",
        "Detection": """erkennung|entdeckung|wie wurde es entdeckt|wie wurde es entdeckt?|wie wurde es bemerkt
            |wie wurde es bemerkt?|feststellung""",
        "Response": "reaktion|untersuchung|vorgehen|fehlersuche|kommunikation",
    },
    parts={
        "What went well": """was gut lief|was lief gut|was lief gut?|was ist gut gelaufen|was ist gut gelaufen?
            |positives""",
        "What could be improved": """was schlecht lief|was lief schlecht|was lief schlecht?|was lief nicht gut
            |was lief nicht gut?|was können wir verbessern|was können wir verbessern?|was lief schief
            |was lief schief?|verbesserungspotenzial|negatives""",
        "Where we got lucky": "wo wir glück hatten|wo hatten wir glück|wo hatten wir glück?|glück",
    },
    metadata="eckdaten|metadaten|allgemeine informationen|beteiligte|teilnehmer",
    either="fazit|schlussfolgerung|schlussfolgerungen|schluss",
    labels={
        "title": "titel",
        "incident_date": "datum des vorfalls|vorfalldatum|tag des vorfalls",
        "start": "beginn|anfang|startzeit|begonnen",
        "end": "ende|endzeit|behoben|behoben am",
        "detected": "erkannt|entdeckt|bemerkt",
        "period": "zeitraum|dauer|zeit",
        "date": "datum",
        "author": "autor|autorin|autoren|verfasser|erstellt von",
        "participants": "beteiligte|teilnehmer",
        "severity": "schweregrad|priorität",
        "services": "dienst|dienste|betroffene dienste|betroffene systeme",
    },
    columns={
        "Action": "maßnahme|aufgabe|beschreibung|was",
        "Owner": "verantwortlich|verantwortliche|zuständig|wer",
        "Due": "frist|fällig|fällig am|termin|bis|bis wann",
        "Priority": "priorität",
        "Status": "zustand|stand|erledigt",
        "Notes": "bemerkung|bemerkungen|anmerkung|notizen",
    },
    statuses={
        "COMPLETED": "erledigt|fertig|abgeschlossen|behoben|ja",
        "OPEN": "offen|ausstehend|geplant|nein",
        "IN_PROGRESS": "in arbeit|in bearbeitung|läuft",
        "WONT_DO": "verworfen|abgelehnt",
    },
    nothing="keine|nichts|entfällt",
    times="zeit|uhrzeit|zeitpunkt",
    wording={
        "counterfactual": (
            (" hätte ", " hätten "),
            r"hätten?\b(?:\s+(?:wir|man|ich|er|sie|das team|die bereitschaft)\b[^.;!?\0]{0,90}?"
            r"\b(?:sollen|müssen|können)"
            r"|[^.;!?\0]{0,90}?\b(?:geprüft|getestet|bemerkt|erkannt|überprüft|beachtet|bedacht|informiert|gefragt"
            r"|verhindert|vermieden)\s+(?:werden\s+)?(?:sollen|müssen|können))\b"
            r"|(?:wir|man|ich|er|sie|das team)\s+hätten?\s+[^.;!?\0]{0,90}?\b(?:sollen|müssen|können)\b",
        ),
        "omission": (
            (
                " vergaß ",
                " vergaßen ",
                " vergessen ",
                " übersah ",
                " übersahen ",
                " übersehen ",
                " versäumt ",
                " versäumte ",
                " versäumten ",
                " niemand ",
            ),
            r"(?:vergaß|übersah)(?:en)?\b(?!\s+(?:wir|man)\s+nicht)|versäumten?\b|versäumt\s+(?:wurde|worden|hat)"
            r"|(?:wurden?|haben?|hatten?|hat)\s+(?:[^.;!?\0]{0,80}\s)?(?:vergessen|übersehen|versäumt)\b"
            r"|niemand\s+(?:\w+\s+){0,4}?(?:bemerkte|prüfte|kontrollierte|(?:bemerkt|geprüft|getestet|kontrolliert)\b)",
        ),
        "human-error": (
            (" versagen ", " bedienfehler ", " bedienungsfehler ", " fehler "),
            r"(?<!kein )(?<!nicht )(?:menschliche[ns]?\s+(?:versagen|fehler)|bedien(?:ungs)?fehlers?)\b",
        ),
        "character": (
            (
                " unachtsam ",
                " unachtsamkeit ",
                " fahrlässig ",
                " fahrlässigkeit ",
                " nachlässig ",
                " nachlässigkeit ",
                " leichtsinnig ",
                " schlampig ",
            ),
            r"(?:unachtsam|(?:fahr|nach)lässig|leichtsinnig|schlampig)(?:keit|e[nrms]?)?\b",
        ),
        "vague-care": (
            (" vorsichtiger ", " sorgfältiger ", " aufmerksamer ", " aufpassen "),
            r"(?:(?:künftig|in\s+zukunft|nächstes\s+mal|noch|müssen|sollten?|werden)\s+(?:\w+\s+){0,3}?"
            r"(?:vorsichtiger|sorgfältiger|aufmerksamer)|besser\s+aufpassen)\b",
        ),
    },
)
