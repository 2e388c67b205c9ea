#!/usr/bin/env bash
# Brings libtorch 2.11.0, as tch 0.24 needs it, and links it to .libtorch/torch in the checkout.
#
# Order: an existing LIBTORCH; what an earlier run left in the cache; the PyTorch wheel, by pip.
# Only the CPU libraries are kept (about 500 MB). A CUDA build that is already on the machine is
# found by the program at run time, so one binary serves both.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=2.11.0
cuda_runtime=13.0.96
cuda_cupti=13.0.85
cache="${XDG_CACHE_HOME:-$HOME/.cache}/mrimaster"
started=$SECONDS

say() { printf '  libtorch: %s\n' "$*"; }
die() { printf 'libtorch: %s\n' "$*" >&2; exit 1; }

# A folder counts as libtorch only with headers, the CPU library, and the version tch was made for.
complete() {
    [ -f "$1/include/torch/csrc/api/include/torch/torch.h" ] || return 1
    [ -e "$1/lib/libtorch_cpu.so" ] || [ -e "$1/lib/libtorch_cpu.dylib" ]
}

link() {
    mkdir -p .libtorch
    if [ "$(readlink .libtorch/torch 2>/dev/null)" != "$1" ]; then ln -sfn "$1" .libtorch/torch; fi
}

if [ -n "${LIBTORCH:-}" ]; then
    case "$LIBTORCH" in /*) ;; *) die "LIBTORCH is $LIBTORCH; give its whole path, from / on" ;; esac
    complete "$LIBTORCH" || die "LIBTORCH is $LIBTORCH, which holds no libtorch; unset it or point it at one of version $version"
    found=$(cut -d+ -f1 "$LIBTORCH/build-version" 2>/dev/null || true)
    [ -z "$found" ] || [ "$found" = "$version" ] || die "LIBTORCH is version $found, and $version is needed; unset it to have the right one brought"
    say "using LIBTORCH=$LIBTORCH"
    link "$LIBTORCH"
    exit 0
fi

machine="$(uname -s)-$(uname -m)"
case "$machine" in
    Linux-x86_64)  platforms=(manylinux_2_28_x86_64 manylinux_2_25_x86_64 manylinux2014_x86_64) ;;
    Linux-aarch64) platforms=(manylinux_2_28_aarch64 manylinux2014_aarch64) ;;
    Darwin-arm64)  platforms=(macosx_14_0_arm64 macosx_11_0_arm64) ;;
    *) die "there is no PyTorch wheel for $machine; set LIBTORCH to a libtorch $version" ;;
esac

home="$cache/libtorch-$version-$machine"
if complete "$home/torch" && [ -f "$home/.complete" ]; then
    say "found in the cache ($home)"
    link "$home/torch"
    exit 0
fi

command -v python3 >/dev/null || die "python3 is needed to bring libtorch; install it, or set LIBTORCH"
python3 -m pip --version >/dev/null 2>&1 || die "pip is needed to bring libtorch; install python3-pip, or set LIBTORCH"

mkdir -p "$cache"
free_mb=$(df -Pm "$cache" | awk 'NR == 2 {print $4}')
[ "$free_mb" -ge 2500 ] || die "2.5 GB are needed in $cache and $free_mb MB are free"

work=$(mktemp -d "$cache/libtorch.XXXXXX")
trap 'rm -rf "$work"' EXIT

say "downloading the PyTorch $version wheel with pip (about 550 MB, once; then kept in $cache)"
fetch() { # fetch ABI REQUIREMENT…
    local abi=$1 platform=() p
    shift
    for p in "${platforms[@]}"; do platform+=(--platform "$p"); done
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-cache-dir \
        --only-binary=:all: --python-version 3.12 --implementation cp --abi "$abi" \
        "${platform[@]}" --dest "$work/wheels" "$@" ||
        die "the download failed; check the network and run make again, or set LIBTORCH"
}
fetch cp312 "torch==$version"
if [ "$machine" = Linux-x86_64 ]; then
    fetch none "nvidia-cuda-runtime==$cuda_runtime" "nvidia-cuda-cupti==$cuda_cupti"
fi

say "unpacking the headers and the CPU libraries"
python3 - "$work" "$machine" <<'PY'
import pathlib, sys, zipfile

work, machine = pathlib.Path(sys.argv[1]), sys.argv[2]
slim = {"libtorch_cpu.so", "libc10.so", "libgomp.so.1", "libcudart.so.13", "libcupti.so.13"}

def wanted(name):
    if name.startswith("torch/include/"):
        return True
    if not name.startswith(("torch/lib/", "nvidia/cu13/lib/", "torch.libs/")):
        return False
    file = name.rsplit("/", 1)[1]
    return file in slim if machine == "Linux-x86_64" else "python" not in file and file != ""

for wheel in (work / "wheels").glob("*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for name in filter(wanted, archive.namelist()):
            archive.extract(name, work / "home")
PY

lib="$work/home/torch/lib"
if [ "$machine" = Linux-x86_64 ]; then
    # The wheel's libtorch.so wants CUDA. This one-line linker script satisfies -ltorch without it.
    echo 'INPUT(AS_NEEDED(-ltorch_cpu))' >"$lib/libtorch.so"
    ln -sf libgomp.so.1 "$lib/libgomp.so"
fi
echo "$version" >"$work/home/torch/build-version"
complete "$work/home/torch" || die "the wheel did not hold what was expected; please report this"

touch "$work/home/.complete"
rm -rf "$home"
mv "$work/home" "$home"
link "$home/torch"
say "ready in $((SECONDS - started)) s"
