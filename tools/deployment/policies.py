"""Asks Azure Policy whether it would deny the relay's resources.

Reference: the REST pages "Policy Restrictions: Check At Resource Group Scope" and "Check At Subscription Scope".

A what-if would need the compiled template with all parameters. azd validates exactly these itself after this check,
before it creates anything, and that includes the policies of management groups, which this answer may leave out. This
check is for the frequent denials, by region, type and tags, and names the assignment.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tools.deployment.arm import Arm, group, subscription
from tools.deployment.region import location
from tools.deployment.values import OURS, Stop, Unanswered, env

ROOT = Path(__file__).parents[2]
TYPES = {
    "Microsoft.Storage/storageAccounts": "2025-06-01",
    "Microsoft.KeyVault/vaults": "2025-05-01",
    "Microsoft.Web/sites": "2025-03-01",
}
COMPLETE = ("type", "location", "tags")  # of these the check sends what the template sends


def policies(arm: Arm) -> str:
    """Check the policies. Stops only for a denial that rests on nothing but what the check sends."""
    warnings = []
    for kind, version in TYPES.items():
        for evaluation in _denials(arm, kind, version):
            name = str(evaluation["policyInfo"]["policyAssignmentId"])
            if _is_certain(evaluation):
                raise Stop(f"the assignment {name} denies {kind} in {location()} with our tags. Ask its owner.")
            warnings.append(f"{name} may deny {kind}")
    return f"WARNING, {'; '.join(warnings)}" if warnings else "no denial is known; azd's own validation follows"


def own_tags() -> dict[str, str]:
    """Return the tags of the resources, with the customer's of infra/main.parameters.json."""
    parameters = json.loads((ROOT / "infra/main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    tags = parameters.get("tags", {}).get("value")
    return {**(tags if isinstance(tags, dict) else {}), "azd-env-name": env("AZURE_ENV_NAME"), **OURS}


def _denials(arm: Arm, kind: str, version: str) -> list[dict[str, Any]]:
    content = {"type": kind, "location": location(), "tags": own_tags()}
    body = {"resourceDetails": {"resourceContent": content, "apiVersion": version}}
    answer = None
    path = "providers/Microsoft.PolicyInsights/checkPolicyRestrictions?api-version=2023-03-01"
    if env("AZURE_RESOURCE_GROUP"):
        try:
            answer = arm.call(f"{group()}/{path}", body)
        except Unanswered as reason:
            if "ResourceGroupNotFound" not in str(reason):
                raise
    answer = answer or arm.call(f"{subscription()}/{path}", body)
    evaluations = answer["contentEvaluationResult"]["policyEvaluations"]
    return [item for item in evaluations if item["evaluationResult"] == "NonCompliant" and _effect(item) == "deny"]


def _effect(evaluation: dict[str, Any]) -> str:
    """Return the effect in lower case. Versions of the API before 2023-03-01 name none, and list denials only."""
    return str((evaluation.get("effectDetails") or {}).get("policyEffect", "deny")).lower()


def _is_certain(evaluation: dict[str, Any]) -> bool:
    """Return whether each field of the policy's condition was sent as the template sends it."""
    expressions = (evaluation.get("evaluationDetails") or {}).get("evaluatedExpressions") or []
    fields = [str(item["expression"]).lower() for item in expressions if item["expressionKind"].lower() == "field"]
    return bool(fields) and all(field.startswith(COMPLETE) for field in fields)
