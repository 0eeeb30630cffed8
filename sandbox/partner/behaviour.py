"""The usual ways in which a partner fails, planted by control and taken by the deliveries that come."""

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
    "mailbox": (str,),
}


@dataclass
class Behaviour:
    """How to treat deliveries; the field names are those of the control route's JSON.

    - `delaySeconds`: wait first, whatever comes then.
    - `hang`: never answer. `cut`: close the connection without an answer, "before" or "after" the work.
    - `status`, `headers`, `body`: the answer. A status outside 2xx is given without doing the work.
    - `drip`: send the body at so many bytes per second; with no `body`, one that never ends.
    - `times`: for so many deliveries (null: until cleared). `mailbox`: only for deliveries of this one.
    """

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    times: int | None = None
    delaySeconds: float = 0  # noqa: N815 - JSON's spelling
    cut: str | None = None
    drip: float | None = None
    hang: bool = False
    mailbox: str | None = None

    @property
    def works(self) -> bool:
        """Whether the delivery is really received, whatever becomes of the answer."""
        refuses = self.status is not None and not 200 <= self.status < 300
        return not (self.hang or self.cut == "before" or refuses)


def behaviour_of(given: Any) -> Behaviour:
    """Read a behaviour from a control request's JSON. Raises ValueError that says what is wrong."""
    if not isinstance(given, dict):
        raise ValueError("a behaviour is a JSON object")  # noqa: TRY004 - one kind of error for bad control bodies
    for name, value in given.items():
        if name not in _KINDS:
            raise ValueError(f"unknown field {name!r}; known: {', '.join(_KINDS)}")
        is_odd_bool = isinstance(value, bool) and bool not in _KINDS[name]
        if value is not None and (is_odd_bool or not isinstance(value, _KINDS[name])):
            raise ValueError(f"{name} is of the wrong kind")
    behaviour = Behaviour(**{name: value for name, value in given.items() if value is not None})
    _check(behaviour)
    return behaviour


def _check(behaviour: Behaviour) -> None:
    """Raise ValueError for values of the right kind that make no sense."""
    if behaviour.status is not None and not 200 <= behaviour.status <= 599:
        raise ValueError("status is between 200 and 599")
    if behaviour.cut not in (None, "before", "after"):
        raise ValueError('cut is "before" or "after"')
    if behaviour.times is not None and behaviour.times < 1:
        raise ValueError("times is at least 1, or null")
    if behaviour.delaySeconds < 0 or (behaviour.drip is not None and behaviour.drip <= 0):
        raise ValueError("delaySeconds and drip are not negative")
    if not all(isinstance(value, str) for value in behaviour.headers.values()):
        raise ValueError("headers have strings as values")


class Behaviours:
    """The planted behaviours, in order: each delivery takes the first that concerns it and has times left."""

    def __init__(self) -> None:
        self.planted: list[Behaviour] = []

    def take(self, mailbox: str | None) -> Behaviour:
        """Choose the behaviour for a delivery of this mailbox; a good one when nothing is planted."""
        for behaviour in self.planted:
            if behaviour.mailbox in (None, mailbox):
                return self._used(behaviour)
        return Behaviour()

    def _used(self, behaviour: Behaviour) -> Behaviour:
        """Count a use down, and drop the behaviour with its last one."""
        if behaviour.times is not None:
            behaviour.times -= 1
            if behaviour.times == 0:
                self.planted.remove(behaviour)
        return behaviour

    def listed(self) -> list[dict[str, Any]]:
        """Give the planted behaviours as JSON."""
        return [asdict(behaviour) for behaviour in self.planted]
