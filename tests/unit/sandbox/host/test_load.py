"""Loading an app: its settings, and what is rejected with a reason."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.host.app import FunctionLoadError, load_app
from sandbox.host.routes import RouteTable
from sandbox.host.settings import SettingsError, apply_settings
from tests.support.host_process import ROOT, StartHost, host_command, write_app

pytestmark = pytest.mark.server

HEAD = "import os, typing\nimport azure.functions as func\napp = func.FunctionApp()\n"
GOOD = "@app.route('good')\nasync def good(req: func.HttpRequest) -> str:\n    return 'good'\n"
OUTPUT = "@app.queue_output(arg_name='out', queue_name='%s', connection='AzureWebJobsStorage')\n"
TIMER = "@app.timer_trigger(arg_name='t', schedule='%s')\ndef t(t: func.TimerRequest) -> None: ...\n"

BROKEN = {
    "no function_app.py": (None, "no function_app.py in"),
    "an import that fails": (HEAD + GOOD + "os.environ['NOT_THERE']\n", "KeyError: 'NOT_THERE'"),
    "a syntax error": (HEAD + "def\n", "SyntaxError"),
    "no function": (HEAD, "registers no function"),
    "two apps": (HEAD + GOOD + "other = func.FunctionApp()\n", "2 function apps"),
    "two functions of one name": (HEAD + GOOD + GOOD, "does not have a unique"),
    "an undefined setting": (
        HEAD + TIMER % "%MISSING%",
        "'MISSING', named by %MISSING%, is not defined",
    ),
    "func.Out[list[str]]": (
        HEAD + OUTPUT % "q" + "@app.route('x')\ndef x(req: func.HttpRequest, out: func.Out[list[str]]) -> str: ...\n",
        "x: out: ",
    ),
    "a parameter without a binding": (
        HEAD + "@app.route('x')\ndef x(req: func.HttpRequest, more: str) -> str: ...\n",
        "x: parameters ['more', 'req']",
    ),
    "a binding without a parameter": (
        HEAD + OUTPUT % "q" + "@app.route('x')\ndef x(req: func.HttpRequest) -> str: ...\n",
        "bindings ['out', 'req']",
    ),
    "a retry policy": (
        HEAD + "@app.retry(strategy='fixed_delay', max_retry_count='3', delay_interval='00:00:01')\n" + GOOD,
        "good: retry policies are not served",
    ),
    "a binding that is not served": (
        HEAD + "@app.blob_trigger(arg_name='b', path='x', connection='C')\ndef b(b: func.InputStream) -> None: ...\n",
        "b: bindings of type blobTrigger are not served",
    ),
}


@pytest.fixture
def _clean_import(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo the effects of loading an app on this process."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(ROOT)
    monkeypatch.delitem(sys.modules, "function_app", raising=False)
    yield
    sys.modules.pop("function_app", None)


@pytest.mark.usefixtures("_clean_import")
@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_app_is_refused_with_its_reason(tmp_path: Path, what: str) -> None:
    """A mistake that would hide every function in Azure is an error with its reason."""
    source, reason = BROKEN[what]
    app = write_app(tmp_path, source or "")
    if source is None:
        (app / "function_app.py").unlink()
    with pytest.raises((FunctionLoadError, SettingsError), match=re.escape(reason)):
        load_app(app, {})


@pytest.mark.usefixtures("_clean_import")
def test_a_disabled_function_is_left_out(tmp_path: Path) -> None:
    """By an app setting, as in Azure."""
    app = write_app(tmp_path, HEAD + GOOD + TIMER % "0 0 * * * *")
    assert [plan.name for plan in load_app(app, {"AzureWebJobs.t.Disabled": "True"})] == ["good"]


@pytest.mark.usefixtures("_clean_import")
def test_functions_are_in_the_order_of_the_host(tmp_path: Path) -> None:
    """By name without regard to case, an underscore after all letters. Their routes are tried in this order."""
    routes = {"a_b": "x/{id}", "ab": "x/one", "Aa": "x/two", "zz_last": "{*path}", "zza": "z"}
    source = HEAD + "".join(
        GOOD.replace("route('good')", f"route('{route}')").replace("good(", f"{name}(")
        for name, route in routes.items()
    )
    plans = load_app(write_app(tmp_path, source), {})
    assert [plan.name for plan in plans] == ["Aa", "ab", "a_b", "zza", "zz_last"]
    table = RouteTable(plans, "api")
    for path, name in (
        ("x/one", "ab"),
        ("x/two", "Aa"),
        ("x/three", "a_b"),
        ("z", "zza"),
        ("y/z", "zz_last"),
        ("", "zz_last"),
    ):
        found, _, _ = table.find("GET", f"/api/{path}")
        assert found is not None
        assert found.name == name


AT_START = {
    "an import that fails": (HEAD + GOOD + "os.environ['NOT_THERE']\n", (), "error: importing function_app.py failed"),
    "a schedule that is none": (HEAD + TIMER % "61 * * * * *", (), "error: t: second: '61' is not in 0-59"),
    "a route of the host's own": (HEAD + GOOD.replace("'good'", "'admin/x'", 1), (), "error: good: the route"),
    "no settings file": (HEAD + GOOD, ("--settings", "absent.json"), "error: absent.json"),
}


@pytest.mark.parametrize("what", AT_START)
def test_a_host_that_cannot_start_ends_with_its_reason(tmp_path: Path, what: str) -> None:
    """The exit code is 1, stderr has the reason, and the host is never ready."""
    source, arguments, reason = AT_START[what]
    command = host_command(write_app(tmp_path, source), *arguments)
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert reason in ended.stderr


def test_the_settings_file_overrides_the_default_of_core_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Development is only the default."""
    monkeypatch.setattr(os, "environ", {})
    file = tmp_path / "local.settings.json"
    file.write_text(json.dumps({"Values": {"AZURE_FUNCTIONS_ENVIRONMENT": "Production", "COUNT": 3}}))
    apply_settings(file)
    assert os.environ == {
        "AZURE_FUNCTIONS_ENVIRONMENT": "Production",
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "COUNT": "3",
    }


def test_the_environment_overrides_the_settings_file(start_host: StartHost, tmp_path: Path) -> None:
    """The file sets what the environment does not, for bindings too; the app's prints are not the host's output."""
    source = HEAD + (
        "print('printed at import')\n"
        "@app.route('%PATH_OF_IT%')\n"
        "def told(req: func.HttpRequest) -> str:\n"
        "    print('printed in a call')\n"
        "    names = ('A', 'B', 'AZURE_FUNCTIONS_ENVIRONMENT', 'WEBSITE_HOSTNAME')\n"
        "    return ' '.join([*(os.environ[name] for name in names), os.getcwd()])\n"
    )
    file = tmp_path / "local.settings.json"
    values = {"A": "file", "B": "file", "PATH_OF_IT": "it"}
    file.write_text(json.dumps({"IsEncrypted": False, "Values": values}), encoding="utf-8-sig")
    document = {"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}
    host = start_host(source, "--settings", str(file), host_json=document, A="environment")
    first, second, kind, address, folder = host.call("GET", "/it").text.split()
    assert (first, second, kind) == ("environment", "file", "Development")
    assert host.url == f"http://{address.replace('localhost', '127.0.0.1')}"
    assert Path(folder, "function_app.py").read_text() == source
    host.process.terminate()
    assert host.process.wait(20) == 0
    assert host.process.stdout is not None
    assert host.process.stdout.read() == ""
