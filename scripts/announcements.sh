# Shared by the scripts of executors and models; sourced, not run.
# Finds the command, the validator's ready file, and the keys in it.
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
BENCHFLEET="${BENCHFLEET:-$ROOT/.venv/bin/benchfleet}"
[ -x "$BENCHFLEET" ] || BENCHFLEET="$(command -v benchfleet)" || {
  echo "benchfleet is not installed: make venv, or pip install 'benchfleet[emulator,runner]'" >&2
  exit 1
}
PYTHON="${PYTHON:-$ROOT/.venv/bin/python}"
[ -x "$PYTHON" ] || PYTHON=python3
export LOG_LEVEL="${LOG_LEVEL:-info}"

# The ready file of the validator on a port of this machine: its folder is its user's own.
ready_file() {
  local folder="${XDG_RUNTIME_DIR:-${TMPDIR:-/tmp}}/benchfleet-$(id -u)"
  mkdir -p -m 700 "$folder"
  [ -O "$folder" ] || { echo "$folder is another user's" >&2; return 1; }
  echo "${READY_FILE:-$folder/validator-$1.json}"
}

# The key of a role: what was set, else that of the validator that run-validator.sh started on this machine.
key_of() {
  if [ -n "${BENCHFLEET_API_KEY:-${API_KEY:-}}" ]; then
    echo "${BENCHFLEET_API_KEY:-$API_KEY}"
    return
  fi
  local address="${VALIDATOR_ADDRESS:-127.0.0.1:8080}"
  local file
  file="$(ready_file "${address##*:}")"
  [ -r "$file" ] || { echo "no key: set API_KEY, or start .devops/validator/run-validator.sh first" >&2; return 1; }
  "$PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[1]))["keys"][sys.argv[2]])' "$file" "$1"
}

# Waits up to 30 s for a line or a file: wait_for "words" command …
wait_for() {
  local words="$1" tries=0
  shift
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || { echo "$words: not within 30 s" >&2; return 1; }
    sleep 0.1
  done
}
