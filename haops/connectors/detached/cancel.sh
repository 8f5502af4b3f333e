# Sees to it that an attempt does not go on: unclaimed and unstarted ones can never start afterwards, a running one is asked to end
# (TERM), then made to (KILL). Input: "<id> <seconds to wait after TERM>", the directory of attempts.
umask 077
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin
IFS=' ' read -r haops_id haops_grace
haops_directory
[ -d "$haops_attempts" ] || mkdir -p "$haops_attempts"
read -r haops_boot_now </proc/sys/kernel/random/boot_id
if mkdir "$haops_attempts/$haops_id" 2>/dev/null; then
  printf '%s\n' "$haops_boot_now 0 0" 'script -' >"$haops_attempts/$haops_id/claim"
fi
cd "$haops_attempts/$haops_id" || exit 1
set -C
if printf '%s\n' cancelled 2>/dev/null >started; then
  echo 'haops1 cancelled'
  exit 0
fi
set +C
# Started but its pid not written yet: it will be in a moment, or never.
haops_tries=20
while [ ! -s pid ] && [ ! -e rc ] && [ "$haops_tries" -gt 0 ]; do
  sleep 0.05
  haops_tries=$((haops_tries - 1))
done
haops_group=0 haops_group_birth=-
[ ! -s pid ] || read -r haops_group haops_group_birth <pid
haops_running() {
  [ ! -e rc ] || return 1
  haops_born "$haops_group" 2>/dev/null
  [ "$haops_birth" = "$haops_group_birth" ]
}
if [ -s pid ] && haops_running; then
  kill -TERM "-$haops_group"
  haops_tries=$((haops_grace * 20))
  while haops_running && [ "$haops_tries" -gt 0 ]; do
    sleep 0.05
    haops_tries=$((haops_tries - 1))
  done
fi
# The leader is spared: it records the exit status.
haops_kill_group() {
  for haops_process in /proc/[0-9]*; do
    haops_pid=${haops_process#/proc/}
    { read -r haops_stat <"$haops_process/stat"; } 2>/dev/null || continue
    set -- ${haops_stat##*) }
    if [ "$3" = "$haops_group" ] && [ "$haops_pid" != "$haops_group" ]; then kill -KILL "$haops_pid"; fi
  done
}
if [ -s pid ] && haops_running; then
  haops_kill_group
  haops_tries=20
  while haops_running && [ "$haops_tries" -gt 0 ]; do
    sleep 0.05
    haops_tries=$((haops_tries - 1))
  done
fi
echo 'haops1 asked'
