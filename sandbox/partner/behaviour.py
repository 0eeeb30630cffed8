"""Failures of a partner, planted through control and applied to incoming deliveries."""

from dataclasses import asdict, dataclass, field
from typing import Any

_NUMBER = (int, float)
_KINDS: dict[str, tuple[type, ...]] = {
    "status": (int,),
    "headers": (dict,),
    "body": (str,),
    "times": (int,),
    "delaySeconds": _NUMBER,
    "cut": (str,),
    "drip": _NUMBER,
    "hang": (bool,),
    "taken": (bool,),
    "mailbox": (str,),
}


@dataclass
class Behaviour:
    """How to treat deliveries; the fields are named as in the control route's JSON.

    - `taken`: process the delivery first, before the delay and whatever the response.
    - `delaySeconds`: wait before anything else.
    - `hang`: never respond. `cut`: close the connection without a response, "before" or "after" the processing.
    - `status`, `headers`, `body`: the response. With a status outside 2xx the delivery is not processed.
    - `drip`: send the body at this many bytes per second; without `body`, endlessly.
    - `times`: the number of deliveries (null: until cleared). `mailbox`: only deliveries of this mailbox.
    """

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    times: int | None = None
    delaySeconds: float = 0  # noqa: N815 - JSON's spelling
    cut: str | None = None
    drip: float | None = None
    hang: bool = False
    taken: bool = False
    mailbox: str | None = None

    @property
    def works(self) -> bool:
        """Whether the delivery is processed, whatever happens to the response."""
        refuses = self.status is not None and not 200 <= self.status < 300
        return self.taken or not (self.hang or self.cut == "before" or refuses)


def behaviour_of(given: Any) -> Behaviour:
    """Parse a behaviour from a control request's JSON. Raises ValueError with the reason."""
    if not isinstance(given, dict):
        raise ValueError("a behaviour is a JSON object")  # noqa: TRY004 - a ValueError becomes a 400
    for name, value in given.items():
        if name not in _KINDS:
            raise ValueError(f"unknown field {name!r}; known: {', '.join(_KINDS)}")
        is_odd_bool = isinstance(value, bool) and bool not in _KINDS[name]
        if value is not None and (is_odd_bool or not isinstance(value, _KINDS[name])):
            raise ValueError(f"{name} is of the wrong type")
    behaviour = Behaviour(**{name: value for name, value in given.items() if value is not None})
    _check(behaviour)
    return behaviour


def _check(behaviour: Behaviour) -> None:
    """Raise ValueError for values of the right type that are out of range."""
    if behaviour.status is not None and not 200 <= behaviour.status <= 599:
        raise ValueError("status is between 200 and 599")
    if behaviour.cut not in (None, "before", "after"):
        raise ValueError('cut is "before" or "after"')
    if behaviour.taken and behaviour.cut == "before":
        raise ValueError("a delivery is taken, or the connection is cut before")
    if behaviour.times is not None and behaviour.times < 1:
        raise ValueError("times is at least 1, or null")
    if behaviour.delaySeconds < 0 or (behaviour.drip is not None and behaviour.drip <= 0):
        raise ValueError("delaySeconds and drip are not negative")
    if not all(isinstance(value, str) for value in behaviour.headers.values()):
        raise ValueError("headers have strings as values")


class Behaviours:
    """The planted behaviours, in order: each delivery takes the first that applies to it."""

    def __init__(self) -> None:
        self.planted: list[Behaviour] = []

    def take(self, mailbox: str | None) -> Behaviour:
        """Return the behaviour for a delivery of this mailbox; the default one succeeds."""
        for behaviour in self.planted:
            if behaviour.mailbox in (None, mailbox):
                return self._used(behaviour)
        return Behaviour()

    def _used(self, behaviour: Behaviour) -> Behaviour:
        """Count one use, and remove the behaviour after its last."""
        if behaviour.times is not None:
            behaviour.times -= 1
            if behaviour.times == 0:
                self.planted.remove(behaviour)
        return behaviour

    def listed(self) -> list[dict[str, Any]]:
        """Return the planted behaviours as JSON."""
        return [asdict(behaviour) for behaviour in self.planted]
