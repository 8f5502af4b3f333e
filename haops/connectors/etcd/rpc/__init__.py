"""etcd's messages and stubs, generated from rpc.proto beside this file; shaped like python-etcd3's own `etcdrpc`."""

from haops.connectors.etcd.rpc.rpc_pb2 import *
from haops.connectors.etcd.rpc.rpc_pb2_grpc import *
