"""What the Functions host indexes: the app and its blueprints. Reads no setting but FEATURES, opens no connection."""

import os

import azure.functions as func

from functions import (
    dead_letters,
    delivery,
    doctor,
    health,
    lifecycle,
    notifications,
    openapi,
    operations,
    poison,
    renewal,
    resync,
    room_lists,
    subscriptions,
)
from functions.features import feature_modules

RELAY = (
    subscriptions,
    room_lists,
    notifications,
    lifecycle,
    delivery,
    poison,
    renewal,
    resync,
    operations,
    dead_letters,
    health,
    openapi,
    doctor,
)

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
for module in (*RELAY, *feature_modules(os.environ)):
    app.register_functions(module.blueprint)
