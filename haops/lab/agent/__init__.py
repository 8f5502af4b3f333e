"""A host's agent: stands in systemd's, the kubelet's and the container runtime's place on one lab host."""
