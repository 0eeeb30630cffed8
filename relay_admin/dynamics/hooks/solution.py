"""A solution file with the webhooks, for who imports changes with a pipeline. Pure.

Pages: "Solution concepts", "Solution component reference" (95: service endpoint, 92: step). It holds no secret: what a
solution holds can be exported by others. An import without one makes an endpoint whose webhooks the relay refuses until
`rotate` gave it one.
"""

from __future__ import annotations

import io
import zipfile
from xml.sax.saxutils import escape, quoteattr

from relay_admin.dynamics.hooks.state import HookState
from relay_admin.dynamics.hooks.steps import (
    AFTER,
    ASYNCHRONOUS,
    ENDPOINT_ID,
    HTTP_HEADER,
    NAME,
    STEP_IDS,
    TABLE,
    WEBHOOK,
)

UNIQUE_NAME, VERSION, PREFIX = "CalendarRelayWebhooks", "1.0.0.0", "calrelay"
ENDPOINT_COMPONENT, STEP_COMPONENT, ENDPOINT_TYPE_CODE = 95, 92, 4618
_MOMENT = (2026, 1, 1, 0, 0, 0)  # the same file from the same input
_TYPES = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/octet-stream" /></Types>'
)


def solution_file(state: HookState, url: str) -> bytes:
    """Return the content of the file. `url`: of the relay's route."""
    parts = {"solution.xml": _solution(), "customizations.xml": _customizations(state, url),
             "[Content_Types].xml": _TYPES}  # fmt: skip
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), text.encode())
    return content.getvalue()


def _solution() -> str:
    label = f'<LocalizedNames><LocalizedName description={quoteattr(NAME)} languagecode="1033" /></LocalizedNames>'
    components = [(ENDPOINT_COMPONENT, ENDPOINT_ID), *((STEP_COMPONENT, each) for each in STEP_IDS.values())]
    roots = "".join(f'<RootComponent type="{kind}" id="{{{each}}}" behavior="0" />' for kind, each in components)
    return _document(
        f"<SolutionManifest><UniqueName>{UNIQUE_NAME}</UniqueName>{label}<Descriptions /><Version>{VERSION}</Version>"
        f"<Managed>0</Managed><Publisher><UniqueName>{UNIQUE_NAME}Publisher</UniqueName>{label}<Descriptions />"
        f"<CustomizationPrefix>{PREFIX}</CustomizationPrefix>"
        "<CustomizationOptionValuePrefix>17350</CustomizationOptionValuePrefix></Publisher>"
        f"<RootComponents>{roots}</RootComponents><MissingDependencies /></SolutionManifest>"
    )


def _customizations(state: HookState, url: str) -> str:
    steps = "".join(_step(state, message) for message in STEP_IDS)
    return _document(
        "<Entities /><Roles /><Workflows /><FieldSecurityProfiles /><Templates /><EntityMaps /><EntityRelationships />"
        f"<OrganizationSettings /><optionsets /><SdkMessageProcessingSteps>{steps}</SdkMessageProcessingSteps>"
        f"<ServiceEndpoints>{_endpoint(url)}</ServiceEndpoints><Languages><Language>1033</Language></Languages>"
    )


def _endpoint(url: str) -> str:
    return (
        f"<ServiceEndpoint Name={quoteattr(NAME)} ServiceEndpointId={quoteattr(f'{{{ENDPOINT_ID}}}')}>"
        f"<Contract>{WEBHOOK}</Contract><AuthType>{HTTP_HEADER}</AuthType><Url>{escape(url)}</Url>"
        "<IsCustomizable>1</IsCustomizable><IntroducedVersion>1.0</IntroducedVersion></ServiceEndpoint>"
    )


def _step(state: HookState, message: str) -> str:
    step_id, columns = STEP_IDS[message], ",".join(state.columns) if message == "Update" else ""
    return (
        f"<SdkMessageProcessingStep Name={quoteattr(f'{NAME}: {message}')}"
        f" SdkMessageProcessingStepId={quoteattr(f'{{{step_id}}}')}>"
        f"<SdkMessageId>{state.messages[message][0]}</SdkMessageId><PrimaryEntity>{TABLE}</PrimaryEntity>"
        f"<EventHandler>{ENDPOINT_ID}</EventHandler><EventHandlerTypeCode>{ENDPOINT_TYPE_CODE}</EventHandlerTypeCode>"
        f"<FilteringAttributes>{columns}</FilteringAttributes><AsyncAutoDelete>1</AsyncAutoDelete>"
        f"<InvocationSource>0</InvocationSource><Mode>{ASYNCHRONOUS}</Mode><Rank>1</Rank><Stage>{AFTER}</Stage>"
        "<IsCustomizable>1</IsCustomizable><IsHidden>0</IsHidden><SupportedDeployment>0</SupportedDeployment>"
        "<IntroducedVersion>1.0</IntroducedVersion></SdkMessageProcessingStep>"
    )


def _document(inside: str) -> str:
    namespace = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    return f'<?xml version="1.0" encoding="utf-8"?><ImportExportXml {namespace}>{inside}</ImportExportXml>'
