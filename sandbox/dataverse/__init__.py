"""A strict simulation of a Dynamics 365 environment: Dataverse's Web API, webhooks and what Field Service writes.

It is served by the tenant's process, on an address of its own. Each file names Microsoft's pages that it follows, and
where it is stricter or simpler than Dataverse.
"""
