#!/usr/bin/env bash
# Opens the viewer on the demo study; without a display, leaves the screen and the predictions as files.
set -euo pipefail
cd "$(dirname "$0")/../.."

viewer=(cargo run --release --locked --quiet --)

if [ "$(uname -s)" != Linux ] || [ -n "${DISPLAY:-}" ] || [ -n "${WAYLAND_DISPLAY:-}" ]; then
    echo "  opening the viewer on the demo study; close its window to end"
    exec "${viewer[@]}" --demo
fi

echo "  there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set), so a virtual one is used"
mkdir -p out
xvfb-run --auto-servernum --server-args="-screen 0 1600x900x24" "${viewer[@]}" --screenshot out/screen.png --in-window --size 1600x900 --demo
echo "  the screen is in out/screen.png"

pictures=()
while IFS= read -r picture; do pictures+=("$picture"); done < <(find assets/demo -name '*.png' | sort)
"${viewer[@]}" predict "${pictures[@]}" | tee out/predictions.txt
echo "  the predictions are in out/predictions.txt"
