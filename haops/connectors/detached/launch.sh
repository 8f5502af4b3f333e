# Claims an attempt, starts its script detached, waits for its end on this channel and says how it ended.
# Input: the identity line, the directory of attempts ("-" for the usual one), the sizes line, the environment and the secrets as
# sh exports, the script, "haops-end". Nothing is claimed unless all of it arrived. $1 is the text of runner.sh.
umask 077
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin
# Handlers, not '': a lost link must not end this shell, and an ignored signal would stay ignored in the script.
trap : PIPE HUP TERM INT
IFS=' ' read -r haops_id haops_hash haops_session haops_sequence haops_head
haops_directory
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
haops_attempt=$haops_attempts/$haops_id
if ! mkdir "$haops_attempt"; then
  if [ -d "$haops_attempt" ]; then echo 'haops1 already'; else echo 'haops1 failed cannot-claim'; fi
  exit 1
fi
cd "$haops_attempt" || exit 1
read -r haops_boot </proc/sys/kernel/random/boot_id
haops_born "$$"
haops_write() {
  printf '%s\n' "$haops_boot $$ $haops_birth" >claim &&
    printf '%s\n' "session $haops_session" "sequence $haops_sequence" "head $haops_head" "script $haops_hash" >intent &&
    printf '%s' "$haops_script" >cmd &&
    printf '%s' "$haops_environment" >environment &&
    printf '' >out &&
    printf '' >err &&
    sync claim intent cmd environment .
}
if ! haops_write; then
  cd / && rm -rf "$haops_attempt"
  echo 'haops1 failed cannot-write'
  exit 1
fi
echo "haops1 accepted $haops_boot"
read -r haops_now haops_rest </proc/uptime
# Whoever creates this file first decides: a cancellation may have been quicker.
set -C
if ! printf '%s\n' "$haops_now" >started; then
  echo 'haops1 cancelled'
  exit 1
fi
set +C
# The runner says how the script ended and closes its output before it makes that durable: nobody here waits for the disk.
haops_said=$(
  (
    eval "$haops_environment"
    eval "$haops_secrets"
    exec setsid sh -c "$1" haops-attempt "$haops_attempt"
  ) </dev/null 2>/dev/null &
)
echo "haops1 ended ${haops_said:-- -} $haops_now"
echo haops1 >&2
[ ! -s out ] || head -c "$haops_limit" out
[ ! -s err ] || head -c "$haops_limit" err >&2
