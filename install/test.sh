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

command -v go >/dev/null || { echo "test.sh: Go is not installed: see https://go.dev/doc/install" >&2; exit 1; }

step "private root with Asterisk, Prosody and PostgreSQL"
bash install/root.sh

step "build"
bin=$PWD/bin
go build -trimpath -o "$bin/" ./cmd/...

step "vet"
go vet ./...
test -z "$(gofmt -l .)" || { echo "test.sh: not gofmt-clean:" >&2; gofmt -l . >&2; exit 1; }

if ! $fast; then
  step "lint (golangci-lint $lint_version)"
  if [ "$("$bin/golangci-lint" version --short 2>/dev/null)" != "${lint_version#v}" ]; then
    GOBIN=$bin go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$lint_version"
  fi
  "$bin/golangci-lint" run ./...
fi

step "tests"
race=-race
$fast && race=
# The integration tests share two cores with the servers that they start: one package at a time keeps their timing honest.
go test $race -count=1 -p 1 -timeout 14m ./...

step "model check (${MODEL_EVENTS:=1000000} events)"
MODEL_EVENTS=$MODEL_EVENTS go test -count=1 -timeout 60m -run '^TestInvariants$' ./queueapp

if [ -n "$fuzz" ]; then
  for target in $(grep -rhoE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' . | awk '{print $2}' | sort -u); do
    package=$(dirname "$(grep -rlE "^func $target\(" --include='*_test.go' . | head -n 1)")
    step "fuzz $package $target for $fuzz"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzz" "$package"
  done
fi

step "all passed"
