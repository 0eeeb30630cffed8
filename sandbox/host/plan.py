"""What the host determines about each function before its first call, so that requests need no look-ups."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Binding = dict[str, Any]


@dataclass(frozen=True, slots=True)
class QueueOutput:
    """A queue output binding: the parameter (or `$return`) that holds the value, the queue and its connection."""

    parameter: str
    queue: str
    connection: str


@dataclass(frozen=True, slots=True)
class FunctionPlan:
    """One indexed function: what to call with which arguments, and where its outputs go."""

    name: str
    function: Callable[..., Any]
    is_async: bool
    trigger: Binding
    bindings: tuple[Binding, ...]
    out_parameters: tuple[str, ...]
    queue_outputs: tuple[QueueOutput, ...]
    http_output: str | None
    returns: bool
    takes_context: bool

    @property
    def kind(self) -> str:
        """The trigger's indexed type, such as "httpTrigger"."""
        return str(self.trigger["type"])
