"""How a measurement is printed: with its goal."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A measurement, its goal (None: for information), its unit (a ratio has none), and whether less is better."""

    name: str
    value: float
    goal: float | None
    unit: str = ""
    lower: bool = False

    def line(self) -> str:
        """Return the row as a line of the table."""
        value = f"{self.value:.2f}{' ' if self.unit else ''}{self.unit}"
        if self.goal is None:
            return f"{self.name:<64} {value:>12}"
        met = self.value <= self.goal if self.lower else self.value >= self.goal
        goal = f"goal {'<=' if self.lower else '>='} {self.goal:g}"
        return f"{self.name:<64} {value:>12}   {goal}{'' if met else '   NOT MET'}"
