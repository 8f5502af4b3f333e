# Sends a file with its SHA-256 in front. Input: the path.
IFS= read -r haops_path
if ! haops_sum=$(sha256sum <"$haops_path"); then
  echo 'haops1 failed cannot-read'
  exit 1
fi
echo "haops1 content ${haops_sum%% *}"
exec cat "$haops_path"
