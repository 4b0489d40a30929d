#!/usr/bin/env bash
# Build the Python package in a virtual environment under target/ and run its checks and tests.
# Arguments go to pytest; IRONRTC_PROFILE=release builds an optimised module.
set -eu
cd "$(dirname "$0")"
target=${CARGO_TARGET_DIR:-$PWD/../target}
venv=$target/venv
export CARGO_TARGET_DIR=$target

[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
stamp=$venv/.ironrtc-requirements
if ! cmp -s pyproject.toml "$stamp"; then
    "$venv/bin/pip" install --quiet --disable-pip-version-check "maturin>=1.9.4,<2" "pyee>=13" \
        "av>=14,<20" aiohttp aiortc==1.16.0 mypy numpy "pytest>=8" "pytest-asyncio>=1" pytest-timeout ruff
    cp pyproject.toml "$stamp"
fi

export VIRTUAL_ENV=$venv PATH=$venv/bin:$PATH
release=
[ "${IRONRTC_PROFILE:-dev}" = dev ] || release=--release
maturin develop --quiet $release
# What is installed for development lacks the file that carries the alias into child processes.
ln -sf "$PWD/ironrtc-alias.pth" "$(python -c 'import site; print(site.getsitepackages()[0])')/"
rm -rf "$target/wheels"
maturin build --quiet $release --out "$target/wheels"
IRONRTC_WHEEL=$(echo "$target"/wheels/*.whl)
export IRONRTC_WHEEL
# aiortc's own tests are in its source distribution only.
suite=$target/aiortc-1.16.0
if [ ! -d "$suite" ]; then
    pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
        --dest "$target/sdist" aiortc==1.16.0
    tar -xzf "$target/sdist/aiortc-1.16.0.tar.gz" -C "$target"
fi
export IRONRTC_AIORTC_SUITE=$suite
ruff format --check --quiet .
ruff check --quiet .
mypy
stubtest ironrtc._ironrtc
pytest -q "$@"
