"""How strictly a server's certificate is checked: as strictly as etcd's and Kubernetes' own clients check it.

Owns the context that everything begins with which verifies. Must never make one that takes any certificate.
"""

import ssl


def verifying_context(*, cafile: str | None = None, cadata: str | None = None) -> ssl.SSLContext:
    """Return a context that checks chain, dates and name against the authority given, or else the system's.

    Raises ssl.SSLError, OSError or ValueError if the authority cannot be used.
    """
    context = ssl.create_default_context(cafile=cafile, cadata=cadata)
    # Python 3.13 began to refuse authorities without a key identifier (RFC 5280, 4.2.1.1). Go's clients never did, and
    # clusters live with such authorities: openssl makes them unless told otherwise.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
