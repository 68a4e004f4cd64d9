#!/usr/bin/env bash
# Starts mongod by the image's own entrypoint. A replica set with passwords wants a key file by
# which its members know each other; the only member may have a new one at each start.
set -euo pipefail

key_file=/tmp/mongodb-key
head -c 512 /dev/urandom | base64 --wrap=0 >"$key_file"
chown mongodb "$key_file"
chmod 400 "$key_file"
exec docker-entrypoint.sh mongod --keyFile "$key_file" "$@"
