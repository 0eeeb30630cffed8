"""What goes on beside the load until it is stopped: in a thread of its own, whose error is told where it is stopped."""

import threading
from abc import ABC, abstractmethod


class Activity(threading.Thread, ABC):
    """Does `work`, which ends soon after `stopped` is set."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.stopped = threading.Event()
        self._error: BaseException | None = None

    @abstractmethod
    def work(self) -> None:
        """Do it."""

    def run(self) -> None:
        """Work, and keep what went wrong."""
        try:
            self.work()
        except BaseException as error:  # noqa: BLE001 (it is raised again where the thread is joined)
            self._error = error

    def stop(self, grace: float = 0.0) -> None:
        """End it, at once or after the grace; return when it has ended. Raises what went wrong in it."""
        self.join(grace)
        self.stopped.set()
        self.join()
        if self._error is not None:
            raise self._error
