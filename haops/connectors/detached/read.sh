# Runs a script that only reads, in this shell, on this channel.
# Input: "<size of script> <size of environment>", the environment as sh exports, the script, "haops-end".
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin
IFS=' ' read -r haops_script_size haops_environment_size
# The dot keeps trailing newlines, which $( ) would drop.
haops_take() {
  [ "$1" = 0 ] || dd bs="$1" count=1 iflag=fullblock 2>/dev/null
  printf .
}
haops_environment=$(haops_take "$haops_environment_size")
haops_script=$(haops_take "$haops_script_size")
IFS= read -r haops_end
if [ "$haops_end" != haops-end ]; then
  echo 'haops1 failed incomplete'
  exit 1
fi
eval "${haops_environment%.}"
echo "haops1 started $$"
echo haops1 >&2
exec </dev/null
cd /
eval "${haops_script%.}"
