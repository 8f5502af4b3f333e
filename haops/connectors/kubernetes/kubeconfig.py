"""The kubeconfig, read by the official client's own loader.

Owns what haops takes from it: credentials, CA and the name that the API server's certificate must carry. Must never use
its server address (each endpoint has its own) nor its proxy, and never write it.
"""

import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kubernetes.client import Configuration
from kubernetes.config import ConfigException, load_kube_config

from haops.core.inventory import KubernetesAccess
from haops.errors import Denied, InputError


@dataclass(frozen=True, slots=True)
class Credentials:
    """What every API server is shown. `headers` is asked before each request: a token may have to be renewed."""

    tls: ssl.SSLContext
    server_name: str | None
    headers: Callable[[], Mapping[str, str]]


def load_credentials(access: KubernetesAccess) -> Credentials:
    """Return the credentials of the kubeconfig's context.

    Raises InputError if it is missing or broken or lacks the context, Denied if its certificates cannot be used.
    """
    path = Path(access.kubeconfig).expanduser()
    configuration = _read(path, access.context)

    def headers() -> Mapping[str, str]:
        token = configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        return {"Authorization": token} if token else {}

    return Credentials(_tls(configuration, path), configuration.tls_server_name, headers)


def _read(path: Path, context: str | None) -> Any:
    """Return the official client's configuration."""
    _require_readable(path)
    _keep_the_loader_quiet()
    configuration = Configuration()
    try:
        load: Any = load_kube_config
        load(str(path), context, client_configuration=configuration, persist_config=False)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise InputError("kubeconfig is not YAML", where=place, remedy="copy it again") from None
    except FileNotFoundError as error:
        raise Denied("kubeconfig names a file that is missing", where=str(error.filename or path)) from None
    except (ConfigException, ValueError, TypeError, KeyError, AttributeError, OSError) as error:
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
    context = ssl.create_default_context()
    try:
        if configuration.ssl_ca_cert:
            context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
        if configuration.cert_file:
            # Without a password of our own OpenSSL would ask for one on the terminal.
            context.load_cert_chain(configuration.cert_file, configuration.key_file, password="")
    except (ssl.SSLError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Denied(f"certificates in the kubeconfig cannot be used: {reason}", where=str(path)) from None
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
