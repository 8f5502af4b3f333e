"""The kubeconfig, read by the official client's own loader.

Owns what haops takes from it: credentials, CA and the name that the API server's certificate must carry. Must never use
its server address (each endpoint has its own) nor its proxy, and never write it.
"""

import logging
import os
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kubernetes.client import Configuration
from kubernetes.config import ConfigException, kube_config, load_kube_config

from haops.connectors.kubernetes.login_program import keep_login_programs_apart
from haops.connectors.tls import verifying_context
from haops.core.inventory import KubernetesAccess
from haops.errors import Denied, InputError

_loading = threading.Lock()
"""The official loader keeps its files in one table for the whole process."""

keep_login_programs_apart()


@dataclass(frozen=True, slots=True)
class Credentials:
    """What every API server is shown. `headers` is asked before each request: a token may have to be renewed."""

    tls: ssl.SSLContext
    server_name: str | None
    headers: Callable[[], Mapping[str, str]]


def load_credentials(access: KubernetesAccess) -> Credentials:
    """Return the credentials of the kubeconfig's context.

    Raises InputError if it is missing or broken or lacks the context, Denied if its certificates or its token cannot be
    used, or if it says that the server is not to be checked.
    """
    path = Path(access.kubeconfig).expanduser()
    with _loading, _files_of_a_moment() as files:
        configuration = _read(path, access.context, files)
        tls = _tls(configuration, path)

    def headers() -> Mapping[str, str]:
        """Return the headers of the next request; the library sees to a token that has to be renewed."""
        token = configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        # It becomes a header: a line end in it would begin another.
        if token and not (token.isascii() and token.isprintable()):
            raise Denied("the token holds characters that no token has", where=str(path), remedy="get a new one")
        return {"Authorization": token} if token else {}

    return Credentials(tls, configuration.tls_server_name, headers)


@contextmanager
def _files_of_a_moment() -> Iterator[str]:
    """Yield a private directory, in memory where there is one, for keys that OpenSSL reads from files only.

    Left to itself the official loader writes the kubeconfig's private key below /tmp, and after a kill it stays there.
    """
    in_memory = [place for place in (os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm") if os.access(place, os.W_OK)]  # noqa: S108 - a private directory is made there
    with tempfile.TemporaryDirectory(prefix="haops-", dir=next(iter(in_memory), None)) as directory:
        try:
            yield directory
        finally:
            loader: Any = kube_config
            loader._cleanup_temp_files()  # noqa: SLF001 - else its table names files that are gone


def _read(path: Path, context: str | None, files: str) -> Any:
    """Return the official client's configuration; what it has to write goes below `files`."""
    _require_readable(path)
    _keep_the_loader_quiet()
    configuration = Configuration()
    try:
        load: Any = load_kube_config
        # Never persisted: a login program's new token would be written into the operator's own kubeconfig.
        load(str(path), context, client_configuration=configuration, persist_config=False, temp_file_path=files)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise InputError("kubeconfig is not YAML", where=place, remedy="copy it again") from None
    except FileNotFoundError as error:
        raise Denied("kubeconfig names a file that is missing", where=str(error.filename or path)) from None
    except (ConfigException, ValueError, TypeError, KeyError, AttributeError, RecursionError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        remedy = "kubectl config view --kubeconfig shows what it says"
        raise InputError(f"kubeconfig cannot be used: {reason}", where=str(path), remedy=remedy) from None
    return configuration


def _require_readable(path: Path) -> None:
    """Raise InputError if the file is missing, Denied if it may not be read."""
    try:
        path.read_bytes()
    except FileNotFoundError:
        raise InputError("kubeconfig missing", where=str(path), remedy="correct its path in the inventory") from None
    except OSError as error:
        raise Denied(f"kubeconfig cannot be read: {(error.strerror or '').lower()}", where=str(path)) from None


def _keep_the_loader_quiet() -> None:
    """Give the root logger a place for the loader's errors: without one it would make a handler that prints."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())


def _tls(configuration: Any, path: Path) -> ssl.SSLContext:
    """Return a context with the kubeconfig's CA and client certificate; Denied if they cannot be used."""
    if not configuration.verify_ssl:
        remedy = "remove insecure-skip-tls-verify and give the CA (certificate-authority)"
        raise Denied("kubeconfig says that anybody may answer for the server", where=str(path), remedy=remedy)
    context = verifying_context()
    try:
        if configuration.ssl_ca_cert:
            context = verifying_context(cafile=configuration.ssl_ca_cert)
        if configuration.cert_file:
            # Without a password of our own OpenSSL would ask for one on the terminal.
            context.load_cert_chain(configuration.cert_file, configuration.key_file, password="")
    except (ssl.SSLError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Denied(f"certificates in the kubeconfig cannot be used: {reason}", where=str(path)) from None
    return context
