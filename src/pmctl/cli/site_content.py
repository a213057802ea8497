"""What a site is made of, for building it and for the preview: what was typed and the settings -> Site."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.output.site.whole import Site
    from pmctl.policy.audience import Audience
    from pmctl.repository.workspace import Workspace


def chosen_audience(workspace: Workspace, text: str) -> Audience:
    """The audience that was typed, or that of the settings."""
    from pmctl.policy.audience import parse

    policy = workspace.policy
    return parse(text, policy) if text else parse(workspace.settings.site_audience, policy, "site.audience")


def made_of(session: Session, workspace: Workspace, audience: str, *, drafts: bool, script: bytes = b"") -> Site:
    """The site of what the audience may read now."""
    from pmctl.insight.publication import publications
    from pmctl.output.site.templates import load_templates
    from pmctl.output.site.whole import Site

    names = {person.handle: person.name for person in workspace.policy.people.values()}
    found = publications(workspace, chosen_audience(workspace, audience), drafts=drafts)
    return Site(
        found, load_templates(workspace.repo.root), names, session.day(workspace), workspace.settings.url,
        workspace.head.commit, drafts, script,
    )  # fmt: skip
