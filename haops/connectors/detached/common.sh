# Shared by the texts beside it; they are sent with this in front.
# haops_born PID: sets haops_birth (start time in clock ticks since boot) and haops_condition (R, S, Z...), both empty if there is none.
haops_born() {
  haops_birth='' haops_condition=''
  case $1 in '' | *[!0-9]*) return 0 ;; esac
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
# Takes one block of the input into haops_taken: "l<lines>" line by line, or "b<bytes>" by dd, which costs a process but is
# quicker for long ones. No shell reads further ahead than it is asked to, in either way.
haops_newline='
'
haops_take() {
  haops_taken=''
  haops_count=${1#?}
  case $1 in
    b*)
      # The dot keeps trailing newlines, which $( ) would drop.
      haops_taken=$(dd bs="$haops_count" count=1 iflag=fullblock 2>/dev/null; printf .)
      haops_taken=${haops_taken%.}
      ;;
    *)
      while [ "$haops_count" -gt 0 ]; do
        IFS= read -r haops_line || return 1
        haops_taken=$haops_taken$haops_line$haops_newline
        haops_count=$((haops_count - 1))
      done
      haops_taken=${haops_taken%?}
      ;;
  esac
}
