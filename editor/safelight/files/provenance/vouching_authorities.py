"""Vouching authorities: certificates of those whom the user lets vouch for signers."""

from __future__ import annotations

import re
from pathlib import Path

from safelight.folders import data_folder


def authorities_folder() -> Path:
    """The folder with certificates of those whom the user lets vouch for signers, as ``*.pem``:
    C2PA's trust list, a publisher's, one's own. None come with Safelight.
    """
    return data_folder() / "authorities"


def authorities(folder: Path | None = None) -> str:
    """The certificates of ``folder``, or of ``authorities_folder()``, as one PEM text; what is no
    certificate is passed over, and what comes after 4 MB of a folder is not read.
    """
    paths = sorted((folder or authorities_folder()).glob("*.pem"))
    if not paths:
        return ""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    texts, left = [], _MOST_AUTHORITIES
    for path in paths:
        try:
            with path.open("rb") as file:
                content = file.read(left)
        except OSError:
            continue
        left -= len(content)
        for block in _CERTIFICATE.findall(content):
            try:
                found = x509.load_pem_x509_certificate(block)
            except ValueError:
                continue
            texts.append(found.public_bytes(Encoding.PEM).decode())
    return "".join(texts)


_MOST_AUTHORITIES = 4 << 20
"""Bytes of certificates that are read."""

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
