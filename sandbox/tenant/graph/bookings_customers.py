"""Customers of a business, and of an appointment.

Graph: Create bookingCustomer; Delete bookingCustomer; Update bookingAppointment (`customers` replaces the whole list,
and a customer whose id is not valid is left out); bookingCustomerInformation resource type.
"""

import uuid
from typing import Any

from sandbox.tenant.graph import types
from sandbox.tenant.graph.access import APPOINTMENT_WRITE
from sandbox.tenant.graph.bookings_reads import at_business, lookup
from sandbox.tenant.graph.bookings_store import JSON, BookingBusiness
from sandbox.tenant.graph.call import Answer, Call
from sandbox.tenant.graph.errors import bad_request
from sandbox.tenant.graph.routing import Endpoint
from sandbox.tenant.graph.service import Graph

INFORMATION = "#microsoft.graph.bookingCustomerInformation"


async def create(graph: Graph, call: Call) -> Answer:
    """Create a customer."""
    async with at_business(graph, call, APPOINTMENT_WRITE) as business:
        body = call.json_object()
        types.check("bookingCustomer", body)
        customer = {**body, "@odata.type": "#microsoft.graph.bookingCustomer", "id": str(uuid.uuid4())}
        business.customers[customer["id"]] = customer
        return Answer(201, customer)


async def delete(graph: Graph, call: Call) -> Answer:
    """Delete a customer."""
    async with at_business(graph, call, APPOINTMENT_WRITE) as business:
        del business.customers[lookup(business.customers, call.params["customer"])["id"]]
        return Answer(204)


def customers_of(business: BookingBusiness, appointment: JSON) -> list[JSON]:
    """Return the customers; a service for several takes only existing ones, others create missing ones.

    Raises GraphError (400) for more than there are places.
    """
    kept: list[Any] = []
    for customer in appointment.get("customers") or []:
        if customer.get("customerId") in business.customers:
            kept.append(customer)
        elif appointment["maximumAttendeesCount"] == 1:
            kept.append({**customer, "customerId": _new_customer(business, customer)})
    if len(kept) > appointment["maximumAttendeesCount"]:
        raise bad_request("The appointment has no places left.", "MaximumAttendeesCount")
    return kept


def replaced_customers(business: BookingBusiness, appointment: JSON) -> list[JSON]:
    """Return the customers after an update, where each must name its type. Raises GraphError (400)."""
    if any(customer.get("@odata.type") != INFORMATION for customer in appointment["customers"] or []):
        raise bad_request("A customer has no @odata.type.")
    return customers_of(business, appointment)


def _new_customer(business: BookingBusiness, customer: JSON) -> str:
    created: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "displayName": customer.get("name"),
        "phones": [],
        "addresses": [],
        "emailAddress": customer.get("emailAddress"),
    }
    business.customers[created["id"]] = created
    return str(created["id"])


CUSTOMERS = "/solutions/bookingBusinesses/{id}/customers"
ENDPOINTS = [Endpoint("POST", CUSTOMERS, create), Endpoint("DELETE", CUSTOMERS + "/{customer}", delete)]
