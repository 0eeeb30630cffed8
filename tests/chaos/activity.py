"""An activity in a thread beside the load. Its error is raised where it is stopped."""

import threading
from abc import ABC, abstractmethod


class Activity(threading.Thread, ABC):
    """Runs `work`, which ends soon after `stopped` is set."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.stopped = threading.Event()
        self._error: BaseException | None = None

    @abstractmethod
    def work(self) -> None:
        """Do the work."""

    def run(self) -> None:
        """Run the work, and keep its error."""
        try:
            self.work()
        except BaseException as error:  # noqa: BLE001 (it is raised again where the thread is joined)
            self._error = error

    def stop(self, grace: float = 0.0) -> None:
        """Stop immediately or after the grace, and return when the thread has ended. Raises its error."""
        self.join(grace)
        self.stopped.set()
        self.join()
        if self._error is not None:
            raise self._error
