"""Import function_app.py, index it once, and reject what the Python worker would reject."""

import importlib
import inspect
import json
import os
import sys
import typing
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import azure.functions as func
from azure.functions.decorators.function_app import Function, FunctionRegister

from sandbox.host.plan import Binding, FunctionPlan, QueueOutput
from sandbox.host.settings import SettingsError, resolve

_SERVED = {"httpTrigger", "http", "queueTrigger", "queue", "timerTrigger"}
_RESOLVED = ("queueName", "schedule", "route")


class FunctionLoadError(Exception):
    """The app cannot be imported or indexed; in Azure all of its functions would be missing."""


def load_app(folder: Path, settings: Mapping[str, str]) -> list[FunctionPlan]:
    """Import FOLDER/function_app.py and return a plan of each function, in the host's order: by name, as .NET compares
    with OrdinalIgnoreCase, where an underscore comes after all letters.

    `settings` resolve the `%NAME%` of bindings, and leave out functions ("How to disable functions in Azure
    Functions"). Raises FunctionLoadError for what the worker rejects ("Azure Functions Python developer guide"),
    SettingsError for an undefined setting.
    """
    app = _the_app(_import_app(folder))
    try:
        functions = app.get_functions()
    except Exception as error:
        raise FunctionLoadError(f"indexing failed: {error}") from error
    if not functions:
        raise FunctionLoadError("function_app.py registers no function")
    plans = [_plan(function, settings) for function in functions]
    return sorted((plan for plan in plans if not _is_disabled(plan, settings)), key=lambda plan: plan.name.upper())


def _is_disabled(plan: FunctionPlan, settings: Mapping[str, str]) -> bool:
    return settings.get(f"AzureWebJobs.{plan.name}.Disabled", "").lower() in ("true", "1")


def _import_app(folder: Path) -> ModuleType:
    """Import with the app's folder first in sys.path and as working directory, as the worker does."""
    if not (folder / "function_app.py").is_file():
        raise FunctionLoadError(f"no function_app.py in {folder}")
    sys.path.insert(0, str(folder))
    os.chdir(folder)
    try:
        return importlib.import_module("function_app")
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise FunctionLoadError(f"importing function_app.py failed: {what}") from error


def _the_app(module: ModuleType) -> FunctionRegister:
    """Return the single app object; the worker counts names, so a second name for it is rejected too."""
    apps = [value for value in vars(module).values() if isinstance(value, FunctionRegister)]
    if len(apps) != 1:
        raise FunctionLoadError(f"function_app.py has {len(apps)} function apps at top level instead of one")
    return apps[0]


def _plan(function: Function, settings: Mapping[str, str]) -> FunctionPlan:
    """Return the plan of an indexed function."""
    name = str(function.get_function_name())
    user_function = function.get_user_function()
    bindings = tuple(_resolved(name, json.loads(text), settings) for text in function.get_raw_bindings())
    trigger = next((binding for binding in bindings if binding["type"].endswith("Trigger")), None)
    if trigger is None:
        raise FunctionLoadError(f"{name}: no trigger")
    if function.get_settings_dict("retry_policy") is not None:
        raise FunctionLoadError(f"{name}: retry policies are not served by this host, nor for queues by the real one")
    _check_parameters(name, user_function, bindings)
    outputs = [binding for binding in bindings if binding["direction"] == "OUT"]
    return FunctionPlan(
        name=name,
        function=user_function,
        is_async=inspect.iscoroutinefunction(user_function),
        trigger=trigger,
        bindings=bindings,
        out_parameters=tuple(binding["name"] for binding in outputs if binding["name"] != "$return"),
        queue_outputs=tuple(
            QueueOutput(binding["name"], binding["queueName"].lower(), binding["connection"])
            for binding in outputs
            if binding["type"] == "queue"
        ),
        http_output=next((binding["name"] for binding in outputs if binding["type"] == "http"), None),
        returns=any(binding["name"] == "$return" for binding in outputs),
        takes_context="context" in inspect.signature(user_function).parameters,
    )


def _resolved(name: str, binding: Binding, settings: Mapping[str, str]) -> Binding:
    """Resolve `%NAME%` in the names of external resources."""
    try:
        return {key: resolve(value, settings) if key in _RESOLVED else value for key, value in binding.items()}
    except SettingsError as error:
        raise SettingsError(f"{name}: {error}") from error


def _check_parameters(name: str, user_function: Any, bindings: tuple[Binding, ...]) -> None:
    """Compare the function's signature with its bindings, as the worker does before it registers any function."""
    declared = set(inspect.signature(user_function).parameters) - {"context"}
    bound = {binding["name"] for binding in bindings} - {"$return"}
    if declared != bound:
        raise FunctionLoadError(f"{name}: parameters {sorted(declared)}, but bindings {sorted(bound)}")
    annotations = typing.get_type_hints(user_function)
    for binding in bindings:
        if binding["type"] not in _SERVED:
            raise FunctionLoadError(f"{name}: bindings of type {binding['type']} are not served by this host")
        annotation = annotations.get(binding["name"])
        if annotation is not None:
            _check_annotation(f"{name}: {binding['name']}", binding, annotation)


def _check_annotation(what: str, binding: Binding, annotation: Any) -> None:
    """Check an annotation with the library's converter: `func.Out[list[str]]`, for one, would hide the whole app."""
    converter = func.get_binding_registry().get(binding["type"])  # type: ignore[no-untyped-call]  # the library's
    is_out = typing.get_origin(annotation) is func.Out
    if is_out != (binding["direction"] == "OUT"):
        raise FunctionLoadError(f"{what}: {annotation} does not match direction {binding['direction']}")
    try:
        fits = (
            converter.check_output_type_annotation(typing.get_args(annotation)[0])
            if is_out
            else converter.check_input_type_annotation(annotation)
        )
    except TypeError as error:
        raise FunctionLoadError(f"{what}: {annotation} is rejected: {error}") from error
    if not fits:
        raise FunctionLoadError(f"{what}: {annotation} is not a type for {binding['type']}")
