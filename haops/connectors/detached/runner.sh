# Leads the attempt's own session: runs its script when it reads "go", records pid and exit status, says the status on its output.
# $1 is the attempt's directory.
IFS= read -r haops_go
[ "$haops_go" = go ] || exit 1
exec </dev/null
cd "$1" || exit 1
# Asking the whole group to end, or a launching shell that is gone, must leave this shell alive to record how the script ended.
trap : PIPE HUP TERM INT
haops_born "$$"
printf '%s\n' "$$ $haops_birth" >pid
# What a chatty script writes must not fill the disk: beyond the limit the files are emptied, and that is noted.
(
  haops_pause=1
  while sleep "$haops_pause" && [ ! -e rc ] && kill -0 "$$"; do
    for haops_file in out err; do
      [ -n "$(find "$haops_file" -size +131072)" ] || continue
      wc -c <"$haops_file" >>"dropped.$haops_file"
      : >"$haops_file"
    done
    haops_pause=2
  done
) >/dev/null 2>&1 </dev/null &
cd /
sh "$1/cmd" >>"$1/out" 2>>"$1/err" </dev/null
haops_rc=$?
cd "$1" || exit 1
read -r haops_now haops_rest </proc/uptime
printf '%s\n' "$haops_rc $haops_now" >rc.tmp
printf '%s\n' "$haops_rc $haops_now"
exec >/dev/null
sync rc.tmp && mv rc.tmp rc
