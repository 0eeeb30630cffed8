"""Control of the service: notifications, subscriptions, lifecycle, call counts, mailboxes and settings."""

import uuid
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.tenant.graph import settings
from sandbox.tenant.graph.control_body import ControlError, body_of, control, only
from sandbox.tenant.graph.registry import Subscription
from sandbox.tenant.graph.representation import date_time_offset
from sandbox.tenant.graph.service import graph_of
from sandbox.tenant.state import Mailbox, Tenant

LIFECYCLE_EVENTS = ("reauthorizationRequired", "subscriptionRemoved", "missed")


def routes(tenant: Tenant) -> list[web.RouteDef]:
    """Return the control routes of the service."""
    return [
        web.get("/_control/calls", control(tenant, calls)),
        web.delete("/_control/calls", control(tenant, no_calls)),
        web.get("/_control/notifications", control(tenant, notifications)),
        web.post("/_control/notifications", control(tenant, pause)),
        web.post("/_control/notifications/flush", control(tenant, flush)),
        web.get("/_control/notifications/outcomes", control(tenant, outcomes)),
        web.get("/_control/subscriptions", control(tenant, subscriptions)),
        web.delete("/_control/subscriptions/{id}", control(tenant, vanish)),
        web.patch("/_control/subscriptions/{id}", control(tenant, alter)),
        web.post("/_control/subscriptions/{id}/lapse", control(tenant, lapse)),
        web.post("/_control/endpoints", control(tenant, put_endpoint)),
        web.post("/_control/lifecycle", control(tenant, lifecycle)),
        web.post("/_control/mailboxes", control(tenant, add_mailbox)),
        web.patch("/_control/mailboxes/{address}", control(tenant, rename_mailbox)),
        web.post("/_control/mailboxes/{address}/aliases", control(tenant, add_alias)),
        web.delete("/_control/mailboxes/{address}", control(tenant, remove_mailbox)),
        web.post("/_control/settings", control(tenant, change_settings)),
    ]


async def calls(tenant: Tenant, _request: web.Request) -> web.Response:
    """Return the number of calls of each Graph operation, by "METHOD template"."""
    return web.json_response(dict(tenant.calls))


async def no_calls(tenant: Tenant, _request: web.Request) -> web.Response:
    """Reset the counts of Graph calls."""
    tenant.calls.clear()
    return web.json_response({})


async def notifications(tenant: Tenant, _request: web.Request) -> web.Response:
    """Return the sender's counters, and what is pending: notifications, POSTs in progress, rooms' processing."""
    return web.json_response(_sender(tenant))


async def pause(tenant: Tenant, request: web.Request) -> web.Response:
    """Hold all notifications, or release them: {"paused": true|false}."""
    body = await body_of(request)
    only(body, paused=bool)
    sender = graph_of(tenant).sender
    if body.get("paused") is None:
        raise ValueError("paused: true or false is needed")
    if body["paused"]:
        sender.running.clear()
    else:
        sender.running.set()
    return web.json_response(_sender(tenant))


async def flush(tenant: Tenant, request: web.Request) -> web.Response:
    """Send all waiting notifications and wait until none is in flight; {"rooms": true} first processes bookings."""
    body = await body_of(request)
    only(body, rooms=bool)
    graph = graph_of(tenant)
    if body.get("rooms"):
        graph.processing.finish()
    await graph.sender.flush()
    return web.json_response(_sender(tenant))


async def outcomes(tenant: Tenant, _request: web.Request) -> web.Response:
    """Return the events whose notifications were accepted, and those with lost notifications, with counts."""
    addresses = {box.id: box.address for box in tenant.mailboxes.values()}
    return web.json_response(graph_of(tenant).sender.outcomes.as_json(addresses))


async def subscriptions(tenant: Tenant, _request: web.Request) -> web.Response:
    """Return all live subscriptions of all apps, including what Graph does not return."""
    return web.json_response({"value": [_json(subscription) for subscription in graph_of(tenant).registry.live()]})


async def vanish(tenant: Tenant, request: web.Request) -> web.Response:
    """Remove a subscription without notice."""
    if not graph_of(tenant).registry.remove(request.match_info["id"]):
        raise ControlError(404, f"no subscription {request.match_info['id']}")
    return web.json_response({"removed": request.match_info["id"]})


async def alter(tenant: Tenant, request: web.Request) -> web.Response:
    """Change a subscription without its app: {"expirationDateTime", "notificationUrl", …} as Graph names them."""
    body, graph = await body_of(request), graph_of(tenant)
    only(body, expirationDateTime=str, notificationUrl=str, lifecycleNotificationUrl=(str, type(None)))
    subscription = graph.registry.find(request.match_info["id"])
    if subscription is None:
        raise ControlError(404, f"no subscription {request.match_info['id']}")
    if "expirationDateTime" in body:
        subscription.expires = datetime.fromisoformat(body["expirationDateTime"])
    subscription.notification_url = body.get("notificationUrl", subscription.notification_url)
    subscription.lifecycle_url = body.get("lifecycleNotificationUrl", subscription.lifecycle_url)
    return web.json_response(_json(subscription))


async def lapse(tenant: Tenant, request: web.Request) -> web.Response:
    """Expire a subscription's access token now, and send reauthorizationRequired."""
    graph = graph_of(tenant)
    subscription = graph.registry.find(request.match_info["id"])
    if subscription is None:
        raise ControlError(404, f"no subscription {request.match_info['id']}")
    subscription.authorized_until = graph.clock.now()
    graph.sender.send_lifecycle(subscription, "reauthorizationRequired")
    return web.json_response({"lapsed": subscription.id})


async def put_endpoint(tenant: Tenant, request: web.Request) -> web.Response:
    """Put an endpoint into a state for ten minutes: {"url": "https://…", "state": "ok" | "slow" | "drop"}."""
    body = await body_of(request)
    only(body, url=str, state=str)
    graph, url = graph_of(tenant), body.get("url", "")
    health = graph.sender.endpoints.put(url, body.get("state", ""), graph.clock.now())
    if health.state == "drop":
        graph.sender.end_drop(url)
    return web.json_response(health.as_json())


async def lifecycle(tenant: Tenant, request: web.Request) -> web.Response:
    """Send a lifecycle notification; subscriptionRemoved removes the subscription once it is sent."""
    body, graph = await body_of(request), graph_of(tenant)
    only(body, subscriptionId=str, lifecycleEvent=str)
    if body.get("lifecycleEvent") not in LIFECYCLE_EVENTS:
        raise ValueError(f"lifecycleEvent: one of {', '.join(LIFECYCLE_EVENTS)}")
    subscription = graph.registry.find(body.get("subscriptionId", ""))
    if subscription is None:
        raise ControlError(404, f"no subscription {body.get('subscriptionId')}")
    graph.sender.send_lifecycle(subscription, body["lifecycleEvent"])
    if body["lifecycleEvent"] == "subscriptionRemoved":
        graph.registry.remove(subscription.id)
    return web.json_response({"pending": len(graph.sender.waiting)}, status=202)


async def add_mailbox(tenant: Tenant, request: web.Request) -> web.Response:
    """Add a user or a room: {"address", "kind"?, "displayName"?, "id"?}."""
    body = await body_of(request)
    only(body, address=str, kind=str, displayName=str, id=str)
    address, kind = body.get("address", ""), body.get("kind", "room")
    if "@" not in address or kind not in ("room", "user"):
        raise ValueError("address: name@domain; kind: room or user")
    if address.lower() in tenant.mailboxes:
        raise ControlError(409, f"{address} already exists")
    mailbox = Mailbox(
        address,
        body.get("displayName") or address.partition("@")[0],
        kind,
        str(uuid.UUID(body["id"])) if "id" in body else str(uuid.uuid4()),
    )
    tenant.add_mailbox(mailbox)
    answer = {"address": address, "id": mailbox.id, "kind": kind, "displayName": mailbox.display_name}
    return web.json_response(answer, status=201)


async def rename_mailbox(tenant: Tenant, request: web.Request) -> web.Response:
    """Give a mailbox a new address: {"address", "keep"?}; with "keep", the former address still finds it."""
    body, mailbox = await body_of(request), _mailbox(tenant, request)
    only(body, address=str, keep=bool)
    address = body.get("address", "")
    if "@" not in address:
        raise ValueError("address: name@domain")
    if address.lower() in tenant.mailboxes:
        raise ControlError(409, f"{address} already exists")
    tenant.rename_mailbox(mailbox, address, keep=body.get("keep", False))
    return web.json_response({"address": address, "id": mailbox.id})


async def add_alias(tenant: Tenant, request: web.Request) -> web.Response:
    """Give a mailbox a further address: {"address"}."""
    body, mailbox = await body_of(request), _mailbox(tenant, request)
    only(body, address=str)
    address = body.get("address", "")
    if "@" not in address:
        raise ValueError("address: name@domain")
    if address.lower() in tenant.mailboxes:
        raise ControlError(409, f"{address} already exists")
    tenant.add_alias(mailbox, address)
    return web.json_response({"address": mailbox.address, "alias": address}, status=201)


async def remove_mailbox(tenant: Tenant, request: web.Request) -> web.Response:
    """Remove a mailbox; its subscriptions stay until they expire, but send nothing."""
    mailbox = _mailbox(tenant, request)
    tenant.remove_mailbox(mailbox)
    return web.json_response({"removed": mailbox.address})


def _mailbox(tenant: Tenant, request: web.Request) -> Mailbox:
    """Return the mailbox in the path. Raises ControlError."""
    mailbox = tenant.mailboxes.get(request.match_info["address"].lower())
    if mailbox is None:
        raise ControlError(404, f"no mailbox {request.match_info['address']}")
    return mailbox


async def change_settings(tenant: Tenant, request: web.Request) -> web.Response:
    """Change settings of the running tenant (except seed), and return all of them."""
    body = await body_of(request)
    settings.check(body)
    tenant.settings |= body
    return web.json_response(settings.DEFAULTS | tenant.settings)


def _sender(tenant: Tenant) -> dict[str, Any]:
    """Return the sender's state."""
    graph = graph_of(tenant)
    sender = graph.sender
    return {
        **sender.counters.as_json(),
        "paused": not sender.running.is_set(),
        "pending": len(sender.waiting),
        "deliveries": len(sender.deliveries),
        "inFlight": sum(delivery.in_flight for delivery in sender.deliveries),
        "endpoints": {host: health.as_json() for host, health in sender.endpoints.by_host.items()},
        "rooms": len(graph.processing.pending),
        "throttled": dict(graph.throttle.refused),
    }


def _json(subscription: Subscription) -> dict[str, Any]:
    """Return a subscription with all its properties."""
    return {
        "id": subscription.id,
        "clientId": subscription.app,
        "mailbox": subscription.mailbox.address,
        "resource": subscription.resource,
        "changeType": subscription.change_type,
        "notificationUrl": subscription.notification_url,
        "lifecycleNotificationUrl": subscription.lifecycle_url,
        "clientState": subscription.client_state,
        "expirationDateTime": date_time_offset(subscription.expires),
        "immutableIds": subscription.immutable,
    }
