#!/usr/bin/env bash
# qgis_qt6.sh [FOLDER]: builds QGIS on Qt 6 with its desktop program, from the source package of this Debian.
#
# Debian 13 has QGIS on Qt 5 alone. This takes the source of that version and builds it with Qt 6, so that tests/gui run
# on both. It resumes where it was stopped, keeps what was compiled (ccache) and says how long each step took. Two cores
# need two to three hours; JOBS sets how many files are compiled at once. Nothing outside FOLDER changes but the packages
# that apt installs (the build's own, beside the Qt 5 that QGIS uses). FOLDER/run COMMAND runs a command with the result.
set -euo pipefail
ROOM=$(realpath -m "${1:-build/qgis_qt6}")
VERSION=3.40.6+dfsg-1
QWT=6.3.0
JOBS=${JOBS:-$(nproc)}
DEBIAN=http://deb.debian.org/debian
export DEBIAN_FRONTEND=noninteractive CCACHE_DIR=$ROOM/ccache CCACHE_MAXSIZE=8G PATH=/usr/bin:/bin:/usr/sbin:/sbin
SUDO=$([ "$(id -u)" = 0 ] || echo sudo)

BUILD_PACKAGES=(
    build-essential cmake ninja-build ccache bison flex qmake6 dpkg-dev xz-utils bzip2
    qt6-{base,svg,tools,5compat,positioning,serialport,multimedia}-dev qt6-base-private-dev
    qt6-tools-dev-tools qt6-l10n-tools libqca-qt6-dev qtkeychain-qt6-dev libqscintilla2-qt6-dev
    pyqt6-dev pyqt6-dev-tools pyqt6.qsci-dev python3-pyqtbuild sip-tools python3-dev
    libexiv2-dev libexpat1-dev libgdal-dev libgeos-dev libgsl-dev libpq-dev libproj-dev
    libprotobuf-dev protobuf-compiler libspatialindex-dev libspatialite-dev libzip-dev libzstd-dev
    nlohmann-json3-dev
)
RUN_PACKAGES=(
    python3-qgis python3-pyqt6 python3-pyqt6.qsci python3-pyqt6.qtsvg python3-pyqt6.qtpositioning
    python3-pyqt6.qtmultimedia python3-pyqt6.qtserialport python3-pyqt6.sip qt6-svg-plugins
    libqt6sql6-sqlite libqca-qt6-plugins
)
LEFT_OUT=(
    QTWEBKIT 3D GRASS7 GRASS8 SERVER PDAL EPT COPC DRACO QTSERIALPORT ORACLE HANA POSTGRESQL CUSTOM_WIDGETS APIDOC
    QSPATIALITE
)

# step NAME COMMAND…: runs a command once, and says how long it took.
step() {
    local name=$1 begun=$SECONDS
    shift
    [ -e "$ROOM/.done-$name" ] && { echo "$name: done before"; return; }
    echo "$name: begun at $(date +%H:%M:%S)"
    "$@"
    echo "$name: $(((SECONDS - begun) / 60)) min $(((SECONDS - begun) % 60)) s"
    touch "$ROOM/.done-$name"
}

packages() {
    $SUDO apt-get -q -q update
    $SUDO apt-get -q -q -y install --no-install-recommends "${BUILD_PACKAGES[@]}" "${RUN_PACKAGES[@]}"
}

# Sources by apt, which knows their sums; its lists lie in the folder, so that the machine's own stay as they are.
sources() {
    local apt=$ROOM/apt key=/usr/share/keyrings/debian-archive-keyring.pgp
    [ -e "$key" ] || key=${key%.pgp}.gpg
    mkdir -p "$apt/lists/partial" "$apt/cache" && cd "$ROOM"
    printf 'deb-src [signed-by=%s] %s %s main\n' "$key" $DEBIAN trixie "$key" $DEBIAN sid >"$apt/sources.list"
    local own=(-o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$apt/lists"
        -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root)
    apt-get -q -q "${own[@]}" update
    apt-get -q -q "${own[@]}" source "qgis=$VERSION"
    apt-get -q -q "${own[@]}" source --download-only --tar-only qwt
    tar -xjf "qwt_$QWT.orig.tar.bz2"
}

# Debian's Qwt is built with Qt 5.
qwt() {
    cd "$ROOM/qwt-$QWT"
    sed -i -E 's/^QWT_CONFIG +\+= +Qwt(Examples|Tests|Playground|Designer|Doc)/# &/' qwtconfig.pri
    qmake6 QMAKE_CXX="ccache g++" qwt.pro
    make -j"$JOBS"
}

configure() {
    local off=("${LEFT_OUT[@]/#/-DWITH_}")
    cmake -G Ninja -S "$ROOM/qgis-${VERSION%-*}" -B "$ROOM/output" -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS="-O1 -g0 -w" \
        -DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DPython_EXECUTABLE=/usr/bin/python3 -DBUILD_WITH_QT6=ON "${off[@]/%/=OFF}" \
        -DENABLE_TESTS=OFF -DUSE_OPENCL=OFF -DQWT_INCLUDE_DIR="$ROOM/qwt-$QWT/src" -DQWT_LIBRARY="$ROOM/qwt-$QWT/lib/libqwt.so"
}

compile() { ninja -C "$ROOM/output" -j "$JOBS" "$@"; }

# What the build leaves to `ninja install`, which would also want all that is left out.
python() {
    local from=$ROOM/qgis-${VERSION%-*}/python to=$ROOM/output/python/qgis each
    for each in core gui analysis; do
        mkdir -p "$to/$each" && cp -r "$from/$each/additions" "$to/$each/"
    done
    mkdir -p "$to/processing" && cp "$from"/processing/*.py "$to/processing/"
    cp "$from"/{utils,user,__init__}.py "$to/"
}

runner() {
    cat >"$ROOM/run" <<RUN
#!/usr/bin/env bash
# Runs a command with the QGIS on Qt 6 that lies here, for example: run output/bin/qgis
export LD_LIBRARY_PATH="$ROOM/output/lib:$ROOM/qwt-$QWT/lib" QGIS_PREFIX_PATH="$ROOM/output"
export PYTHONPATH="\${PYTHONPATH:+\$PYTHONPATH:}$ROOM/output/python:$ROOM/output/python/plugins"
export PATH="$ROOM/output/bin:\$PATH"
exec "\$@"
RUN
    chmod +x "$ROOM/run"
}

mkdir -p "$ROOM"
step packages packages
step sources sources
step qwt qwt
step configure configure
step core compile qgis_core
step bindings compile python_module_qgis__core python_module_qgis__analysis python_module_qgis__gui staged-plugins
step desktop compile qgis
step python python
step runner runner
ccache --show-stats | sed -n '/Hits\|Misses/p'
echo "QGIS on Qt 6: $ROOM/run $ROOM/output/bin/qgis"
