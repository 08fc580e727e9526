#!/usr/bin/env bash
# A validator, an executor, and one question of a client: CLIENT_MODE discover (default), query (QUERY_MODEL), or list.
# CLEANUP_ON_EXIT=false leaves both running, in the background. VALIDATOR_PORT EXECUTOR_PORT HEARTBEAT_INTERVAL CONFIG_FILE
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/announcements.sh"
export VALIDATOR_PORT="${VALIDATOR_PORT:-8080}" EXECUTOR_PORT="${EXECUTOR_PORT:-8081}"
export VALIDATOR_ADDRESS="127.0.0.1:$VALIDATOR_PORT"
unset API_KEY BENCHFLEET_API_KEY
case "${CLIENT_MODE:-discover}" in
  discover) export DISCOVER_MODELS=true ; unset QUERY_MODEL LIST_MODELS ;;
  list) export LIST_MODELS=true ; unset QUERY_MODEL DISCOVER_MODELS ;;
  query) export QUERY_MODEL="${QUERY_MODEL:-gpt-3.5-turbo}" ; unset LIST_MODELS DISCOVER_MODELS ;;
  *) echo "CLIENT_MODE must be discover, query or list, not $CLIENT_MODE" >&2 ; exit 2 ;;
esac
logs="$(mktemp -d "${TMPDIR:-/tmp}/benchfleet-system-XXXXXX")"
started=()
finish() {
  local code=$? pid
  trap - EXIT
  if [ "${CLEANUP_ON_EXIT:-true}" = false ]; then
    echo "still running: ${started[*]:-nothing}; logs in $logs"
    exit "$code"
  fi
  for pid in ${started[@]+"${started[@]}"}; do kill -TERM "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; done
  if [ "$code" -eq 0 ]; then rm -r "$logs"; else echo "logs in $logs" >&2; fi
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

ready="$(ready_file "$VALIDATOR_PORT")"
[ ! -e "$ready" ] || rm "$ready"
"$ROOT/.devops/validator/run-validator.sh" > "$logs/validator.log" 2>&1 &
started=($! "${started[@]+"${started[@]}"}")
up() { [ -e "$ready" ] || ! kill -0 "${started[0]}" 2>/dev/null; }
wait_for "the validator is ready" up
[ -e "$ready" ] || { cat "$logs/validator.log" >&2; exit 1; }
echo "validator on $VALIDATOR_ADDRESS"
"$ROOT/.devops/executor/run-executor.sh" > "$logs/executor.log" 2> "$logs/executor.err" &
started=($! "${started[@]}")
said() { [ -s "$logs/executor.log" ] || ! kill -0 "${started[0]}" 2>/dev/null; }
wait_for "the executor has announced its models" said
[ -s "$logs/executor.log" ] || { cat "$logs/executor.err" >&2; exit 1; }
cat "$logs/executor.log"
"$ROOT/.devops/client/run-client-local.sh"
