"""The untrue answers of Graph: each with its control routes, and what makes the relay meet it.

docs/sandbox-lies.md names each in its row; tests/architecture/test_lies_table.py compares the names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.tenant.graph.lies import Lies
from sandbox.tenant.graph.settings import DEFAULTS

LIES, SETTINGS, FAULTS = "/lies", "/settings", "/faults"  # the routes, below /_control
REAUTHORIZE, REMOVED, MISSED = "reauthorizationRequired", "subscriptionRemoved", "missed"
TRUE: Mapping[str, Any] = Lies().model_dump(by_alias=True)
Control = Callable[[str, str, Any], Any]
"""Calls a control route: method, path, body; returns its JSON."""


@dataclass(frozen=True)
class Lie:
    """One kind of untrue answer.

    - `bodies`: the bodies of the POST to `route` that switches it on; one is drawn.
    - `about`: the key of the body that gets the ids of the subscriptions concerned, or their mailboxes' addresses.
    - `fault`: a fault that is needed beside it.
    - `begins`: the lifecycle notification that Graph sends for each subscription concerned when the lie begins, so that
      the relay asks. `ends`: the one that Graph sends when it has ended.
    - `expires`: whether one subscription concerned ends at once, without a notification.
    - `is_quick`: whether the relay has nothing to repair after it. `is_about_lists`: whether it is only met in a list.
    """

    name: str
    bodies: Sequence[Mapping[str, Any]]
    route: str = LIES
    about: str = ""
    fault: Mapping[str, Any] = field(default_factory=dict)
    begins: str = REAUTHORIZE
    ends: str = ""
    expires: bool = False
    seconds: float = 6.0
    is_quick: bool = True
    is_about_lists: bool = False

    def switch_on(self, control: Control, body: Mapping[str, Any], about: Mapping[str, str]) -> Callable[[], None]:
        """Switch the lie on about some subscriptions, mailboxes' addresses by id; return what switches it off."""
        whom = about.values() if self.about in _ABOUT_MAILBOXES else about
        named = {self.about: [*whom]} if self.about else {}
        planted = [control("POST", FAULTS, {**each})["id"] for each in self._faults(body)]
        if self.route != FAULTS:
            control("POST", self.route, {**body, **named})
        truth = TRUE if self.route == LIES else DEFAULTS

        def end() -> None:
            for each in planted:
                control("DELETE", f"{FAULTS}/{each}", None)
            if self.route != FAULTS:
                control("POST", self.route, {name: truth[name] for name in {**body, **named}})

        return end

    def _faults(self, body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        return [each for each in (self.fault, body if self.route == FAULTS else {}) if each]


_ABOUT_MAILBOXES = ("twins", "quotaReached")
_METHODS = (["GET", "PATCH", "DELETE"], ["GET", "PATCH"], ["PATCH"], ["GET"])
_DENIED = [{"notFoundMethods": methods} for methods in _METHODS]
_ERRORS = (429, 500, 503)
_LOST_PATCH = {"match": "^PATCH /v1.0/subscriptions/", "after": True}
_LOST_POST = {"match": "^POST /v1.0/subscriptions$", "after": True, "cut": True, "times": 1}


def _denied(then: str) -> Sequence[Mapping[str, Any]]:
    return [{**body, "postAfterNotFound": then} for body in _DENIED]


def _slow(name: str, bodies: Sequence[Mapping[str, Any]], seconds: float, **more: Any) -> Lie:
    return Lie(name, bodies, seconds=seconds, is_quick=False, **more)


def _list(name: str, *bodies: Mapping[str, Any]) -> Lie:
    return Lie(name, bodies, begins="", seconds=32, is_about_lists=True)  # an audit is due every 30 seconds


KINDS = (
    _slow("404, then 403", _denied("forbidden"), 14, about="notFound"),
    _slow("404, then 409", _denied("conflict"), 14, about="notFound"),
    _slow("404, then a twin", _denied("twin"), 14, about="notFound"),
    _slow("200 and silent", [{}], 6, about="silent", begins="", ends=MISSED),
    Lie("401 for all", [{"refused": 401}]),
    _slow("403 for all", [{"refused": 403}], 6),
    _slow("429 for one", [{}], 14, about="quotaReached", begins=REMOVED),
    _list("list empty", {"notListed": True}),
    _list("list with holes", {"notListed": 0.3}, {"notListed": 0.7}),
    _slow("list with expired ones", [{"expiredListed": True}], 32, begins="", expires=True, is_about_lists=True),
    _list("list repeating", {"listRepeats": True}),
    _list("list failing", *({"listFault": {"page": page, "status": status}} for page in (1, 3) for status in _ERRORS)),
    _list("link expired", {"linksExpired": True}),
    _slow("twins", [{}], 12, about="twins", begins=REMOVED, fault=_LOST_POST),
    Lie("PATCH without an answer", [{**_LOST_PATCH, "cut": True}, {**_LOST_PATCH, "status": 200, "body": "{"}], FAULTS),
    Lie("lower maximum", [{"longestMinutes": longest, "longestText": text}
                          for longest in (4230, 1440, 60) for text in ("minutes", "span", "none")], SETTINGS),
    Lie("resource spelled otherwise", [{"resource": form} for form in ("object id", "key", "case", "slash")]),
    Lie("Date skewed", [{"dateSkewSeconds": seconds} for seconds in (-7200, -400, 400, 7200)]),
    # Shorter than MAX_DELAY of the stage: the relay reads an event that it did not find again after that time.
    Lie("new events not found", [{"unreadableSeconds": seconds} for seconds in (1, 3)]),
)  # fmt: skip
