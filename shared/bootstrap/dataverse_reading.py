"""The parts that read and store for the feature dataverse, each built at its first use (shared/bootstrap/app.py)."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.health import HealthParts

if TYPE_CHECKING:
    from shared.dataverse.call_breaker import DynamicsBreaker
    from shared.dataverse.flow.dead import PairDeadLetters
    from shared.dataverse.flow.hints import HintQueue
    from shared.dataverse.flow.present import PresentSetting
    from shared.dataverse.flow.removals import RemovalReader
    from shared.dataverse.hooks.intake import HookIntake
    from shared.dataverse.operation.planned_removals import PlannedRemovals
    from shared.dataverse.reading.bookings import BookingReader
    from shared.dataverse.reading.events import EventReader
    from shared.dataverse.reading.resources import ResourceStates
    from shared.dataverse.unpaired.expansion import SeriesExpansion
    from shared.dataverse.unpaired.first_look import FirstLook
    from shared.dataverse.unpaired.series import SeriesDates
    from shared.dynamics.booking_rows import BookingRows
    from shared.dynamics.client import DynamicsClient
    from shared.dynamics.environment import Environment
    from shared.graph.client import GetToken
    from shared.graph.marked_events.events import MarkedEvents
    from shared.storage.pairs.brakes import Brakes
    from shared.storage.pairs.call_counts import CallCounts
    from shared.storage.pairs.index import PairIndex
    from shared.storage.pairs.pairs import Pairs
    from shared.storage.pairs.resources import Resources
    from shared.storage.pairs.tracking import TrackingRow


class DataverseReadingParts(HealthParts):
    """The clients of the feature dataverse, its rows, and what reads them."""

    @cached_property
    def dynamics_token(self) -> GetToken:
        """Returns tokens for Dataverse, of the same credential as those for Graph."""
        from shared.graph.token import AppToken, IdentityToken

        url = self.settings.dataverse_url
        if self.settings.graph_credential == "managed-identity":
            return IdentityToken(self._graph_identity, url)
        return AppToken(self.settings, self.secrets, base_url=url)

    @cached_property
    def dynamics_breaker(self) -> DynamicsBreaker:
        """Says whether Dataverse may be called."""
        from shared.dataverse.call_breaker import DynamicsBreaker
        from shared.storage.pairs.call_pauses import CallPauses

        return DynamicsBreaker(CallPauses(lambda: self.pairs_table, self.now), self.now)

    @cached_property
    def present_setting(self) -> PresentSetting:
        """What is the same for all pairs."""
        from shared.dataverse.flow.present import PresentSetting

        return PresentSetting(
            self.tracking, self.dynamics_reads, self.settings, self.client_state_keys, self.dynamics_breaker.open,
            self.now,
        )  # fmt: skip

    @cached_property
    def call_counts(self) -> CallCounts:
        """How many calls of Dataverse there were."""
        from shared.storage.pairs.call_counts import CallCounts

        return CallCounts(lambda: self.pairs_table, self.now)

    @cached_property
    def dynamics(self) -> DynamicsClient:
        """The client for Dataverse."""
        from shared.dataverse.counted_calls import CountedCalls
        from shared.dynamics.client import DynamicsClient
        from shared.http.session import session_for

        def get_token(*, fresh: bool = False) -> str:
            return self.dynamics_token(fresh=fresh)

        session = cache(lambda: session_for(self.settings.dataverse_url))
        counted = CountedCalls(self.dynamics_breaker, self.call_counts, self.now)
        return DynamicsClient(lambda: self.settings.dataverse_url, get_token, session, counted)

    @cached_property
    def dynamics_reads(self) -> Environment:
        """Reads the environment."""
        from shared.dynamics.environment import Environment

        return Environment(self.dynamics)

    @cached_property
    def booking_rows(self) -> BookingRows:
        """Reads rows of bookings."""
        from shared.dynamics.booking_rows import BookingRows

        return BookingRows(self.dynamics, self.now)

    @cached_property
    def marked_events(self) -> MarkedEvents:
        """Events with the relay's mark."""
        from shared.graph.marked_events.events import MarkedEvents

        return MarkedEvents(self.graph, self.mailbox_holds, self.now)

    @cached_property
    def pairs(self) -> Pairs:
        """The rows of pairs."""
        from shared.storage.pairs.pairs import Pairs

        return Pairs(lambda: self.pairs_table, self.now)

    @cached_property
    def pair_index(self) -> PairIndex:
        """The index of pairs by events."""
        from shared.storage.pairs.index import PairIndex

        return PairIndex(lambda: self.pairs_table)

    @cached_property
    def brakes(self) -> Brakes:
        """The rows of the brake."""
        from shared.storage.pairs.brakes import Brakes

        return Brakes(lambda: self.pairs_table)

    @cached_property
    def bookable_resources(self) -> Resources:
        """The rows of resources."""
        from shared.storage.pairs.resources import Resources

        return Resources(lambda: self.pairs_table)

    @cached_property
    def tracking(self) -> TrackingRow:
        """The row of change tracking."""
        from shared.storage.pairs.tracking import TrackingRow

        return TrackingRow(lambda: self.pairs_table)

    @cached_property
    def pair_queue(self) -> HintQueue:
        """The queue of hints."""
        from shared.dataverse.flow.hints import HintQueue
        from shared.storage.queues import PAIR_CHANGES, Queue

        return HintQueue(Queue(cache(lambda: self.storage.queue(PAIR_CHANGES))))

    @cached_property
    def hook_intake(self) -> HookIntake:
        """Takes in the webhooks of Dataverse."""
        from shared.dataverse.hooks.intake import HookIntake
        from shared.dataverse.hooks.secret import HookSecret

        return HookIntake(
            HookSecret(self.secrets, lambda: self.settings.dataverse_hook_secret_name), self.tracking, self.pair_queue,
            self.stop.is_stopped, lambda: self.settings.settle_seconds, self.now,
        )  # fmt: skip

    @cached_property
    def pair_dead_letters(self) -> PairDeadLetters:
        """Hints that are not tried again."""
        from shared.dataverse.flow.dead import PairDeadLetters

        return PairDeadLetters(lambda: self.pairs_table, self.pair_queue, self.now)

    @cached_property
    def resource_states(self) -> ResourceStates:
        """What is true of resources."""
        from shared.dataverse.reading.resources import ResourceStates

        return ResourceStates(self.bookable_resources, self.brakes, self.permission)

    @cached_property
    def booking_reader(self) -> BookingReader:
        """Reads bookings."""
        from shared.dataverse.reading.bookings import BookingReader, Statuses

        return BookingReader(self.booking_rows, Statuses(self.dynamics_reads, self.now))

    @cached_property
    def removal_reader(self) -> RemovalReader:
        """Reads what the brake counts."""
        from shared.dataverse.flow.removals import RemovalReader

        return RemovalReader(self.booking_rows, self.booking_reader)

    @cached_property
    def planned_removals(self) -> PlannedRemovals:
        """What a start would remove."""
        from shared.dataverse.flow.present import rules_of
        from shared.dataverse.operation.planned_removals import PlannedRemovals

        return PlannedRemovals(
            self.pairs, self.removal_reader, self.brakes, lambda: rules_of(self.settings).past, self.now
        )

    @cached_property
    def event_reader(self) -> EventReader:
        """Reads events."""
        from shared.dataverse.reading.events import EventReader

        return EventReader(self.marked_events, self.now)

    @cached_property
    def first_look(self) -> FirstLook:
        """Looks at events that have no pair."""
        from shared.dataverse.unpaired.first_look import FirstLook

        return FirstLook(self.event_reader, self.resource_states, self.pairs)

    @cached_property
    def series_dates(self) -> SeriesDates:
        """Reads the dates of series."""
        from shared.dataverse.unpaired.series import SeriesDates

        return SeriesDates(self.event_reader, self.pairs, self.pair_index, self.now)

    @cached_property
    def series_expansion(self) -> SeriesExpansion:
        """Queues the dates and pairs of series."""
        from shared.dataverse.unpaired.expansion import SeriesExpansion

        return SeriesExpansion(self.series_dates, self.pair_queue, self.now)
