"""Set up several watches in one call, each as if it were asked for alone."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from shared.errors import RelayError
from shared.relay.parts import Parts
from shared.relay.subscribe import Wish, subscribe
from shared.storage.watches import Watch

AT_ONCE = 16


def subscribe_many(
    parts: Parts, wishes: Sequence[Wish | RelayError]
) -> list[tuple[Watch, bool] | RelayError]:
    """Return what came of each wish, in their order: the watch and whether it is new, or why there is none."""

    def made(wish: Wish | RelayError) -> tuple[Watch, bool] | RelayError:
        if isinstance(wish, RelayError):
            return wish
        try:
            return subscribe(parts, wish)
        except RelayError as error:
            return error

    with ThreadPoolExecutor(AT_ONCE, "setup") as workers:
        return list(workers.map(made, wishes))
