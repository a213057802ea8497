"""The headings that stand for each section of a postmortem, as teams write them, and for the parts of Lessons Learned.

The names themselves are in `pmctl.document.languages`, one file for each language.
"""

from __future__ import annotations

from pmctl.document.language import by_name, every, names

SUMMARY, TIMELINE, IMPACT = "Summary", "Timeline", "Impact"
ROOT_CAUSE, RESOLUTION, ACTION_ITEMS = "Root Cause", "Resolution", "Action Items"
LESSONS, FACTORS, DETECTION, RESPONSE = "Lessons Learned", "Contributing Factors", "Detection", "Response"
WENT_WELL, TO_IMPROVE, LUCKY = "What went well", "What could be improved", "Where we got lucky"
METADATA = "Metadata"

SECTION_OF = by_name("sections")
PART_OF = by_name("parts")
METADATA_TITLES = every("metadata")
# A "Conclusion" holds the cause, or what was learned, or neither.
EITHER = every("either")
# Names of sections that are as often the first word of a title ("Incident: the API was down").
TOO_SHORT = frozenset(
    names(
        """actions|analysis|cause|communication|description|effect|effects|event|events|explanation|fix
        |improvements|incident|insights|issue|lessons|log|loss|losses|positive|prevent recurrence|prevention
        |problem|reaction|reason|reasons|recommendation|recovery|response|retro|rollback|scope|solution|suggestions
        |symptom|symptoms|tasks|the bug|the fix|the incident|the issue|the problem|triage|vulnerability
        |why|wins"""
    )
)
# Headings of what comes next that are action items only when a list or a table stands below them.
OUTLOOKS = frozenset(
    names(
        """future improvements|future work|going forward|improvements|looking ahead|moving forward|next steps
        |prevention|what's next|what's next?|whats next"""
    )
)
