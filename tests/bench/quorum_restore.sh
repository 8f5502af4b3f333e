#!/bin/sh
# What an experienced engineer would type on the bastion of a kubeadm cluster when one of three etcd members is left:
# the steps of the runbook etcd-quorum-loss over plain ssh with a ControlMaster. No record, no questions, no guards.
#
#   quorum_restore.sh HOST...      $HAOPS_SSH_CONFIG and $KUBECONFIG as `haops lab shell` sets them
#
# Waits for the loss and prints a line when something was reached.
set -eu
hosts=$*
place=$(mktemp -d)
on() { to=$1; shift; ssh -F "$HAOPS_SSH_CONFIG" -o ControlMaster=auto -o ControlPath="$place/%h" -o ControlPersist=600 "$to" "$@"; }
each() { for host in $hosts; do on "$host" "$@" & done; wait; }
leave() { for host in $hosts; do on "$host" -O exit 2>/dev/null || true; done; rm -rf "$place"; }
trap leave EXIT
address() { sed -n "/^Host $1\$/,/HostName/s/^ *HostName //p" "$HAOPS_SSH_CONFIG"; }

pki=/etc/kubernetes/pki/etcd
etcdctl="etcdctl --cacert $pki/ca.crt --cert $pki/healthcheck-client.crt --key $pki/healthcheck-client.key"
manifests=/etc/kubernetes/manifests
parked=/root/parked

each true
echo "watching"
answering=$hosts
while [ "$(echo "$answering" | wc -w)" -gt 1 ]; do
  for host in $hosts; do
    { ! on "$host" "$etcdctl --dial-timeout=300ms --command-timeout=300ms endpoint status" || echo "$host" > "$place/answers.$host"; } \
      >/dev/null 2>&1 &
  done
  wait
  answering=$(cat "$place"/answers.*)
  rm "$place"/answers.*
done
survivor=$answering
echo "quorum seen lost"

on "$survivor" "$etcdctl snapshot save /root/survivor.db && etcdutl snapshot status /root/survivor.db" >/dev/null 2>&1
on "$survivor" cat /root/survivor.db > "$place/survivor.db"
for host in $hosts; do on "$host" "cat > /root/restore.db" < "$place/survivor.db" & done
wait
echo "snapshot on every host"

each "mkdir -p $parked && mv $manifests/*.yaml $parked/
  for name in kube-apiserver kube-controller-manager kube-scheduler etcd; do
    [ \$name = etcd ] && grace_s=3 || grace_s=0
    for id in \$(crictl ps --quiet --state Running --label io.kubernetes.container.name=\$name); do
      crictl stop --timeout \$grace_s \$id &
    done
  done
  wait" >/dev/null
echo "everything stopped"

cluster=$(for host in $hosts; do printf '%s=https://%s:2380,' "$host" "$(address "$host")"; done)
cluster=${cluster%,}
token=etcd-$(cat /proc/sys/kernel/random/uuid)
for host in $hosts; do
  on "$host" "set -e
    etcdutl snapshot restore /root/restore.db --data-dir /var/lib/etcd-new --name $host \
      --initial-cluster $cluster --initial-cluster-token $token \
      --initial-advertise-peer-urls https://$(address "$host"):2380 --bump-revision 1000000000 --mark-compacted 2>/root/log
    if [ -e /var/lib/etcd/member ]; then mkdir /var/lib/etcd-old; mv /var/lib/etcd/member /var/lib/etcd-old/; fi
    mv /var/lib/etcd-new/member /var/lib/etcd/
    sed -i -e '/--initial-cluster/d' -e 's#^\( *- \)etcd\$#&\n\1--initial-cluster=$cluster\n\1--initial-cluster-state=existing\n\1--initial-cluster-token=$token#' $parked/etcd.yaml" &
done
wait
echo "restored"

# Each as soon as the one before listens for metrics (port 2381): started together they wait 7 s for each other.
for host in $hosts; do
  on "$host" "mv $parked/etcd.yaml $manifests/; systemctl start kubelet
    for _ in \$(seq 100); do grep -qi ':094D [0-9a-f:]* 0a' /proc/net/tcp && break; sleep 0.1; done"
done
for host in $hosts; do until on "$host" "$etcdctl endpoint health" >/dev/null 2>&1; do sleep 0.1; done; done
echo "etcd healthy"

each "mv $parked/kube-apiserver.yaml $manifests/"
for host in $hosts; do until [ "$(curl -sk -m 1 "https://$(address "$host"):6443/readyz")" = ok ]; do sleep 0.1; done; done
echo "API ready"

each "mv $parked/*.yaml $manifests/"
for name in kube-controller-manager kube-scheduler; do
  until renewed=$(kubectl get lease -n kube-system "$name" -o "jsonpath={.spec.renewTime}" 2>/dev/null) \
      && [ $(($(date +%s) - $(date -d "$renewed" +%s))) -lt 5 ]; do sleep 0.2; done
done
echo "done"
