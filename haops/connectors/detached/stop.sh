# Ends a script that read.sh still runs: its whole process group if it leads one, else itself and its children. Input: its pid.
read -r haops_pid
haops_children=''
[ ! -r "/proc/$haops_pid/task/$haops_pid/children" ] ||
  read -r haops_children <"/proc/$haops_pid/task/$haops_pid/children"
kill -TERM "-$haops_pid" 2>/dev/null || kill -TERM "$haops_pid" $haops_children 2>/dev/null
echo 'haops1 asked'
