"""The template as a whole: one group, few and narrow roles, tags, local modules, the formatter's layout."""

from __future__ import annotations

import re

from tests.architecture.bicep_files import APP, BICEP, INFRA, MAIN, ROOT, block, modules, resources

ROLES = {
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
}  # "Azure built-in roles"
# Child resources and extensions, which have no tags.
UNTAGGED = re.compile(
    r"Microsoft\.(Authorization/roleAssignments|Consumption/budgets|Insights/diagnosticSettings|"
    r"Storage/storageAccounts/blobServices(/containers)?|Web/sites/\w+|Network/privateEndpoints/privateDnsZoneGroups)"
)


def test_the_template_needs_a_resource_group_only() -> None:
    """One template of that scope serves azd, az and the portal; its modules are deployed to the same group."""
    assert [file for file, text in BICEP.items() if "targetScope" in text] == []
    assert [
        file for file, text in BICEP.items() if re.search(r"^  scope: (resourceGroup|subscription)", text, re.MULTILINE)
    ] == []
    assert [resource for resource in resources() if resource.type.startswith("Microsoft.Resources/")] == []
    assert {path.name for path in INFRA.glob("*.bicep")} == {"main.bicep"}


def test_every_module_is_used_and_local() -> None:
    """A registry's modules could not be reviewed here."""
    types = {"modules/relay-choices.bicep"}  # a file of types only, which is imported
    assert {call.path for call in modules()} | types == BICEP.keys() - {"main.bicep"}
    assert all(f"from '{file.rpartition('/')[2]}'" in APP for file in types)
    assert [file for file, text in BICEP.items() if re.search(r"'(br|ts)[:/]", text)] == []
    assert [file for file, text in BICEP.items() if len(text.splitlines()) > 250] == []
    assert [path.name for path in (ROOT / "docs/adr").glob("*own-modules.md")] != []


def test_the_layout_is_the_formatters() -> None:
    """A for-expression begins on a line of its own, and its body is indented. Lines end without blanks."""
    for file, text in BICEP.items():
        assert not re.search(r"\[ *for ", text), file
        assert re.findall(r"^( *)\S.*\[\n(?!\1  for )( *)for ", text, re.MULTILINE) == [], file
        assert not re.search(r"[ \t]+$|\t", text, re.MULTILINE), file
        assert text.endswith("\n"), file
        assert not text.endswith("\n\n"), file


def test_a_type_has_a_single_api_version() -> None:
    """Also where a resource is only referred to."""
    versions: dict[str, set[str]] = {}
    for resource in [*resources(), *resources(existing=True)]:
        versions.setdefault(resource.type, set()).add(resource.version)
    assert {kind: several for kind, several in versions.items() if len(several) > 1} == {}


def test_every_resource_has_the_customers_tags_and_ours() -> None:
    """Policies refuse untagged resources; ours win, because azd and removal find resources by them."""
    assert "var allTags = union(tags, { 'azd-env-name': environmentName, application: 'calendar-relay' })\n" in MAIN
    for resource in resources():
        tagged = re.search(
            r"^ +tags: (tags|union\(tags, \{ ('azd-service-name': 'relay'|'hidden-link:.+': 'Resource') \}\))$",
            resource.body,
            re.MULTILINE,
        )
        assert bool(tagged) != bool(UNTAGGED.fullmatch(resource.type)), resource.symbol
    assert {call.parameters.get("tags") for call in modules() if call.file == "main.bicep"} == {"allTags", None}


def test_the_roles_are_few_and_narrow() -> None:
    """Five, each on a single resource and with a reason; no Contributor, Owner for blobs only, nothing wider."""
    text = BICEP["modules/roles.bicep"]
    named = re.findall(r"name: '([^']+)'\n +id: '([0-9a-f-]{36})'\n +reason: '.{40,}'", text)
    assert dict(named) == ROLES
    assert set(re.findall(r"^ +scope: (\w+)$", text, re.MULTILINE)) == {"storage", "vault", "insights"}
    for file, body in BICEP.items():
        if file != "modules/roles.bicep":
            assert "roleAssignments" not in body, file
            assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", body), file
    assert len(re.findall(r"roleAssignments@", text)) == len(re.findall(r"principalId: principalId", text)) == 3
    assert block(text, "onVault")["name"] == "'Key Vault Secrets User'"
