"""What the threads of the relay do in a run: timers, queues, and the calls of the partner and the administrator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.schedules.desires import LISTS, Desires
from tests.schedules.process import BEFORE, Process
from tests.schedules.verbs import CRASHES, variant_of, which_of

LARGEST_SKEW = timedelta(minutes=5)  # with which a process works
MESSAGES = 4  # of each queue, in one act
WAITS = (65.0, 130.0, 200.0)  # seconds: more than the time to a confirmed loss, and than that of a claim
PARTNER_URL = "https://partner.example/graph"  # of direct delivery


class RelayActs:
    """The acts of processes. Each raises what the product raises. `direct`: mailboxes with direct delivery.

    Promises that do not hold are appended to `broken`: a set-up that was accepted is not undone, one that was rejected
    leaves no claim, and a process with a wrong clock does no work that is due. `claimant` says whose claim the row of
    a mailbox has: a worker of this round, or "".
    """

    def __init__(self, desires: Desires, mailboxes: list[str]) -> None:
        self._desires, self._mailboxes = desires, mailboxes
        self.direct: set[str] = set()
        self.broken: list[str] = []
        self.claimant: Callable[[str], str] = lambda _: ""
        self._letting_go: Counter[str] = Counter()
        self.verbs: dict[str, Callable[[Process, int], object]] = {
            "timer": lambda process, _: self._timer(process),
            "night": lambda process, _: process.app.catch_up.queue_nightly_resyncs(),
            "queues": lambda process, _: self.process(process),
            "wait": lambda process, number: process.scheduler.sleep(WAITS[variant_of(number) % len(WAITS)]),
            "restart": lambda process, _: process.start(),
            "crash": self._crash,
            "set up": lambda process, number: self.set_up(process, self._mailbox(number)),
            "set up direct": lambda process, number: self.set_up_otherwise(process, self._mailbox(number)),
            "let go": lambda process, number: self.let_go(process, self._mailbox(number)),
            "watch list": lambda process, number: self.watch_list(process, LISTS[variant_of(number) % len(LISTS)]),
            "release list": lambda process, number: self.release_list(process, LISTS[variant_of(number) % len(LISTS)]),
            "audit": self._audit,
            "clean up": self._clean_up,
        }

    def _mailbox(self, number: int) -> str:
        return self._mailboxes[which_of(number) % len(self._mailboxes)]

    def _timer(self, process: Process) -> None:
        worker, before = _here(process), process.writes[_here(process)]
        skew = process.site.date_skew - process.offset
        is_wrong = process.version != BEFORE and process.skew == skew and abs(skew) > LARGEST_SKEW
        process.app.reconciler.reconcile()
        is_same = skew == process.site.date_skew - process.offset
        if is_wrong and is_same and process.writes[worker] > before:
            self.broken.append(f"timer of {process.name} wrote to Graph, though its clock is wrong by {skew}")

    def _crash(self, process: Process, number: int) -> None:
        """The process will crash, or stand still, or get no answer, at its next call of a kind."""
        call, fault, _ = CRASHES[variant_of(number) % len(CRASHES)]
        process.fates[call] = fault

    def set_up(self, process: Process, mailbox: str) -> None:
        """The partner requests a watch. A rejected set-up deletes what it made, so it may end until it succeeded.

        The partner that is told of another delivery accepts that: the room may be watched as one of a list.
        """
        if not self._desires.partner.get(mailbox):
            self._desires.ending.add(mailbox)
        self._desires.partner[mailbox] = True
        failed, had_row = process.failed, self._desires.has_row(mailbox)
        try:
            self._subscribe(process, mailbox)
        except process.part("errors").RequestRejected:
            is_mine = bool(self.claimant(mailbox)) and self.claimant(mailbox) == _here(process)
            could_write = process.failed == failed and not self._desires.is_unreadable(mailbox)
            if is_mine and not had_row and could_write and process.version != BEFORE:
                self.broken.append(f"set-up of {mailbox} was rejected, and its claim stays")
            raise
        if process.version != BEFORE and not self._letting_go[mailbox]:
            self._desires.accepted(mailbox)

    def _subscribe(self, process: Process, mailbox: str) -> None:
        try:
            process.app.watch_setup.subscribe(self._request(process, mailbox))
        except process.part("errors").RequestRejected as error:
            if error.problem.code != "delivery_differs":
                raise
            self.direct ^= {mailbox}
            process.app.watch_setup.subscribe(self._request(process, mailbox))

    def set_up_otherwise(self, process: Process, mailbox: str) -> None:
        """The partner changes the delivery of a mailbox: deletes its watch, if there is one, and sets it up anew."""
        if self._desires.partner.get(mailbox):
            self.let_go(process, mailbox)
        self.direct ^= {mailbox}
        self.set_up(process, mailbox)

    def _request(self, process: Process, mailbox: str) -> Any:
        delivery = ("direct", PARTNER_URL) if mailbox in self.direct else ()
        return process.part("watches.requests").WatchRequest(mailbox, *delivery)

    def let_go(self, process: Process, mailbox: str) -> None:
        """The partner deletes a watch. A rejected call, for a room of a list, leaves the wish as it was."""
        before = self._desires.partner.get(mailbox, False)
        self._desires.ending.add(mailbox)
        self._desires.partner[mailbox] = False
        self._letting_go[mailbox] += 1
        try:
            process.app.watch_setup.unsubscribe(process.part("storage.watches").watch_id_of(mailbox))
        except process.part("errors").RequestRejected as error:
            if error.problem.status == 409:
                self._desires.partner[mailbox] = before
            raise
        finally:
            self._letting_go[mailbox] -= 1

    def watch_list(self, process: Process, address: str) -> None:
        """The partner watches a room list."""
        self._desires.lists[address] = True
        process.app.room_list_service.watch(address)

    def release_list(self, process: Process, address: str) -> None:
        """The partner releases a room list."""
        rooms = process.site.directory.rooms[address]
        self._desires.ending |= rooms
        self._desires.lists[address] = False
        process.app.room_list_service.release(process.part("storage.room_lists").room_list_id_of(address))

    def process(self, process: Process, most: int = MESSAGES) -> int:
        """Process messages that are due; return how many. One whose processing fails is tried again."""
        number = 0
        for name, run in self._queues(process).items():
            queue = process.site.queues[name]
            for _ in range(most):
                taken = queue.take()
                if taken is None:
                    break
                try:
                    run(taken[1])
                except process.part("errors").RelayError:
                    queue.give_back(taken[0])
                    break
                queue.remove(taken[0])
                number += 1
        return number

    def _queues(self, process: Process) -> dict[str, Callable[[str], Any]]:
        app, messages = process.app, process.part("messages")
        queues: dict[str, Callable[[str], Any]] = {
            "jobs": lambda text: app.job_runner.run_jobs(messages.read_jobs(text)),
            "changes": lambda text: app.delivery.deliver(messages.read_changes(text)),
        }
        if process.version != BEFORE:
            queues["work"] = lambda text: app.job_runner.run_jobs(messages.read_jobs(text), app.work)
        return queues

    def _audit(self, process: Process, _: int) -> None:
        if process.version != BEFORE:
            process.app.audit.run()

    def _clean_up(self, process: Process, _: int) -> None:
        """The administrator deletes the unknown subscriptions. A mailbox without a row is then wanted by nobody."""
        if process.version == BEFORE:
            return
        rows = process.site.tables["watches"].rows.values()  # also those that cannot be read
        named = {row["mailbox"] for row in rows if row["PartitionKey"] == "watch"}
        self._desires.ending |= set(self._mailboxes) - named
        process.app.unknown_cleanup.delete_all("administrator")


def _here(process: Process) -> str:
    """Return the name of the worker that acts; "" between the rounds."""
    worker = process.scheduler.here()
    return worker.name if worker is not None else ""
