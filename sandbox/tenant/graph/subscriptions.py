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
from sandbox.tenant.graph.paging import page, selected
from sandbox.tenant.graph.prefer import preferences
from sandbox.tenant.graph.query import ONE, Options, options
from sandbox.tenant.graph.registry import Subscription
from sandbox.tenant.graph.representation import written
from sandbox.tenant.graph.routing import Endpoint
from sandbox.tenant.graph.service import Graph
from sandbox.tenant.state import Mailbox

BOTH_WITHIN = timedelta(minutes=10)
PER_MAILBOX = 1_000
"""Active Outlook subscriptions of a mailbox over all apps."""


async def create(graph: Graph, call: Call) -> Answer:
    """Make a subscription once both of its URLs have answered the handshake."""
    graph.throttle.count(call.caller.client_id, "subscriptions", throttle.SUBSCRIPTION_WRITES)
    options(call, "subscription", ())
    body = call.json_object()
    rules.check_new(body)
    wanted = rules.wanted(body, graph.clock.now())
    # The endpoints are validated before Exchange is asked: apps have seen the handshake and then a 403 or 404
    # (issues of the Graph SDKs).
    await _handshakes(graph, [wanted.notification_url, wanted.lifecycle_url])
    new = _new(call, body, wanted, _mailbox(graph, call, wanted.mailbox, "Create"))
    _refuse_duplicate(graph, new)
    graph.registry.add(new)
    graph.sender.authorize(new)
    context = {"@odata.context": f"{call.base}/$metadata#subscriptions/$entity"}
    return Answer(
        201,
        {**context, **_json(new), "clientState": new.client_state},
        {"Location": f"{call.base}/subscriptions/{new.id}"},
    )


async def listed(graph: Graph, call: Call) -> Answer:
    """Return the app's own subscriptions, a page at a time."""
    graph.throttle.count(call.caller.client_id, "subscriptions", throttle.SUBSCRIPTION_LISTS)
    graph.access.require_calendars(call.caller, SUBSCRIBE)
    asked = options(call, "subscription", ("$select", "$skiptoken", "$top"))
    mine = [_json(one) for one in graph.registry.live() if one.app == call.caller.client_id]
    items, annotations = page(call, mine, asked, asked.top or int(graph.setting("subscriptionPage")))
    context = {"@odata.context": f"{call.base}/$metadata#subscriptions"}
    return Answer(200, {**context, **annotations, "value": [selected(item, asked) for item in items]})


async def get(graph: Graph, call: Call) -> Answer:
    """Return one of the app's subscriptions, without its clientState."""
    graph.throttle.count(call.caller.client_id, "subscription", throttle.SUBSCRIPTION_READS)
    asked = options(call, "subscription", ONE)
    return _answer(call, _own(graph, call, "Read"), asked)


async def update(graph: Graph, call: Call) -> Answer:
    """Move the expiration, or the notificationUrl after a handshake; this also reauthorizes."""
    graph.throttle.count(call.caller.client_id, "subscriptions", throttle.SUBSCRIPTION_WRITES)
    asked = options(call, "subscription", ())
    subscription, body = _own(graph, call, "Update"), call.json_object()
    types.check("subscription", body)
    if not body or body.keys() - rules.UPDATABLE:
        raise rules.refused("Only expirationDateTime and notificationUrl of a subscription can be updated.")
    expires, url = subscription.expires, subscription.notification_url
    if "expirationDateTime" in body:
        expires = rules.expiration(body["expirationDateTime"], graph.clock.now())
    if "notificationUrl" in body:
        url = rules.https_url("notificationUrl", body["notificationUrl"])
    if url != subscription.notification_url:
        await _handshakes(graph, [url])
    # A renewal reauthorizes, so Exchange is asked again: the mailbox may be gone, or out of the app's scope.
    _mailbox(graph, call, subscription.mailbox.id, "Update")
    subscription.expires, subscription.notification_url = expires, url
    subscription.patched = graph.clock.now()
    _authorize(graph, subscription)
    return _answer(call, subscription, asked)


async def delete(graph: Graph, call: Call) -> Answer:
    """End a subscription."""
    graph.throttle.count(call.caller.client_id, "subscriptions", throttle.SUBSCRIPTION_WRITES)
    graph.registry.remove(_own(graph, call, "Delete").id)
    return Answer(204)


async def reauthorize(graph: Graph, call: Call) -> Answer:
    """Satisfy a reauthorization; the expiration stays."""
    graph.throttle.count(call.caller.client_id, "reauthorize", throttle.REAUTHORIZATIONS)
    subscription = _own(graph, call, "Reauthorize")
    subscription.reauthorized = graph.clock.now()
    _authorize(graph, subscription)
    return Answer(204)


def _authorize(graph: Graph, subscription: Subscription) -> None:
    """Give the subscription a new token, and note when the app did both of what it must do one of in ten minutes."""
    patched, reauthorized = subscription.patched, subscription.reauthorized
    if patched is not None and reauthorized is not None and abs(patched - reauthorized) < BOTH_WITHIN:
        graph.sender.counters.mixed += 1
    graph.sender.authorize(subscription)


def _new(call: Call, body: dict[str, Any], wanted: rules.Wanted, mailbox: Mailbox) -> Subscription:
    """Return the subscription that a checked body describes."""
    return Subscription(
        app=call.caller.client_id,
        mailbox=mailbox,
        resource=body["resource"],
        change_type=body["changeType"],
        change_types=wanted.change_types,
        notification_url=wanted.notification_url,
        lifecycle_url=wanted.lifecycle_url,
        expires=wanted.expires,
        client_state=body.get("clientState"),
        immutable=preferences(call).immutable,
        tls_version=body.get("latestSupportedTlsVersion") or "v1_2",
    )


def _mailbox(graph: Graph, call: Call, name: str, operation: str) -> Mailbox:
    """Return the mailbox of a resource; what Exchange refuses comes wrapped by the subscription service."""
    try:
        return graph.access.mailbox(call.caller, name, SUBSCRIBE)
    except GraphError as error:
        raise of_subscription(operation, error) from error


def _refuse_duplicate(graph: Graph, new: Subscription) -> None:
    """Raise GraphError: 409 for the same combination, 403 when the mailbox has all the subscriptions it may have."""
    standing = graph.registry.of_mailbox(new.mailbox)
    for one in standing:
        if one.same_combination(new):
            text = f"Subscription Id {one.id} already exists for the requested combination"
            raise GraphError(409, "Conflict", text)
    if len(standing) >= PER_MAILBOX:
        text = f"Number of active subscriptions for the mailbox has reached the limit of {PER_MAILBOX}."
        raise GraphError(403, "ExtensionError", text)


async def _handshakes(graph: Graph, urls: list[str | None]) -> None:
    """Validate the URLs one after the other; the same URL for both purposes is validated twice."""
    for url in urls:
        if url is not None:
            await validate(graph.sender.callbacks, url, float(graph.setting("handshakeSeconds")))


def _own(graph: Graph, call: Call, operation: str) -> Subscription:
    """Return one of the app's own subscriptions; raises GraphError (404) for all others, live elsewhere or not."""
    graph.access.require_calendars(call.caller, SUBSCRIBE)
    subscription = graph.registry.find(call.params["id"])
    if subscription is None or subscription.app != call.caller.client_id:
        raise GraphError(404, "ResourceNotFound", f"The object was not found. Operation: {operation}")
    return subscription


def _answer(call: Call, subscription: Subscription, asked: Options) -> Answer:
    """Return 200 with the subscription."""
    context = {"@odata.context": f"{call.base}/$metadata#subscriptions/$entity"}
    return Answer(200, {**context, **selected(_json(subscription), asked)})


def _json(one: Subscription) -> dict[str, Any]:
    """Return the subscription; its clientState is told at creation only."""
    return {
        "id": one.id,
        "resource": one.resource,
        "applicationId": one.app,
        "changeType": one.change_type,
        "clientState": None,
        "notificationUrl": one.notification_url,
        "lifecycleNotificationUrl": one.lifecycle_url,
        "expirationDateTime": written(one.expires),
        "creatorId": one.app,
        "latestSupportedTlsVersion": one.tls_version,
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
