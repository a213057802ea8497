"""people list, join, accept, add, change, rotate, revoke: each change is one signed step of the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.answering import ActFormat, tell
from pmctl.cli.options import As, Format, Note, choose_format

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.output.answers import People
    from pmctl.policy.model import Policy
    from pmctl.workflow.policy import Changed

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="People, their keys, teams and admins.")

Handle = Annotated[str, typer.Argument(metavar="HANDLE", help="The person's name in documents and records.")]
Emails = Annotated[
    list[str] | None, typer.Option("--email", metavar="E", help="An address that they commit with; repeatable.")
]
Keys = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="PUBKEY|FILE", help="A public key, or the file that holds it; repeatable."),
]
Teams = Annotated[list[str] | None, typer.Option("--team", metavar="T", help="A team to join; repeatable.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    everybody: Annotated[bool, typer.Option("--all", help="Also people who can no longer sign.")] = False,
    keys: Annotated[bool, typer.Option("--keys", help="One line for each key, with its fingerprint.")] = False,
    format: Format = "text",
) -> None:
    """Everybody in the policy, with roles and keys."""
    session: Session = ctx.obj
    choose_format(format)
    policy = session.workspace.policy
    if format == "json":
        session.json("people", _people(policy))
        return
    people = [person for person in policy.people.values() if everybody or keys or person.active_keys]
    if keys:
        from pmctl.policy.differences import shown

        session.table(
            ("HANDLE", "KEY", "STATUS"), [(one.handle, shown(key), key.status) for one in people for key in one.keys]
        )
    else:
        rows = [
            (one.handle, one.name, ", ".join(one.emails), _roles(policy, one.handle), str(len(one.active_keys)))
            for one in people
        ]
        session.table(("HANDLE", "NAME", "E-MAIL", "ROLES", "KEYS"), rows)
    hidden = len(policy.people) - len(people)
    if hidden:
        noun = "person" if hidden == 1 else "people"
        session.note(f"{hidden} {noun} without an active key not shown: --all")


@app.command()
def join(
    ctx: typer.Context,
    handle: Annotated[str, typer.Option("--handle", metavar="NAME", help="Made from your e-mail, unless given.")] = "",
    branch: Annotated[bool, typer.Option("--branch", help="Commit it on a branch of its own, to be pushed.")] = False,
    make_key: Annotated[bool, typer.Option("--make-key", help="Make a signing key when you have none.")] = False,
) -> None:
    """Ask to join: prints the one command by which an admin accepts you. Nothing else is changed.

    Name, e-mail and key are those that git has here.
    """
    from shlex import quote

    from pmctl.cli.session import now
    from pmctl.cli.setup import signer_here
    from pmctl.repository.actor import git_config, require_identity
    from pmctl.workflow import joining
    from pmctl.workflow.init import handle_from

    session: Session = ctx.obj
    config = git_config(session.repo)
    name, email = require_identity(config)
    signer = signer_here(session, session.repo, make_key)
    request, line = joining.ask(
        session.workspace.known_people(), signer, handle=handle or handle_from(config), name=name, email=email
    )
    session.note(f"you ask to join as {request.handle} ({request.name}, {request.email})")
    session.note(f"  key {request.fingerprint}: tell it to the admin over another channel")
    if branch:
        made = joining.put_on_branch(session.repo, request, line, now())
        session.result(f"pmctl people accept {made}")
        session.note(f"  next: git push origin {made}; then an admin types that line")
    else:
        session.result(f"pmctl people accept {quote(line)}")
        session.note("  next: send the line to an admin, who gives it to pmctl people accept")


@app.command()
def accept(
    ctx: typer.Context,
    request: Annotated[
        str, typer.Argument(metavar="LINE|BRANCH", help="What pmctl people join printed, or the branch that holds it.")
    ],
    team: Teams = None,
    admin: Annotated[bool, typer.Option("--admin", help="They may change the policy and published text.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether the key is theirs.")] = False,
    note: Note = "",
    acting: As = "",
    format: ActFormat = "text",
) -> None:
    """Add somebody who asked to join, after a look at what is granted."""
    from pmctl.cli.session import now
    from pmctl.workflow import given_keys, joining, people

    session: Session = ctx.obj
    found = joining.read(joining.find_line(session.workspace, request))
    joining.refuse_known(session.workspace.policy, found)
    actor = session.actor(acting)
    session.note(f"{found.handle}: {found.name}, {found.email}")
    session.note(f"  key {found.fingerprint}, proved by a signature")
    may = "write, review when asked, publish their own" + (" and change the policy and published text" if admin else "")
    session.note(f"  may {may}; teams: {', '.join(team or ()) or 'none'}")
    if session.interactive and not yes:
        from pmctl.cli.prompts import ask_yes

        if not ask_yes("Did they tell you this fingerprint, and do you grant this?", default=False):
            raise typer.Exit(1)
    tell_change(
        session,
        people.add(
            session.workspace, actor, found.handle, name=found.name, emails=(found.email,),
            keys=[given_keys.read_key(found.key, found.handle)], teams=tuple(team or ()), admin=admin,
            at=now(), note=note,
        ),
        format, "people accept", found.handle,
    )  # fmt: skip


@app.command()
def add(
    ctx: typer.Context,
    handle: Handle,
    name: Annotated[str, typer.Option("--name", metavar="N", help="Their full name.", show_default=False)],
    email: Emails = None,
    key: Keys = None,
    team: Teams = None,
    kind: Annotated[
        str,
        typer.Option(
            "--kind", metavar="person|service|agent", help="A CI job or server, or a program that drafts, is no person."
        ),
    ] = "person",
    admin: Annotated[bool, typer.Option("--admin", help="They may change the policy and published text.")] = False,
    note: Note = "",
    acting: As = "",
    format: ActFormat = "text",
) -> None:
    """Add a person with their keys. Somebody without a key can be named, but can sign nothing.

    A service moves tracking cells of action items, lands what others signed and signs checkpoints; an agent drafts and
    signs nothing.
    """
    from pmctl.cli.session import now
    from pmctl.workflow import given_keys, people

    session: Session = ctx.obj
    actor = session.actor(acting)
    given = [given_keys.read_key(_path(session, value), handle) for value in key or ()]
    tell_change(
        session,
        people.add(
            session.workspace, actor, handle, name=name, emails=tuple(email or ()), keys=given,
            teams=tuple(team or ()), kind=kind, admin=admin, at=now(), note=note,
        ),
        format, "people add", handle,
    )  # fmt: skip


@app.command()
def change(
    ctx: typer.Context,
    handle: Handle,
    email: Emails = None,
    drop_email: Annotated[
        list[str] | None, typer.Option("--drop-email", metavar="E", help="Remove an address.")
    ] = None,
    team: Teams = None,
    leave: Annotated[list[str] | None, typer.Option("--leave", metavar="T", help="A team to leave.")] = None,
    admin: Annotated[
        bool | None, typer.Option("--admin/--no-admin", help="Make them an admin, or take it away.", show_default=False)
    ] = None,
    kind: Annotated[
        str, typer.Option("--kind", metavar="person|service|agent", help="What stands behind the handle.")
    ] = "",
    note: Note = "",
    acting: As = "",
    format: ActFormat = "text",
) -> None:
    """Change somebody's addresses, teams, kind, or whether they are an admin."""
    from pmctl.cli.session import now
    from pmctl.workflow import people

    session: Session = ctx.obj
    actor = session.actor(acting)
    tell_change(
        session,
        people.change_person(
            session.workspace, actor, handle, add_emails=tuple(email or ()), remove_emails=tuple(drop_email or ()),
            add_teams=tuple(team or ()), remove_teams=tuple(leave or ()), admin=admin, kind=kind, at=now(), note=note,
        ),
        format, "people change", handle,
    )  # fmt: skip


@app.command()
def rotate(
    ctx: typer.Context,
    handle: Handle,
    key: Annotated[
        list[str],
        typer.Option("--key", metavar="PUBKEY|FILE", help="The new public key; repeatable.", show_default=False),
    ],
    keep: Annotated[bool, typer.Option("--keep", help="Keep the present keys active too (a second machine).")] = False,
    note: Note = "",
    acting: As = "",
    format: ActFormat = "text",
) -> None:
    """Give a person a new key and retire the old ones. What the old ones signed stays valid."""
    from pmctl.cli.session import now
    from pmctl.workflow import given_keys, people

    session: Session = ctx.obj
    actor = session.actor(acting)
    given = [given_keys.read_key(_path(session, value), handle) for value in key]
    done = people.rotate(session.workspace, actor, handle, given, keep=keep, at=now(), note=note)
    tell_change(session, done, format, "people rotate", handle)


@app.command()
def revoke(
    ctx: typer.Context,
    handle: Handle,
    key: Annotated[str, typer.Option("--key", metavar="FINGERPRINT", help="Only this key (or a part of it).")] = "",
    compromised_since: Annotated[
        str,
        typer.Option(
            "--compromised-since",
            metavar="COMMIT",
            help="The key was stolen: its records from this commit on become findings.",
        ),
    ] = "",
    note: Note = "",
    acting: As = "",
    format: ActFormat = "text",
) -> None:
    """Retire somebody's keys, and take their roles away when none is left. What they signed before stays valid."""
    from pmctl import git
    from pmctl.cli.session import now
    from pmctl.workflow import people

    session: Session = ctx.obj
    actor = session.actor(acting)
    since = git.resolve(session.repo.top, compromised_since) if compromised_since else ""
    done = people.revoke(session.workspace, actor, handle, key=key, compromised_since=since, at=now(), note=note)
    tell_change(session, done, format, "people revoke", handle)


def tell_change(session: Session, done: Changed, format: str, act: str, about: str = "policy") -> None:
    """Say what a change of the policy did, and what is still missing; `about` is whom or what it was done to."""
    from pmctl.errors import advise
    from pmctl.workflow.done import Done

    waits = advise("sign-on-branch", missing=str(done.missing), people=", ".join(done.candidates))
    state = "in force from the next step on" if done.landed else "proposed; it is not in force"
    before = str(done.version - 1)
    tell(
        session,
        Done(
            act=act, id=about, by=done.by, sentence=f"policy version {done.version} is {state}", landed=done.committed,
            before=before, after=str(done.version) if done.landed else before, digest=done.digest,
            facts=(*done.facts, f"commit {done.commit[:12]}"), next_step="" if done.landed else waits,
        ),
        format,
    )  # fmt: skip


def _roles(policy: Policy, handle: str) -> str:
    kind = policy.people[handle].kind
    roles = ["admin"] if handle in policy.admins else [kind] if kind != "person" else []
    return ", ".join(roles + [team for team, members in policy.teams.items() if handle in members])


def _people(policy: Policy) -> People:
    from pmctl.output.answers import Key, People, Person, pick
    from pmctl.policy.differences import shown

    return People(
        policy.version,
        [
            Person(
                handle=person.handle,
                name=person.name,
                emails=person.emails,
                kind=person.kind,
                admin=person.handle in policy.admins,
                teams=[team for team, members in policy.teams.items() if person.handle in members],
                keys=[pick(Key, key, key=key.id, fingerprint=shown(key).split()[-1]) for key in person.keys],
            )
            for person in policy.people.values()
        ],
    )


def _path(session: Session, value: str) -> str:
    """What was given for a key; a path may begin with the home as `~`, which a shell leaves alone in --key=~/x."""
    return f"{session.surroundings.home}{value[1:]}" if value.startswith("~/") else value
