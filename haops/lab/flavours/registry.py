"""Every flavour by name, most real first.

To add one: a file beside this one, and a line here.
"""

from collections.abc import Mapping

from haops.lab.flavours.control_plane import ControlPlaneFlavour
from haops.lab.flavours.etcd import EtcdFlavour
from haops.lab.flavours.flavour import Flavour

FLAVOURS: Mapping[str, Flavour] = {flavour.name: flavour for flavour in (ControlPlaneFlavour(), EtcdFlavour())}
