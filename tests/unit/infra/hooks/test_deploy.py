"""The wait after a deployment: what it accepts as well, what it says, and when it gives up."""

from __future__ import annotations

import hashlib
import re
import shlex

import pytest

from tests.support.deployed_app import ECHO, HANDSHAKES, ROUTES, STARTING, UP, DeployedApp, Reply, runs
from tests.support.python_313 import python_313
from tests.unit.infra.hooks.conftest import Project

pytestmark = pytest.mark.server
MANIFEST = "0" * 64 + "  function_app.py\n"
PACKAGE = hashlib.sha256(MANIFEST.encode()).hexdigest()[:8]


def with_package(project: Project) -> None:
    """Put a package into dist/app."""
    folder = project.root / "dist/app"
    folder.mkdir(parents=True)
    (folder / "MANIFEST.sha256").write_text(MANIFEST)


def test_an_app_that_starts_is_awaited(project: Project, app: DeployedApp) -> None:
    """Each change of an answer is printed, and the next step at the end; nothing is left behind."""
    before = project.files()
    for path in ROUTES:
        app.replies[path] = [STARTING, Reply(404), Reply(404), *app.replies[path]]
    done = project.deploy(app, RELAY_DEPLOY_SECONDS="30")
    assert (done.returncode, done.stderr) == (0, "")
    for path, good in zip(ROUTES, ["200, the handshake is right"] * 2 + ["200 up", "package 0a1b2c3d"], strict=True):
        printed = re.findall(rf"^ +\d+ s  {path}: (.+)$", done.stdout, re.MULTILINE)
        assert [printed[0].split()[0], *printed[1:2]] == ["503", "404"] or path == "/api/version", printed
        assert len(printed) == 3
        assert printed[-1].startswith(good)
    assert f"set RELAY_URL={app.url} and your sign-in, and run: python -m relay_admin doctor" in done.stdout
    assert project.files() == before


def test_the_working_directory_does_not_matter(project: Project, app: DeployedApp) -> None:
    """A person may run the hook from anywhere; the package is that of the hook's own project."""
    with_package(project)
    project.run_lines["deploy"] = (
        f"cd / && exec python3 {shlex.quote(str(project.root / 'infra/hooks/next.py'))} deploy"
    )
    app.replies["/api/version"] = [runs(PACKAGE)]
    done = project.deploy(app)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"runs package {PACKAGE}" in done.stdout


def test_each_route_is_called_as_graph_calls_it(project: Project, app: DeployedApp) -> None:
    """A POST with the length 0 and an encoded token; the stand-in refuses another. Three good rounds are enough."""
    assert project.deploy(app).returncode == 0
    methods = {path: "POST" if path in HANDSHAKES else "GET" for path in ROUTES}
    assert sorted(app.requests) == sorted([f"{methods[path]} {path}" for path in ROUTES] * 3)


def test_without_a_package_the_version_is_not_compared(project: Project, app: DeployedApp) -> None:
    """Such as for a deployment of a release without azd."""
    done = project.deploy(app)
    assert done.returncode == 0
    assert "any package, because there is no dist/app to compare with" in done.stdout
    assert "/api/version: package 0a1b2c3d, not compared" in done.stdout


def test_the_package_of_this_folder_has_to_run_several_times_in_a_row(project: Project, app: DeployedApp) -> None:
    """During a deployment an old instance may respond in between."""
    with_package(project)
    old, new = runs("0ld0ld00"), runs(PACKAGE)
    app.replies["/api/version"] = [old, new, new, old, new]
    done = project.deploy(app, RELAY_DEPLOY_SECONDS="30")
    assert done.returncode == 0
    assert f"runs package {PACKAGE}" in done.stdout
    assert app.requests.count("GET /api/version") == 7


def test_another_package_is_not_well(project: Project, app: DeployedApp) -> None:
    """The answer names both; after `--from-package` a variable names the deployed one."""
    with_package(project)
    done = project.deploy(app)
    assert done.returncode == 1
    assert f"WRONG /api/version: package 0a1b2c3d, not yet {PACKAGE}" in done.stdout
    assert "after --from-package set RELAY_PACKAGE" in done.stdout
    for given in ("0a1b2c3d" + "e" * 56, "0A1B2C3D"):
        assert project.deploy(app, RELAY_PACKAGE=given).returncode == 0


@pytest.mark.parametrize("path", HANDSHAKES)
def test_a_wrong_handshake_is_not_well(project: Project, app: DeployedApp, path: str) -> None:
    """An answer with the right text and another status, such as of a front end, does not do."""
    app.replies[path] = [Reply(500, "{token}", "text/plain")]
    done = project.deploy(app)
    assert done.returncode == 1
    assert "Not well in time." in done.stdout
    assert f"  WRONG {path}: 500\n" in done.stdout
    assert done.stdout.count("  ok    /api/") == 3


@pytest.mark.parametrize(
    ("path", "reply", "says"),
    [
        ("/api/health", Reply(503, '{"status": "down"}'), "503 down: a health check fails. The doctor names it"),
        ("/api/health", Reply(404), "404: the app runs without its functions."),
        ("/api/version", Reply(404), "WRONG /api/version: 404, no package"),
        ("/api/version", runs(None), "The app does not run a package of this project: azd deploy"),
    ],
)
def test_what_is_not_well_is_named(project: Project, app: DeployedApp, path: str, reply: Reply, says: str) -> None:
    """With the last answer, and with what to do."""
    app.replies[path] = [reply]
    done = project.deploy(app)
    assert done.returncode == 1
    assert says in done.stdout
    assert "azd hooks run postdeploy" in done.stdout


def test_an_app_that_never_answers_ends_with_the_deadline(project: Project, app: DeployedApp) -> None:
    """The deadline is one for all routes: each call gets what is left of it."""
    app.all(Reply(hold=True))
    done = project.deploy(app, RELAY_DEPLOY_SECONDS="0.3")
    assert done.returncode == 1
    assert re.search(r"WRONG /api/health: no answer within 0\.\d+ s", done.stdout)
    assert "No answer in time: the app does not start" in done.stdout


def test_a_late_handshake_is_not_well(project: Project, app: DeployedApp) -> None:
    """All calls of a round begin together: a call that hangs gives no other call more time."""
    app.replies["/api/notifications"] = [Reply(hold=True)]
    app.replies["/api/lifecycle"] = [Reply(body="{token}", kind="text/plain", drip=0.25)]
    done = project.deploy(app, RELAY_DEPLOY_SECONDS="0.5")
    assert done.returncode == 1
    assert "WRONG /api/lifecycle: no answer within" in done.stdout


def test_an_address_without_a_server_is_not_well(project: Project, app: DeployedApp) -> None:
    """The reason is the operating system's."""
    done = project.deploy(app, RELAY_URL="http://127.0.0.1:9")
    assert done.returncode == 1
    assert re.search(r"WRONG /api/notifications: no connection: .+refused", done.stdout)
    assert "  No connection: check RELAY_URL, and this computer's network and proxy" in done.stdout


def test_calls_go_through_the_proxy_of_the_environment(project: Project, app: DeployedApp) -> None:
    """As many companies require."""
    app.replies["/api/health"] = [UP]
    done = project.deploy(app, RELAY_URL="http://localhost:9", http_proxy=app.url)
    assert done.returncode == 0, done.stdout
    assert app.replies["/api/lifecycle"] == [ECHO]


def test_the_python_of_the_app_runs_the_hook_as_well(project: Project, app: DeployedApp) -> None:
    """Any from 3.11 on does."""
    python = python_313()
    if python is None:
        pytest.skip("no Python 3.13 on this computer")
    (project.kept / "bin/python3").unlink()
    (project.kept / "bin/python3").symlink_to(python.resolve())
    assert project.deploy(app).returncode == 0


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"RELAY_URL": ""}, "deploy: RELAY_URL is not set. Run `azd provision` first."),
        (
            {"RELAY_URL": "http://relay.example"},
            "deploy: RELAY_URL is http://relay.example, and has to begin with https",
        ),
        ({"RELAY_URL": "relay.example"}, "deploy: RELAY_URL is relay.example, and has to begin with https"),
        ({"RELAY_URL": "https://[relay"}, "deploy: RELAY_URL is https://[relay, and has to begin with https"),
        ({"RELAY_DEPLOY_SECONDS": "ten"}, "deploy: RELAY_DEPLOY_SECONDS is ten, and has to be a number of seconds"),
        ({"RELAY_DEPLOY_SECONDS": "nan"}, "deploy: RELAY_DEPLOY_SECONDS is nan, and has to be a number of seconds"),
        ({"RELAY_DEPLOY_SECONDS": "0"}, "deploy: RELAY_DEPLOY_SECONDS is 0, and has to be a number of seconds above 0"),
        ({"RELAY_DEPLOY_PAUSE": "-1"}, "deploy: RELAY_DEPLOY_PAUSE is -1, and has to be a number of seconds above 0"),
    ],
)
def test_a_wrong_value_is_named(project: Project, app: DeployedApp, given: dict[str, str], says: str) -> None:
    """An unset variable is not an empty text in an address."""
    done = project.deploy(app, **given)
    assert (done.returncode, app.requests) == (1, [])
    assert done.stderr.startswith(says)
