#!/usr/bin/env bash
# A client. DISCOVER_MODELS=true, QUERY_MODEL=…, LIST_MODELS=true: all that are set run, and the worst exit code wins.
# VALIDATOR_ADDRESS (127.0.0.1:8080) TEST_TIMEOUT (30)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/announcements.sh"
VALIDATOR_ADDRESS="${VALIDATOR_ADDRESS:-127.0.0.1:8080}"
case "$VALIDATOR_ADDRESS" in *://*) url="$VALIDATOR_ADDRESS" ;; *) url="http://$VALIDATOR_ADDRESS" ;; esac
export BENCHFLEET_URL="$url"
BENCHFLEET_API_KEY="$(key_of reader)"
export BENCHFLEET_API_KEY
worst=0
ask() {
  local code=0
  timeout "${TEST_TIMEOUT:-30}" "$BENCHFLEET" models "$@" || code=$?
  [ "$code" -le "$worst" ] || worst=$code
}
if [ -n "${QUERY_MODEL:-}" ]; then ask query "$QUERY_MODEL"; fi
if [ "${LIST_MODELS:-false}" = true ]; then ask list --status all; fi
if [ "${DISCOVER_MODELS:-false}" = true ]; then ask discover; fi
if [ -z "${QUERY_MODEL:-}" ] && [ "${LIST_MODELS:-false}" != true ] && [ "${DISCOVER_MODELS:-false}" != true ]; then
  echo "set DISCOVER_MODELS=true, QUERY_MODEL=<model> or LIST_MODELS=true" >&2
  exit 2
fi
exit "$worst"
