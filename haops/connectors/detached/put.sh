# Receives a file: complete and with the announced SHA-256, or not at all. Input: the sum, a suffix, the path, the content.
umask 077
IFS=' ' read -r haops_sum haops_suffix
IFS= read -r haops_path
if [ -d "$haops_path" ]; then
  echo 'haops1 failed is-a-directory'
  exit 1
fi
case $haops_path in */*) mkdir -p "${haops_path%/*}/" ;; esac
haops_part=$haops_path.$haops_suffix
trap 'rm -f "$haops_part"' EXIT
trap 'exit 1' PIPE HUP TERM INT
if ! cat >"$haops_part"; then
  echo 'haops1 failed cannot-write'
  exit 1
fi
haops_arrived=$(sha256sum <"$haops_part")
if [ "${haops_arrived%% *}" != "$haops_sum" ]; then
  rm -f "$haops_part"
  echo 'haops1 failed wrong-sum'
  exit 1
fi
if sync "$haops_part" && mv -f "$haops_part" "$haops_path"; then
  echo "haops1 stored $haops_sum"
else
  echo 'haops1 failed cannot-write'
  exit 1
fi
