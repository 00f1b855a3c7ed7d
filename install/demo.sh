#!/usr/bin/env bash
# Shows Ringside at work: sets up what is missing, starts real servers and phones on this machine alone, makes five calls
# and tells what happened. Ends everything again.
#
#   install/demo.sh          the demo
#   install/demo.sh --stay   the demo, then the stack stays up for your own softphone until Ctrl-C
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1:-} in
  -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
command -v go >/dev/null || { echo "demo.sh: Go is not installed: see https://go.dev/doc/install" >&2; exit 1; }
# The servers are run as their own users in a private root: that takes root.
sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "demo.sh: run this as root, or install sudo" >&2; exit 1; }
  sudo=(sudo --preserve-env=RINGSIDE_ROOT)
fi

bash install/root.sh
echo "Building queueapp and softwaresim ..."
go build -trimpath -o bin/ ./cmd/...
exec "${sudo[@]}" "$PWD/bin/softwaresim" demo "$@"
