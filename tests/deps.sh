#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# deps.sh PACKAGE...: installs those of the Debian packages that are missing. Says nothing and touches nothing when all
# are there. Needs root only when something is missing. Services that a package brings (haproxy, nginx) are not started.
set -eu

missing=
have=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
for package in "$@"; do
  case "
$have
" in
    *"
$package installed
"*) ;;
    *) case " $missing " in *" $package "*) ;; *) missing="$missing $package" ;; esac ;;
  esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "deps: these Debian packages are missing:$missing" >&2
  echo "deps: run 'make deps' as root, or: apt-get install --no-install-recommends$missing" >&2
  exit 1
fi
if ! command -v apt-get >/dev/null; then
  echo "deps: no apt-get here; sockmesh builds on Debian 12 and needs these packages:$missing" >&2
  exit 1
fi

log=$(mktemp)
policy=/usr/sbin/policy-rc.d
made_policy=
cleanup() {
  rm -f "$log"
  [ -z "$made_policy" ] || rm -f "$policy"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
if [ ! -e "$policy" ]; then
  made_policy=yes
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

# Prints a line now and then, so that a newcomer sees that something happens, and keeps all of it for a failure.
progress() {
  awk -v log_file="$log" '
    { print >> log_file; fflush(log_file) }
    /^Get:/ { if (++got % 25 == 1) { print "  fetching   " got " ..."; fflush() } }
    /^Setting up / { if (++set % 25 == 1) { print "  setting up " set " (" $3 ") ..."; fflush() } }'
}

# The status of a command on the left of a pipe, which plain sh does not keep.
run() {
  { "$@" 2>&1 && echo ok >"$log.status"; } | progress
  if [ "$(cat "$log.status" 2>/dev/null)" != ok ]; then
    rm -f "$log.status"
    echo "deps: '$*' failed; its last lines:" >&2
    tail -n 15 "$log" >&2
    exit 1
  fi
  rm -f "$log.status"
}

export DEBIAN_FRONTEND=noninteractive
echo "deps: installing from Debian:$missing"
run apt-get -q update
# shellcheck disable=SC2086  # a list of words is meant
run apt-get -q -y -o Dpkg::Use-Pty=0 install --no-install-recommends $missing
echo "deps: done"
