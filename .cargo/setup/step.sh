#!/usr/bin/env bash
# Says what is being done, does it, says how long it took:  step.sh WHAT COMMAND [ARGUMENT…]
set -uo pipefail

what=$1
shift
printf '\n== %s\n' "$what"
started=$SECONDS
"$@"
code=$?
if [ $code -eq 0 ]; then
    printf '   done in %d s\n' $((SECONDS - started))
else
    printf '   failed after %d s: %s\n' $((SECONDS - started)) "$*" >&2
fi
exit $code
