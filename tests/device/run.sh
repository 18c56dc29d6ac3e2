#!/bin/sh
# run.sh PYTHON: everything in tests/device. Needs root, an x86-64 Debian with apt-get, and its mirror.
# What it mounts and starts is gone with its namespaces, however it ends.
set -eu
PYTHON=$1
cd "$(dirname "$0")/../.."

not_run() {
  echo "tests on emulated boards: NOT RUN, $1" >&2
  exit 77
}

[ "$(id -u)" = 0 ] || not_run "they need root to mount and to chroot: sudo make test-device"
[ "$(uname -m)" = x86_64 ] || not_run "they are made for x86-64, this is $(uname -m)"
command -v apt-get > /dev/null || not_run "they need a Debian's apt-get"
LOG=$(mktemp)
{
  apt-get -qq update
  apt-get -qq install -y --no-install-recommends qemu-user-static debian-archive-keyring openssh-client util-linux mount
} > "$LOG" 2>&1 || not_run "qemu-user-static could not be installed: $(tail -n 1 "$LOG")"
rm -f "$LOG"
unshare --mount --pid --fork --kill-child --mount-proc --propagation private true ||
  not_run "this kernel gives no namespaces, is it a container without privileges?"
exec unshare --mount --pid --fork --kill-child --mount-proc --propagation private \
  "$PYTHON" -m pytest -p no:cacheprovider tests/device/check_deploy.py tests/device/check_boards.py
