"""Subscriptions: create, list, get, update, delete, reauthorize.

Graph: Create, List, Get, Update, Delete subscription; subscription: reauthorize.
"""

from datetime import timedelta
from typing import Any

from sandbox.tenant.graph import subscription_rules as rules
from sandbox.tenant.graph import throttle, types
from sandbox.tenant.graph.access import SUBSCRIBE
from sandbox.tenant.graph.call import Answer, Call
from sandbox.tenant.graph.errors import GraphError, of_subscription
from sandbox.tenant.graph.handshake import validate
from sandbox.tenant.graph.lies import concerns
from sandbox.tenant.graph.paging import next_link, page, selected
from sandbox.tenant.graph.prefer import preferences
from sandbox.tenant.graph.query import SINGLE, Options, options
from sandbox.tenant.graph.registry import Subscription
from sandbox.tenant.graph.representation import date_time_offset
from sandbox.tenant.graph.routing import Endpoint
from sandbox.tenant.graph.service import Graph
from sandbox.tenant.graph.subscription_quota import refuse_surplus
from sandbox.tenant.state import Mailbox

BOTH_WITHIN = timedelta(minutes=10)


async def create(graph: Graph, call: Call) -> Answer:
    """Create a subscription after both of its URLs have passed the handshake."""
    graph.throttle.count(call.caller.client_id, "subscriptions", throttle.SUBSCRIPTION_WRITES)
    options(call, "subscription", ())
    body = call.json_object()
    rules.check_new(body)
    request = rules.parse_request(body, graph.clock.now(), _longest(graph))
    # The endpoints are validated before Exchange checks the mailbox: apps have observed the handshake and then a 403 or
    # 404 (issues of the Graph SDKs).
    await _handshakes(graph, [request.notification_url, request.lifecycle_url])
    new = _new(call, body, request, _mailbox(graph, call, request.mailbox, "Create"))
    refuse_surplus(graph, new)
    graph.registry.add(new)
    graph.sender.authorize(new)
    context = {"@odata.context": f"{call.base}/$metadata#subscriptions/$entity"}
    return Answer(
        201,
        {**context, **_json(graph, new), "clientState": new.client_state},
        {"Location": f"{call.base}/subscriptions/{new.id}"},
    )


async def listed(graph: Graph, call: Call) -> Answer:
    """Return a page of the app's own subscriptions."""
    graph.throttle.count(call.caller.client_id, "subscriptions", throttle.SUBSCRIPTION_LISTS)
    graph.access.require_calendars(call.caller, SUBSCRIBE)
    query = options(call, "subscription", ("$select", "$skiptoken", "$top"))
    own, size = _listed(graph, call), query.top or int(graph.setting("subscriptionPage"))
    _fail_page(graph, query.start // size + 1)
    items, annotations = page(call, [_json(graph, each) for each in own], query, size)
    if graph.lies.list_repeats:
        annotations["@odata.nextLink"] = next_link(call, query.start)
    context = {"@odata.context": f"{call.base}/$metadata#subscriptions"}
    return Answer(200, {**context, **annotations, "value": [selected(item, query) for item in items]})


async def get(graph: Graph, call: Call) -> Answer:
    """Return one of the app's subscriptions, without its clientState."""
    graph.throttle.count(call.caller.client_id, "subscription", throttle.SUBSCRIPTION_READS)
    query = options(call, "subscription", SINGLE)
    return _answer(graph, call, _own(graph, call, "Read"), query)


async def update(graph: Graph, call: Call) -> Answer:
    """Change the expiration, or the notificationUrl after a handshake; either also reauthorizes."""
    graph.throttle.count(call.caller.client_id, "subscriptions", throttle.SUBSCRIPTION_WRITES)
    query = options(call, "subscription", ())
    subscription, body = _own(graph, call, "Update"), call.json_object()
    types.check("subscription", body)
    if not body or body.keys() - rules.UPDATABLE:
        raise rules.refused("Only expirationDateTime and notificationUrl of a subscription can be updated.")
    expires, url = subscription.expires, subscription.notification_url
    if "expirationDateTime" in body:
        expires = rules.expiration(body["expirationDateTime"], graph.clock.now(), _longest(graph))
    if "notificationUrl" in body:
        url = rules.https_url("notificationUrl", body["notificationUrl"])
    if url != subscription.notification_url and graph.setting("validatesPatchedUrl"):
        await _handshakes(graph, [url])
    # A renewal reauthorizes, so Exchange checks again: the mailbox may be deleted, or out of the app's scope.
    _mailbox(graph, call, subscription.mailbox.id, "Update")
    subscription.expires, subscription.notification_url = expires, url
    subscription.patched = graph.clock.now()
    _authorize(graph, subscription)
    return _answer(graph, call, subscription, query)


async def delete(graph: Graph, call: Call) -> Answer:
    """Delete a subscription."""
    graph.throttle.count(call.caller.client_id, "subscriptions", throttle.SUBSCRIPTION_WRITES)
    graph.registry.remove(_own(graph, call, "Delete").id)
    return Answer(204)


async def reauthorize(graph: Graph, call: Call) -> Answer:
    """Reauthorize a subscription; the expiration stays."""
    graph.throttle.count(call.caller.client_id, "reauthorize", throttle.REAUTHORIZATIONS)
    subscription = _own(graph, call, "Reauthorize")
    subscription.reauthorized = graph.clock.now()
    _authorize(graph, subscription)
    return Answer(204)


def _authorize(graph: Graph, subscription: Subscription) -> None:
    """Give the subscription a new token, and count an app that both updated and reauthorized within ten minutes."""
    patched, reauthorized = subscription.patched, subscription.reauthorized
    if patched is not None and reauthorized is not None and abs(patched - reauthorized) < BOTH_WITHIN:
        graph.sender.counters.mixed += 1
    graph.sender.authorize(subscription)


def _new(call: Call, body: dict[str, Any], request: rules.SubscriptionRequest, mailbox: Mailbox) -> Subscription:
    """Return the subscription for a checked body."""
    return Subscription(
        app=call.caller.client_id,
        mailbox=mailbox,
        resource=body["resource"],
        change_type=body["changeType"],
        change_types=request.change_types,
        notification_url=request.notification_url,
        lifecycle_url=request.lifecycle_url,
        expires=request.expires,
        client_state=body.get("clientState"),
        immutable=preferences(call).immutable,
        tls_version=body.get("latestSupportedTlsVersion") or "v1_2",
    )


def _mailbox(graph: Graph, call: Call, name: str, operation: str) -> Mailbox:
    """Return the mailbox of a resource; the subscription service wraps Exchange's errors."""
    try:
        return graph.access.mailbox(call.caller, name, SUBSCRIBE)
    except GraphError as error:
        raise of_subscription(operation, error) from error


async def _handshakes(graph: Graph, urls: list[str | None]) -> None:
    """Validate the URLs one after the other; one URL for both purposes is validated twice."""
    for url in urls:
        if url is not None:
            await validate(graph.sender.callbacks, url, float(graph.setting("handshakeSeconds")))


def _own(graph: Graph, call: Call, operation: str) -> Subscription:
    """Return one of the app's own subscriptions. Raises GraphError (404) for unknown ones and those of other apps."""
    graph.access.require_calendars(call.caller, SUBSCRIBE)
    subscription = graph.registry.find(call.params["id"])
    is_own = subscription is not None and subscription.app == call.caller.client_id
    if subscription is None or not is_own or _is_denied(graph, call, subscription):
        raise GraphError(404, "ResourceNotFound", f"The object was not found. Operation: {operation}")
    return subscription


def _is_denied(graph: Graph, call: Call, subscription: Subscription) -> bool:
    """Return whether Graph says that a living subscription does not exist."""
    return call.method in graph.lies.not_found_methods and concerns(graph.lies.not_found, subscription)


def _listed(graph: Graph, call: Call) -> list[Subscription]:
    """Return the app's subscriptions that the list has: the living ones, unless it lies."""
    listed = [each for each in graph.registry.live() if not concerns(graph.lies.not_listed, each)]
    expired = graph.registry.expired if graph.lies.expired_listed else ()
    return [each for each in (*expired, *listed) if each.app == call.caller.client_id]


def _fail_page(graph: Graph, number: int) -> None:
    """Raise GraphError if this page of the list is to fail; the text of an expired link is that of public reports."""
    if graph.lies.links_expired and number > 1:
        text = "The specified page token value has expired and can no longer be included in your request."
        raise GraphError(400, "Directory_ExpiredPageToken", text)
    fault = graph.lies.list_fault
    if fault is None or fault.page != number or fault.times == 0:
        return
    graph.lies = graph.lies.without_list_fault()
    code = "ApplicationThrottled" if fault.status == 429 else "UnknownError"
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    raise GraphError(fault.status, code, "The page could not be read.", headers)


def _longest(graph: Graph) -> rules.Longest:
    """Return the maximum lifetime, and how a refusal says it."""
    return rules.Longest(float(graph.setting("longestMinutes")), graph.setting("longestText"))


def _answer(graph: Graph, call: Call, subscription: Subscription, query: Options) -> Answer:
    """Return 200 with the subscription."""
    context = {"@odata.context": f"{call.base}/$metadata#subscriptions/$entity"}
    return Answer(200, {**context, **selected(_json(graph, subscription), query)})


def _json(graph: Graph, subscription: Subscription) -> dict[str, Any]:
    """Return the subscription; its clientState is only returned at creation."""
    return {
        "id": subscription.id,
        "resource": graph.lies.spelled(subscription),
        "applicationId": subscription.app,
        "changeType": subscription.change_type,
        "clientState": None,
        "notificationUrl": subscription.notification_url,
        "lifecycleNotificationUrl": subscription.lifecycle_url,
        "expirationDateTime": date_time_offset(subscription.expires),
        "creatorId": subscription.app,
        "latestSupportedTlsVersion": subscription.tls_version,
        "includeResourceData": None,
        "encryptionCertificate": None,
        "encryptionCertificateId": None,
        "notificationQueryOptions": None,
        "notificationUrlAppId": None,
    }


ENDPOINTS = [
    Endpoint("POST", "/subscriptions", create),
    Endpoint("GET", "/subscriptions", listed),
    Endpoint("GET", "/subscriptions/{id}", get),
    Endpoint("PATCH", "/subscriptions/{id}", update),
    Endpoint("DELETE", "/subscriptions/{id}", delete),
    Endpoint("POST", "/subscriptions/{id}/reauthorize", reauthorize),
]
