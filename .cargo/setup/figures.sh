#!/usr/bin/env bash
# Evaluates every shipped network on a data set, on its test scans and on those held back to validate:
# figures.sh DATA [PATIENTS.csv [INDEX.csv]]
set -euo pipefail
cd "$(dirname "$0")/../.."

data=${1:-}
if [ ! -d "$data" ]; then
    echo "  name the data set: make figures DATA=folder (the one with Training and Testing)" >&2
    exit 1
fi
tables=()
if [ -n "${2:-}" ]; then tables+=(--patients "$2"); fi
if [ -n "${3:-}" ]; then tables+=(--index "$3"); fi
for weights in weights/*.safetensors; do
    name=$(basename "$weights" .safetensors)
    split=weights/$name.split.csv
    if [ -f "$split" ]; then
        target/release/mrimaster evaluate "$data" --model "$weights" --validation "$split" "${tables[@]}" --out "out/figures/$name/validation"
        echo
    fi
    target/release/mrimaster evaluate "$data" --model "$weights" "${tables[@]}" --out "out/figures/$name/test"
    echo
done
echo "  every answer is in out/figures, as CSV and JSON"
