# Which other hosts answer a TCP connection from here; a refusal is an answer too. Changes nothing.
# In: TARGETS, words of name=address=port. Out: lines of reaches=name or silent=name; none if nothing here can ask.
set -u
LC_ALL=C
export LC_ALL

have() { command -v "$1" >/dev/null 2>&1; }

# The inner shell expands what is in single quotes.
# shellcheck disable=SC2016
if have bash && have timeout; then
  ask() { timeout 1 bash -c ': < "/dev/tcp/$0/$1"' "$1" "$2" 2>&1; }
elif have nc; then
  ask() { nc -z -v -w 1 "$1" "$2" 2>&1; }
elif have python3; then
  ask() { python3 -c 'import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 1)' "$1" "$2" 2>&1; }
else
  exit 0
fi

look() {
  if said=$(ask "$2" "$3"); then echo "reaches=$1"; return; fi
  case $said in *[Rr]efused*) echo "reaches=$1" ;; *) echo "silent=$1" ;; esac
}

for target in $TARGETS; do
  name=${target%%=*}
  place=${target#*=}
  look "$name" "${place%=*}" "${place##*=}" &
done
wait
