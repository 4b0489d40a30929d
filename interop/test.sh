#!/usr/bin/env bash
# IronRTC against foreign implementations. scripts/test installs browsers, coturn, Go with Pion, Janus
# and FFmpeg before. Arguments name parts: browser, python, rust, peers, files; none means all.
set -euo pipefail
for part in "$@"; do
    case $part in
    browser | python | rust | peers | files) ;;
    -h | --help) echo "usage: interop/test.sh [browser] [python] [rust] [peers] [files]" && exit ;;
    *) echo "error: there is no part $part; interop/test.sh --help lists them" >&2 && exit 2 ;;
    esac
done
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(cd .. && pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
export IRONRTC_INTEROP=$CARGO_TARGET_DIR/debug/ironrtc-interop
export IRONRTC=$CARGO_TARGET_DIR/debug/ironrtc
export IRONRTC_SRTP=$CARGO_TARGET_DIR/debug/examples/srtp_lines
export IRONRTC_EXAMPLE=$CARGO_TARGET_DIR/debug/examples/axum_chat
export IRONRTC_MEDIA_EXAMPLES=$CARGO_TARGET_DIR/debug/examples
# Debian's browsers are used; nothing may download another.
export PUPPETEER_SKIP_DOWNLOAD=1

# A network fails now and then: once more after a pause.
retry() {
    "$@" || { sleep 5; "$@"; }
}

npm_packages() {
    if ! cmp -s package-lock.json node_modules/.ironrtc-lock; then
        retry npm ci --silent --no-audit --no-fund
        cp package-lock.json node_modules/.ironrtc-lock
    fi
}

browser() {
    cd browser
    npm_packages
    node --test --test-concurrency=1 --test-reporter=spec test/*.test.js
}

python() {
    local venv=$CARGO_TARGET_DIR/interop-venv
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    if ! cmp -s python/requirements.txt "$venv/.ironrtc-requirements"; then
        retry "$venv/bin/pip" install --quiet --disable-pip-version-check -r python/requirements.txt
        cp python/requirements.txt "$venv/.ironrtc-requirements"
    fi
    captures "$venv/bin/pip"
    cargo test --quiet --manifest-path ../Cargo.toml -p ironrtc-core --lib -- --ignored wire::captures
    cd python
    "$venv/bin/python" -m pytest -q
}

# The packets that aiortc tests with lie in its source distribution only.
captures() {
    local to=$CARGO_TARGET_DIR/captures from
    ! compgen -G "$to/rtcp*.bin" >/dev/null || return 0
    from=$(mktemp -d)
    retry "$1" download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
        --dest "$from" "$(grep '^aiortc==' python/requirements.txt)"
    tar -xzf "$from"/aiortc-*.tar.gz -C "$from"
    mkdir -p "$to"
    cp "$from"/aiortc-*/tests/rt*.bin "$to/"
    rm -r "$from"
}

rust() {
    cd rust
    retry cargo fetch --quiet --locked
    cargo test --quiet --locked
}

peers() {
    cd peers
    npm_packages
    export INTEROP_STACKS=$CARGO_TARGET_DIR/debug/ironrtc-interop-stacks
    (cd rust && retry cargo fetch --quiet --locked && cargo build --quiet --locked)
    # Debian's Go packages are found by GOPATH, and ours beside them.
    local go=$CARGO_TARGET_DIR/interop-go
    export INTEROP_PION=$go/pion-peer
    mkdir -p "$go/src"
    ln -sfn "$PWD/pion" "$go/src/ironrtc-pion-peer"
    (cd "$go/src/ironrtc-pion-peer" &&
        GO111MODULE=off GOPATH=$go:/usr/share/gocode go build -o "$INTEROP_PION" ironrtc-pion-peer)
    node --test --test-concurrency=1 --test-reporter=spec test/*.test.js
}

# Recordings are judged by FFmpeg.
files() {
    ../scripts/fetch-vectors
    cargo test --quiet --manifest-path ../Cargo.toml -p ironrtc-media --test main -- --ignored
}

cargo build --quiet --manifest-path "$root/Cargo.toml" -p ironrtc-interop -p ironrtc-cli
cargo build --quiet --manifest-path "$root/Cargo.toml" -p ironrtc --example axum_chat
cargo build --quiet --manifest-path "$root/Cargo.toml" -p ironrtc-core --example srtp_lines
cargo build --quiet --manifest-path "$root/Cargo.toml" -p ironrtc-media --examples
failed=()
for part in "${@:-browser python rust peers files}"; do
    for name in $part; do
        printf -- '-- %s\n' "$name"
        # A process of its own, as `set -e` does not hold inside a condition.
        (export -f retry npm_packages captures "$name"; export CARGO_TARGET_DIR; bash -euo pipefail -c "$name") || failed+=("$name")
    done
done
if [ "${#failed[@]}" -gt 0 ]; then
    echo "failed: ${failed[*]}"
    exit 1
fi
