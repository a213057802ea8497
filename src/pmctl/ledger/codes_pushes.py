"""Documentation of the audit codes that only a server gives, for what a push would do to its refs."""

from __future__ import annotations

from pmctl.document.codes import CodeDoc

_TABLE = (
    CodeDoc(
        "AU108",
        "two-policies",
        "A push would add a second policy file, or the server finds several and is not told which counts.",
        "Whoever can place a policy where the server looks first decides whose signatures count.",
        "On the server, name the folder of each pmctl root: git config --add pmctl.folder FOLDER.",
        "docs/.pmctl/policy.yaml beside .pmctl/policy.yaml",
    ),
    CodeDoc(
        "AU608",
        "branch-deleted",
        "A push would delete the protected branch.",
        "The branch is the audit trail; pushing it anew could leave out what it held.",
        "Leave it. An administrator of the server can rename branches there.",
        "git push origin :main",
    ),
    CodeDoc(
        "AU609",
        "replace-ref",
        "A push would bring replace refs.",
        "Everybody who fetches them sees other commits in the place of those that were signed; the audit ignores them.",
        "Push branches and tags only.",
        "git push origin 'refs/replace/*'",
    ),
)
CODES = {entry.code: entry for entry in _TABLE}
