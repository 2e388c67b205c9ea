#!/usr/bin/env bash
# Brings the system packages that are missing:  system.sh build | test | run …
#
#   build  compilers and tools
#   test   the same: the tests draw in software and open no window
#   run    the libraries that the window opens when the program starts; without a display, a virtual one
#
# Looks for the commands and libraries themselves, so that nothing is installed (and nobody is asked
# for a password) where they are there, whoever put them there. Installs on Debian and Ubuntu only;
# elsewhere it says what is missing and goes on.
set -euo pipefail

say() { printf '  system: %s\n' "$*"; }
die() { printf 'system: %s\n' "$*" >&2; exit 1; }

linux=false
[ "$(uname -s)" != Linux ] || linux=true
libraries=$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null || true)

# What is missing, as Debian calls it (packages) and as everybody does (things).
packages=()
things=()
missing() { packages+=("$1"); things+=("$2"); }

need_command() { # need_command COMMAND PACKAGE…
    command -v "$1" >/dev/null || missing "${*:2}" "the command $1"
}
need_library() { # need_library FILE PACKAGE
    grep -qF "$1 " <<<"$libraries" || missing "$2" "the library $1"
}

look() {
    packages=()
    things=()
    for purpose in "$@"; do
        case "$purpose" in
            build | test)
                need_command cmake cmake # JPEG-LS and libtorch's glue are C++
                need_command c++ g++
                # For libtorch.sh, unless what it brings is there.
                if [ -z "${LIBTORCH:-}" ] && ! compgen -G "${XDG_CACHE_HOME:-$HOME/.cache}/mrimaster/libtorch-*/.complete" >/dev/null; then
                    need_command python3 python3
                    python3 -m pip --version >/dev/null 2>&1 || missing python3-pip "pip for python3"
                fi
                ;;
            run)
                $linux || continue
                need_library libX11.so.6 libx11-6
                need_library libX11-xcb.so.1 libx11-xcb1
                need_library libXcursor.so.1 libxcursor1
                need_library libXi.so.6 libxi6
                need_library libxkbcommon-x11.so.0 libxkbcommon-x11-0
                need_library libGL.so.1 libgl1
                need_library libEGL.so.1 libegl1
                # A driver: NVIDIA's own, or Mesa's, which draws in software where there is no GPU.
                grep -qF libGLX_nvidia.so.0 <<<"$libraries" ||
                    compgen -G '/usr/lib*/dri/*_dri.so' >/dev/null ||
                    compgen -G '/usr/lib/*/dri/*_dri.so' >/dev/null ||
                    missing libgl1-mesa-dri "an OpenGL driver"
                if [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
                    need_command Xvfb xvfb
                    need_command xauth xauth
                fi
                ;;
            *) die "there is nothing called $purpose to bring; say build, test or run" ;;
        esac
    done
}

cd "$(dirname "$0")/../.."
look "$@"
if [ ${#things[@]} -eq 0 ]; then
    say "nothing is missing to $*"
    exit 0
fi

list=$(printf '%s, ' "${things[@]}")
list=${list%, }
if ! command -v apt-get >/dev/null; then
    say "missing: $list; install what brings them with this system's package manager; going on without"
    exit 0
fi

install="apt-get install -y --no-install-recommends ${packages[*]}"
if [ "$(id -u)" -eq 0 ]; then
    as_root=()
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    as_root=(sudo)
else
    die "missing: $list; only root can install them: sudo $install"
fi

started=$SECONDS
say "missing: $list"
say "installing ${packages[*]} with apt-get (a minute or two)"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086  # $install is a list of words
{
    ${as_root[@]+"${as_root[@]}"} apt-get update -q -o DPkg::Lock::Timeout=300 &&
        ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive $install -q -o DPkg::Lock::Timeout=300
} >"$log" 2>&1 || {
    tail -n 15 "$log" >&2
    die "apt-get failed as shown above; mend that, then run make again, or run: sudo $install"
}

look "$@"
[ ${#things[@]} -eq 0 ] || die "installed, yet still missing: ${things[*]}; please report this"
say "ready in $((SECONDS - started)) s"
