#!/usr/bin/env bash
# Brings the test files of pydicom and nibabel, and what the two read from them:  corpora.sh OUT
#
# They come with the wheels, which pip brings into a virtual environment of their own (about 150 MB, once).
# CORPORA names another one that has them.
set -euo pipefail
cd "$(dirname "$0")/../.."

out=$1
packages=(pydicom==3.0.2 nibabel==5.4.2 numpy pillow python-gdcm pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg)
home="${XDG_CACHE_HOME:-$HOME/.cache}/mrimaster/corpora"

say() { printf '  corpora: %s\n' "$*"; }
die() { printf 'corpora: %s\n' "$*" >&2; exit 1; }

if [ -n "${CORPORA:-}" ]; then
    [ -x "$CORPORA/bin/python" ] || die "CORPORA is $CORPORA, which is no virtual environment of Python"
    home=$CORPORA
    say "using CORPORA=$CORPORA"
elif [ ! -f "$home/.complete" ]; then
    command -v python3 >/dev/null || die "python3 is needed; install it, or set CORPORA"
    say "downloading the wheels with pip"
    rm -rf "$home"
    python3 -m venv "$home" || die "python3 cannot make a virtual environment; install python3-venv, or set CORPORA"
    "$home/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary=:all: "${packages[@]}" ||
        die "the download failed; check the network and run make again, or set CORPORA"
    touch "$home/.complete"
fi

rm -rf "$out"
"$home/bin/python" tests/reference/corpora.py "$out"
