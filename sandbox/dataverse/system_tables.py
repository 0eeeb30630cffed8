"""Dataverse's own tables: users, mailboxes, roles, webhooks and system jobs.

Dataverse table references: systemuser, mailbox, organization, role, privilege, serviceendpoint, sdkmessage,
sdkmessagefilter, sdkmessageprocessingstep, asyncoperation, solution.
"""

from sandbox.dataverse.booking_tables import STATE
from sandbox.dataverse.columns import Table, boolean, choice, integer, lookup, table, text, time

WEBHOOK = 8
"""The contract of a webhook; others are Azure Service Bus and Event Hubs."""
KEY, HEADER, QUERY = 4, 5, 6
"""The authtypes of webhooks: WebhookKey, HttpHeader, HttpQueryString."""
FAILED = 31
"""The statuscode of a failed system job."""


def system_tables() -> list[Table]:
    """Return the tables, new ones at each call, since metadata can be changed."""
    return [*_people(), *_hooks(), *_customization()]


def _people() -> list[Table]:
    return [
        table(
            "systemuser", "systemusers",
            text("fullname", writable=False), text("firstname"), text("lastname"),
            text("domainname", 1024), text("internalemailaddress"),
            text("azureactivedirectoryobjectid", writable=False),
            text("applicationid"),
            boolean("isdisabled", default=False),
            lookup("businessunitid", "businessunitid", "businessunit", required=True),
            primary_name="fullname", code=8, privilege="User",
        ),
        table(
            "mailbox", "mailboxes",
            text("name"), text("emailaddress"),
            choice("actdeliverymethod", 0, 1, 2, default=2),
            choice("actstatus", 0, 1, 2, default=0),
            boolean("enabledforact", default=False),
            time("testmailboxaccesscompletedon"),
            lookup("regardingobjectid", "regardingobjectid", "systemuser"),
            *STATE,
            code=9606, owned=True, privilege="Mailbox",
        ),
        table("team", "teams", text("name"), code=9, privilege="Team"),
        table("businessunit", "businessunits", text("name"),
              lookup("parentbusinessunitid", "parentbusinessunitid", "businessunit"),
              code=10, privilege="BusinessUnit"),
        table(
            "organization", "organizations",
            text("name"), integer("expirechangetrackingindays", most=365, default=7),
            text("orgdborgsettings", 1_000_000), boolean("islockdownofunmanagedcustomizationenabled", default=False),
            code=1019, privilege="Organization",
        ),
        table("role", "roles", text("name", required=True),
              lookup("businessunitid", "businessunitid", "businessunit", required=True), code=1036, privilege="Role"),
        table("privilege", "privileges", text("name"), integer("accessright"), code=1023, privilege="Role"),
    ]  # fmt: skip


def _hooks() -> list[Table]:
    return [
        table(
            "serviceendpoint", "serviceendpoints",
            text("name", required=True), text("url", 2000), text("description"),
            choice("contract", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, required=True),
            choice("authtype", 1, 2, 3, 4, 5, 6, 7, 8, required=True),
            text("authvalue", 2048, readable=False),
            code=4618, privilege="ServiceEndpoint",
        ),
        table("sdkmessage", "sdkmessages", text("name"), code=4606, privilege="SdkMessage"),
        table(
            "sdkmessagefilter", "sdkmessagefilters",
            text("primaryobjecttypecode"), lookup("sdkmessageid", "sdkmessageid", "sdkmessage"),
            primary_name="primaryobjecttypecode", code=4607, privilege="SdkMessage",
        ),
        table(
            "sdkmessageprocessingstep", "sdkmessageprocessingsteps",
            text("name", 256), text("filteringattributes", 100_000), text("description"),
            choice("mode", 0, 1, required=True), choice("stage", 10, 20, 40, required=True),
            integer("rank", default=1), choice("supporteddeployment", 0, 1, 2, default=0),
            boolean("asyncautodelete", default=False),
            lookup("sdkmessageid", "sdkmessageid", "sdkmessage", required=True),
            lookup("sdkmessagefilterid", "sdkmessagefilterid", "sdkmessagefilter"),
            lookup("eventhandler", "eventhandler_serviceendpoint", "serviceendpoint", required=True),
            *STATE,
            code=4608, privilege="SdkMessageProcessingStep",
        ),
        table(
            "asyncoperation", "asyncoperations",
            text("name"), choice("statuscode", 0, 10, 20, 21, 22, 30, 31, 32, default=0),
            choice("statecode", 0, 1, 2, 3, default=0), text("message", 1_000_000),
            lookup("owningextensionid", "owningextensionid", "sdkmessageprocessingstep"),
            code=4700, privilege="AsyncOperation", concurrency=False,
        ),
    ]  # fmt: skip


def _customization() -> list[Table]:
    return [
        table("solution", "solutions", text("uniquename"), text("friendlyname"), text("version"),
              boolean("ismanaged", default=False), code=7100, privilege="Solution", primary_name="uniquename"),
    ]  # fmt: skip
