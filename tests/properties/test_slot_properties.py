"""Free slots compared with a reference that tries every minute: none overlaps a busy time, and none is missing."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.scheduling.slot_rules import SlotQuery, Span, WorkingHours, free_starts, starts_of
from tests.support.examples import examples

MINUTE = timedelta(minutes=1)
# Clock changes in both directions and by half an hour, an offset of three quarters of an hour, and no change at all.
ZONES = ["UTC", "Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham",
         "Africa/Casablanca", "America/Sao_Paulo"]  # fmt: skip
CHANGES = [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC),
           datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC),
           datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)]  # fmt: skip

EVERY = sorted(available_timezones() - {"Factory", "localtime", "posixrules"})

zones = st.sampled_from(ZONES).map(ZoneInfo) | st.sampled_from(EVERY).map(ZoneInfo)
moments = st.builds(lambda change, minutes: change + minutes * MINUTE, st.sampled_from(CHANGES),
                    st.integers(-3000, 3000))  # fmt: skip


@st.composite
def queries(draw: st.DrawFn) -> SlotQuery:
    """Return a query around a clock change."""
    start = draw(moments)
    return SlotQuery(
        Span(start, start + draw(st.integers(0, 2500)) * MINUTE),
        draw(st.integers(1, 30)) * 5 * MINUTE,
        draw(zones),
        draw(st.sampled_from([5, 10, 15, 20, 25, 30, 45, 60, 90, 480])) * MINUTE,
        draw(st.sampled_from([0, 0, 1, 5, 15, 60])) * MINUTE,
    )


hours_of = st.builds(
    WorkingHours,
    st.frozensets(st.integers(0, 6), min_size=3),
    st.builds(time, st.integers(0, 23), st.sampled_from([0, 7, 30])),
    st.builds(time, st.integers(0, 23), st.sampled_from([0, 30, 59])),
    zones,
)


@st.composite
def busy_times(draw: st.DrawFn, query: SlotQuery) -> list[Span]:
    """Return busy times around a window, some without any length."""
    return [
        Span(start := query.window.start + draw(st.integers(-300, 2600)) * MINUTE,
             start + draw(st.integers(0, 200)) * MINUTE)
        for _ in range(draw(st.integers(0, 6)))
    ]  # fmt: skip


def worked(hours: WorkingHours, moment: datetime) -> bool:
    """Return whether the minute that begins at a moment is within working hours, on any day."""
    shown = moment.astimezone(hours.zone)
    for back in (0, 1, 2):
        day = shown.date() - back * timedelta(days=1)
        start = datetime.combine(day, hours.start, hours.zone).astimezone(UTC)
        ending = day if hours.end > hours.start else day + timedelta(days=1)
        end = datetime.combine(ending, hours.end, hours.zone).astimezone(UTC)
        if day.weekday() in hours.days and start <= moment < end:
            return True
    return False


def reference(query: SlotQuery, hours: WorkingHours, busy: list[Span]) -> list[datetime]:
    """Return the starts of free slots, by checking every minute of every slot."""
    length = int((query.window.end - query.window.start) / MINUTE)
    minutes = [query.window.start + number * MINUTE for number in range(length)]
    free = [
        worked(hours, minute)
        and not any(
            span.start < span.end and span.start - query.buffer < minute + MINUTE and minute < span.end + query.buffer
            for span in busy
        )
        for minute in minutes
    ]
    duration, step = int(query.duration / MINUTE), int(query.step / MINUTE)
    starts = []
    for number, minute in enumerate(minutes[: max(0, length - duration + 1)]):
        shown = minute.astimezone(query.zone)
        on_step = (shown.hour * 60 + shown.minute) % step == 0 and int(minute.timestamp()) % 300 == 0
        if on_step and all(free[number : number + duration]):
            starts.append(minute)
    return starts


@settings(max_examples=examples(300), deadline=None)
@given(st.data())
def test_the_slots_equal_the_references(data: st.DataObject) -> None:
    """In any zone, over any clock change, with any working hours, busy times, steps and buffers."""
    query = data.draw(queries())
    hours, busy = data.draw(hours_of), data.draw(busy_times(query))
    assert list(free_starts(query, starts_of(query), hours, busy)) == reference(query, hours, busy)


@settings(max_examples=examples(200), deadline=None)
@given(st.data())
def test_no_slot_touches_a_busy_time(data: st.DataObject) -> None:
    """With its buffers, and without the reference."""
    query = data.draw(queries())
    hours, busy = data.draw(hours_of), data.draw(busy_times(query))
    for start in free_starts(query, starts_of(query), hours, busy):
        slot = Span(start - query.buffer, start + query.duration + query.buffer)
        assert not any(slot.overlaps(span) for span in busy if span.start < span.end)
        assert query.window.contains(Span(start, start + query.duration))


@given(st.sampled_from(ZONES), st.sampled_from([15, 30, 60]))
@example("Europe/Oslo", 60)
def test_a_day_of_25_hours_has_an_hour_more(name: str, step: int) -> None:
    """Each repeated local time is two slots, an hour apart, or half an hour on Lord Howe."""
    zone = ZoneInfo(name)
    start = datetime(2026, 10, 25, tzinfo=zone).astimezone(UTC)
    end = datetime(2026, 10, 26, tzinfo=zone).astimezone(UTC)
    query = SlotQuery(Span(start, end), step * MINUTE, zone, step * MINUTE)
    expected = (end - start) / (step * MINUTE)
    assert len(starts_of(query)) == expected == (25 if name == "Europe/Oslo" else 24) * 60 / step
