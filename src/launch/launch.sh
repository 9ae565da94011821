#!/bin/sh
# Starts runevault from source with exactly the permissions that the command needs. Two steps: a planner that may read
# the configuration and nothing else prints the flags, then the vault itself takes this shell's place.
set -eu
deno=${DENO:-deno}
source=$(cd "$(dirname "$0")/.." && pwd)
umask 077
# Deno's own telemetry would tell of paths and console lines: the configuration alone turns on what may be told.
unset OTEL_DENO OTEL_DENO_TRACING OTEL_DENO_METRICS OTEL_DENO_CONSOLE

escape() { printf %s "$1" | sed 's/,/,,/g'; } # a comma separates paths

# What the planner may read: the file after --config, else the places where it is looked for.
readable=/opt/rune-vault/configs/runevault.conf,./runevault.conf
previous=
for word in "$@"; do
  case $word in --c*=*) readable=$(escape "${word#*=}") ;; esac
  case $previous in --c | --co | --con | --conf | --confi | --config) readable=$(escape "$word") ;; esac
  previous=$word
done

[ -n "$readable" ] || readable=. # --config "" is refused by the command itself

plan=$("$deno" run --quiet --no-prompt --ignore-env=LOG_STREAM,LOG_TOKENS --allow-read="$readable" "$source/launch/plan.ts" "$@")
IFS='
'
# NAME=value lines are the daemon's environment, the rest is flags.
for line in $plan; do case $line in --*) ;; *) export "${line?}" ;; esac; done
flags=$(printf '%s\n' "$plan" | sed -n '/^--/p')
# Unquoted on purpose: one flag a line.
# shellcheck disable=SC2086
exec "$deno" run --quiet --no-prompt $flags "$source/main.ts" "$@"
