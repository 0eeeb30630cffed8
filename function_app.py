"""The app that the Functions host indexes. Reads only the setting FEATURES, and opens no connection."""

import os

import azure.functions as func

from functions import (
    dead_letters,
    delivery,
    doctor,
    forget,
    health,
    jobs,
    lifecycle,
    many_subscriptions,
    notifications,
    openapi,
    poison,
    problem_pages,
    relay_state,
    renewal,
    resync,
    room_lists,
    subscriptions,
    unknown_paths,
    unknown_subscriptions,
    version,
)
from functions.features import feature_modules

RELAY = (
    subscriptions,
    many_subscriptions,
    room_lists,
    notifications,
    lifecycle,
    jobs,
    delivery,
    poison,
    renewal,
    resync,
    relay_state,
    forget,
    unknown_subscriptions,
    dead_letters,
    health,
    openapi,
    doctor,
    version,
    problem_pages,
    unknown_paths,
)

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
for module in (*RELAY, *feature_modules(os.environ)):
    app.register_functions(module.blueprint)
