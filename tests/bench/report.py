"""How a figure is shown: beside its goal."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A figure, its goal (None: for information), its unit (a ratio has none), and whether less is better."""

    name: str
    figure: float
    goal: float | None
    unit: str = ""
    lower: bool = False

    def line(self) -> str:
        """Return it as a line of the table."""
        figure = f"{self.figure:.2f}{' ' if self.unit else ''}{self.unit}"
        if self.goal is None:
            return f"{self.name:<64} {figure:>12}"
        met = self.figure <= self.goal if self.lower else self.figure >= self.goal
        goal = f"goal {'<=' if self.lower else '>='} {self.goal:g}"
        return f"{self.name:<64} {figure:>12}   {goal}{'' if met else '   NOT MET'}"
