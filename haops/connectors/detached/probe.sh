# Says what an attempt's directory tells, and the output from the given offsets on. Changes nothing.
# Input: "<id> <offset of out> <offset of err> <limit>", the directory of attempts.
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin
IFS=' ' read -r haops_id haops_out_offset haops_err_offset haops_limit
haops_directory
haops_rc=- haops_ended=- haops_started=- haops_pid=- haops_birth_noted=- haops_hash=-
haops_out_size=0 haops_err_size=0 haops_state=absent
read -r haops_boot_now </proc/sys/kernel/random/boot_id
haops_alive() {
  haops_born "$1"
  [ -n "$haops_birth" ] && [ "$haops_birth" = "$2" ] && [ "$haops_condition" != Z ]
}
# A line without its newline is not read: a torn file says nothing.
haops_ended_as() {
  [ -e "$1" ] && read -r haops_rc haops_ended <"$1" && haops_state="done"
}
haops_unstarted() {
  haops_state=claimed
  if haops_alive "$haops_launcher" "$haops_launcher_birth"; then haops_pid=$haops_launcher; fi
}
# The claim's line is written right after the directory is made: one look may fall between.
haops_read_claim() {
  haops_tries=20
  while [ "$haops_tries" -gt 0 ]; do
    if [ -e claim ] && read -r haops_boot haops_launcher haops_launcher_birth <claim; then return; fi
    haops_tries=$((haops_tries - 1))
    sleep 0.05
  done
  haops_boot=$haops_boot_now haops_launcher=- haops_launcher_birth=-
}
haops_judge() {
  haops_read_claim
  if [ ! -e started ] || ! read -r haops_started <started; then haops_started=-; fi
  if [ ! -e pid ] || ! read -r haops_pid haops_birth_noted <pid; then haops_pid=- haops_birth_noted=-; fi
  if haops_ended_as rc; then return; fi
  if [ "$haops_boot" != "$haops_boot_now" ]; then haops_state=rebooted; return; fi
  if [ ! -e started ] || [ "$haops_started" = cancelled ]; then haops_unstarted; return; fi
  # Written, and on its way to the disk: as good as rc for as long as the host is not booted again.
  if haops_ended_as rc.tmp; then return; fi
  haops_rc=- haops_ended=- haops_state=running
  if haops_alive "$haops_pid" "$haops_birth_noted"; then return; fi
  if [ "$haops_pid" = - ] && haops_alive "$haops_launcher" "$haops_launcher_birth"; then return; fi
  # It may have ended between the two looks.
  haops_ended_as rc || haops_ended_as rc.tmp || haops_state=lost
}
haops_size() {
  haops_total=0
  [ ! -s "$1" ] || haops_total=$(($(wc -c <"$1")))
}
if [ -d "$haops_attempts/$haops_id" ] && cd "$haops_attempts/$haops_id"; then
  haops_judge
  while read -r haops_key haops_value; do
    [ "$haops_key" != script ] || haops_hash=$haops_value
  done <claim
  haops_size out && haops_out_size=$haops_total
  haops_size err && haops_err_size=$haops_total
fi
haops_dropped=0
for haops_file in dropped.out dropped.err; do
  [ -e "$haops_file" ] || continue
  while read -r haops_count; do haops_dropped=$((haops_dropped + haops_count)); done <"$haops_file"
done
echo "haops1 report $haops_state $haops_rc $haops_pid $haops_boot_now $haops_started $haops_ended $haops_hash" \
  "$haops_out_size $haops_err_size $haops_dropped"
echo haops1 >&2
[ "$haops_out_size" -le "$haops_out_offset" ] || tail -c +"$((haops_out_offset + 1))" out | head -c "$haops_limit"
[ "$haops_err_size" -le "$haops_err_offset" ] || tail -c +"$((haops_err_offset + 1))" err | head -c "$haops_limit" >&2
:
