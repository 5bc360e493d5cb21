#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# chroot.sh SUITE COMMAND…: runs a command of this repository in another Debian, in a folder of its own under build.
#
# SUITE is `backports` (this Debian with the QGIS of its backports) or `sid` (Debian's newest: QGIS, Python, NumPy, GDAL).
# The folder is made by debootstrap and kept. In it lies a copy of what git knows here, with a .venv of its own. It needs
# root. What this machine has for reaching package registries (certificates, settings of pip) is copied in.
set -euo pipefail
# Mounts of its own, which end with it: whoever deletes build then never deletes what is mounted there.
[ -n "${RAW_OWN_MOUNTS:-}" ] || RAW_OWN_MOUNTS=yes exec unshare --mount --propagation private "$0" "$@"
cd "$(dirname "$0")/../.."
suite=$1
shift
root=$PWD/build/$suite home=/raw mirror=http://deb.debian.org/debian
stable=$(. /etc/os-release && echo "$VERSION_CODENAME")

inside() {
    local kept=(DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin)
    mapfile -t -O "${#kept[@]}" kept < <(env | grep -E '^(PIP_|SSL_|REQUESTS_|CURL_|OMP_|RAW_|[A-Za-z]+_(proxy|PROXY)=)')
    chroot "$root" /usr/bin/env -i "${kept[@]}" "$@"
}

make_base() {
    command -v debootstrap >/dev/null || apt-get -q -y install --no-install-recommends debootstrap
    rm -rf "$root"
    debootstrap --variant=minbase --include=ca-certificates "$([ "$suite" = sid ] && echo sid || echo "$stable")" "$root" $mirror
    # Daemons of packages do not start in a chroot, and a mirror may be some weeks behind.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod +x "$root/usr/sbin/policy-rc.d"
    echo 'Acquire::Check-Valid-Until "no";' >"$root/etc/apt/apt.conf.d/99mirror"
    cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
    [ ! -e /etc/pip.conf ] || cp /etc/pip.conf "$root/etc/"
    inside update-ca-certificates
    touch "$root/.base"
}

make_system() {
    inside apt-get -q update
    inside apt-get -q -y install --no-install-recommends git make python3-venv
    if [ "$suite" = backports ]; then
        echo "deb $mirror $stable-backports main" >"$root/etc/apt/sources.list.d/backports.list"
        inside apt-get -q update
        inside apt-get -q -y install --no-install-recommends -t "$stable-backports" qgis python3-qgis
    fi
    touch "$root/.made"
}

[ -e "$root/.base" ] || make_base
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
[ -e "$root/.made" ] || make_system
mkdir -p "$root$home" "$root/shared"
find "$root$home" -mindepth 1 -maxdepth 1 ! -name .venv ! -name build -exec rm -rf {} +
git ls-files -z --cached --others --exclude-standard |
    tar -c --null --ignore-failed-read --files-from=- 2>/dev/null | tar -x -C "$root$home"

mount --bind /proc "$root/proc"
mount --rbind /dev "$root/dev"
[ ! -d ../shared ] || mount --bind -o ro "$(realpath ../shared)" "$root/shared"
inside bash -c 'cd "$0" && git init -q . && git add -A && exec "$@"' "$home" "$@"
