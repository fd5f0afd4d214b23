#!/bin/bash
# The stranger's trial: a bare Debian with gcc, make and git and nothing else, a fresh clone of HEAD in it,
# and one command. Not part of `make test`: it needs root, debootstrap and a package mirror.
#
#   harness/tests/stranger.sh [--unprivileged] [--keep] FOLDER [COMMAND...]
#
#   FOLDER          where the system is made (about 250 MB, 1.5 GB at the end), used again if it is there
#   COMMAND         what is typed in the clone; `make test` if nothing is given
#   --unprivileged  as a user who may not install anything
#   --keep          go on with the clone and the packages of the last trial; otherwise both are fresh
#
# The mirror, the way to it and the trust in it are this machine's own, read from its apt as it is now.
set -eu

SUITE=bookworm

usage() {
    echo "usage: $0 [--unprivileged] [--keep] FOLDER [COMMAND...]" >&2
    exit 2
}

# The address from which this machine itself gets Debian.
mirror() {
    # shellcheck disable=SC2016 # apt replaces these
    apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(REPO_URI)' 'Identifier: Packages' |
        awk -v suite="$SUITE" '$1 == "Debian" && $2 == suite { print $3; exit }'
}

# The bare system, made once and kept beside the one that is used up.
make_bare_system() {
    local uri
    uri=$(mirror)
    if [ -z "$uri" ]; then
        echo "stranger: apt on this machine has no package lists of Debian $SUITE; try apt-get update" >&2
        exit 4
    fi
    eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy)"
    if [ -n "${http_proxy:-}" ]; then export http_proxy; fi
    if [ -n "${https_proxy:-}" ]; then export https_proxy; fi
    echo "stranger: debootstrap $SUITE into $FOLDER/bare"
    debootstrap --variant=minbase "$SUITE" "$FOLDER/bare.new" "$uri" >"$FOLDER/debootstrap.log" 2>&1 || {
        tail -n 5 "$FOLDER/debootstrap.log" >&2
        exit 4
    }
    copy_apt_settings "$FOLDER/bare.new"
    inside "$FOLDER/bare.new" apt-get -qq update
    inside "$FOLDER/bare.new" apt-get -qq install -y --no-install-recommends gcc make git >"$FOLDER/install.log" 2>&1
    # A stranger has no package lists either: Debian's images come without.
    inside "$FOLDER/bare.new" sh -c 'apt-get clean; rm -rf /var/lib/apt/lists/*'
    mv "$FOLDER/bare.new" "$FOLDER/bare"
}

copy_apt_settings() {
    local root=$1
    # shellcheck disable=SC2016
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Identifier: Packages' |
        sed -n 's/ Debian$//p' >"$root/etc/apt/sources.list"
    apt-config dump | grep '^Acquire::' | grep -v '^Acquire::IndexTargets' >"$root/etc/apt/apt.conf.d/90stranger"
    cp -r /etc/apt/auth.conf.d /etc/apt/trusted.gpg.d "$root/etc/apt/"
    mkdir -p "$root/etc/ssl/certs"
    if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
        cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    fi
    cp /etc/resolv.conf /etc/hosts "$root/etc/"
}

# Runs a command in a system. Its mounts live in a namespace of their own and end with it, so that removing
# the folder can never reach this machine's /dev.
inside() {
    local root=$1
    shift
    # shellcheck disable=SC2016 # the inner shell's own arguments
    unshare --mount --pid --fork bash -c '
        set -eu
        root=$1
        home=/root
        if [ -n "$STRANGER_USER" ]; then home=/home/rooflab; fi
        shift
        mount -t proc proc "$root/proc"
        mount -t tmpfs tmpfs "$root/dev"
        for name in null zero full random urandom; do
            touch "$root/dev/$name"
            mount --bind "/dev/$name" "$root/dev/$name"
        done
        mkdir "$root/dev/shm"
        ln -s /proc/self/fd "$root/dev/fd"
        exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME="$home" LANG=C \
            chroot ${STRANGER_USER:+--userspec="$STRANGER_USER"} "$root" "$@"
    ' bash "$root" "$@" </dev/null
}

make_fresh_clone() {
    rm -rf "$FOLDER/system"
    cp -a "$FOLDER/bare" "$FOLDER/system"
    git -C "$REPOSITORY" bundle create -q "$FOLDER/system/rooflab.bundle" HEAD
    inside_as_root git -c advice.detachedHead=false clone -q /rooflab.bundle /home/rooflab
    if [ -n "${STRANGER_USER:-}" ]; then inside_as_root chown -R "$STRANGER_USER" /home/rooflab; fi
}

inside_as_root() {
    STRANGER_USER='' inside "$FOLDER/system" "$@"
}

main() {
    local keep=no
    export STRANGER_USER=
    while [ $# -gt 0 ]; do
        case $1 in
        --unprivileged) STRANGER_USER=1000:1000 ;;
        --keep) keep=yes ;;
        -*) usage ;;
        *) break ;;
        esac
        shift
    done
    [ $# -gt 0 ] || usage
    mkdir -p "$1"
    FOLDER=$(cd "$1" && pwd)
    REPOSITORY=$(cd "$(dirname "$0")/../.." && pwd)
    shift
    if [ $# = 0 ]; then set -- make test; fi

    if [ ! -d "$FOLDER/bare" ]; then
        rm -rf "$FOLDER/bare.new"
        STRANGER_USER='' make_bare_system
    fi
    if [ $keep = no ] || [ ! -d "$FOLDER/system" ]; then make_fresh_clone; fi
    echo "stranger: in a fresh clone of $(git -C "$REPOSITORY" rev-parse --short HEAD): $*"
    # shellcheck disable=SC2016
    inside "$FOLDER/system" bash -c 'cd /home/rooflab && exec "$@"' bash "$@"
}

main "$@"
