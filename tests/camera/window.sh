#!/usr/bin/env bash
# window.sh PYTHON: python -m runtime.camera --window under Xvfb, closed by q, and again by Esc. Needs root, Debian.
# OpenCV with windows does not go beside the headless one: a virtual environment of its own. About half a minute.
set -euo pipefail
PYTHON=$1
WORK=${CAMERA_WINDOW:-/tmp/edge-classifier-window}
cd "$(dirname "$0")/../.."
mkdir -p "$WORK"
if [ ! -e "$WORK/ready" ]; then
  echo "setting up $WORK (once)" >&2
  command -v Xvfb xdotool import > /dev/null ||
    { apt-get -qq update && apt-get -qq install -y --no-install-recommends xvfb xdotool imagemagick; } \
      > "$WORK/apt.log" 2>&1 || { echo "window under Xvfb: NOT RUN, xvfb could not be installed"; exit 0; }
  "$PYTHON" -m venv "$WORK/venv"
  "$WORK/venv/bin/pip" --disable-pip-version-check -q install ai-edge-litert 'opencv-python!=4.11.*'
  touch "$WORK/ready"
fi

rm -f "$WORK/display"
timeout 300 Xvfb -screen 0 900x700x24 -displayfd 3 3> "$WORK/display" > "$WORK/xvfb.log" 2>&1 &
XVFB=$!
trap 'kill $XVFB 2> /dev/null || true' EXIT
until [ -s "$WORK/display" ]; do kill -0 $XVFB; sleep 0.1; done
DISPLAY=:$(cat "$WORK/display")
export DISPLAY
# Whether the screen shows the window: says what it sees, exit status 1 where it does not.
look() {
  import -window root "$WORK/window.png"
  "$WORK/venv/bin/python" - "$WORK/window.png" <<'LOOK'
import sys
import cv2
from runtime.sources.synthetic import PAPER
from runtime.outputs.overlay import BAR_GRAY, GREEN
shot = cv2.imread(sys.argv[1])
counts = [int((shot == color).all(axis=2).sum()) for color in ((PAPER,) * 3, (BAR_GRAY,) * 3, GREEN)]
print(f"{sys.argv[1]}: {counts[0]} pixels of paper, {counts[1]} of bar, {counts[2]} of frame and letters")
# Most of 640x480 is paper; the bars above and below have 80 rows; the frame alone is longer than 100 pixels.
sys.exit(0 if counts[0] > 200_000 and counts[1] > 20_000 and counts[2] > 100 else 1)
LOOK
}

for KEY in q Escape; do
  : > "$WORK/out"
  timeout 120 "$WORK/venv/bin/python" -m runtime.camera fake://digits --window --json > "$WORK/out" &
  CAMERA=$!
  until [ "$(wc -l < "$WORK/out")" -ge 20 ]; do kill -0 $CAMERA; sleep 0.1; done
  # The screen may be drawn later than the first readings are written: looked at until it is, or the camera's time is up.
  until look > "$WORK/seen"; do
    kill -0 $CAMERA 2> /dev/null || { cat "$WORK/seen"; echo "error: this is not the window" >&2; exit 1; }
  done
  cat "$WORK/seen"
  # A key may come before the window has the focus: pressed until it ends.
  while kill -0 $CAMERA 2> /dev/null; do
    xdotool search --name edge-classifier windowfocus key $KEY 2> /dev/null || true
    sleep 0.2
  done
  wait $CAMERA
  echo "window closed by $KEY, exit status 0"
done
