"""What the Functions host indexes: the app and its blueprints. Reads no setting and opens no connection."""

import azure.functions as func

from functions import delivery, health, lifecycle, notifications, renewal, resync, room_lists, subscriptions

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
for module in (subscriptions, room_lists, notifications, lifecycle, delivery, renewal, resync, health):
    app.register_functions(module.blueprint)
