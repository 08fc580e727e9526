#!/usr/bin/env bash
# An executor. EXECUTOR_PORT (8081) VALIDATOR_ADDRESS (127.0.0.1:8080) ANNOUNCE_MODELS HEARTBEAT_INTERVAL CONFIG_FILE LOG_LEVEL
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/announcements.sh"
export VALIDATOR_ADDRESS="${VALIDATOR_ADDRESS:-127.0.0.1:8080}"
export CONFIG_FILE="${CONFIG_FILE:-$ROOT/.devops/executor/models.toml}"
BENCHFLEET_API_KEY="$(key_of runner)"
export BENCHFLEET_API_KEY
exec "$BENCHFLEET" executor "$@"
