"""The parts of the feature dataverse, each built at its first use (see shared/bootstrap/app.py)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.dataverse_writing import DataverseWritingParts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.dataverse.flow.comparing import ResourceComparison
    from shared.dataverse.flow.following import Follow
    from shared.dataverse.flow.leading import EventLeading
    from shared.dataverse.flow.listening import EventChanges
    from shared.dataverse.flow.looking import Looking, Setting
    from shared.dataverse.flow.microsoft_events import MicrosoftEvents
    from shared.dataverse.flow.process import PairChanges
    from shared.dataverse.flow.resource_list import ResourceList
    from shared.dataverse.flow.settling_pair import PairSettling
    from shared.dataverse.flow.work_orders import LeftToMicrosoft
    from shared.dataverse.operation.hold import Hold
    from shared.dataverse.operation.measures import Measures
    from shared.dataverse.operation.plan import Plan
    from shared.dataverse.operation.start import Start
    from shared.dataverse.operation.status import Status
    from shared.graph.titles.title_filter import TitlePolicy
    from shared.ports.change_listener import ChangeListener
    from shared.ports.nightly_check import NightlyChecks

FEATURE = "dataverse"


class DataverseParts(DataverseWritingParts):
    """The services of the feature dataverse and their collaborators."""

    @property
    def follows_dataverse(self) -> bool:
        """Whether FEATURES names the feature."""
        return FEATURE in self.settings.switched_on

    @cached_property
    def change_listeners(self) -> Mapping[str, ChangeListener]:
        """The features that follow calendars, by name."""
        return {FEATURE: self.event_changes} if self.follows_dataverse else {}

    @cached_property
    def nightly_checks(self) -> NightlyChecks:
        """What features do each night."""
        from shared.ports.nightly_check import NightlyChecks

        return NightlyChecks([self.event_changes] if self.follows_dataverse else [])

    @cached_property
    def title_policies(self) -> Sequence[TitlePolicy]:
        """What the features that are on say of titles."""
        if not self.follows_dataverse:
            return ()
        from shared.dataverse.event_titles import EventTitles

        return (EventTitles(lambda: self.settings.dataverse_titles),)

    @cached_property
    def measures(self) -> Measures:
        """What tells whether the feature keeps up."""
        from shared.dataverse.operation.measures import Measures

        return Measures(self.tracking, self.pairs, self.brakes, self.pair_queue, self.now)

    @cached_property
    def gauges_of_features(self) -> Sequence[Callable[[], None]]:
        """What reports the gauges of the feature; nothing while it is off."""
        if not self.follows_dataverse:
            return ()
        from shared.dataverse.operation.gauges import DataverseGauges

        gauges = DataverseGauges(self.measures)
        return (gauges.report_pairs, gauges.report_held, gauges.report_hints, gauges.report_token)

    @cached_property
    def checks_of_features(self) -> Mapping[str, Callable[[], str]]:
        """The health checks of the feature, by name; none while it is off."""
        if not self.follows_dataverse:
            return {}
        from shared.dataverse.operation.health import DataverseHealth

        return DataverseHealth(self.measures, self.pair_dead_letters, self.dynamics_breaker).by_name()

    @cached_property
    def looking(self) -> Looking:
        """Looks at both sides."""
        from shared.dataverse.flow.looking import Looking

        return Looking(
            self.booking_reader, self.event_reader, self.resource_states, self.left_to_microsoft, self.first_look,
            self.series_dates, self.now,
        )  # fmt: skip

    @cached_property
    def left_to_microsoft(self) -> LeftToMicrosoft:
        """Says which bookings are left to Microsoft's own sync."""
        from shared.dataverse.flow.work_orders import LeftToMicrosoft

        return LeftToMicrosoft(
            self.resource_states, self.dynamics_reads, lambda: self.settings.dataverse_work_orders, self.now
        )

    @cached_property
    def pair_processing(self) -> PairSettling:
        """Settles pairs."""
        from shared.dataverse.flow.settling_pair import PairSettling
        from shared.dataverse.flow.writing import PairWriter
        from shared.dataverse.writes.run import Collaborators

        return PairSettling(
            Collaborators(
                pairs=self.pairs,
                index=self.pair_index,
                looking=self.looking,
                events=PairWriter(self.marked_events, self.event_reader, self.resource_states),
                bookings=self.booking_writer,
                waiting=self.write_waiting,
                brake=self.brake_check,
                breaker=self.dynamics_breaker,
            )
        )

    @cached_property
    def microsoft_events(self) -> MicrosoftEvents:
        """Notes events of Microsoft's own sync."""
        from shared.dataverse.flow.microsoft_events import MicrosoftEvents

        return MicrosoftEvents(self.pair_index, self.resource_states, self.now)

    @cached_property
    def event_leading(self) -> EventLeading:
        """Leads events to pairs."""
        from shared.dataverse.flow.leading import EventLeading

        return EventLeading(
            self.pair_index, self.pairs, self.event_reader, self.resource_states, self.microsoft_events,
            self.series_expansion, self.now,
        )  # fmt: skip

    @cached_property
    def resource_comparison(self) -> ResourceComparison:
        """Compares resources."""
        from shared.dataverse.flow.comparing import ResourceComparison

        return ResourceComparison(
            self.resource_states,
            self.booking_rows,
            self.marked_events,
            self.pairs,
            self.pair_queue,
            self.microsoft_events,
            self.now,
        )

    @cached_property
    def pair_settling(self) -> PairChanges:
        """Settles messages of hints."""
        from shared.dataverse.flow.process import PairChanges
        from shared.storage.pairs.call_leases import CallLeases

        return PairChanges(
            self.present_setting, CallLeases(self.leases, self.now), self.event_leading, self.pair_processing,
            self.resource_comparison, self.pair_dead_letters, self.pair_queue, self.stop.is_stopped, self.now,
        )  # fmt: skip

    @cached_property
    def event_changes(self) -> EventChanges:
        """Takes in what the core hands over."""
        from shared.dataverse.flow.listening import EventChanges

        return EventChanges(self.bookable_resources, self.pair_queue, self.now)

    @cached_property
    def resource_list(self) -> ResourceList:
        """Reads which resources are marked."""
        from shared.dataverse.flow.resource_list import ResourceList

        return ResourceList(
            self.dynamics_reads, self.bookable_resources, self.watching(FEATURE), self.permission,
            lambda mailbox: self.events.owner(mailbox), lambda: self.settings.dataverse_resources, self.now,  # noqa: PLW0108
        )  # fmt: skip

    @cached_property
    def follow(self) -> Follow:
        """Reads what has changed."""
        from shared.dataverse.flow.following import Follow
        from shared.dataverse.flow.restored import RestoredEnvironment

        restored = RestoredEnvironment(self.bookable_resources, self.brakes, self.pair_queue, self.now)

        def setting() -> Setting | None:
            return None if self.stop.is_stopped() else self.present_setting()

        return Follow(
            self.tracking, setting, self.resource_list, self.booking_rows, self.pairs, self.pair_queue, restored,
            self.name_sweep, self.now,
        )  # fmt: skip

    @cached_property
    def dataverse_plan(self) -> Plan:
        """Says what a start would do."""
        from shared.dataverse.operation.plan import Plan
        from shared.dataverse.operation.unpaired import UnpairedCount

        return Plan(
            self.dynamics_reads, self.resource_list, self.booking_reader, self.left_to_microsoft,
            UnpairedCount(self.pairs, self.marked_events, self.permission, self.now), self.planned_removals,
            self.settings, self.now, self.permission.require_running,
        )  # fmt: skip

    @cached_property
    def dataverse_start(self) -> Start:
        """Begins to follow."""
        from shared.dataverse.operation.start import Start

        return Start(
            self.dynamics_reads, self.tracking, self.follow, self.bookable_resources, self.planned_removals,
            self.settings, self.now, self.permission.require_running,
        )  # fmt: skip

    @cached_property
    def dataverse_hold(self) -> Hold:
        """Holds and releases."""
        from shared.dataverse.operation.hold import Hold

        return Hold(
            self.tracking, self.bookable_resources, self.brakes, self.pairs, self.write_waits, self.pair_queue, self.now
        )

    @cached_property
    def dataverse_status(self) -> Status:
        """Says what is known."""
        from shared.dataverse.operation.status import Status

        return Status(
            self.tracking, self.bookable_resources, self.measures, self.pair_queue, self.pair_dead_letters,
            self.dynamics_breaker,
        )  # fmt: skip
