# What a host says of itself. The time comes first: it is compared with the bastion's. Out: lines of key=value.
echo "now=$(date +%s.%N)"
echo "boot_id=$(cat /proc/sys/kernel/random/boot_id)"
read -r uptime rest < /proc/uptime
echo "uptime=$uptime"
