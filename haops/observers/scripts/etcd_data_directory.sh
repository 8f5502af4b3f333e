# What lies in a host's etcd data directory. Reads only; what it copies, it removes.
# In: DATA_DIRECTORY BACKUP_DIRECTORY ETCD_UNIT REVISION_WITHIN_S. Out: lines of key=value.
set -u
LC_ALL=C
PATH=$PATH:/usr/sbin:/usr/local/bin:/opt/bin
export LC_ALL PATH

db=$DATA_DIRECTORY/member/snap/db

copy=
trap 'if [ -n "$copy" ]; then rm -rf "$copy"; fi' EXIT
trap 'exit 1' HUP INT TERM

have() { command -v "$1" >/dev/null 2>&1; }

# Bytes that are free where a path is or would be.
free_bytes() {
  place=$1
  while [ ! -e "$place" ] && [ "$place" != / ]; do place=$(dirname "$place"); done
  echo $(($(stat -f -c '%a * %S' "$place")))
}

# etcd keeps its database locked for as long as it lives, frozen or not; the lock is the same in every container.
database_locked() {
  [ -e "$db" ] && have flock && ! flock --shared --nonblock "$db" true
}

container_running() {
  have crictl && [ -n "$(crictl ps --quiet --state Running --label io.kubernetes.container.name=etcd 2>/dev/null)" ]
}

is_running() {
  database_locked && return 0
  # Nobody holds the lock of a database that is there: whatever the unit says, no etcd works on it.
  [ -e "$db" ] && have flock && return 1
  { have systemctl && systemctl is-active --quiet "$ETCD_UNIT" 2>/dev/null; } || container_running
}

wal_files=0
modified=0
for file in "$db" "$DATA_DIRECTORY"/member/wal/*.wal; do
  if [ ! -f "$file" ] || [ ! -r "$file" ]; then continue; fi
  case $file in *.wal) wal_files=$((wal_files + 1)) ;; esac
  at=$(stat -c %Y "$file")
  [ "$at" -le "$modified" ] || modified=$at
done

size=0
if [ -f "$db" ] && [ -r "$db" ]; then size=$(stat -c %s "$db"); fi
intact=no
if [ "$size" -gt 0 ] && [ "$wal_files" -gt 0 ]; then intact=yes; fi
running=no
if is_running; then running=yes; fi

echo "intact=$intact"
echo "running=$running"
echo "size_bytes=$size"
echo "wal_files=$wal_files"
echo "modified_at_s=$modified"
echo "free_bytes=$(free_bytes "$DATA_DIRECTORY")"

if have etcdutl; then
  echo "etcdutl_version=$(etcdutl version 2>/dev/null | sed -n 's/^etcdutl version: //p')"
  if etcdutl snapshot restore --help 2>&1 | grep -q -e --bump-revision; then echo restore_can_bump=yes; fi
  if [ "$intact" = yes ] && [ "$running" = no ] && [ "$(free_bytes /var/tmp)" -gt $((2 * size + 67108864)) ]; then
    copy=$(mktemp -d /var/tmp/haops-look.XXXXXX) || exit 1
    # A database that is only looked at is still opened by a program that may write: so never the original.
    # A large one may take minutes: everything else is worth knowing without its revision.
    timeout "$REVISION_WITHIN_S" cp "$db" "$copy/db" &&
      timeout "$REVISION_WITHIN_S" etcdutl snapshot status "$copy/db" --write-out=json 2>/dev/null |
      sed -n 's/.*"revision":\([0-9]*\).*/revision=\1/p'
  fi
fi

for file in "$BACKUP_DIRECTORY"/*.db; do
  if [ ! -f "$file" ] || [ ! -r "$file" ]; then continue; fi
  case ${file##*/} in *[!A-Za-z0-9._-]*) continue ;; esac
  echo "backup=$(stat -c %Y "$file") $file"
done
exit 0
