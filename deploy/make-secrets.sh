#!/bin/sh
# Makes the secrets of compose.yaml in deploy/secrets, once: what is there stays.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
random() { python3 -c 'import secrets; print(secrets.token_urlsafe(36))'; }
make() { [ -s "secrets/$1" ] || printf '%s\n' "$2" > "secrets/$1"; }
make database_password "$(random)"
make database_url "postgresql://orra:$(cat secrets/database_password)@database:5432/orra"
make secret_key "$(random)$(random)"
make operator_token "$(random)"
# Compose mounts the files as they are, and the processes run as user 10001: the folder keeps others out.
chmod 0700 secrets
chmod 0444 secrets/*
echo "The secrets are in $(pwd)/secrets. The operator's token is in operator_token."
