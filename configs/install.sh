#!/bin/sh
# Installs the unpacked runevault package that this file lies in. Running it again upgrades the program and keeps the
# configuration, keys, tokens, certificates and logs, be they of this machine or restored from a backup.
set -eu
umask 022

usage() {
  cat <<'END'
usage: install.sh [--prefix DIR] [--root DIR] [--uninstall] [--dry-run] [--help]

  --prefix DIR  install directory (default /opt/rune-vault)
  --root DIR    put everything below DIR, the root of another system or image; starts nothing, reloads nothing
  --uninstall   remove the program and the service; keeps configuration, keys, tokens, certificates, logs and the account
  --dry-run     print what would be done
  --help        print this

Program files belong to root and lie in <prefix>/app. All else in <prefix> belongs to the system user runevault, as which
the service runs; <prefix> itself is root's and sticky, so that this user cannot put another program in place of app.
END
}

account=runevault
prefix=/opt/rune-vault
root=
action=install
dry_run=no
package=$(cd "$(dirname "$0")" && pwd)
system=$(uname -s)

say() { printf '%s\n' "$*"; }
fail() {
  printf 'Error: %s\n' "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Does it, or says it.
run() {
  if [ $dry_run = yes ]; then say "would run: $*"; else "$@"; fi
}

read_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      --prefix | --root)
        [ $# -ge 2 ] || fail "$1 needs a directory"
        case $1 in --prefix) prefix=$2 ;; --root) root=$2 ;; esac
        shift
        ;;
      --prefix=*) prefix=${1#*=} ;;
      --root=*) root=${1#*=} ;;
      --uninstall) action=uninstall ;;
      --dry-run) dry_run=yes ;;
      -h | --help)
        usage
        exit 0
        ;;
      *)
        usage >&2
        fail "unknown argument: $1"
        ;;
    esac
    shift
  done
  root=${root%/}
  # The prefix is written into the unit file and into sed's commands.
  case $prefix in
    /*[!A-Za-z0-9._/-]* | *//* | */../* | */.. | */) fail "--prefix $prefix: letters, digits and ._-/ only, no slash at the end" ;;
    /?*) ;;
    *) fail "--prefix $prefix is not an absolute path" ;;
  esac
  case $root in '' | /*) ;; *) fail "--root $root is not an absolute path" ;; esac
  target=$root$prefix
}

check_rights() {
  [ $dry_run = yes ] || [ "$(id -u)" = 0 ] || fail "only root can install: sudo $0"
}

check_root() {
  [ -z "$root" ] || [ -f "$root/etc/passwd" ] || fail "--root $root is not the root of a system: it has no etc/passwd"
}

check_package() {
  [ -f "$package/SHA256SUMS" ] || fail "$package is not an unpacked runevault package: SHA256SUMS is missing"
  if have sha256sum; then sums=sha256sum
  elif have shasum; then sums='shasum -a 256'
  else fail "neither sha256sum nor shasum is here to check the package"; fi
  damaged=$(cd "$package" && $sums -c SHA256SUMS 2>/dev/null | grep -v ': OK$') || return 0
  fail "the package is damaged, unpack it again: $damaged"
}

# Prints one field of the account's line: 3 is its uid, 4 its gid.
account_field() {
  if [ -n "$root" ] || ! have getent; then
    sed -n "s/^$account:/&/p" "$root/etc/passwd" | cut -d: -f"$1"
  else
    getent passwd "$account" | cut -d: -f"$1"
  fi
}

account_id() {
  if [ "$system" = Darwin ]; then
    if [ "$1" = 3 ]; then id -u "$account" 2>/dev/null || :; else id -g "$account" 2>/dev/null || :; fi
  else
    account_field "$1"
  fi
}

ensure_account() {
  [ -z "$(account_id 3)" ] || return 0
  say "creating the system user $account"
  if [ "$system" = Darwin ]; then
    create_account_on_macos
  elif have useradd; then
    run useradd ${root:+--prefix "$root"} --system --user-group --no-create-home --home-dir "$prefix" \
      --shell /usr/sbin/nologin "$account"
  elif [ -z "$root" ] && have adduser && have addgroup; then
    run addgroup -S "$account" # busybox
    run adduser -S -D -H -h "$prefix" -s /sbin/nologin -G "$account" "$account"
  else
    fail "neither useradd nor adduser is here: create the system user $account with a group of the same name, then run this again"
  fi
}

create_account_on_macos() {
  number=300
  while dscl . -list /Users UniqueID | awk '{print $2}' | grep -qx "$number" ||
    dscl . -list /Groups PrimaryGroupID | awk '{print $2}' | grep -qx "$number"; do
    number=$((number + 1))
  done
  run dscl . -create "/Groups/$account" PrimaryGroupID "$number"
  run dscl . -create "/Users/$account" UniqueID "$number"
  run dscl . -create "/Users/$account" PrimaryGroupID "$number"
  run dscl . -create "/Users/$account" UserShell /usr/bin/false
  run dscl . -create "/Users/$account" NFSHomeDirectory /var/empty
}

# Runs a program as the account, with nothing of root's environment.
as_account() {
  if have setpriv; then
    run setpriv --reuid="$uid" --regid="$gid" --clear-groups env -i PATH="$PATH" HOME=/nonexistent "$@"
  elif have sudo; then
    run sudo -u "#$uid" -g "#$gid" env -i PATH="$PATH" HOME=/nonexistent "$@"
  else
    fail "neither setpriv (util-linux) nor sudo is here: nothing can be run as $account"
  fi
}

install_program() {
  say "installing the program in $target/app"
  run mkdir -p "$target"
  run chown "0:$gid" "$target"
  run chmod 1770 "$target"
  # A library of an earlier package is replaced below; the vendor's, or one put there by hand, stays.
  if [ -f "$target/lib/libenvector.so" ] && [ -f "$target/app/lib/libenvector.so" ] &&
    cmp -s "$target/lib/libenvector.so" "$target/app/lib/libenvector.so" &&
    ! cmp -s "$target/lib/libenvector.so" "$package/lib/libenvector.so"; then
    as_account rm -f "$target/lib/libenvector.so"
  fi
  run rm -rf "$target/.app.new" "$target/.app.old"
  run mkdir -m 0700 "$target/.app.new"
  run cp -R "$package/." "$target/.app.new/"
  run chown -R 0:0 "$target/.app.new"
  run chmod -R u=rwX,go=rX "$target/.app.new"
  [ ! -e "$target/app" ] || run mv "$target/app" "$target/.app.old"
  run mv "$target/.app.new" "$target/app"
  run rm -rf "$target/.app.old"
}

# What 'runevault backup restore' made belongs to root, and the service could not even look into it. A file of several
# names may lie elsewhere too and stays as it is, as does everything where the account can read the configuration.
adopt_restored() {
  [ -f "$target/configs/runevault.conf" ] || return 0
  [ -n "$(find "$target/configs" -prune -user 0 -perm 0700)" ] || return 0
  say "giving what was restored to $account"
  [ $dry_run = no ] || return 0
  find "$target" -path "$target/app" -prune -o ! -path "$target" -user 0 \( -type d -o -type f -links 1 \) \
    -exec chown "$uid:$gid" {} +
}

# What init advises after an empty line is for those who start the vault by hand.
initialize() {
  # Keys are generated in locked memory, and many systems allow a session only 64 KiB of it.
  # shellcheck disable=SC3045
  ulimit -l 8192 2>/dev/null || :
  status=0
  said=$(as_account "$target/app/bin/runevault" init --dir "$target") || status=$?
  say "$said" | sed '/^$/,$d'
  [ $status = 0 ] || fail "runevault init failed; nothing was overwritten, run this again once the cause is gone"
}

link_command() {
  link=$root/usr/local/bin/runevault
  if [ -e "$link" ] || [ -L "$link" ]; then
    [ "$(readlink "$link")" = "$prefix/app/bin/runevault" ] || say "keeping $link, which is not of this package"
  else
    run mkdir -p "$root/usr/local/bin"
    run ln -s "$prefix/app/bin/runevault" "$link"
  fi
}

# Where the service manager reads the vault's file.
service_file() {
  if [ "$system" = Darwin ]; then say "$root/Library/LaunchDaemons/com.cryptolabinc.runevault.plist"
  else say "$root/etc/systemd/system/runevault.service"; fi
}

has_systemd() { [ -z "$root" ] && [ -d /run/systemd/system ] && have systemctl; }

install_service() {
  file=$(service_file)
  say "writing $file"
  [ $dry_run = no ] || return 0
  mkdir -p "$(dirname "$file")"
  sed "s#/opt/rune-vault#$prefix#g" "$package/configs/$(basename "$file")" >"$file.new"
  chmod 0644 "$file.new"
  mv "$file.new" "$file"
  if has_systemd; then systemctl daemon-reload; fi
}

next_steps() {
  command=runevault
  [ "$prefix" = /opt/rune-vault ] || command="runevault --config $prefix/configs/runevault.conf"
  say ""
  say "runevault $(cut -d' ' -f1 "$package/VERSION") is installed in $target. Next:"
  say "  1. Look through $prefix/configs/runevault.conf; every key: $prefix/app/configs/runevault.conf.example"
  say "  2. Save copies of $prefix/vault-keys and of tokens.team_secret: neither can be regenerated."
  if [ "$system" = Darwin ]; then
    say "  3. Start it:       sudo launchctl bootstrap system $(service_file)"
  else
    say "  3. Start it:       sudo systemctl enable --now runevault"
    say "     after upgrades: sudo systemctl restart runevault"
  fi
  say "  4. Let one in:     sudo $command token issue --user alice --role member --expires 90d"
}

install() {
  check_root
  check_package
  ensure_account
  uid=$(account_id 3)
  gid=$(account_id 4)
  if [ $dry_run = yes ]; then
    uid=${uid:-$account}
    gid=${gid:-$account}
  fi
  if [ -z "$uid" ] || [ -z "$gid" ]; then fail "the system user $account could not be created"; fi
  install_program
  adopt_restored
  initialize
  link_command
  install_service
  next_steps
}

uninstall() {
  file=$(service_file)
  if [ "$system" = Darwin ] && [ -z "$root" ] && [ -f "$file" ]; then
    run launchctl bootout system "$file" || true
  elif has_systemd && [ -f "$file" ]; then
    run systemctl disable --now runevault
  fi
  run rm -f "$file"
  if [ "$(readlink "$root/usr/local/bin/runevault")" = "$prefix/app/bin/runevault" ]; then
    run rm -f "$root/usr/local/bin/runevault"
  fi
  run rm -rf "$target/app" "$target/.app.new" "$target/.app.old"
  if has_systemd; then run systemctl daemon-reload; fi
  say "runevault is uninstalled. Kept: $target with configuration, keys, tokens, certificates and logs, and the user $account."
}

read_arguments "$@"
check_rights
$action
