#!/usr/bin/env bash
# Evaluates every shipped network on a data set, on its test scans and on those held back to validate:
# figures.sh DATA
set -euo pipefail
cd "$(dirname "$0")/../.."

data=${1:-}
if [ ! -d "$data" ]; then
    echo "  name the data set: make figures DATA=folder (the one with Training and Testing)" >&2
    exit 1
fi
for weights in weights/*.safetensors; do
    name=$(basename "$weights" .safetensors)
    split=weights/$name.split.csv
    if [ -f "$split" ]; then
        target/release/mrimaster evaluate "$data" --model "$weights" --validation "$split" --out "out/figures/$name/validation"
        echo
    fi
    target/release/mrimaster evaluate "$data" --model "$weights" --out "out/figures/$name/test"
    echo
done
echo "  every answer is in out/figures, as CSV and JSON"
