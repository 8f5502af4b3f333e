#!/bin/sh
# Asks this host's agent to do what systemctl, crictl or journalctl would, and answers as they would.
# Only sh and coreutils: a host shows no Python.
request=$(mktemp -d /run/haops-agent/request.XXXXXX) || exit 1
trap 'rm -rf "$request"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkfifo "$request/status"
# Open for reading and writing: opening does not wait for the agent, and the agent can tell a caller that has gone.
exec 3<>"$request/status"
printf '%s\0' "${0##*/}" "$@" >"$request/arguments"
printf '%s\n' "$request" >/run/haops-agent/requests
read -r status <&3
cat "$request/stdout"
cat "$request/stderr" >&2
exit "$status"
