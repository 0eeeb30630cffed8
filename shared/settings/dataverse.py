"""The settings of the feature dataverse, a part of the model of shared/config.py.

DATAVERSE_URL and DATAVERSE_RESOURCES are required while FEATURES names dataverse; the others have defaults.
"""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator

FEATURE = "dataverse"
REQUIRED = ("DATAVERSE_URL", "DATAVERSE_RESOURCES")
SHOWN_AS = frozenset({"free", "tentative", "busy", "oof", "workingElsewhere"})  # all that Graph has but unknown
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_COLUMN = re.compile(r"column:[a-z][a-z0-9_]{0,99}")  # a logical name ("Create and update column definitions")
_NOT_RESOURCES = "must be column:NAME with the logical name of a column, or a comma-separated list of resources' ids"


class DataverseSettings(BaseModel):
    """The fields of the feature; each is a setting's name in lower case."""

    dataverse_url: str = ""
    dataverse_resources: str = ""
    dataverse_direction: Literal["to-outlook", "both", "to-dataverse"] = "to-outlook"
    dataverse_schedule: str = "0 */5 * * * *"
    dataverse_show_as: str = "busy,oof"
    dataverse_proposed: Literal["out", "tentative"] = "out"
    dataverse_titles: Literal["busy", "subject"] = "busy"
    dataverse_conflict: Literal["birth", "outlook", "dataverse"] = "birth"
    dataverse_work_orders: Literal["auto", "ours", "theirs"] = "auto"
    dataverse_committed_status: str = ""
    dataverse_canceled_status: str = ""
    dataverse_owner: str = ""
    dataverse_hook_secret_name: str = Field(default="dataverse-hook-secret", pattern=r"^[0-9A-Za-z-]{1,127}$")

    @field_validator("dataverse_url")
    @classmethod
    def _is_organization(cls, value: str) -> str:
        return _organization(value) if value else ""

    @field_validator("dataverse_resources")
    @classmethod
    def _are_resources(cls, value: str) -> str:
        entries = [entry.strip().lower() for entry in value.split(",") if entry.strip()]
        is_column = len(entries) == 1 and _COLUMN.fullmatch(entries[0])
        if value.strip() and not is_column and not (entries and all(map(_ID.fullmatch, entries))):
            raise ValueError(_NOT_RESOURCES)
        return ",".join(dict.fromkeys(entries))

    @field_validator("dataverse_committed_status", "dataverse_canceled_status")
    @classmethod
    def _is_status(cls, value: str) -> str:
        wanted = value.strip().lower()
        if wanted and not _ID.fullmatch(wanted):
            raise ValueError("must be the id of a booking status")
        return wanted

    @field_validator("dataverse_owner")
    @classmethod
    def _is_owner(cls, value: str) -> str:
        owner = value.strip().lower()
        if owner and owner != "resource" and not _ID.fullmatch(owner):
            raise ValueError("must be empty, resource, or the id of a team")
        return owner

    @field_validator("dataverse_show_as")
    @classmethod
    def _are_availabilities(cls, value: str) -> str:
        names = {name.strip() for name in value.split(",") if name.strip()}
        if not names or not names <= SHOWN_AS:
            raise ValueError(f"must be a comma-separated list of {', '.join(sorted(SHOWN_AS))}")
        return ",".join(sorted(names))


def missing_of(settings: DataverseSettings, switched_on: frozenset[str]) -> dict[str, str]:
    """Return the required settings that are empty although the feature is on, each with what is wrong."""
    if FEATURE not in switched_on:
        return {}
    return {name: "is not set" for name in REQUIRED if not getattr(settings, name.lower())}


def _organization(value: str) -> str:
    """Return an address of the Web API as a URL of scheme and host. Raises ValueError without the value.

    Administrators copy an address of the app with its path, which would become part of the token's scope.
    """
    try:
        parts = urlsplit(value)
    except ValueError:  # its text may quote the value
        raise ValueError("must be a URL") from None
    if parts.path.strip("/") or parts.query:
        raise ValueError("must be the address of the environment alone, such as https://contoso.crm4.dynamics.com")
    return value.rstrip("/").lower()
