#!/usr/bin/env bash
# Walks through executors and models, step by step. On a terminal it waits for Enter between steps.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/announcements.sh"
step() {
  echo
  echo "== $1"
  if [ -t 0 ] && [ "${NO_PAUSE:-false}" != true ]; then read -r -p "Enter to go on, Ctrl-C to end " _; fi
}
step "The installation"
"$BENCHFLEET" --version
step "A validator and an executor that announces its models; a client discovers them"
CLIENT_MODE=discover "$ROOT/scripts/run-system-with-announcements.sh"
step "A client asks who has one model"
CLIENT_MODE=query QUERY_MODEL="${QUERY_MODEL:-gpt-4}" "$ROOT/scripts/run-system-with-announcements.sh"
step "A client lists all models with their status"
CLIENT_MODE=list "$ROOT/scripts/run-system-with-announcements.sh"
step "All of it, checked end to end"
"$ROOT/scripts/test-model-announcement.sh"
