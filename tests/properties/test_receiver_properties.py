"""The example receivers end with the calendar after any history of events and watches, in any order of arrival."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from tests.support.receivers import DELETED, Delivery, GuideReceiver, SandboxReceiver, Sender, TakesDeliveries, newest

EVENTS = ("E1", "E2", "O1")
# What happens next: an event changes or vanishes, the last answer of an event was lost, the watch is removed and set
# up again while some events vanish unseen.
ACTS = st.one_of(
    st.tuples(st.just("change"), st.sampled_from(EVENTS)),
    st.tuples(st.just("vanish"), st.sampled_from(EVENTS)),
    st.tuples(st.just("again"), st.sampled_from(EVENTS)),
    st.tuples(st.just("watch"), st.frozensets(st.sampled_from(EVENTS))),
)
HISTORIES = st.lists(ACTS, min_size=1, max_size=14)


@dataclass
class Calendar:
    """A calendar and what the relay sends about it; `created` is the start of its present watch."""

    sender: Sender = field(default_factory=Sender)
    sent: list[Delivery] = field(default_factory=list)
    last: dict[str, Delivery] = field(default_factory=dict)  # of the present watch
    created: str = field(init=False)

    def __post_init__(self) -> None:
        self.created = self.sender.now()

    def send(self, delivery: Delivery) -> None:
        """Send an attempt."""
        self.sent.append(delivery)
        self.last[delivery.event_id] = delivery

    def change(self, event_id: str) -> None:
        """Send the event's new state; it may have been deleted before."""
        known = self.last.get(event_id)
        is_known = known is not None and known.state is not None
        self.send(self.sender.send(event_id, "updated" if is_known else "created"))

    def vanish(self, event_id: str) -> None:
        """Send the deletion, also of an event that was never sent."""
        self.send(self.sender.send(event_id, DELETED))

    def again(self, event_id: str) -> None:
        """Send the last state once more, if there is one."""
        if event_id in self.last:
            self.send(self.sender.again(self.last[event_id]))

    def watch(self, vanished: frozenset[str]) -> None:
        """Set the removed watch up again: what still exists is sent as created, with new webhook-ids."""
        self.created = self.sender.now()
        existing = [name for name, each in self.last.items() if each.state is not None and name not in vanished]
        self.last.clear()
        for event_id in existing:
            self.change(event_id)


def played(acts: list[tuple[str, str | frozenset[str]]]) -> Calendar:
    """Return a calendar after these acts."""
    calendar = Calendar()
    for name, argument in acts:
        getattr(calendar, name)(argument)
    return calendar


def arrivals(calendar: Calendar) -> st.SearchStrategy[list[Delivery]]:
    """Return the ways in which the attempts arrive: any order and repetition, and the last of each event surely."""
    sure = list(calendar.last.values())
    others = st.lists(st.sampled_from(calendar.sent), max_size=12) if calendar.sent else st.just([])
    return others.flatmap(lambda more: st.permutations([*sure, *more]))


@given(HISTORIES, st.data())
def test_receivers_end_with_the_calendar(acts: list[tuple[str, str | frozenset[str]]], data: st.DataObject) -> None:
    """Whatever the order, with ids that were forgotten, once the events of an earlier watch are dropped."""
    calendar = played(acts)
    arrived = data.draw(arrivals(calendar))
    forgets = data.draw(st.frozensets(st.integers(0, max(0, len(arrived) - 1))))
    guide, sandbox = GuideReceiver(), SandboxReceiver()
    receivers: tuple[TakesDeliveries, ...] = (guide, sandbox)
    for receiver in receivers:
        for number, delivery in enumerate(arrived):
            if number in forgets:
                receiver.forget_ids()
            receiver.take(delivery)
        receiver.drop_before(calendar.created)
        assert receiver.states() == newest(calendar.last.values())
    guide.database.close()
