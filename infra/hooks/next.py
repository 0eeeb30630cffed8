"""The hooks of azd: check before provisioning, build the package, and say what comes next.

    python3 infra/hooks/next.py preflight|provision|package|deploy|down

azd passes its environment's values as environment variables. The hooks need Python 3.11 and its standard library.
They read no secret and write no file: a killed hook leaves nothing behind. Exit code 1 means that what follows would
fail, or that the app is not well; the last lines say what to do. The questions are in tools/deployment/.

Reference: "Azure Developer CLI: Customize workflows using command and event hooks".
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036  (any Python may run this file)
    sys.exit("The hooks need Python 3.11 or newer, and this is " + sys.version.split()[0])
ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT))  # azd runs this file, not a module
from tools.deployment.arm import Arm, group
from tools.deployment.names import group_resources, hosts, is_ours
from tools.deployment.preflight import preflight
from tools.deployment.readiness import DEADLINE, Readiness
from tools.deployment.routes import REFUSALS
from tools.deployment.values import Stop, Unanswered, address, env, is_true, seconds

MANIFEST = ROOT / "dist/app/MANIFEST.sha256"
TEMPLATE = "made by the template"  # the content type of a secret whose value comes from infra/main.bicep
ROTATED = ("client-state-key", "partner-signing-secret")
NAMES = ("RELAY_CLIENT_ID", "RELAY_IDENTITY_PRINCIPAL_ID", "RELAY_GRAPH_CREDENTIAL", "RELAY_VAULT_NAME")
ADMIN = "python -m relay_admin"
DOCTOR = f"{ADMIN} doctor"
GRANT = (
    "infra/exchange/Grant-RelayMailboxAccess.ps1 -AppId {RELAY_CLIENT_ID} -ObjectId {object_id} -Group GROUP"
    " -MailboxInside {room} -MailboxOutside SOMEBODY"
)
NOTE = "GROUP is a mail-enabled security group of the rooms, SOMEBODY a mailbox that is not in it."
NOTE_OF_A_REGISTRATION = """\
OBJECT_ID is the enterprise application's, not the registration's:
       az ad sp show --id {RELAY_CLIENT_ID} --query id --output tsv
     GRAPH_CREDENTIAL is {RELAY_GRAPH_CREDENTIAL}: store its secret in the vault, see docs/settings.md."""
STEPS = """
The relay is provisioned, but cannot read any calendar yet. In PowerShell (pwsh), in this folder:
  1. The module, once on each computer, and a window of its own for Exchange:
       Install-Module ExchangeOnlineManagement -Scope CurrentUser
       Connect-ExchangeOnline
  2. Access to the calendars of one group of mailboxes, and no others. The dry run first:
       {grant} -WhatIf
       {grant}
     {note}
  3. When the app is deployed, in any shell:
       pipx run --spec . relay-admin first-run --room {room} --refused SOMEBODY --ask-key
     It waits until Exchange has applied the grant, which takes up to two hours. Without pipx: docs/shells.md.
  4. {secrets}
  5. Give the partner the signing secret (partner-signing-secret) and access to the API: docs/callers.md. Reading the
     vault needs a role first: docs/deployment.md, "Open the vault".
For room lists and features (docs/deployment.md), as Privileged Role Administrator:
       {admin} entra grant relay --app-id {RELAY_CLIENT_ID} --feature room-lists
     For calendars and scheduling add -Feature calendars,scheduling in step 2."""
STACK = (  # secrets cannot be deleted by a stack, and go with their vault
    "az stack group delete --name calendar-relay --resource-group {group} --action-on-unmanage deleteResources"
    " --resources-without-delete-support detach"
)
ADVICE = {  # by a part of an answer
    "404": "404: the app runs without its functions. Its log has the error of the import.",
    "200, no package": "The app does not run a package of this project: azd deploy builds and deploys one.",
    "503 down": f"503 down: a health check fails. The doctor names it: {DOCTOR}",
    "not yet": "Another package runs. Run azd deploy again; after --from-package set RELAY_PACKAGE to the first eight\n"
    "  digits of that package's hash.",
    "no answer": "No answer in time: the app does not start, or is too slow for Graph. Its log says more.",
    "no connection": "No connection: check RELAY_URL, and this computer's network and proxy (HTTPS_PROXY, NO_PROXY).",
}


def provision() -> int:
    """Print the remaining manual steps, with the names of this deployment, and which secrets to replace."""
    address("RELAY_URL")
    missing = [name for name in NAMES if not env(name)]
    if missing:
        raise Stop(
            f"not set: {', '.join(missing)}. Run `azd provision` first; without azd see docs/deployment-without-azd.md."
        )
    managed = env("RELAY_GRAPH_CREDENTIAL") == "managed-identity"
    texts = {
        **os.environ,
        "object_id": env("RELAY_IDENTITY_PRINCIPAL_ID") if managed else "OBJECT_ID",
        "room": _room(),
        "secrets": _secrets(),
        "admin": ADMIN,
    }
    texts["grant"] = GRANT.format_map(texts)  # on one line, for any shell
    texts["note"] = (NOTE if managed else NOTE_OF_A_REGISTRATION).format_map(texts)
    print(STEPS.format_map(texts))
    return 0


def _room() -> str:
    """Return the first mailbox that may be watched, or a placeholder."""
    entries = [entry.strip() for entry in env("ALLOWED_MAILBOXES").split(",")]
    return next((entry for entry in entries if entry.partition("@")[0] and ":" not in entry and "@" in entry), "ROOM")


def _secrets() -> str:
    """Return which secrets still have the template's value, with the commands that replace them.

    Resource Manager returns no values. Reference: the REST page "Secrets: List" of Key Vault's resource provider.
    """
    path = f"Microsoft.KeyVault/vaults/{env('RELAY_VAULT_NAME')}/secrets?api-version=2024-11-01"
    try:
        arm = Arm()
        arm.sign_in()
        secrets = arm.pages(f"{group()}/providers/{path}")
        kinds = {secret["name"].lower(): secret["properties"].get("contentType") for secret in secrets}
        names = [name for name in ROTATED if kinds.get(name) == TEMPLATE]
        text = f"Replace these secrets, which were {TEMPLATE}:"
    except (Unanswered, Stop, KeyError, TypeError, ValueError, AttributeError) as reason:
        names, text = list(ROTATED), f"Replace the secrets that were {TEMPLATE} (not checked which: {reason}):"
    lines = [f"       python -m relay_admin rotate {name} --vault {env('RELAY_VAULT_NAME')}" for name in names]
    if ROTATED[1] in names:
        lines.append("     With --at-once as long as the partner has no signing secret (docs/operations.md).")
    return "\n".join([text, *lines]) if names else "No secret has the template's value any more."


def package() -> int:
    """Fill dist/app, which azd deploys next."""
    return subprocess.run([sys.executable, "-m", "tools.package", "--app"], cwd=ROOT, check=False).returncode


def deploy() -> int:
    """Wait until the deployed app is well. Return 0, too, if our own address filter keeps this computer out."""
    url, package_hash = address("RELAY_URL"), _package_hash()
    limit = seconds("RELAY_DEPLOY_SECONDS", 600)
    wanted = f"package {package_hash}" if package_hash else "any package, because there is no dist/app to compare with"
    print(f"Waiting at most {limit:g} s until {url} is well and runs {wanted}:", flush=True)
    readiness = Readiness(url, package_hash, limit, seconds("RELAY_DEPLOY_PAUSE", 2))
    outcome = readiness.wait()
    if not outcome:
        print("The relay is well. After a first deployment do what postprovision printed: azd hooks run postprovision")
        print(f"After a later one set RELAY_URL={url} and your sign-in, and run: {DOCTOR}")
    elif outcome == "403" and is_true(env("RELAY_RESTRICT_INBOUND") or env("RESTRICT_INBOUND")):
        print(f"403: cannot be seen from here, because RESTRICT_INBOUND is on. From an admitted address run: {DOCTOR}")
    else:
        return _not_well(readiness, outcome)
    return 0


def _not_well(readiness: Readiness, outcome: str) -> int:
    """Print the last answer of each route, and what to do next."""
    print("Not well in time." if outcome == DEADLINE else f"Waiting does not help. {REFUSALS[outcome]}")
    for path, answer in readiness.last.items():
        print(f"  {'ok   ' if answer.ok else 'WRONG'} {path}: {answer.text}")
    answers = " ".join(answer.text for answer in readiness.last.values())
    advice = [text for part, text in ADVICE.items() if part in answers and outcome == DEADLINE]
    print("Next:", *advice, "Create no subscription before this works. See docs/deployment-problems.md.", sep="\n  ")
    print("  Check again with: azd hooks run postdeploy (without azd: python3 infra/hooks/next.py deploy)")
    return 1


def _package_hash() -> str:
    """Return the first eight digits of the package's hash: RELAY_PACKAGE, or of dist/app, empty if there is none."""
    if env("RELAY_PACKAGE") or not MANIFEST.exists():
        return env("RELAY_PACKAGE")[:8].lower()
    return hashlib.sha256(MANIFEST.read_bytes()).hexdigest()[:8]


def down() -> int:
    """Warn of what a removal leaves behind, and of what else it deletes. Stop nothing: scripts remove relays, too."""
    name = env("AZURE_RESOURCE_GROUP") or "of this environment"
    print(f"  {_watches()}\n  azd down deletes the resource group {name} with everything in it.", flush=True)
    try:
        arm = Arm()
        arm.sign_in()
        _print_hosts(arm)
        others = [item for item in group_resources(arm) if not is_ours(item.get("tags"))]
        names = [f"    {item['type']} {item['name']}" for item in others]
    except (Unanswered, Stop, KeyError, TypeError, ValueError, AttributeError) as reason:
        print(f"  not checked whether it holds something else: {reason}")
        return 0
    if names:
        print("  WARNING, these lack the tag application=calendar-relay, and are deleted, too:", *names, sep="\n")
        print("  (Application Insights itself creates a smart detector rule and an action group without tags.)")
        print("  In a shared group delete only the deployment stack instead (docs/deployment-without-azd.md):")
        print(f"    {STACK.format(group=name)}")
    return 0


def _print_hosts(arm: Arm) -> None:
    """Say which host names anybody can take afterwards, while Graph still posts to them."""
    for name, host in hosts(arm).items():
        if host.partition(".")[0] == name:
            print(f"  WARNING, anybody can take the name {host} afterwards, and receives what Graph still posts to it.")
            print("  For the next deployment choose a unique default host name: azd env set UNIQUE_HOST_NAME true")
        else:
            print(f"  The name {host} is given to nobody else.")


def _watches() -> str:
    """Return how many watches exist, if the command line may read them."""
    remedy = "Delete the watches with their subscriptions first: python -m relay_admin uninstall --yes"
    unknown = f"WARNING, subscriptions at Graph remain until they expire. {remedy}"
    if not env("RELAY_URL") or not (env("RELAY_KEY") or env("RELAY_AUDIENCE")):
        return unknown
    command = [sys.executable, "-m", "relay_admin", "watches", "--json"]
    try:
        done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
        number = len(json.loads(done.stdout)["watches"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return unknown
    return f"WARNING, watches that still exist: {number}. {remedy}" if number else "The relay has no watch."


VERBS = {"preflight": preflight, "provision": provision, "package": package, "deploy": deploy, "down": down}


def main(arguments: list[str]) -> int:
    """Run a verb, and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console may lack a letter of a name or of a system's message
            stream.reconfigure(errors="backslashreplace")
    if len(arguments) != 1 or arguments[0] not in VERBS:
        print(f"usage: next.py {'|'.join(VERBS)}", file=sys.stderr)
        return 2
    try:
        return VERBS[arguments[0]]()
    except Stop as reason:
        print(f"{arguments[0]}: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{arguments[0]}: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
