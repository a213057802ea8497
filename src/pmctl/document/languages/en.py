"""English."""

from __future__ import annotations

from pmctl.document.language import Language

LANGUAGE = Language(
    sections={
        "Summary": """summary|executive summary|issue summary|incident summary|overview|tl;dr|tldr|tl; dr
            |outage description|what happened|what happened?|brief description|incident overview
            |incident description|description|description of the incident|problem summary|problem description
            |summary of the incident|summary of events|abstract|synopsis|event summary|outage summary|at a glance
            |the incident|incident|issue|the issue|problem|the problem|problem statement|short summary
            |high level summary|high-level summary|quick summary|in brief|what went down|what occurred
            |what occurred?|incident at a glance|background and summary|outage overview|about the incident
            |about this incident|summary of incident|summary of the issue|summary of the outage|problem overview
            |issue description|issue overview|what was the problem|what was the problem?|what was the issue
            |what was the issue?|the story in brief|event description|case summary|report summary|management summary
            |summary of what happened|in a nutshell|the short version|short version|what is this about""",
        "Timeline": """timeline|time line|incident timeline|timeline of events|chain of events|chronology
            |narrative|key events|event timeline|events timeline|timeline of the incident|sequence of events
            |chronology of events|event log|events|incident log|incident chronology|history of events|log
            |what happened when|course of events|event history|incident history|chronological events
            |what happened and when|order of events|detailed timeline|full timeline|time-line|series of events
            |timelines|sequence of event|chronological timeline|chronological account|detailed chronology
            |timeline of incident|timeline of the outage|timeline of event|incident time line|outage timeline
            |course of the incident|the timeline|step by step timeline|key timestamps|key times|timetable
            |event sequence|timeline and events""",
        "Impact": """impact|impacts|customer impact|user impact|infrastructure impact|affected users
            |impact & metrics|impact and metrics|business impact|incident impact|impact on users|impact on customers
            |impact assessment|impact analysis|users affected|who was affected|who was affected?|what was impacted
            |what was affected|scope|scope of impact|blast radius|user-facing impact|customers affected
            |services affected|impact summary|service impact|affected services|affected systems|effects|effect
            |consequences|extent of damage|what was the impact|what was the impact?|external impact|scope and impact
            |impact and scope|damage|damages|symptoms|symptom|observed symptoms|affected packages|affected versions
            |affected components|affected customers|affected parties|affected areas|affected services and users
            |users impacted|customers impacted|services impacted|impacted users|impacted services|impacted systems
            |impacted customers|impacted parties|who is affected|who is affected?|who was impacted|who was impacted?
            |what is affected|what is affected?|what broke|what broke?|what did users see|what did users see?
            |user experience|severity and impact|impact and severity|loss|losses|funds lost|extent
            |extent of the incident|extent of impact|damage assessment|overall impact|incident effects
            |business effects|effect on users|effect on customers|how were users affected|how were users affected?
            |how were customers affected|how were customers affected?|how did this affect users
            |how did this affect users?|what did this affect|what did this affect?|impact to users
            |impact to customers""",
        "Root Cause": """root cause|root causes|root cause(s)|root cause analysis|five whys|five why's|5 why's
            |5 whys|the five whys|the 5 whys|what caused the incident|what caused the incident?|fault|diagnosis
            |cause|causes|the cause|rca|root cause summary|what caused this|what caused this?|why did it happen
            |why did it happen?|why did this happen|why did this happen?|analysis|underlying cause|underlying causes
            |technical root cause|cause analysis|causal analysis|what went wrong technically|root cause and trigger
            |what was the cause|what was the cause?|why|why?|the root cause|cause of the incident|problem analysis
            |cause of the outage|technical analysis|technical details|what allowed this to happen
            |what allowed this to happen?|how did this happen|how did this happen?|how did it happen
            |how did it happen?|how could this happen|how could this happen?|how this happened|why this happened
            |why it happened|what caused it|what caused it?|what led to this|what led to this?
            |what led to the incident|what led to the incident?|causation|cause of failure|cause of incident
            |cause of the issue|cause of the problem|cause of the failure|the root causes|main cause|main causes
            |primary cause|underlying problem|underlying issue|the underlying cause|underlying root cause|reason
            |reasons|the reason|reason for the outage|reason for failure|reason for outage|the bug
            |the cause of the incident|the cause of the outage|the cause of the problem|root-cause|root-causes
            |root-cause analysis|root cause identification|root cause details|technical cause|technical explanation
            |technical analysis of the cause|technical root causes|post-incident analysis|incident analysis
            |failure analysis|explanation|vulnerability|the vulnerability|vulnerability details|bug description
            |source of the problem|source of the issue|why it broke|why it failed|why did it break|why did it break?
            |what broke and why|how it happened""",
        "Resolution": """resolution|resolution and recovery|resolution & recovery|mitigation|recovery
            |details of fix|details of mitigation|details of recovery|remediation|fix|the fix|how it was fixed
            |how we fixed it|how was it fixed|how was it fixed?|solution|incident resolution
            |resolution and mitigation|mitigation and resolution|recovery and resolution|mitigation steps
            |resolution steps|remediation steps|how was it resolved|how was it resolved?|how it was resolved
            |how did we fix it|how did we fix it?|mitigation and recovery|repair|restoration|steps taken
            |actions taken|workaround|how we resolved it|fix details|what we did to fix it|what fixed it
            |corrective actions taken|immediate actions|immediate fix|immediate actions taken|correction
            |action taken|the action taken|action taken so far|actions we took|actions performed
            |actions already taken|what we did|what we did about it|what was done|what was done?|what did we do
            |what did we do?|what has been done|what has been done?|measures taken|steps we took|steps already taken
            |immediate action|immediate action taken|immediate response actions|immediate remediation
            |immediate mitigation|short-term fix|short term fix|temporary fix|temporary solution
            |temporary workaround|hotfix|bug fix|bugfix|the solution|the resolution|the recovery
            |resolution of the incident|resolution details|resolution summary|fix applied|fix implemented
            |applied fix|solution applied|solution implemented|implemented solution|implemented fix
            |how it was solved|how was it solved|how was it solved?|how we solved it|how was this fixed
            |how was this fixed?|how was this resolved|how was this resolved?|how did we resolve it
            |how did we resolve it?|how did we recover|how did we recover?|recovery process|recovery procedure
            |recovery steps|recovery actions|service restoration|restoration of service|mitigations
            |mitigation actions|mitigation efforts|mitigation strategy|remediation taken|remediation done
            |corrective action taken|resolution actions|containment|containment and recovery|eradication
            |details of the fix|rollback|the rollback|repairs|what fixed it?""",
        "Action Items": """action items|action item|actions|action items & follow-ups
            |action items and follow-ups|follow-up tasks|follow up|follow-ups|follow ups|followups|follow-up
            |followup|corrective actions|corrective action|preventative actions|preventive actions
            |corrective and preventative actions|corrective and preventive actions
            |corrective and preventative action|corrective and preventative measure
            |corrective and preventative measures|corrective and preventive measures|corrective measures
            |preventive measures|preventative measures|next steps|recommendations|proposal improvements|prevention
            |improvements|follow-up actions|follow up actions|follow-up items|follow up items|follow-up improvements
            |action plan|planned actions|todo|to do|to-do|todos|to-dos|future improvements|future work
            |remediation items|remediation and follow-up|remediation actions|remediation (action items)|remediations
            |proposed actions|tasks|action points|future actions|what we are doing about it
            |what we're doing about it|what's next|what's next?|whats next|what are we doing about it
            |what are we doing about it?|preventing recurrence|how do we prevent this|action items (aig)
            |going forward|moving forward|looking ahead|improvement actions|remediation plan|prevention measures
            |prevent recurrence|how we will prevent this|planned improvements|proposed improvements|long term fix
            |long-term fix|long-term fixes|what we're changing|what we are changing|changes we are making
            |steps to prevent recurrence|how to prevent it|future measures|future prevention|future steps
            |future plans|future mitigation|future mitigations|open follow-ups|open follow ups|open items
            |open action items|open actions|open tasks|review actions|review action items|actions from the review
            |outstanding work|outstanding items|outstanding actions
            |outstanding tasks|outstanding action items|remaining work|remaining actions|remaining tasks
            |remaining items|remaining action items|pending actions|pending items|pending work|pending tasks
            |further actions|further action|further steps|further work|additional actions|action steps
            |actionable items|actionables|action required|actions required|required actions|actions needed
            |actions to take|actions to be taken|what we will do|what we'll do|what will we do|what will we do?
            |what we plan to do|what are we going to do|what are we going to do?|what we're going to do
            |what we are going to do|what we will change|what will change|what needs to be done|what we'll change
            |how we'll prevent this|how to prevent this|how do we prevent this?|how can we prevent this
            |how can we prevent this?|how will we prevent this|how will we prevent this?|how to avoid this
            |how can we avoid this|how can we avoid this?|how do we avoid this|how do we avoid this?|preventions
            |prevention plan|prevention steps|prevention actions|prevention and follow-up|prevention strategy
            |prevention strategies|preventive steps|preventative steps|preventive action|preventative action
            |preventive action items|preventative measure|preventive measure|preventative measures taken
            |corrective measure|corrective steps|corrective and preventive measure|corrective/preventive actions
            |corrective actions and follow-ups|improvement plan|improvement items|improvement measures
            |improvement tasks|suggested improvements|suggestions|suggested actions|recommended actions
            |recommended next steps|recommended improvements|recommended follow-ups|recommendation
            |our recommendations|proposed changes|proposed fixes|planned work|planned changes|planned fixes
            |planned next steps|planned follow-ups|follow-up work|follow up work|follow-up plan|follow-up steps
            |follow-up measures|follow-up and action items|long-term actions|long term actions
            |long-term improvements|long term improvements|long-term solution|long term solution|long-term measures
            |long term measures|long-term remediation|short-term actions|next actions|the next steps|our next steps
            |immediate next steps|tasks to address the issue|tasks to be done|task list|to-do list|todo list
            |work items|remedial actions|remedial measures|permanent fix|permanent fixes|permanent solution
            |repair items|mitigation items|changes to prevent recurrence|measures to prevent recurrence
            |actions to prevent recurrence|avoiding recurrence|avoiding this in the future|avoiding a recurrence
            |preventing this in the future|preventing future incidents|preventing future occurrences
            |preventing reoccurrence|prevent reoccurrence""",
        "Lessons Learned": """lessons learned|lessons learnt|lesson learned|learnings|key takeaways|takeaways
            |lessons|key learnings|what we learned|what we've learned|what did we learn|what did we learn?|learning
            |retrospective|reflection|reflections|lessons learned and future improvements|what have we learned
            |what have we learned?|key lessons|lessons we learned|the lessons|lessons from this incident
            |learned lessons|lessons learned and takeaways|insights|insights gained|main takeaways|our learnings
            |our takeaways|what i learned|what did i learn|what did i learn?|what we have learned|what was learned
            |what was learned?|what can we learn|what can we learn?|what can we learn from this
            |what can we learn from this?|things we learned|findings and lessons|takeaway|learning points
            |lessons-learned|incident learnings|retro|post-incident learnings""",
        "Contributing Factors": """contributing factors|contributing factor|contributors|contributing conditions
            |contributing causes|trigger|triggers|leadup|lead up|lead-up|process breakdown
            |contributing factors and causes|aggravating factors|contributory factors|precondition|preconditions
            |factors|other factors|contributing issues|contributing conditions and factors|factors that contributed
            |what contributed|what contributed?|what made it worse|what made it worse?|additional factors
            |complicating factors|triggering event|the trigger|incident trigger|proximate cause|proximate causes
            |contributing cause|secondary causes|underlying factors""",
        "Detection": """detection|how was it detected|how was it detected?|how we detected it|incident detection
            |discovery|how was the incident detected|how was the incident detected?|how it was detected
            |how did we find out|how did we find out?|identification|detection and alerting|how was it discovered
            |how was it discovered?|how we found out|detection & alerting|how we noticed|how we noticed it
            |how did we notice|how did we notice?|how did we detect it|how did we detect it?|how was this detected
            |how was this detected?|how it was discovered|how we discovered it|how was the issue detected
            |how was the issue detected?|how was it noticed|how was it noticed?|initial detection|issue detection
            |detection method|detection of the incident|discovery of the issue|time to detection""",
        "Response": """response|investigation|incident response|our response|the response|response and recovery
            |what we did|how we responded|incident response evaluation|debugging|troubleshooting|communication
            |escalation|incident handling|incident response timeline and actions|our reaction|reaction
            |initial response|response actions|response efforts|how we reacted|how did we respond
            |how did we respond?|what did we do to respond|investigation process|investigation steps
            |the investigation|investigation details|debugging process|communications|customer communication|triage
            |escalations|escalation path|incident management|incident handling and response""",
    },
    parts={
        "What went well": """what went well|what went well?|went well|things that went well|the good|what worked
            |what worked well|what worked?|what did go well|good|what we did well|successes|what went right
            |what went right?|things that went right|went right|what we did right|what did we do right
            |what did we do right?|what did we do well|what did we do well?|things we did well|what did work
            |what worked well?|what was good|what was good?|the good parts|good things|positive|positives and wins
            |what helped|what helped?|wins|kudos|what was done well|what went great|things that worked""",
        "What could be improved": """what could be improved|what could be improved?|what could have gone better
            |what could have gone better?|what went badly|what went wrong|what went wrong?|what went poorly
            |what didn't go well|what didn't go well?|what didn't go so well|what didn't go so well?
            |what did not go well|what did not go well?|what could we improve|what needs improvement|the bad
            |what can be improved|what can be improved?|what didn't work|what did not work
            |what could have been better|went badly|areas for improvement|areas of improvement
            |things that went wrong|things that went poorly|things that didn't go well
            |what could we have done better|what could we have done better?|what we could do better
            |what we could have done better|opportunities for improvement|what to improve|what went less well
            |what went not so well|what went not so good|what went poorly?|what went badly?|what did not work?
            |what didn't work?|what didn't work well|what did not work well|what we did wrong|what did we do wrong
            |what did we do wrong?|what was bad|what was bad?|bad things|the bad parts|negatives|negative
            |things to improve|things that could be improved|things that could have gone better
            |things that did not go well|what should be improved|what should be improved?|what hurt|what hurt?
            |what slowed us down|what slowed us down?|room for improvement|what could go better
            |what could go better?|what could we do better|what could we do better?|what can we do better
            |what can we do better?|what can we improve|what can we improve?|what could be better
            |what could be better?|what went bad|what went bad?|the ugly|where we can improve|where can we improve?
            |where we could improve|what did not go as well|what didn't go as well|what went less than well""",
        "Where we got lucky": """where we got lucky|where we got lucky?|where did we get lucky
            |where did we get lucky?|got lucky|luck|what was lucky|how we got lucky|we got lucky|lucky
            |where were we lucky|where were we lucky?|where we were lucky|what went luckily|lucky breaks
            |things that were lucky|where did luck help|how did we get lucky|how did we get lucky?
            |what we got lucky with|what got lucky""",
    },
    metadata="""at-a-glance|attendees|basic information|details|document information|facts|general information
        |incident data|incident details|incident info|incident information|incident metadata|information
        |key facts|meta|metadata|participants|quick facts|statistics|stats|incident facts|document details
        |people involved""",
    either="""conclusion|conclusions|in conclusion|final thoughts|closing|closing thoughts|closing remarks
        |closing notes|wrap-up|wrap up|concluding remarks""",
    labels={
        "title": """title|incident title|incident name|name|issue name|postmortem title|post-mortem title
            |summary title""",
        "incident_date": """incident date|date of incident|date of the incident|outage date|incident day
            |event date|date of outage|date of event|date of occurrence|date occurred|occurred|occurred on
            |date/time of incident|incident date/time|incident date and time|date and time of incident
            |incident occurred""",
        "start": """start|started|start time|incident start|started at|start date|began|impact start
            |outage start|incident began|start of incident|incident start time|time started|detected and started
            |starttime|start_time|started_at|start time (utc)|time of start|issue start|outage began
            |time of incident start|first seen|incident started""",
        "end": """end|ended|end time|incident end|resolved|resolved at|end date|impact end|outage end
            |resolution time|time resolved|resolved on|fixed at|end of incident|incident end time|endtime|end_time
            |resolved_at|incident resolved|end time (utc)|issue end|recovered|recovered at|mitigated
            |time of resolution|incident ended|resolution date""",
        "detected": """detected|discovered|detected at|time detected|detection time|detected on|reported
            |reported on|date discovered|date detected""",
        "period": """incident period|period|time|when|incident window|impact window|window|duration
            |incident duration|incident time|outage window|timeframe|time frame|impact duration|time of incident""",
        "date": """date|dates|post date|published|publish date|publication date|pubdate|report date
            |document date|created|created on|creation date|written|date written|date/time|date & time|date and time
            |day|last updated|report created""",
        "author": """author|authors|created by|written by|prepared by|reported by|owner|postmortem owner
            |incident owner|post-mortem owner|report author|document owner|author(s)|autor|auteur|authored by|editor
            |editors|reporter|reporters|document author|post-mortem author|postmortem author|investigator""",
        "participants": """participants|attendees|incident responders|responders|involved|people involved
            |incident team|contributors|team|participants and roles""",
        "severity": """severity|sev|severity level|incident severity|priority|incident level|level|impact level
            |priority level|sev level""",
        "services": """service|services|services affected|affected services|service affected|affected service
            |service(s) affected|impacted services|services impacted|components|component|component(s)
            |affected systems|systems affected|affected components|impacted service|impacted systems|affected system
            |system""",
    },
    columns={
        "ID": "id|#|no|no.|nr|number",
        "Action": """action|description|action item|action items|task|item|what|todo|follow-up|follow up
            |improvement|recommendation|activity|measure|work item|summary|title|details|action to take
            |corrective action|actions|action required|actionable|action description|follow-up action|to do|to-do
            |preventive action|improvement item|next step|remediation|what to do|work""",
        "Owner": """owner|owners|assignee|assigned to|responsible|who|dri|person|lead|owner(s)|assignees
            |responsable|assign|assigned|assignee(s)|assigned person|owned by|owner/team|team|responsible party
            |responsible person|accountable|champion|person responsible|action owner|poc|point of contact""",
        "Due": """due|due date|deadline|when|eta|target date|by when|target|date|due by|due on|target completion
            |completion date|target completion date|expected date|timeline|timeframe|eta date|deadline date
            |planned date|expected completion""",
        "Priority": "priority|prio|importance|urgency|p|severity|sev|criticality",
        "Status": "status|state|done|done?|progress|complete|completed|completed?|current status|complete?",
        "Ticket": """ticket|ticket link|issue|bug|link|tracking|jira|pr|issue link|reference|github issue
            |tracking issue|tracker|url|tickets|issue/pr|issue / pr|pr/issue|issue #|github|link to issue
            |tracking link|issue number|jira ticket|jira issue|jira link|issue link/pr|linear|work item id|bug id""",
        "Notes": "notes|note|comment|comments|remarks|additional notes|context|rationale",
    },
    statuses={
        "COMPLETED": """done|closed|complete|completed|resolved|fixed|finished|merged|shipped|deployed|x|yes|✅
            |☑|✔|:white_check_mark:|:heavy_check_mark:|✅ done|✔️|👍|🟢|✓|implemented|live|yes ✅|completed ✅
            |done ✅|✅ completed|✅ complete|✅ fixed|released""",
        "OPEN": """open|todo|to do|to-do|new|pending|not started|backlog|planned|☐|⬜|⬜️|🔲|🔴|outstanding
            |to be done|proposed|❌|unstarted|tbd|not done|incomplete|scheduled""",
        "IN_PROGRESS": """in progress|doing|wip|ongoing|started|in review|🚧|🟡|⏳|🔄|working on it
            |partially done|partial|underway|active|in-progress""",
        "WONT_DO": """won't do|wontdo|wontfix|won't fix|cancelled|canceled|declined|rejected|not planned|dropped
            |abandoned|obsolete""",
    },
    nothing="""none|n/a|na|nothing|no action items|no action item|tbd|todo|to be defined|to be determined
        |to be added|to be done|none yet|none needed|none required|no actions|no actions needed
        |no action required|no action needed|no follow-ups""",
)
