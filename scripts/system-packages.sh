#!/usr/bin/env bash
# Install what the tests need beside Python: by apt when root or sudo is there, else say what to install.
set -euo pipefail

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
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root=(sudo -n); else
    echo "The tests need these system packages; please install them: ${missing[*]}" >&2
    exit 1
  fi
fi
if ! command -v apt-get >/dev/null; then
  echo "The tests need these packages; please install them with your package manager: ${missing[*]}" >&2
  exit 1
fi
echo "Installing system packages for the tests: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
# Services are started by the tests themselves, on ports of their own.
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
