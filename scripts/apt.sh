#!/usr/bin/env bash
# Install Debian packages by apt when root or sudo is there, else say what to install.
# Usage: scripts/apt.sh WHAT_FOR PACKAGE...
set -euo pipefail
what_for=$1
shift

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root=(sudo -n); else
    echo "Please install these system packages, needed $what_for: $*" >&2
    exit 1
  fi
fi
if ! command -v apt-get >/dev/null; then
  echo "Please install these with your package manager, needed $what_for (names as in Debian): $*" >&2
  exit 1
fi
echo "Installing system packages $what_for: $*" >&2
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
