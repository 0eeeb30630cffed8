"""Which behaviours are on, for whom and with which value. All draws come from a seed, so that runs can be repeated."""

import random
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sandbox.tenant.graph.behaviours import BEHAVIOURS, Behaviour

Value = bool | float | str | tuple[float, float]
"""True: on, or drawn within the bounds or among the choices; a number; two numbers, to draw between; a choice."""
ALL = ""


class Switches:
    """The behaviours that are on: by name, the value for each address in lower case, and for `ALL` others.

    A value that is drawn is drawn for each subject, such as an event's id; the same subject gets the same one. The
    draw depends on the seed, the name, the address and how many subjects came before.
    """

    def __init__(self, seed: int = 0, behaviours: Mapping[str, Behaviour] = BEHAVIOURS) -> None:
        self.seed = seed
        self.on: dict[str, dict[str, Value]] = {}
        self._behaviours = behaviours
        self._subjects: dict[tuple[str, str], dict[str, int]] = {}

    def switch(self, name: str, given: Any, addresses: Sequence[str] = ()) -> None:
        """Switch a behaviour on or (False) off, for some addresses or for all. Raises ValueError."""
        behaviour = self._behaviours.get(name)
        if behaviour is None:
            raise ValueError(f"unknown: {name}; known: {', '.join(self._behaviours)}")
        if addresses and behaviour.about == "tenant":
            raise ValueError(f"{name}: cannot be limited to addresses")
        value = checked(behaviour, given)
        for address in [each.lower() for each in addresses] or [ALL]:
            if value is False and address == ALL:
                self.on.pop(name, None)
            else:
                self.on.setdefault(name, {})[address] = value

    def switch_random(
        self, seed: int, share: float, names: Collection[str] = (), addresses: Sequence[str] = (),
        longest_seconds: float = float("inf"),
    ) -> None:  # fmt: skip
        """Switch a seeded random choice on, and the other ones off: each of `names` (default: all) with the chance
        `share`. Delays are at most `longest_seconds`. Raises ValueError for an unknown name.
        """
        if unknown := set(names) - self._behaviours.keys():
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        self.clear()
        self.seed = seed
        chance = random.Random(f"{seed}:choice")
        for name, behaviour in self._behaviours.items():
            if chance.random() < share and (not names or name in names):
                limited = addresses if behaviour.about == "mailbox" else ()
                self.switch(name, _within(behaviour, longest_seconds), limited)

    def clear(self) -> None:
        """Switch all off."""
        self.on.clear()
        self._subjects.clear()

    def is_on(self, name: str, address: str = ALL) -> bool:
        """Return whether a behaviour is on for an address."""
        return self._value(name, address) is not False

    def number(self, name: str, address: str = ALL, subject: str = "") -> float:
        """Return the number of a behaviour for a subject; 0 while it is off."""
        value, bounds = self._value(name, address), self._behaviours[name].bounds or (0.0, 0.0)
        if value is False or isinstance(value, str):
            return 0.0
        low, high = bounds if value is True else value if isinstance(value, tuple) else (value, value)
        return self._chance(name, address, subject).uniform(low, high)

    def choice(self, name: str, address: str = ALL, subject: str = "") -> str:
        """Return the word of a behaviour for a subject; empty while it is off."""
        value = self._value(name, address)
        if value is True:
            return self._chance(name, address, subject).choice(self._behaviours[name].choices)
        return value if isinstance(value, str) else ""

    def is_in_half(self, address: str, subject: str) -> bool:
        """Return whether a subject is in the half that answers leave out: the same one for each behaviour."""
        return self._chance("half", address, subject).random() < 0.5

    def as_json(self) -> dict[str, Any]:
        """Return the seed and what is on: {"name": {"address, or nothing for all": value}}."""
        return {"seed": self.seed, "on": self.on}

    def _value(self, name: str, address: str) -> Value:
        values = self.on.get(name, {})
        return values.get(address.lower(), values.get(ALL, False))

    def _chance(self, name: str, address: str, subject: str) -> random.Random:
        subjects = self._subjects.setdefault((name, address.lower()), {})
        number = subjects.setdefault(subject, len(subjects))
        return random.Random(f"{self.seed}:{name}:{address.lower()}:{number}")


def checked(behaviour: Behaviour, given: Any) -> Value:
    """Return the value that a request gives a behaviour. Raises ValueError."""
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given in behaviour.choices:
        return given
    numbers = given if isinstance(given, list) and len(given) == 2 else [given]
    if behaviour.bounds is not None and all(isinstance(each, int | float) for each in numbers):
        low, high = behaviour.bounds
        if low <= numbers[0] <= numbers[-1] <= high:
            return (float(numbers[0]), float(numbers[1])) if len(numbers) == 2 else float(numbers[0])
    allowed = behaviour.choices or (f"a number or two, from {behaviour.bounds}" if behaviour.bounds else "")
    raise ValueError(f"{behaviour.name}: true, false{f', or {allowed}' if allowed else ''}")


def _within(behaviour: Behaviour, longest_seconds: float) -> Any:
    """Return the value that draws within the bounds, of which a delay's end is limited."""
    if behaviour.bounds is None or not behaviour.name.endswith("Seconds"):
        return True
    low, high = behaviour.bounds
    return [low, max(low, min(high, longest_seconds))]
