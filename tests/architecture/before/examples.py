"""What collect.py gave to the product of commit 7627993, and the values of dimensions as they were read in its code."""

from __future__ import annotations

from typing import Any

WATCH, EVENT = "0123456789abcdef" * 2, "AAMkAGI1/Ünïcødé+=\ud800"
PLAIN = "AAMkAGI1AAAt9AHjAAA="
ADDRESSES = ["room1@contoso.com", "Room1@CONTOSO.com", "møterom-Ærø@blåbær.example", "İSTANBUL@contoso.com"]
EXAMPLES: dict[str, list[list[str]]] = {
    "appointment attempt": [
        ["salon@contoso.com", "Haircut", "2026-11-24T12:00:00Z", "Ola@Contoso.com"],
        ["Salon.Å@CONTOSO.com", "Course", "2026-11-24T13:30:00+01:00", "kari@contoso.com"],
    ],
    "appointment turn": [["salon@contoso.com"], ["SALON.Å@Contoso.com"]],
    "client state": [[WATCH, "v1", "a secret of the relay"], ["f" * 32, "6f0c2a529f4e5d0b8a3954f1c4d2f7b1", "Blåbær"]],
    "deliveries": [[PLAIN, 'W/"1"', 'W/"2"', "", 'W/"2"', "", 'W/"3"'], ["E-Ünïcødé", "é"], [PLAIN, ""]],
    "event transaction": [["agent1@contoso.com", "", "key-1"], ["Agent1@CONTOSO.com", "Kalender-Ærø=", "K"]],
    "fingerprint": [[PLAIN], [EVENT], [""]],
    "ledger row": [[WATCH, PLAIN], [WATCH, EVENT]],
    "page": [["$skip", "10"], ["$skiptoken", "A/b+c= ø&d"]],
    "parked": [[WATCH, PLAIN], [WATCH, EVENT], ["", ""]],
    "room list": [[address] for address in ADDRESSES],
    "short": [[PLAIN], [EVENT], ["Room1@contoso.com"]],
    "slot booking": [["agent1@contoso.com", "key-1"], ["Agent.Æ@CONTOSO.com", "Key-2!~"]],
    "slot rows": [
        ["agent1@contoso.com", "2026-12-31T23:50:00+00:00", "2027-01-01T00:05:00+00:00"],
        ["Agent.Æ@CONTOSO.com", "2026-12-01T09:00:00+02:00", "2026-12-01T09:05:00+02:00"],
    ],
    "unreadable letter": [["not JSON"], ["\ud800 blåbær"]],
    "watch": [[address] for address in ADDRESSES],
    "webhook": [
        [WATCH, PLAIN, 'W/"etag"'], [WATCH, EVENT, "é"], [WATCH, PLAIN, 'deleted W/"etag"'],
        [WATCH, PLAIN, 'deleted W/"etag" 1'], [WATCH, PLAIN, 'W/"etag" 2'], [WATCH, PLAIN, "deleted "],
    ],
}  # fmt: skip

HINTED = "2026-11-20T10:00:00.123456+00:00"
RETRY = "fedcba9876543210" * 2
EVENT_CHANGE = [WATCH, "user-Å", "AAMk/Ünïcødé+=", False]
DELETION = [WATCH, "user", "AAMk=", True]
CHANGES: list[list[Any]] = [
    [HINTED, [EVENT_CHANGE], 0, "", False, False],
    ["2026-11-20T10:00:00+00:00", [EVENT_CHANGE, DELETION], 0, "", False, False],
    [HINTED, [DELETION], 3, RETRY, False, False],
    [HINTED, [EVENT_CHANGE], 1, "", False, False],
    [HINTED, [EVENT_CHANGE], 0, "", True, False],
    [HINTED, [DELETION], 0, "", True, True],
    [HINTED, [EVENT_CHANGE, DELETION], 0, "", False, True],
    [HINTED, [EVENT_CHANGE], 22, RETRY, True, True],
    [HINTED, [], 0, "", False, False],
]
SUBSCRIPTION = "7f105c7d-2dc5-4530-97cd-4e7ae6534c07"
REPAIRS: list[list[Any]] = [
    [[WATCH, "missed", SUBSCRIPTION, 0]],
    [[WATCH, "subscriptionRemoved", SUBSCRIPTION, 2]],
    [[WATCH, "reauthorizationRequired", SUBSCRIPTION, 0]],
    [[WATCH, "resync", "", 0]],
    [[WATCH, "resync-full", "", 1]],
    [["", "reconcile", "", 0]],
    [["", "probe", "", 0]],
    [["", "drain", "", 0]],
    [[RETRY, "replay", "", 0]],
    [[WATCH, "missed", SUBSCRIPTION, 0], [WATCH, "reauthorizationRequired", "å", 0]],
]
READ_ONLY = [
    ("changes", '{"v":1,"hinted":"2026-11-20T11:00:00+01:00","attempt":"4","retry":"r","changes":'
                '[{"watch":"w","user":"u","event":"e","deleted":false},{"watch":"w","user":"u","event":"f","new":1}]}'),
    ("repairs", '{"v":1,"repairs":[{"watch":"w","kind":"missed","subscription":"s"}]}'),
]  # fmt: skip
MANY = 1_000  # changes, which are more than one message

STATES = ["failing", "flowing", "gone", "paused"]
NUMBER = "a number"

VALUES: dict[str, dict[str, list[str] | str]] = {
    "bookings": {"end": ["cancelled", "changed", "made", "perhaps", "read-back", "stood"]},
    "callers_refused": {
        "reason": [
            "audience", "expired", "header", "issuer", "missing", "not a token", "not an app", "not valid", "principal",
            "role", "roles", "tenant", "too long", "unknown key",
        ],
    },
    "changes": {
        "end": [
            "busy", "covered", "dead", "direct-watch", "no-news", "not-allowed", "parked", "put-back", "put-off",
            "settling", "told", "unknown-watch",
        ],
    },
    "dead_letters": {"reason": ["gave-up", "rejected", "unreadable-message"], "status": NUMBER},
    "deliveries_held": {"state": STATES},
    "endpoint": {"state": STATES},
    "notifications_dropped": {"reason": ["foreign-tenant", "forged-client-state", "not-an-object", "not-understood"]},
    "partner_answers": {"status": NUMBER, "verdict": ["alert", "dead", "done", "retry", "stop"]},
    "probes": {"end": ["failed", "no-news", "taken", "unread"]},
    "reconciled": {
        "end": [
            "being-made", "created", "deleted", "deleted-meanwhile", "failed", "joined", "kept", "left",
            "needed-meanwhile", "noted", "paused", "renewed", "replaced", "unanswered", "without-place",
        ],
    },
    "repairs": {
        "end": [
            "deleted-meanwhile", "drained-{", "failed", "gone", "just-renewed", "kept", "not-allowed", "not-now",
            "nothing-to-replay", "nothing-to-send", "put-back", "reconciled", "refused", "replayed-{", "resynced",
            "superseded", "taken", "unknown-watch",
        ],
        "kind": [
            "drain", "missed", "probe", "reauthorizationRequired", "reconcile", "replay", "resync", "resync-full",
            "subscriptionRemoved",
        ],
    },
    "resynced": {"end": ["changed", "dropped", "new", "same", "vanished"]},
    "slot_bookings": {"end": ["cancelled", "made", "moved", "settled", "taken"]},
    "watches": {"state": ["gone", "live", "paused", "pending", "refused"]},
}  # fmt: skip
