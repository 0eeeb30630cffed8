#!/bin/sh
# After the code is there: asks the two public routes as Graph will, until both answer in time, so that the first subscription
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
    echo "$RELAY_URL/api/$route did not answer as Graph expects it, within 3 seconds. If RESTRICT_INBOUND keeps this computer out," >&2
    echo "all may be well; else look at the app's log, and make no subscription before this works." >&2
    exit 0
  fi
  echo "$RELAY_URL/api/$route is warm"
done
