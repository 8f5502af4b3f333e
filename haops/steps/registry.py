"""Every step kind by its name. A new kind is a file beside this one and a line here.

Must never be imported by what only asks for a kind now and then (`haops.steps.kinds` does): the checks of their fields
take longer to load than a screen to draw.
"""

from collections.abc import Mapping

from haops.steps.calls import ETCD, HTTP, KUBERNETES
from haops.steps.check import CHECK
from haops.steps.copy import COPY
from haops.steps.kind import StepKind
from haops.steps.person import CHOOSE, MANUAL
from haops.steps.script import LOCAL, SSH

KINDS: Mapping[str, StepKind] = {
    kind.name: kind for kind in (SSH, LOCAL, COPY, ETCD, KUBERNETES, HTTP, CHECK, CHOOSE, MANUAL)
}
