"""Whatever others do, lists hide, kills end and the partner answers: at rest its picture is that of the business."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.followed_story import FollowedStory

NUMBERS = st.integers(0, 7)
STEPS = st.one_of(
    st.tuples(st.just("book"), NUMBERS), st.tuples(st.just("move"), NUMBERS), st.tuples(st.just("staff"), NUMBERS),
    st.tuples(st.just("cancel"), NUMBERS), st.tuples(st.just("call"), NUMBERS), st.tuples(st.just("lists"), NUMBERS),
    st.tuples(st.just("partner"), NUMBERS), st.tuples(st.just("kill"), st.integers(0, 30)),
    st.tuples(st.just("fault"), NUMBERS), st.tuples(st.just("run"), NUMBERS), st.tuples(st.just("run"), NUMBERS),
    st.tuples(st.just("storage"), st.integers(0, 30)), st.tuples(st.just("pause"), NUMBERS),
    st.tuples(st.just("stop"), NUMBERS), st.tuples(st.just("allow"), NUMBERS), st.tuples(st.just("hours"), NUMBERS),
    st.tuples(st.just("far"), NUMBERS), st.tuples(st.just("key"), NUMBERS), st.tuples(st.just("twice"), NUMBERS),
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_at_rest_the_partner_has_what_the_business_has(steps: list[tuple[str, int]]) -> None:
    """Nothing is lost, whether or not the partner kept what it did not acknowledge. On the way nothing is invented:
    each delivery is a state that the appointment had, and nothing that stands is told as cancelled.
    """
    story = FollowedStory()
    try:
        for step, number in steps:
            story.take(step, number)
        story.rest()
        assert story.wrong == []
        assert story.replica() == story.replica_of_arrivals() == story.truth()
    finally:
        story.world.end()
