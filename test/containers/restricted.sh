# Runs a program as a restricted pod would, without a container engine. As root, in a mount namespace of its own:
#   restricted.sh ROOT UID GID TMP_SIZE [FROM=TO ...] -- PROGRAM [ARGUMENT ...]
# ROOT, an empty folder, becomes a read-only root that has nothing but what is bound into it (FROM on this machine, TO inside) and
# an empty /tmp. The program has UID and GID, no other groups, no capabilities, and cannot gain any.
set -eu
root=$1 uid=$2 gid=$3 tmp_size=$4
shift 4

mount -t tmpfs -o size=16m,mode=755 root "$root"
mkdir -p "$root/tmp" "$root/proc" "$root/dev" "$root/app"
while [ "$1" != -- ]; do
  from=${1%%=*} to=$root${1#*=}
  if [ -d "$from" ]; then
    mkdir -p "$to"
  else
    mkdir -p "${to%/*}"
    : >"$to"
  fi
  mount --bind "$from" "$to"
  case $from in
    /dev/*) ;;
    *) mount -o remount,bind,ro "$to" ;;
  esac
  shift
done
shift
mount --rbind /proc "$root/proc"
mount -t tmpfs -o "size=$tmp_size,mode=1777" tmp "$root/tmp"
mount -o remount,ro "$root"

exec unshare --root="$root" --wd=/app /setpriv --reuid "$uid" --regid "$gid" --clear-groups --no-new-privs \
  --bounding-set=-all --inh-caps=-all "$@"
