"""Random histories of what IT permits: nothing is read, told or subscribed that the settings of that moment forbid.

What stands when the settings change ends at the next run of the timer. More runs:
`EXAMPLES_SHARE=4 pytest tests/properties/test_permission_histories.py`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.errors import GraphUnavailable, RelayError
from shared.graph.client_state import Key
from shared.graph.subscriptions import mailbox_of
from shared.messages import Change, ChangeMessage
from shared.storage.watches import watch_id_of
from shared.watches.requests import WatchRequest
from tests.properties.permitted import (
    HOSTS,
    LISTS,
    OWNER_CHECKS,
    RELAY_URL,
    CheckedEvents,
    CheckedSubscriptions,
    Permitted,
)
from tests.support.examples import examples
from tests.support.restarted import restarted
from tests.support.world import START, World, event

ROOMS = ("room1@contoso.com", "room2@contoso.com", "room3@fabrikam.com")
DIRECT = {"direct1@contoso.com": "https://partner.example/graph", "direct2@contoso.com": "https://other.example/x"}
OWNERS = ("chief@other.example", "chief@fabrikam.com", "", "?", "itself")  # "": Graph names none; "?": it fails


class History:
    """A relay, and what IT has permitted so far."""

    def __init__(self) -> None:
        self.permitted, self.uses, self.number = Permitted(), 0, 0
        events, subscriptions = CheckedEvents(), CheckedSubscriptions()
        events.on_read, events.on_owner, subscriptions.on_use = self._read, self._owner_read, self._subscribed
        self.world = World({"events": events, "subscriptions": subscriptions}, **self._settings())
        self.world.webhook.on_arrival = lambda *_: self._count()

    def permit(self, **changes: Any) -> None:
        """Change the settings: another process follows."""
        self.permitted = replace(self.permitted, **changes)
        self.world = restarted(self.world, **self._settings())

    def own(self, mailbox: str, owner: str) -> None:
        """Another mailbox answers under an address, or Graph does not say which."""
        answers: dict[str, str | Exception] = {"itself": mailbox.upper(), "?": GraphUnavailable(503, "x")}
        self.world.events.owners[mailbox] = answers.get(owner, owner)

    def stop(self) -> None:
        """IT stops the relay."""
        self.permitted.is_stopped = True
        self.world.stopping.stop("why", "app")

    def start(self) -> None:
        """IT starts the relay."""
        self.permitted.is_stopped = False
        self.world.stopping.start("why", "app")

    def rotate(self) -> None:
        """A new key of the clientState is used from now on."""
        self.number += 1
        key = Key(f"v{self.number + 1}", b"a secret of the relay" * 2, self.world.time - timedelta(days=1))
        self.world.keys = [key, *self.world.keys][:2]

    def set_up(self, mailbox: str) -> None:
        """The partner asks for a watch."""
        url = DIRECT.get(mailbox, "")
        try:
            self.world.watch_setup.subscribe(WatchRequest(mailbox, "direct" if url else "relay", url))
        except RelayError:
            if self.world.watches.get(watch_id_of(mailbox)) is None:
                self.permitted.owners.pop(mailbox, None)  # nothing is kept of an address that is refused

    def call(self, mailbox: str) -> None:
        """A feature uses an address."""
        with suppress(RelayError):
            self.world.permission.require(mailbox, "write")
            assert self.permitted.mailbox(mailbox), f"{mailbox} was used with {self.permitted}"

    def notify(self, mailbox: str) -> None:
        """An event changes, and Graph says so."""
        self.number += 1
        self.world.events.by_id["E"] = event(etag=str(self.number))
        change = Change(watch_id_of(mailbox), "user", "E", deleted=False)
        self.world.changes.send(ChangeMessage(self.world.time, (change,)))

    def work(self) -> None:
        """The queues are processed."""
        self.world.pass_by(20)
        for queue in (self.world.jobs, self.world.work):
            for job in queue.take_jobs():
                self.world.job_runner.run_job(job, queue)
        for message, _ in self.world.changes.take():
            self.world.delivery.deliver(message)

    def night(self) -> None:
        """The nightly resyncs are queued."""
        self.world.pass_by(24 * 3600)
        self.world.catch_up.queue_nightly_resyncs()
        self.world.catch_up.queue_owner_checks()

    def run(self) -> None:
        """The timer runs, after some hours; then nothing stands that is forbidden."""
        self.world.pass_by(5 * 3600)
        existing = self.world.subscriptions.existing
        for each in [each for each in existing.values() if each.expires <= self.world.time]:
            del existing[each.id]
        self.world.reconciler.reconcile()
        self._nothing_forbidden_stands()

    def _nothing_forbidden_stands(self) -> None:
        without_stop = replace(self.permitted, is_stopped=False)
        for each in self.world.subscriptions.existing.values():
            is_ours = each.notification_url == RELAY_URL  # the stop lets it end by itself
            permitted = without_stop if is_ours and self.permitted.is_stopped else self.permitted
            mailbox = mailbox_of(each.resource) or ""
            is_kept = is_ours and self.permitted.is_stopped
            assert is_kept or permitted.mailbox(mailbox), f"{mailbox} with {permitted}"
            assert permitted.url(each.notification_url), f"{each.notification_url} with {permitted}"

    def _settings(self) -> dict[str, str]:
        permitted = self.permitted
        return {
            "ALLOWED_MAILBOXES": permitted.mailboxes, "ALLOWED_NOTIFICATION_HOSTS": permitted.hosts,
            "OWNER_CHECK": permitted.owner_check,
        }  # fmt: skip

    def _owner_read(self, mailbox: str, owner: str) -> None:
        assert self.permitted.mailbox(mailbox, reads_owner=True), f"{mailbox} was asked for with {self.permitted}"
        if owner:
            self.permitted.owners[mailbox] = owner.lower()

    def _read(self, mailbox: str) -> None:
        self._count()
        assert self.permitted.mailbox(mailbox), f"{mailbox} was read with {self.permitted}"

    def _subscribed(self, mailbox: str, url: str) -> None:
        self._count()
        assert self.permitted.mailbox(mailbox), f"{mailbox} was subscribed with {self.permitted}"
        assert self.permitted.url(url), f"{url} was subscribed with {self.permitted}"

    def _count(self) -> None:
        self.uses += 1
        assert not self.permitted.is_stopped


STEPS = st.one_of(
    st.tuples(st.just("mailboxes"), st.sampled_from(LISTS)),
    st.tuples(st.just("hosts"), st.sampled_from(HOSTS)),
    st.tuples(st.just("owner_check"), st.sampled_from(OWNER_CHECKS)),
    st.tuples(st.just("own"), st.tuples(st.sampled_from([*ROOMS, *DIRECT]), st.sampled_from(OWNERS))),
    st.tuples(st.just("call"), st.sampled_from(ROOMS)),
    st.tuples(st.sampled_from(["set_up"]), st.sampled_from([*ROOMS, *DIRECT])),
    st.tuples(st.just("notify"), st.sampled_from(ROOMS)),
    st.tuples(st.sampled_from(["stop", "start", "rotate", "work", "night", "run", "run"]), st.none()),
)
Step = tuple[str, str | tuple[str, str] | None]
USES: list[int] = []
NIGHT: list[Step] = [("night", None), ("work", None)]


def played(steps: list[Step]) -> int:
    """Play a history; return how often the tenant or the partner was used."""
    history = History()
    try:
        for mailbox in (*ROOMS, *DIRECT):
            history.set_up(mailbox)
        for name, what in steps:
            if name in ("mailboxes", "hosts", "owner_check"):
                history.permit(**{name: what})
            elif isinstance(what, tuple):
                history.own(*what)
            else:
                getattr(history, name)(*([] if what is None else [what]))
        history.work()
        history.run()
        return history.uses
    finally:
        history.world.end()


@settings(max_examples=examples(150), deadline=None)
@given(steps=st.lists(STEPS, max_size=25))
@example(steps=[("own", (ROOMS[0], OWNERS[0])), *NIGHT, ("notify", ROOMS[0]), ("work", None)])
@example(steps=[("own", ("direct1@contoso.com", OWNERS[0])), *NIGHT])
def test_nothing_leaves_that_the_settings_of_that_moment_forbid(steps: list[Step]) -> None:
    """Lists shrink and grow, hosts are taken back, owners change, the relay is stopped and started, keys rotate."""
    USES.append(played(steps))


def test_the_histories_use_the_tenant() -> None:
    """A property about uses says nothing without any."""
    steps: list[Step] = [("notify", ROOMS[0]), ("work", None), ("night", None), ("work", None)]
    assert played(steps) > 5 + 2
    assert START.tzinfo is not None
