#!/usr/bin/env bash
# window.sh PYTHON: python -m runtime.camera --window under Xvfb, closed by its q key. Needs root, Debian 12.
# OpenCV with windows does not go beside the headless one: a virtual environment of its own.
set -euo pipefail
PYTHON=$1
WORK=${CAMERA_WINDOW:-/tmp/edge-classifier-window}
cd "$(dirname "$0")/../.."
mkdir -p "$WORK"
if [ ! -e "$WORK/ready" ]; then
  echo "setting up $WORK (once)" >&2
  apt-get -qq update
  apt-get -qq install -y --no-install-recommends xvfb xdotool imagemagick > "$WORK/apt.log" 2>&1
  "$PYTHON" -m venv "$WORK/venv"
  "$WORK/venv/bin/pip" --disable-pip-version-check -q install ai-edge-litert 'opencv-python!=4.11.*'
  touch "$WORK/ready"
fi
rm -f "$WORK/display"
Xvfb :77 -screen 0 900x700x24 -displayfd 3 3> "$WORK/display" > "$WORK/xvfb.log" 2>&1 &
XVFB=$!
trap 'kill $XVFB 2> /dev/null || true' EXIT
until [ -s "$WORK/display" ]; do kill -0 $XVFB; sleep 0.1; done
export DISPLAY=:77
: > "$WORK/out"
timeout 120 "$WORK/venv/bin/python" -m runtime.camera fake://digits --window --json > "$WORK/out" &
CAMERA=$!
until [ "$(wc -l < "$WORK/out")" -ge 20 ]; do kill -0 $CAMERA; sleep 0.1; done
import -window root "$WORK/window.png"
# A key may come before the window has the focus: pressed until it ends.
while kill -0 $CAMERA 2> /dev/null; do
  xdotool search --name edge-classifier windowfocus key q 2> /dev/null || true
  sleep 0.2
done
wait $CAMERA
COLOURS=$(identify -format %k "$WORK/window.png")
echo "window closed by q, exit status 0; $WORK/window.png has $COLOURS colours"
[ "$COLOURS" -gt 20 ]
