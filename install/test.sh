#!/usr/bin/env bash
# Sets up what the tests need and runs all of them: vet, lint, unit, transcripts, properties, race, and the integration
# tests on the real servers. Nothing is skipped: what is missing fails and says so.
#
#   install/test.sh             everything
#   install/test.sh --fast      without the race detector and the linter, for the time between two thoughts
#   install/test.sh --fuzz 30s  afterwards, every fuzz target for so long
set -euo pipefail
cd "$(dirname "$0")/.."

lint_version=v2.15.0
vuln_version=v1.1.4
fast=false fuzz=
while [ $# -gt 0 ]; do
  case $1 in
    --fast) fast=true ;;
    --fuzz) fuzz=${2:?--fuzz needs a duration, for example 30s}; shift ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "test.sh: unknown option $1: see --help" >&2; exit 2 ;;
  esac
  shift
done

step() { printf '\n== %s (%ds)\n' "$1" "$SECONDS"; }

# The one check that needs more than this machine and a Go module proxy. Where it cannot be made it says so, and the rest
# goes on: a vulnerability that is found fails.
known_vulnerabilities() {
  local log code=0
  if ! timeout 5 bash -c '</dev/tcp/vuln.go.dev/443' 2>/dev/null; then
    echo "NOT CHECKED for known vulnerabilities: govulncheck needs https://vuln.go.dev, which cannot be reached from here"
    return
  fi
  if ! GOBIN=$bin timeout 300 go install "golang.org/x/vuln/cmd/govulncheck@$vuln_version"; then
    echo "NOT CHECKED for known vulnerabilities: govulncheck cannot be installed (see above)"
    return
  fi
  log=$(timeout 600 "$bin/govulncheck" ./... 2>&1) || code=$?
  printf '%s\n' "$log" | tail -n 60
  case $code in
    0) ;;
    3) echo "test.sh: update what is named above" >&2; exit 1 ;;
    *) echo "NOT CHECKED for known vulnerabilities: govulncheck needs https://vuln.go.dev (see above)" ;;
  esac
}

# What waits most of the time goes on beside other things; its words are shown when it is joined.
declare -A beside_id
logs=$(mktemp -d)
trap 'wait; find "$logs" -type f -exec cat {} +; rm -rf "$logs"' EXIT
beside() {
  local name=$1
  shift
  "$@" >"$logs/$name" 2>&1 &
  beside_id[$name]=$!
}

join() {
  local code=0
  wait "${beside_id[$1]}" || code=$?
  cat "$logs/$1"
  rm "$logs/$1"
  return $code
}

command -v go >/dev/null || { echo "test.sh: Go is not installed: see https://go.dev/doc/install" >&2; exit 1; }

step "private root with Asterisk, Prosody and PostgreSQL"
bash install/root.sh

step "build"
bin=$PWD/bin
go build -o "$bin/" ./cmd/...
race=-race
$fast && race=
go test $race -run '^$' ./... >/dev/null # now, and not when the tests compete for the processors

step "format and vet"
go vet ./...
test -z "$(gofmt -l .)" || { echo "test.sh: not gofmt-clean:" >&2; gofmt -l . >&2; exit 1; }

step "systemd units"
if command -v systemd-analyze >/dev/null; then
  for unit in install/site/*.service; do
    # 15 is 1.5 of 10: the network and Unix sockets, which queueapp needs.
    systemd-analyze security --offline=true --threshold=15 --no-pager "$unit" | tail -n 1
  done
else
  echo "NOT CHECKED: systemd-analyze is not installed"
fi

if ! $fast; then
  step "known vulnerabilities (govulncheck $vuln_version)"
  known_vulnerabilities
  step "lint (golangci-lint $lint_version)"
  if [ "$("$bin/golangci-lint" version --short 2>/dev/null)" != "${lint_version#v}" ]; then
    GOBIN=$bin go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$lint_version"
  fi
  "$bin/golangci-lint" run ./...
fi

step "tests"
# Most tests wait for servers and phones: one package at a time, beside the trials of the whole system, of which those in
# which servers die have a process of their own. The crowd comes alone behind all, since its journal is held against the
# phones to 50 ms.
trial=./softwaresim/trial
deaths='CrashMatrix|Frozen|ThatFails|Standby|Switch'
beside deaths go test $race -count=1 -timeout 20m -run "$deaths" $trial
beside trials go test $race -count=1 -timeout 20m -skip "^TestACrowd\$|$deaths" $trial
code=0
go test $race -count=1 -p 1 -timeout 20m $(go list ./... | grep -v '/softwaresim/trial$') || code=1

step "the trials, the end of them"
join trials || code=1
join deaths || code=1
[ $code = 0 ] || exit 1

step "the crowd"
go test $race -count=1 -timeout 5m -run '^TestACrowd$' $trial

step "model check (${MODEL_EVENTS:=1000000} events)"
MODEL_EVENTS=$MODEL_EVENTS go test -count=1 -timeout 60m -run '^(TestInvariants|TestModel)$' ./queueapp ./queueapp/engine

if [ -n "$fuzz" ]; then
  for target in $(grep -rhoE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' . | awk '{print $2}' | sort -u); do
    package=$(dirname "$(grep -rlE "^func $target\(" --include='*_test.go' . | head -n 1)")
    step "fuzz $package $target for $fuzz"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzz" "$package"
  done
fi

step "all passed"
