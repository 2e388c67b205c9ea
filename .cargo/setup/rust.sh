#!/usr/bin/env bash
# Checks that cargo is new enough, and brings the components named:  rust.sh [rustfmt] [clippy]
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf '  rust: %s\n' "$*"; }
die() { printf 'rust: %s\n' "$*" >&2; exit 1; }

command -v cargo >/dev/null || die "cargo is not on the PATH; install Rust from https://rustup.rs and open a new shell"

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
found=$(rustc --version | cut -d' ' -f2)
if [ "$(printf '%s\n%s\n' "$wanted" "${found%%-*}" | sort -V | head -n 1)" != "$wanted" ]; then
    die "rustc is $found, and $wanted or newer is needed; run: rustup update stable"
fi

for component in "$@"; do
    case "$component" in
        rustfmt) binary=rustfmt ;;
        clippy) binary=clippy-driver ;;
        *) die "there is no component called $component to bring" ;;
    esac
    if ! "$binary" --version >/dev/null 2>&1; then
        command -v rustup >/dev/null || die "$component is missing; install it beside cargo"
        say "adding $component with rustup (a few seconds)"
        rustup --quiet component add "$component" || die "rustup could not add $component; check the network and run make again"
    fi
done
say "rustc $found${*:+ with $*}"
