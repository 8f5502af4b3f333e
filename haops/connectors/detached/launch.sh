# Claims an attempt, starts its script detached, waits for its end on this channel and says how it ended.
# Input: the identity line, the directory of attempts ("-" for the usual one), the ids of earlier attempts whose results are recorded
# ("-" for none), the sizes line, the environment and the secrets as sh exports, the script, "haops-end". Nothing is claimed unless
# all of it arrived. $1 is the text of runner.sh.
umask 077
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin
# Handlers, not '': a lost link must not end this shell, and an ignored signal would stay ignored in the script.
trap : PIPE HUP TERM INT
IFS=' ' read -r haops_id haops_hash haops_session haops_sequence haops_head
haops_directory
IFS= read -r haops_recorded
IFS=' ' read -r haops_environment_size haops_secrets_size haops_script_size haops_limit
haops_take "$haops_environment_size" && haops_environment=$haops_taken
haops_take "$haops_secrets_size" && haops_secrets=$haops_taken
haops_take "$haops_script_size" && haops_script=$haops_taken
IFS= read -r haops_end
if [ "$haops_end" != haops-end ]; then
  echo 'haops1 failed incomplete'
  exit 1
fi
[ -d "$haops_attempts" ] || mkdir -p "$haops_attempts"
# Whoever owns it could put another script into the attempt before it begins.
if [ -d "$haops_attempts" ] && [ ! -O "$haops_attempts" ]; then
  echo 'haops1 failed the-directory-of-attempts-belongs-to-someone-else'
  exit 1
fi
haops_attempt=$haops_attempts/$haops_id
if ! mkdir "$haops_attempt"; then
  if [ -d "$haops_attempt" ]; then echo 'haops1 already'; else echo 'haops1 failed cannot-claim'; fi
  exit 1
fi
cd "$haops_attempt" || exit 1
# Only what has ended and was recorded is ever removed; the mark's age counts, so that there is time to look at it after an incident.
for haops_old in $haops_recorded; do
  haops_old=$haops_attempts/$haops_old
  if [ -e "$haops_old/rc" ] && [ ! -e "$haops_old/recorded" ]; then : >"$haops_old/recorded"; fi
done
haops_tidy() {
  find "$haops_attempts" -name recorded -mtime +30 | while IFS= read -r haops_old; do
    haops_old=${haops_old%/recorded}
    if [ "${haops_old%/*}" = "$haops_attempts" ] && [ -e "$haops_old/rc" ]; then rm -rf "$haops_old"; fi
  done
}
read -r haops_boot </proc/sys/kernel/random/boot_id
read -r haops_now haops_rest </proc/uptime
haops_born "$$"
haops_keep() {
  printf '%s\n' "$haops_boot $$ $haops_birth" "session $haops_session" "sequence $haops_sequence" "head $haops_head" \
    "script $haops_hash" >claim &&
    printf '%s' "$haops_script" >cmd &&
    printf '%s' "$haops_environment" >environment &&
    printf '' >out &&
    printf '' >err &&
    sync claim cmd environment .
}
# Says "go" when the claim is on the disk and nobody was quicker to cancel: whoever creates "started" first decides.
haops_release() {
  # A subshell forgets its parent's handlers.
  trap : PIPE HUP TERM INT
  if ! haops_keep; then
    cd / && rm -rf "$haops_attempt"
    echo 'haops1 failed cannot-write' >&3
    return
  fi
  echo "haops1 accepted $haops_boot" >&3
  set -C
  if printf '%s\n' "$haops_now" >started; then echo go; fi
}
exec 3>&1
# The runner's shell comes up while the claim goes to the disk, and waits for "go". It says how the script ended, and closes its
# output, before it makes that durable: nobody here waits for the disk twice.
haops_said=$(
  haops_release | (
    exec 3>&-
    eval "$haops_environment"
    eval "$haops_secrets"
    exec setsid sh -c "$1" haops-attempt "$haops_attempt"
  ) 2>/dev/null &
)
[ -n "$haops_said" ] || exit 1
haops_extent=whole
if [ -e dropped.out ] || [ -e dropped.err ]; then haops_extent=cut; fi
echo "haops1 ended $haops_said $haops_now $haops_extent"
echo haops1 >&2
[ ! -s out ] || head -c "$haops_limit" out
[ ! -s err ] || head -c "$haops_limit" err >&2
# Nobody waits for it: it holds none of the channel's ends.
haops_tidy </dev/null >/dev/null 2>&1 3>&- &
