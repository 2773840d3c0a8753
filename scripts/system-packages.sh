#!/usr/bin/env bash
# Install what the tests need beside Python. Services are started by the tests themselves, on ports of their own.
set -euo pipefail
cd "$(dirname "$0")"

declare -A provides=(
  [mosquitto]=mosquitto
  [chromium]=chromium
  [promtool]=prometheus
)
missing=()
for command in "${!provides[@]}"; do
  PATH="$PATH:/usr/sbin" command -v "$command" >/dev/null || missing+=("${provides[$command]}")
done
command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
# The program that drives Chromium is linked to it.
[[ "$(PATH="$PATH:/sbin" ldconfig -p)" == *libatomic.so.1* ]] || missing+=(libatomic1)
[ ${#missing[@]} -eq 0 ] || ./apt.sh "for the tests" "${missing[@]}"
