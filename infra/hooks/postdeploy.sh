#!/bin/sh
# Runs after the deployment: calls the two public routes as Graph does, until both respond in time, so that the first subscription
# does not fail on a cold start. It changes nothing and needs no key.
set -eu

tries=${RELAY_WARM_TRIES:-60}
pause=${RELAY_WARM_PAUSE:-5}

for route in notifications lifecycle; do
  answered=no
  n=0
  while [ "$n" -lt "$tries" ]; do
    if [ "$(curl --silent --max-time 3 --data '' "$RELAY_URL/api/$route?validationToken=warm" || true)" = warm ]; then
      answered=yes
      break
    fi
    n=$((n + 1))
    sleep "$pause"
  done
  if [ "$answered" = no ]; then
    echo "$RELAY_URL/api/$route did not answer as Graph expects it, within 3 seconds. If RESTRICT_INBOUND blocks this computer," >&2
    echo "that is expected; otherwise read the app's log, and create no subscription before this works." >&2
    exit 0
  fi
  echo "$RELAY_URL/api/$route is warm"
done
