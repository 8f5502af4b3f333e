# Runs a script that only reads, in this shell, on this channel.
# Input: the sizes of both blocks, the environment as sh exports, the script, "haops-end".
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin
IFS=' ' read -r haops_environment_size haops_script_size
haops_take "$haops_environment_size" && haops_environment=$haops_taken
haops_take "$haops_script_size" && haops_script=$haops_taken
IFS= read -r haops_end
if [ "$haops_end" != haops-end ]; then
  echo 'haops1 failed incomplete'
  exit 1
fi
eval "$haops_environment"
echo "haops1 started $$"
echo haops1 >&2
exec </dev/null
cd /
eval "$haops_script"
