#!/usr/bin/env bash
# Starts a validator and an executor, and checks the eight things that must hold. Exit code 0 only if all do.
# VALIDATOR_PORT EXECUTOR_PORT HEARTBEAT_INTERVAL (1 here) CONFIG_FILE QUERY_MODEL TEST_TIMEOUT CLEANUP_ON_EXIT LOG_LEVEL
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/announcements.sh"
exec "$PYTHON" "$ROOT/scripts/announcement_checks.py"
