"""Certain refusals of a deployed app: the wait ends at once, with the reason."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.authority import expired, of_another_name, of_nobody, roots
from tests.support.deployed_app import DeployedApp, Reply, app_served
from tests.unit.infra.hooks.conftest import Project

pytestmark = pytest.mark.server
AWAY = "https://gateway.example/api"


@pytest.mark.parametrize(
    ("path", "reply", "says"),
    [
        ("/api/notifications", Reply(401), "App Service authentication is on."),
        ("/api/health", Reply(403), "The app is stopped, or an access restriction or private endpoint blocks"),
        ("/api/lifecycle", Reply(307, location=AWAY), "RELAY_URL has to be the app's own https address."),
        ("/api/version", Reply(301, location=AWAY), "RELAY_URL has to be the app's own https address."),
        ("/api/notifications", Reply(308, location=AWAY), "RELAY_URL has to be the app's own https address."),
        *(
            ("/api/health", Reply(status, location=AWAY), "RELAY_URL has to be the app's own https address.")
            for status in (302, 303, 307, 308)
        ),
    ],
)
def test_a_refusal_ends_the_wait(project: Project, app: DeployedApp, path: str, reply: Reply, says: str) -> None:
    """After one round, whichever route refuses: waiting would not help."""
    app.replies[path] = [reply]
    done = project.deploy(app, RELAY_DEPLOY_SECONDS="60")
    assert done.returncode == 1
    assert f"Waiting does not help. {says}" in done.stdout
    assert f"WRONG {path}: {reply.status}" in done.stdout
    assert len(app.requests) == 4


def test_a_redirect_says_where_to(project: Project, app: DeployedApp) -> None:
    """Such as to a sign-in page."""
    app.all(Reply(302, location="https://login.microsoftonline.com/common"))
    done = project.deploy(app, RELAY_DEPLOY_SECONDS="60")
    assert "/api/notifications: 302 to login.microsoftonline.com" in done.stdout
    app.replies = {**app.replies, "/api/health": [Reply(302, location="/sign-in?state=x")]}
    done = project.deploy(app, RELAY_DEPLOY_SECONDS="60")
    assert "/api/health: 302 to another path\n" in done.stdout


@pytest.mark.parametrize("location", ["https://[nowhere", ""])
def test_a_redirect_to_no_address_ends_the_wait_too(project: Project, app: DeployedApp, location: str) -> None:
    """The status says enough; no traceback."""
    app.replies["/api/health"] = [Reply(302, location=location)]
    done = project.deploy(app)
    assert (done.returncode, done.stderr) == (1, "")
    assert "Waiting does not help. RELAY_URL has to be the app's own https address." in done.stdout


@pytest.mark.parametrize("true", ["1", "t", "T", "TRUE", "true", "True"])
def test_a_403_of_our_own_filter_is_no_failure(project: Project, app: DeployedApp, true: str) -> None:
    """The filter may keep out the computer that deploys; azd takes each of these texts for true."""
    app.all(Reply(403))
    done = project.deploy(app, RELAY_RESTRICT_INBOUND=true, RELAY_DEPLOY_SECONDS="60")
    assert done.returncode == 0
    assert "403: cannot be seen from here, because RESTRICT_INBOUND is on." in done.stdout
    assert done.stdout.rstrip().endswith("run: python -m relay_admin doctor")
    assert len(app.requests) == 4


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"RESTRICT_INBOUND": "true"}, 0),
        ({"RESTRICT_INBOUND": "yes"}, 1),
        ({"RELAY_RESTRICT_INBOUND": "false"}, 1),
        ({"RESTRICT_INBOUND": "true", "RELAY_RESTRICT_INBOUND": "false"}, 1),
        ({}, 1),
    ],
)
def test_what_was_provisioned_counts(project: Project, app: DeployedApp, given: dict[str, str], code: int) -> None:
    """The output of the template goes before the setting, which may not be provisioned yet."""
    app.all(Reply(403))
    assert project.deploy(app, **given).returncode == code


@pytest.mark.parametrize("certificate", [expired, of_nobody])
def test_an_invalid_certificate_ends_the_wait(project: Project, certificate: object) -> None:
    """Graph would refuse it, too."""
    assert callable(certificate)
    context: ssl.SSLContext = certificate()
    with app_served(DeployedApp(), context) as app:
        done = project.deploy(app, RELAY_DEPLOY_SECONDS="60")
    assert done.returncode == 1
    assert "/api/health: certificate refused: " in done.stdout
    assert "Waiting does not help. Graph would refuse it, too." in done.stdout
    assert app.requests == []


def test_the_authority_of_an_intercepting_proxy_can_be_named(project: Project, tmp_path: Path) -> None:
    """By the variable of OpenSSL."""
    with app_served(DeployedApp(), of_another_name()) as app:
        done = project.deploy(app, SSL_CERT_FILE=roots(tmp_path), RELAY_DEPLOY_SECONDS="30")
    assert done.returncode == 0, done.stdout


def test_a_killed_hook_leaves_nothing_behind(project: Project, app: DeployedApp) -> None:
    """SIGKILL runs no clean-up: there is no file, no secret in one, and no process of the hook."""
    before = project.files()
    app.all(Reply(hold=True))
    environ = project.environ(RELAY_URL=app.url)
    with subprocess.Popen(
        ["/bin/sh", "-c", project.run_lines["deploy"]],
        cwd=project.root,
        env=environ,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as hook:
        assert hook.stdout is not None
        assert hook.stdout.readline().startswith(b"Waiting at most 600 s until ")
        os.killpg(hook.pid, signal.SIGKILL)
        assert hook.stdout.read() == b""  # the pipe has no other writer
    assert project.files() == before


# A process in the background ignores Ctrl-C, and so do all that it starts; one in a terminal does not.
TERMINAL = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"


def test_an_interrupted_hook_says_so(project: Project, app: DeployedApp) -> None:
    """Ctrl-C during the wait prints no traceback."""
    app.all(Reply(hold=True))
    with subprocess.Popen(
        [sys.executable, "-c", TERMINAL, "/bin/sh", "-c", f"exec {project.run_lines['deploy']}"],
        cwd=project.root,
        env=project.environ(RELAY_URL=app.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as hook:
        assert hook.stdout is not None
        assert hook.stderr is not None
        assert hook.stdout.readline().startswith(b"Waiting at most 600 s until ")
        hook.send_signal(signal.SIGINT)
        assert hook.stderr.read() == b"deploy: interrupted\n"
    assert hook.returncode == 130
