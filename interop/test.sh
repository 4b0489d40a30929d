#!/usr/bin/env bash
# IronRTC against foreign implementations. scripts/test installs browsers and coturn before.
# Arguments name parts: browser, python, rust; none means all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(cd .. && pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
export IRONRTC_INTEROP=$CARGO_TARGET_DIR/debug/ironrtc-interop
export IRONRTC=$CARGO_TARGET_DIR/debug/ironrtc
# Debian's browsers are used; nothing may download another.
export PUPPETEER_SKIP_DOWNLOAD=1

# A network fails now and then: once more after a pause.
retry() {
    "$@" || { sleep 5; "$@"; }
}

browser() {
    cd browser
    if ! cmp -s package-lock.json node_modules/.ironrtc-lock; then
        retry npm ci --silent --no-audit --no-fund
        cp package-lock.json node_modules/.ironrtc-lock
    fi
    node --test --test-concurrency=1 --test-reporter=spec test/*.test.js
}

python() {
    local venv=$CARGO_TARGET_DIR/interop-venv
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    if ! cmp -s python/requirements.txt "$venv/.ironrtc-requirements"; then
        retry "$venv/bin/pip" install --quiet --disable-pip-version-check -r python/requirements.txt
        cp python/requirements.txt "$venv/.ironrtc-requirements"
    fi
    cd python
    "$venv/bin/python" -m pytest -q
}

rust() {
    cd rust
    retry cargo fetch --quiet --locked
    cargo test --quiet --locked
}

cargo build --quiet --manifest-path "$root/Cargo.toml" -p ironrtc-interop -p ironrtc-cli
failed=()
for part in "${@:-browser python rust}"; do
    for name in $part; do
        printf -- '-- %s\n' "$name"
        # A process of its own, as `set -e` does not hold inside a condition.
        (export -f retry "$name"; export CARGO_TARGET_DIR; bash -euo pipefail -c "$name") || failed+=("$name")
    done
done
if [ "${#failed[@]}" -gt 0 ]; then
    echo "failed: ${failed[*]}"
    exit 1
fi
