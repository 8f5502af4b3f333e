"""Login programs (`exec` in a kubeconfig), run so that they can neither hang nor speak to the operator's terminal.

The official client would give them the terminal that the screen is drawn on, and wait for them without a limit. Owns
how such a program is run. Must never keep or print what it answers.
"""

import json
import subprocess
from typing import Any

from kubernetes.config import ConfigException, kube_config
from kubernetes.config.exec_provider import ExecProvider

# It may have to ask a server; it cannot wait for a person, who does not see it.
LIMIT_S = 30.0


class LoginProgram(ExecProvider):
    """The official client's provider, with a program that is on its own."""

    def run(self, previous_response: Any = None) -> Any:
        """Return the `status` of the program's answer. Raises ConfigException."""
        del previous_response
        about = {"apiVersion": self.api_version, "kind": "ExecCredential", "spec": {"interactive": False}}
        if self.cluster:
            about["spec"]["cluster"] = self.cluster.value
        try:
            ended = subprocess.run(
                self.args,
                env={**self.env, "KUBERNETES_EXEC_INFO": json.dumps(about)},
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LIMIT_S,
                # Else it has our terminal, and could open /dev/tty to ask there.
                start_new_session=True,
                check=True,
            )
            answer = json.loads(ended.stdout)
            if answer["apiVersion"] == self.api_version:
                return answer["status"]
        except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
            raise ConfigException(f"the login program failed: {type(error).__name__}") from None
        raise ConfigException(f"the login program speaks {str(answer['apiVersion'])[:80]}, not {self.api_version}")


def keep_login_programs_apart() -> None:
    """Have the official loader run them in this way."""
    loader: Any = kube_config
    loader.ExecProvider = LoginProgram
