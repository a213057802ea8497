"""What each finding about pmctl.yaml and about template files means: the texts behind `pmctl explain CODE`."""

from __future__ import annotations

from pmctl.document.codes import CodeDoc

_TABLE = (
    CodeDoc(
        "PM190", "malformed-setting", "A value in pmctl.yaml has another shape than its setting.",
        "A value that cannot be used is left out, and the setting's default counts instead.",
        "Write the shape that the message names; the settings' schema lists every key.", "severities: SEV1",
    ),
    CodeDoc(
        "PM191", "unknown-setting-key", "pmctl.yaml has a key that is no setting.",
        "A misspelt setting changes nothing, and looks as if it did.",
        "Correct the spelling, or take the key out.", "tempalte: default",
    ),
    CodeDoc(
        "PM192", "settings-version", "The settings are of a version that this pmctl does not know.",
        "Keys may mean something else in another version.", "Upgrade pmctl, or write version: 1.", "version: 7",
    ),
    CodeDoc(
        "PM281", "template-name", "A template's name is not a-z, 0-9 and -, its file is called otherwise, or is no file"
        " that can be read.",
        "Postmortems record the name, and the file is found by it: <name>.md, or <name>@<version>.md for an older"
        " version that is kept for the postmortems written with it. Links and folders are not read.",
        "Rename the template or its file, so that the two agree.", "name: Our Template",
    ),
    CodeDoc(
        "PM282", "template-version", "A template's version is no whole number from 1.",
        "A postmortem is judged by the version that it was written with.",
        "Write a whole number; pmctl template new NAME --next raises it and keeps the present file.",
        "version: 1.2",
    ),
    CodeDoc(
        "PM283", "template-unknown-key", "The front matter of a template has a key that it does not know.",
        "It knows name, version, description, applies_to, defaults, sections and fields; anything else is ignored.",
        "Correct the spelling, or take the key out.", "section: [Summary]",
    ),
    CodeDoc(
        "PM284", "template-section", "An entry of a template's sections is malformed, or a title comes twice.",
        "Required sections and their order are read from these entries.",
        "Write a title, or a mapping of title, required, prompt and text. Prompt and text stand here or in the body,"
        " not in both.", "sections: [{required: true}]",
    ),
    CodeDoc(
        "PM285", "template-undeclared-section", "The body of a template has a second-level heading that `sections`"
        " does not declare.",
        "Such a section is neither required nor optional, and its place is not fixed.",
        "Declare it in `sections`, or take it out of the body.", "## Costs",
    ),
    CodeDoc(
        "PM286", "template-section-order", "The body's sections stand in another order than the declared one.",
        "New postmortems follow the declared order, so the file shows something else than what it makes.",
        "Put the body's sections in the order of `sections`.", "sections: [Summary, Impact], and a body that begins"
        " with Impact",
    ),
    CodeDoc(
        "PM287", "template-without-prompt", "A section of a template has neither a prompt nor a text.",
        "It gives its writer nothing to start from.", "Ask the question that the section answers.",
        "- {title: Costs, required: true}",
    ),
    CodeDoc(
        "PM288", "template-condition", "A condition or a default of a template is malformed.",
        "`applies_to` holds lists of texts for severity, urgency and services; `defaults` holds visibility, tags,"
        " teams, severity or urgency. With a mistake among the conditions the template is taken only by its name.",
        "Write lists of texts, under these keys.", "applies_to: {severity: {is: SEV1}}",
    ),
    CodeDoc(
        "PM289", "template-field", "A custom field of a template is malformed.",
        "Values in postmortems are checked against its kind.",
        "Give it a kind (string, number, boolean, date, choice), and if need be required, choices and description.",
        "fields: {cost_center: {kind: money}}",
    ),
    CodeDoc(
        "PM290", "template-does-not-render", "The body's Jinja is wrong, or asks for something that it may not do.",
        "`pmctl new` could not make a postmortem from it. A template may use {{ }}, {% if %} and {% for %} over the"
        " variables id, title, date, author, severity, urgency, services, teams, tags, participants, incidents,"
        " started_at, detected_at, acknowledged_at, mitigated_at, resolved_at and duration; the filters capitalize,"
        " count, default, first, join, last, length, lower, title, trim and upper; and, in a loop, loop.index and its"
        " like. Loops go over services, teams, tags, participants or incidents, two deep at most.",
        "Correct the expression that the message names. Braces that are no Jinja go between {% raw %} and"
        " {% endraw %}.", "{{ title ",
    ),
    CodeDoc(
        "PM291", "template-columns", "The Action Items table of a template lacks a column.",
        "Without Action, Owner, Due, Priority and Status its rows can't be tracked.", "Add the columns.",
        "| Action | Who |",
    ),
    CodeDoc(
        "PM292", "template-open-prompt", "A comment in a template has no end, or none that counts.",
        "One that begins its line swallows everything behind it; one within a line that is not closed before the next"
        " blank line is no comment, and would be published.", "Close it with -->.", "<!-- What happened?",
    ),
    CodeDoc(
        "PM293", "template-twice", "Two files declare the same name and version of a template.",
        "Only the first one counts.", "Raise the version of the newer one.", "two files with name: lightweight",
    ),
    CodeDoc(
        "PM294", "template-conditional-section", "Jinja leaves a required section out for some incidents.",
        "Their postmortems could never be published.", "Make the section optional, or take the condition away.",
        "{% if severity == 'SEV1' %}\n## Impact\n{% endif %}",
    ),
    CodeDoc(
        "PM295", "template-changed-in-place", "A template asks for something else under a version that postmortems were"
        " written with.",
        "A postmortem is judged by the version that it records, so a version asks the same for ever. Prompts, texts,"
        " descriptions and optional sections may change at any time; what is required, its order, and the kinds and"
        " choices of fields only with the next version. When such a change lands, the audit reports it (AU506).",
        "pmctl template new NAME --next, and change the new version.", "required: false becomes required: true",
    ),
    CodeDoc(
        "PM296", "template-version-gone", "A template that postmortems were written with is not there any more.",
        "They can no longer be judged by what was asked of them; the nearest version has to stand in for it. When such"
        " a change lands, the audit reports it (AU506).",
        "Keep the file as .pmctl/templates/<name>@<version>.md.", "git rm .pmctl/templates/api.md",
    ),
)  # fmt: skip

CODES: dict[str, CodeDoc] = {doc.code: doc for doc in _TABLE}
