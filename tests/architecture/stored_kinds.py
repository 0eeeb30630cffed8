"""The kinds of rows and messages, by the page that lists their fields."""

from __future__ import annotations

from shared.bookings.held_times import HeldTime
from shared.bookings.records import AppointmentRecord
from shared.calendars.first_calls import FirstCall
from shared.dataverse.flow.dead import DeadHint
from shared.forgetting.off_list import OffList
from shared.messages import Change, Job
from shared.policy.owner import OwnerReading
from shared.policy.stop import Stop
from shared.storage.followed.appointments import FollowedAppointment, FollowedBusiness
from shared.storage.leases import Lease
from shared.storage.ledger_entry import Entry
from shared.storage.maintenance import Brake, Handshake, Lifetime, ResyncHour, Rollout, Sweep
from shared.storage.pairs.brakes import MailboxBrake
from shared.storage.pairs.call_counts import CallCount
from shared.storage.pairs.call_pauses import CallPause
from shared.storage.pairs.index import IndexedEvent
from shared.storage.pairs.pair import Pair
from shared.storage.pairs.resources import StoredResource
from shared.storage.pairs.tracking import Tracking
from shared.storage.pairs.write_waits import WriteWait
from shared.storage.parked import Parked
from shared.storage.partner_endpoint import Endpoint
from shared.storage.replays import Replay
from shared.storage.retries import DeliveryCount, Retry
from shared.storage.room_lists import RoomList, RoomListReading
from shared.storage.rooms.readings import RoomPart, RoomReading
from shared.storage.slot_bookings import Booking
from shared.storage.tombstones import Tombstone
from shared.storage.unknown_subscriptions import AuditState, UnknownSubscription
from shared.storage.watches import Watch

# Listed in docs/data-protection.md.
PERSONAL = (
    Watch, RoomList, Endpoint, Stop, Replay, UnknownSubscription, Tombstone, OffList, OwnerReading, RoomPart, Lease,
    Booking, FollowedAppointment, FollowedBusiness, Entry, Parked, Change, Job,
)  # fmt: skip
# Rows of ids, hashes, numbers and times; docs/subscriptions.md lists them.
OTHERS = (
    Sweep, Brake, Rollout, Lifetime, Handshake, ResyncHour, AuditState, RoomListReading, RoomReading, Retry,
    DeliveryCount, FirstCall, AppointmentRecord, HeldTime,
)  # fmt: skip
# Listed in docs/dataverse-data.md.
PAIRS = (Pair, IndexedEvent, MailboxBrake, StoredResource, CallPause, CallCount, Tracking, WriteWait, DeadHint)
