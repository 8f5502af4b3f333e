# Shared by the texts beside it; they are sent with this in front.
# haops_born PID: sets haops_birth (start time in clock ticks since boot) and haops_condition (R, S, Z...), both empty if there is none.
haops_born() {
  haops_birth='' haops_condition=''
  read -r haops_stat <"/proc/$1/stat" || return 0
  # A command's name may hold spaces and brackets: what counts comes after the last one.
  haops_born_fields ${haops_stat##*) }
}
haops_born_fields() {
  haops_condition=$1
  shift 19
  haops_birth=$1
}
# Reads one line: where attempts are kept. "-" stands for the usual place: root's under /var/lib, anyone else's under the own home.
haops_directory() {
  IFS= read -r haops_attempts
  [ "$haops_attempts" = - ] || return 0
  haops_attempts=/var/lib/haops/attempts
  while read -r haops_key haops_real haops_uid haops_rest; do [ "$haops_key" != Uid: ] || break; done </proc/self/status
  [ "$haops_uid" = 0 ] || haops_attempts=${XDG_STATE_HOME:-$HOME/.local/state}/haops/attempts
}
