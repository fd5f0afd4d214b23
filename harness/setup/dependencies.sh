#!/bin/bash
# Looks for the things that rooflab needs on this machine, and installs those that are missing.
#
#   harness/setup/dependencies.sh build|run|test|rivals...   look; install what is missing, where that is possible
#   harness/setup/dependencies.sh --print [build|run|test|rivals...]
#                                                     only print what is needed, and the command for each system
#
# It asks nothing. It installs with apt, as root or by a sudo that wants no password. Elsewhere, or with
# INSTALL=no in the environment, it prints the commands and stops with exit code 4.
set -eu

LOG=${DEPENDENCIES_LOG:-build/setup/install.log}
CC=${CC:-gcc}

# One line per thing:  for | thing | probe | apt | dnf | pacman | brew | why.
# A probe is a function probe_WORD below and its arguments. "-" means: not needed on that system.
table() {
    cat <<'END'
build | C compiler       | program $CC                    | gcc                   | gcc                      | gcc                      | gcc                     | compiles rooflab
build | C library        | header stdio.h                 | libc6-dev             | glibc-devel              | glibc                    | -                       | headers for every C program; gcc does not bring them along
build | C++ library      | link libstdc++.so              | g++                   | -                        | -                        | -                       | shaderc's archive is linked into rooflab and is C++
build | pkg-config       | program pkg-config             | pkg-config            | pkgconf-pkg-config       | pkgconf                  | pkgconf                 | tells how to link libraries
build | Vulkan headers   | header vulkan/vulkan.h         | libvulkan-dev         | vulkan-headers           | vulkan-headers           | vulkan-headers          | the interface to compute devices
build | shaderc          | header shaderc/shaderc.h       | libshaderc-dev        | libshaderc-devel         | shaderc                  | shaderc                 | compiles GLSL kernels to SPIR-V
build | glslang          | link libglslang.a              | glslang-dev           | -                        | -                        | -                       | part of shaderc that Debian ships apart
build | SPIRV-Tools      | header spirv-tools/libspirv.h  | spirv-tools           | spirv-tools-devel        | spirv-tools              | spirv-tools             | checks SPIR-V that rooflab has rewritten
build | SPIR-V headers   | header spirv/unified1/spirv.h  | spirv-headers         | spirv-headers-devel      | spirv-headers            | spirv-headers           | names for SPIR-V's numbers
build | GSL              | header gsl/gsl_statistics.h    | libgsl-dev            | gsl-devel                | gsl                      | gsl                     | statistics
build | jansson          | header jansson.h               | libjansson-dev        | jansson-devel            | jansson                  | jansson                 | writes and reads records (JSON)
run   | Vulkan loader    | loader                         | libvulkan1            | vulkan-loader            | vulkan-icd-loader        | vulkan-loader           | finds Vulkan devices
run   | Vulkan driver    | driver                         | mesa-vulkan-drivers   | mesa-vulkan-drivers      | vulkan-swrast            | molten-vk               | runs the kernels; without one, Mesa's lavapipe, which needs no GPU
run   | gnuplot          | program gnuplot                | gnuplot-nox           | gnuplot                  | gnuplot                  | gnuplot                 | draws the charts
test  | cmocka           | header cmocka.h                | libcmocka-dev         | libcmocka-devel          | cmocka                   | cmocka                  | runs the unit tests
test  | validation layer | layer VkLayer_khronos_validation.json | vulkan-validationlayers | vulkan-validation-layers | vulkan-validation-layers | vulkan-validationlayers | finds wrong uses of Vulkan in tests
rivals | OpenBLAS         | library libopenblas.so.0       | libopenblas-dev       | openblas-devel           | openblas                 | openblas                | is raced against by make rivals
END
}

# ---- probes: is the thing itself here? (not: is a package registered?)

probe_program() {
    command -v "$1" >/dev/null 2>&1
}

probe_header() {
    local homebrew=
    if [ -d /opt/homebrew/include ]; then homebrew=-I/opt/homebrew/include; fi
    printf '#if !__has_include(<%s>)\n#error missing\n#endif\n' "$1" |
        $CC $homebrew -E -x c - >/dev/null 2>&1
}

# A file that the linker finds: the compiler prints its whole path, or only its name where there is none.
probe_link() {
    local path
    path=$($CC -print-file-name="$1" 2>/dev/null) || return 1
    [ "$path" != "$1" ]
}

probe_library() {
    system_library "$1"
}

probe_loader() {
    local file
    for file in /usr/lib/libvulkan.so.1 /usr/lib/*/libvulkan.so.1 /usr/lib64/libvulkan.so.1 \
        /usr/local/lib/libvulkan.so.1 /usr/local/lib/libvulkan*.dylib /opt/homebrew/lib/libvulkan*.dylib; do
        if [ -e "$file" ]; then return 0; fi
    done
    system_library libvulkan.so.1
}

# A driver counts where its description names a library that is here: descriptions outlive their drivers.
probe_driver() {
    local file library
    for file in $(driver_files); do
        library=$(sed -n 's/.*"library_path" *: *"\([^"]*\)".*/\1/p' "$file")
        case $library in
        '') ;;
        /*) if [ -e "$library" ]; then return 0; fi ;;
        */*) if [ -e "${file%/*}/$library" ]; then return 0; fi ;;
        *) if system_library "$library"; then return 0; fi ;;
        esac
    done
    return 1
}

probe_layer() {
    local folder
    for folder in ${VK_LAYER_PATH:+$(tr : ' ' <<<"$VK_LAYER_PATH")} $(vulkan_folders explicit_layer.d); do
        if [ -e "$folder/$1" ]; then return 0; fi
    done
    return 1
}

driver_files() {
    local folder file
    tr : '\n' <<<"${VK_DRIVER_FILES:-${VK_ICD_FILENAMES:-}}"
    for folder in $(vulkan_folders icd.d); do
        for file in "$folder"/*.json; do
            if [ -e "$file" ]; then echo "$file"; fi
        done
    done
}

# Where the Vulkan loader looks for descriptions.
vulkan_folders() {
    local base
    for base in ~/.config ~/.local/share /etc/xdg /etc /usr/local/etc /usr/local/share /usr/share \
        /opt/homebrew/etc /opt/homebrew/share; do
        if [ -d "$base/vulkan/$1" ]; then echo "$base/vulkan/$1"; fi
    done
}

system_library() {
    local libraries
    libraries=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null) || return 1
    [[ $libraries == *"$1 "* ]]
}

# ---- the table, read

trim() {
    local text=$1
    text=${text#"${text%%[![:space:]]*}"}
    trimmed=${text%"${text##*[![:space:]]}"}
}

# Calls `$1` for every line of the table that is for one of the wanted modes, with the line's fields in
# variables: thing, probe, apt, dnf, pacman, brew, why.
for_each_row() {
    local visit=$1 mode
    while IFS='|' read -r mode thing probe apt dnf pacman brew why; do
        trim "$mode"
        if [[ " $modes " != *" $trimmed "* ]]; then continue; fi
        trim "$thing" && thing=$trimmed
        trim "${probe/\$CC/${CC%% *}}" && probe=$trimmed
        trim "$apt" && apt=$trimmed
        trim "$dnf" && dnf=$trimmed
        trim "$pacman" && pacman=$trimmed
        trim "$brew" && brew=$trimmed
        trim "$why" && why=$trimmed
        $visit </dev/null
    done < <(table)
}

package_of() {
    case $1 in
    apt) package=$apt ;;
    dnf) package=$dnf ;;
    pacman) package=$pacman ;;
    brew) package=$brew ;;
    *) package= ;;
    esac
}

# Adds the current row to what is missing, unless it is here or not needed on this system. What only Debian
# needs is not looked for on a system that we do not know (the link will tell), but its packages are named.
note_if_missing() {
    local package
    package_of "$family"
    if [ "$package" = - ] || { [ -z "$family" ] && [ "$dnf$pacman$brew" = --- ]; }; then
        add_packages
        return
    fi
    # shellcheck disable=SC2086 # a probe is a word and its arguments
    if probe_$probe; then return; fi
    note_row
}

note_row() {
    missing_text+=$(printf '  %-17s %s' "$thing" "$why")$'\n'
    missing_count=$((missing_count + 1))
    add_packages
}

add_packages() {
    local name package index
    for name in apt dnf pacman brew; do
        package_of "$name"
        family_index "$name"
        if [ "$package" != - ] && [[ "${packages[$index]} " != *" $package "* ]]; then
            packages[index]+=" $package"
        fi
    done
}

family_index() {
    case $1 in
    apt) index=0 ;;
    dnf) index=1 ;;
    pacman) index=2 ;;
    brew) index=3 ;;
    esac
}

collect() {
    missing_text=
    missing_count=0
    packages=('' '' '' '')
    for_each_row "$1"
}

# ---- what to do about it

find_family() {
    local pair
    family=
    for pair in apt:apt-get dnf:dnf pacman:pacman brew:brew; do
        if command -v "${pair#*:}" >/dev/null 2>&1; then
            family=${pair%%:*}
            return
        fi
    done
}

print_commands() {
    echo "  apt     (Debian, Ubuntu)  sudo apt-get update && sudo apt-get install -y --no-install-recommends${packages[0]}"
    echo "  dnf     (Fedora)          sudo dnf install -y${packages[1]}"
    echo "  pacman  (Arch)            sudo pacman -S --needed --noconfirm${packages[2]}"
    echo "  brew    (macOS)           brew install${packages[3]}"
}

stop_with_commands() {
    {
        echo "rooflab: $1"
        echo "Install it with the command for your system, then try again:"
        print_commands
    } >&2
    exit 4
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

can_install() {
    [ "$family" = apt ] || return 1
    [ "${INSTALL:-yes}" != no ] || return 1
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}

apt_get() {
    as_root apt-get -o DPkg::Lock::Timeout=120 "$@" </dev/null >>"$LOG" 2>&1
}

have_package_lists() {
    local file
    for file in /var/lib/apt/lists/*_Packages*; do
        if [ -e "$file" ]; then return 0; fi
    done
    return 1
}

# Package lists are fetched where there are none, and again where an install fails: old lists name files
# that the mirror no longer has.
install_with_apt() {
    local names=$1
    mkdir -p "$(dirname "$LOG")"
    : >"$LOG"
    if ! have_package_lists; then
        echo "+ apt-get update" >&2
        apt_get update || return 1
    fi
    echo "+ apt-get install -y --no-install-recommends$names   (log: $LOG)" >&2
    # shellcheck disable=SC2086 # a list of names
    if apt_get install -y --no-install-recommends $names; then return 0; fi
    echo "+ apt-get update, and once more" >&2
    apt_get update || return 1
    # shellcheck disable=SC2086
    apt_get install -y --no-install-recommends $names
}

why_not() {
    if [ "${INSTALL:-yes}" = no ]; then
        echo "INSTALL=no was given."
    elif [ "$family" = apt ]; then
        echo "This user may not install packages (not root, and sudo wants a password or is not here)."
    else
        echo "rooflab installs by itself only where there is apt."
    fi
}

main() {
    local print=no trimmed thing probe apt dnf pacman brew why
    if [ "${1:-}" = --print ]; then
        print=yes
        shift
        if [ $# = 0 ]; then set -- build run test; fi
    fi
    modes="$*"
    for mode in ${modes:-none}; do
        case $mode in
        build | run | test | rivals) ;;
        *)
            echo "usage: $0 [--print] build|run|test|rivals..." >&2
            exit 2
            ;;
        esac
    done
    find_family

    if [ $print = yes ]; then
        collect note_row
        printf 'rooflab needs, to %s:\n%s\nOne command, by system:\n' "${modes// /, }" "$missing_text"
        print_commands
        return
    fi

    collect note_if_missing
    if [ $missing_count = 0 ]; then return; fi
    printf 'rooflab needs %d thing(s) that are not on this machine:\n%s' $missing_count "$missing_text" >&2
    if ! can_install; then stop_with_commands "not installed. $(why_not)"; fi
    if ! install_with_apt "${packages[0]}"; then
        tail -n 20 "$LOG" >&2
        stop_with_commands "apt-get failed; its last words are above, all of them in $LOG."
    fi
    collect note_if_missing
    if [ $missing_count != 0 ]; then
        printf 'Still missing after the install:\n%s' "$missing_text" >&2
        stop_with_commands "apt-get said that all went well, but not everything is here."
    fi
    echo "rooflab: installed." >&2
}

main "$@"
