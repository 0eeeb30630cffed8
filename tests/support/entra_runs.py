"""IT at the command line `entra`, over a directory in memory: no network, no az, no waiting."""

from __future__ import annotations

import base64
import copy
import json
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from azure.core.credentials import AccessToken

from relay_admin import arguments as command_line
from relay_admin.entra.command import Connection, entra
from relay_admin.entra.execute import Clock
from relay_admin.entra.graph import GraphSession
from relay_admin.entra.required import app_roles, graph_app_id, permissions
from relay_admin.entra.sign_in import CliToken
from relay_admin.errors import CommandError
from relay_admin.output import Output
from tests.support.directory_double import BASE, DirectoryDouble

RELAY, API, PARTNER = (f"{number}0000000-0000-4000-8000-000000000000" for number in (1, 2, 3))
EXCHANGE = "00000002-0000-0ff1-ce00-000000000000"
CALENDARS_READ, USER_READ = "798ee544-9d2d-430c-a058-570e29e34338", "df021288-bdef-4463-88db-98f22de89214"
PLACE_READ = "913b9306-0ce1-42b8-9137-6a7df690a760"
FULL_ACCESS = "dc890d15-9560-4a4c-9b7f-a736ec74ec40"
OUR_ROLES = {role["value"]: role["id"] for role in app_roles()}
ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
SCOPES = "Application.ReadWrite.All AppRoleAssignment.ReadWrite.All User.Read.All"


def token_with(**claims: Any) -> str:
    """Return a token with these claims and no signature."""
    parts = ({"alg": "none"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".s"


@cache
def _parser() -> ArgumentParser:
    return command_line.parser()


class SignIn:
    """A credential with one token, which counts how often it is asked."""

    def __init__(self, token: str, *, expires_on: int = 10**10) -> None:
        self.token, self.expires_on, self.requests = token, expires_on, 0

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        """Return the token."""
        self.requests += 1
        return AccessToken(self.token, self.expires_on)


@dataclass
class Time:
    """A clock that moves only by sleeping."""

    moment: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.slept.append(seconds)
        self.moment += seconds

    @property
    def clock(self) -> Clock:
        """The clock of the product."""
        return Clock(lambda: self.moment, self.sleep)


@dataclass
class Run:
    """The result of one command."""

    code: int
    out: str
    document: Any = None
    error: CommandError | None = None


class Console:
    """Runs commands on a directory. `answer` is what the person types at a question; None where nobody can."""

    def __init__(self, directory: DirectoryDouble, capsys: pytest.CaptureFixture[str]) -> None:
        self.directory, self._capsys = directory, capsys
        self.answer: str | None = None
        self.claims: dict[str, Any] = {"tid": "tenant-1", "scp": SCOPES, "wids": [ADMINISTRATOR]}
        self.time = Time()
        self.questions: list[str] = []

    def run(self, *arguments: str) -> Run:
        """Run a command; its error is a part of the result."""
        options = _parser().parse_args(["entra", *arguments])
        try:
            code = entra(None, Output(as_json=options.json), options, open_graph=self._open, prompt=self._prompt)
        except CommandError as error:
            return Run(error.code, self._capsys.readouterr().out, error=error)
        text = self._capsys.readouterr().out
        return Run(code, text, json.loads(text) if options.json else None)

    def _open(self, options: Namespace) -> Connection:
        token = CliToken(BASE, options.tenant, SignIn(token_with(**self.claims)))
        session = GraphSession(BASE, token, session=self.directory.session(), sleep=self.time.sleep)
        return Connection(session, token.claims, self.time.clock)

    def _prompt(self, question: str) -> str | None:
        self.questions.append(question)
        if self.answer is not None:
            sys.stdout.write(f"{question}{self.answer}\n")  # as a terminal shows it
        return self.answer


def tenant(**how: Any) -> DirectoryDouble:
    """Return a tenant with Graph, Exchange Online, the relay's identity, its API's registration, and no grant."""
    directory = DirectoryDouble(**how)
    graph_roles = {permission.name: permission.role_id for permission in permissions()}
    graph_roles |= {"Calendars.Read": CALENDARS_READ, "User.Read.All": USER_READ}
    directory.principal(graph_app_id(), "Microsoft Graph", graph_roles)
    directory.principal(EXCHANGE, "Office 365 Exchange Online", {"full_access_as_app": FULL_ACCESS})
    directory.principal(RELAY, "calendar-relay")
    directory.application(API, "Calendar Relay API")
    directory.registered.add(PARTNER)
    return directory


def principal_of(directory: DirectoryDouble, app_id: str) -> str:
    """Return the object id of an enterprise application."""
    return next(key for key, each in directory.state.principals.items() if each["appId"] == app_id)


def granted(directory: DirectoryDouble, app_id: str) -> set[str]:
    """Return the ids of the roles that an app has."""
    key = principal_of(directory, app_id)
    return {each["appRoleId"] for each in directory.state.assignments.values() if each["principalId"] == key}


def kept(directory: DirectoryDouble) -> Any:
    """Return the state without ids of assignments; a list that is null equals an empty one."""
    applications = [
        app
        | {name: app.get(name) or [] for name in ("appRoles", "identifierUris")}
        | {"optionalClaims": {name: claims for name, claims in (app.get("optionalClaims") or {}).items() if claims}}
        for app in copy.deepcopy(list(directory.state.applications.values()))
    ]
    assignments = sorted(
        (each["principalId"], each["resourceId"], each["appRoleId"]) for each in directory.state.assignments.values()
    )
    principals = sorted(
        (each["appId"], sorted(role["id"] for role in each.get("appRoles") or ()))
        for each in directory.state.principals.values()
    )
    return applications, assignments, principals
