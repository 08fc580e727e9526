#!/usr/bin/env bash
# The validator: the emulator on VALIDATOR_PORT (8080). SUBSCRIBE_ANNOUNCEMENTS=false: announcements are refused. LOG_LEVEL.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/announcements.sh"
VALIDATOR_PORT="${VALIDATOR_PORT:-8080}"
export SUBSCRIBE_ANNOUNCEMENTS="${SUBSCRIBE_ANNOUNCEMENTS:-true}"
exec "$BENCHFLEET" emulator --port "$VALIDATOR_PORT" --ready-file "$(ready_file "$VALIDATOR_PORT")" "$@"
