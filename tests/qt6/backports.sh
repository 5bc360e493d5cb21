#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the tests of the plugin on the QGIS of Debian's backports, which is newer than Debian's own, in a system of its own
# under build/backports. Needs root, and what `make test` has installed. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD/build/backports suite=$(. /etc/os-release && echo "$VERSION_CODENAME")

inside() { chroot "$root" /usr/bin/env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 QT_QPA_PLATFORM=offscreen OMP_NUM_THREADS=1 "$@"; }

if [ ! -e "$root/usr/bin/qgis" ]; then
    command -v debootstrap >/dev/null || apt-get -q -y install --no-install-recommends debootstrap
    rm -rf "$root"
    debootstrap --variant=minbase "$suite" "$root"
    echo "deb http://deb.debian.org/debian $suite-backports main" > "$root/etc/apt/sources.list.d/backports.list"
    inside apt-get -q update
    inside apt-get -q -y install --no-install-recommends -t "$suite-backports" qgis python3-qgis
    known() { dpkg-query -W -f '${db:Status-Status} ${Package}\n' 'python3-*' | sed -n 's/^installed //p' | sort; }
    # shellcheck disable=SC2046 # one word a package: .venv sees the system's
    inside apt-get -q -y install --no-install-recommends make git zip $(comm -12 <(known) <(inside apt-cache pkgnames | sort))
fi

mounts=(/proc /dev "$PWD")
[ ! -d ../shared ] || mounts+=("$(realpath ../shared)")
unmount() { for mount in "${mounts[@]}"; do umount -l "$root$mount" 2>/dev/null || true; done; }
trap unmount EXIT
for mount in "${mounts[@]}"; do
    mkdir -p "$root$mount"
    mount --bind "$mount" "$root$mount"
done
inside "$PWD/.venv/bin/python" -c 'from qgis.core import Qgis; print("QGIS", Qgis.version())'
inside bash -c 'cd "$0" && exec .venv/bin/python -m pytest -q "$@"' "$PWD" "${@:-tests/qgis}"
