"""What each finding of the reader and the schema means: the texts behind `pmctl explain CODE`."""

from __future__ import annotations

from typing import NamedTuple


class CodeDoc(NamedTuple):
    """The documentation of one code: a name, what is found, why it matters, how it is mended, and an example."""

    code: str
    name: str
    what: str
    why: str
    fix: str
    example: str


_TABLE = (
    CodeDoc(
        "PM001", "not-utf-8", "The file holds bytes that are not UTF-8.",
        "Readers would show different text, and an approval must bind one text.",
        "Save the file as UTF-8.", "a file written as Latin-1",
    ),
    CodeDoc(
        "PM002", "nul-character", "The file holds a NUL character.",
        "It ends the text for some programs and is invisible in others; it usually means damage.",
        "Remove it, or restore the file from git.", "title: Payment\\x00API",
    ),
    CodeDoc(
        "PM003", "document-too-large", "The document is larger than 1 MiB.",
        "Nobody reviews that much text, and every command would pay for it.",
        "Keep logs and dumps as attachments in the folder beside the document.", "a pasted core dump",
    ),
    CodeDoc(
        "PM004", "yaml-too-large", "Front matter (or a whole YAML file) is larger than 64 KiB.",
        "Front matter holds facts, not prose.", "Move long text into the body.", "summary: a whole log in front matter",
    ),
    CodeDoc(
        "PM005", "nested-too-deep", "YAML is nested deeper than 12 levels.",
        "No field needs it; parsers can be brought down by it.", "Flatten the value.", "a: [[[[[[[[[[[[[]]]]]]]]]]]]]",
    ),
    CodeDoc(
        "PM006", "lone-carriage-return", "The front matter holds a carriage return without a line feed.",
        "Some programs end a line there and others do not, so they count and read lines differently.",
        "Save the file with LF or CRLF line endings.", "title: Payment\\rstatus: PUBLISHED",
    ),
    CodeDoc(
        "PM007", "utf-16", "The file is encoded as UTF-16.", "git shows it as binary; nobody can review it.",
        "Save the file as UTF-8.", "a file saved as \"Unicode\" by a Windows editor",
    ),
    CodeDoc(
        "PM010", "no-front-matter", "The file does not begin with a `---` line.",
        "Without id, title, status and author pmctl cannot manage the document.",
        "Begin the file with front matter, or let `pmctl adopt` do it.", "# Outage of January 15",
    ),
    CodeDoc(
        "PM011", "front-matter-not-closed", "The front matter has no closing `---` line.",
        "The whole document would be read as YAML.", "Add a line `---` below the last key.",
        "---\nid: 2024-01-15-payment\n\n## Summary",
    ),
    CodeDoc(
        "PM012", "loose-fence", "A fence of the front matter is not exactly three dashes, or does not come first.",
        "Other programs accept such fences, so the same file would have different front matter for them.",
        "Write exactly `---`, at the very beginning and at the end of the front matter.", "----\nid: ...",
    ),
    CodeDoc(
        "PM013", "second-front-matter", "A second front matter block follows directly on the first.",
        "Tools that read blocks in turn would take other values than pmctl does.",
        "Merge it into the first block. For a horizontal rule, put text before it.",
        "---\nstatus: DRAFT\n---\n---\nstatus: PUBLISHED\n---",
    ),
    CodeDoc(
        "PM014", "other-front-matter", "The front matter is TOML or JSON.",
        "pmctl reads one notation, so that one file says one thing.", "Write YAML between two `---` lines.",
        "+++\ntitle = \"Outage\"\n+++",
    ),
    CodeDoc(
        "PM020", "yaml-syntax", "The YAML cannot be parsed.", "Nothing in it can be relied on.",
        "Put values that hold `: ` or ` #` in quotes; indent with spaces; close quotes and brackets.",
        "title: Outage: the second",
    ),
    CodeDoc(
        "PM021", "not-a-mapping", "The YAML is not a mapping of keys to values.",
        "There is nothing to read by name.", "Write `key: value` lines.", "- title\n- status",
    ),
    CodeDoc(
        "PM022", "duplicate-key", "A key stands twice in one mapping.",
        "Parsers disagree about which one counts.", "Keep one of the two.", "status: DRAFT\nstatus: PUBLISHED",
    ),
    CodeDoc(
        "PM023", "anchor-or-alias", "YAML anchors or aliases are used.",
        "They make a value depend on another place and can be made to grow without bound.",
        "Write the value out.", "author: &a jane\nreviewers: [*a]",
    ),
    CodeDoc(
        "PM024", "merge-key", "A YAML merge key `<<` is used.", "Only some parsers know it.",
        "Write the keys out.", "<<: {status: PUBLISHED}",
    ),
    CodeDoc(
        "PM025", "explicit-tag", "A YAML tag is used.",
        "Tags tell a parser to build something else than text; the schema already knows each type.",
        "Remove the tag.", "title: !!binary aGk=",
    ),
    CodeDoc(
        "PM026", "key-not-text", "A key is a number, a boolean, empty or a collection.",
        "Keys are names, and parsers type unusual ones differently.", "Quote the key or rename it.", "1: one",
    ),
    CodeDoc(
        "PM027", "document-marker", "A YAML directive, document marker or second document.",
        "It ends the mapping for some parsers.", "Remove the line.", "title: Outage\n...\nstatus: PUBLISHED",
    ),
    CodeDoc(
        "PM028", "control-character", "YAML holds a control character, an unusual line break or an escape for one.",
        "It can hide text on a terminal and makes lines count differently.",
        "Remove it; write visible characters.", "title: \"Payment\\e[8m API\"",
    ),
    CodeDoc(
        "PM030", "not-a-file", "A link, a folder or a device lies where a postmortem or a template is expected.",
        "What a link shows can change without a commit, and may lie outside the repository. Only regular files are"
        " read, and no link is followed.",
        "Put the file itself in its place.", "postmortems/2024/2024-01-15-payment.md -> ../../drafts/payment.md",
    ),
    CodeDoc(
        "PM031", "unreadable-file", "A file or a folder is not there or can't be read.",
        "The message is the operating system's; the other files are still checked.",
        "Correct the name, or the permissions.", "a file of mode 000",
    ),
    CodeDoc(
        "PM101", "unknown-key", "A key that the schema does not know.",
        "A misspelt key would silently not count.",
        "Correct the spelling, or put the organisation's own fields under `fields:`.", "titel: Payment API outage",
    ),
    CodeDoc(
        "PM102", "missing-key", "A required key is missing or has no value.",
        "Every postmortem has an id, a title, a status and an author.", "Add the key.", "title:",
    ),
    CodeDoc(
        "PM103", "wrong-kind", "A value is not of its field's kind: a list where one text belongs, or the other way.",
        "It would be read as something else or not at all.", "Write the value in the form that the message shows.",
        "reviewers: alice",
    ),
    CodeDoc(
        "PM104", "not-a-choice", "A value is none of those that the field allows.",
        "Lists, filters and the lifecycle know these words only.", "Write one of the words in the message.",
        "status: In review",
    ),
    CodeDoc(
        "PM105", "bad-handle", "A person or team is not written as a handle.",
        "Handles are how the policy knows people; look-alike letters are excluded.",
        "Write the handle: small letters, digits and dashes, without @.", "author: Jane Doe",
    ),
    CodeDoc(
        "PM106", "bad-id", "The id is not a date and a slug, or names a day that does not exist.",
        "The file's place follows from the id.", "Write YYYY-MM-DD-slug, at most 100 characters.",
        "id: 2024-13-01-outage",
    ),
    CodeDoc(
        "PM107", "bad-timestamp", "A time is not an ISO 8601 timestamp.", "Durations and order are computed from it.",
        "Write 2024-01-15T14:00:00Z.", "started_at: Jan 15, 2 pm",
    ),
    CodeDoc(
        "PM108", "timestamp-without-offset", "A timestamp does not say how far from UTC it is.",
        "People in two places would read two different moments.", "Add Z, or an offset such as +02:00.",
        "started_at: 2024-01-15T14:00",
    ),
    CodeDoc(
        "PM109", "bad-text", "A text is empty, longer than one line or too long.",
        "Front matter texts are shown in lists and on one line.", "Shorten it, or move it into a section.",
        "title: \"\"",
    ),
    CodeDoc(
        "PM110", "path-not-of-id", "The file does not lie where its id belongs.",
        "The path is a function of the id, so that no postmortem can stand in for another.",
        "Rename the file; an id never changes.", "postmortems/2024/2024-01-15-b.md with id: 2024-01-15-a",
    ),
    CodeDoc(
        "PM111", "twice-in-list", "An entry stands twice in one list.", "It is counted once and looks like a slip.",
        "Keep one.", "tags: [database, database]",
    ),
    CodeDoc(
        "PM112", "bad-incident", "A linked incident lacks its source or id, has another key, or no web address as url.",
        "The link is how an import is refreshed.", "Write {source: pagerduty, id: PT4KHLK, url: \"https://...\"}.",
        "incidents: [PT4KHLK]",
    ),
    CodeDoc(
        "PM113", "bad-editor-role", "An editor's permission is neither edit nor comment.",
        "Nobody could tell what the person may do.", "Write edit or comment.", "editors: {bob: write}",
    ),
    CodeDoc(
        "PM114", "bad-template-name", "The template is not a name, or a name and a version.",
        "The name finds the template's required sections.", "Write name or name@version.", "template: My template",
    ),
    CodeDoc(
        "PM115", "nested-custom-field", "A custom field holds more than one value or a list of values.",
        "Custom fields are columns, not documents.", "Write one value or a flat list.", "fields: {costs: {eu: 3}}",
    ),
    CodeDoc(
        "PM116", "deceptive-character", "A text holds a character that is invisible or changes the order of others.",
        "What reviewers see would not be what is stored.", "Remove it.", "title: Pay\\u200bment API outage",
    ),
    CodeDoc(
        "PM590", "tracking-cell-too-long", "A tracking cell of an action item is longer than 300 characters.",
        "Approvals do not cover Owner, Due, Priority, Status, Ticket and Notes: nothing to be argued belongs there.",
        "Move the text into a section.", "a story in Notes",
    ),
    CodeDoc(
        "PM591", "tracking-cell-character", "A tracking cell holds a control or invisible character.",
        "It can hide text or change what a reader sees, without any approval.", "Remove it.", "@ja\\u202ene",
    ),
    CodeDoc(
        "PM592", "tracking-cell-markup", "A tracking cell holds HTML, an image or a link in Markdown.",
        "Tracking cells are shown as plain text.", "Write plain text; a ticket is a key or an address.",
        "[OPS-1](https://tracker.example/OPS-1)",
    ),
    CodeDoc(
        "PM593", "action-table-broken", "The section Action Items holds a | outside of the rows of its one table.",
        "Approvals leave the tracking cells of that table out. Which lines it has follows from a few rules that any "
        "reader can apply (docs/formats.md); where they are broken, every cell counts as reviewed text.",
        "Keep one table there; every row begins and ends with | and has as many cells as the header.",
        "a second table, or a row without its last |",
    ),
    CodeDoc(
        "PM594", "action-table-unseen", "Readers do not see the table of action items that approvals bind.",
        "Markdown takes its lines for something else, such as a part of a list or of HTML.",
        "Write the heading and the table without indentation, with blank lines around both.", "a table inside <pre>",
    ),
)  # fmt: skip

CODES: dict[str, CodeDoc] = {doc.code: doc for doc in _TABLE}
