"""Signing key: certificates and the private key that a manifest is signed with."""

from __future__ import annotations

from typing import Any

_ALGORITHMS = {256: b"es256", 384: b"es384", 521: b"es512"}
"""How keys on curves of so many bits sign (C2PA 13.2)."""


def signing_info(pem: bytes) -> Any:
    """What signs: certificates and a key, as PEM; made on the spot for b"". Raises ValueError."""
    import c2pa
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if not pem:
        pem = _made_on_the_spot()
    key = serialization.load_pem_private_key(_private(pem), None)
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size in _ALGORITHMS:
        algorithm = _ALGORITHMS[key.key_size]
    elif isinstance(key, ed25519.Ed25519PrivateKey):
        algorithm = b"ed25519"
    elif isinstance(key, rsa.RSAPrivateKey):
        algorithm = b"ps256"
    else:
        raise ValueError("the key is of a kind that no manifest is signed with")
    form = serialization.Encoding.PEM
    chain = b"".join(x.public_bytes(form) for x in x509.load_pem_x509_certificates(pem))
    none = serialization.NoEncryption()
    secret = key.private_bytes(form, serialization.PrivateFormat.PKCS8, none)
    return c2pa.C2paSignerInfo(algorithm, chain, secret, None)


def _private(pem: bytes) -> bytes:
    """The private key among certificates. Raises ValueError."""
    begin = pem.find(b"-----BEGIN PRIVATE KEY-----")
    begin = pem.find(b"-----BEGIN EC PRIVATE KEY-----") if begin < 0 else begin
    begin = pem.find(b"-----BEGIN RSA PRIVATE KEY-----") if begin < 0 else begin
    if begin < 0:
        raise ValueError("there is no private key beside the certificates, or it has a password")
    end = pem.index(b"-----END", begin)
    return pem[begin : pem.index(b"-----", end + 5) + 5]


def _made_on_the_spot() -> bytes:
    """A certificate and its key, as PEM, issued by one that is forgotten."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    issuer, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    usage = dict.fromkeys(
        (
            *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
            *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    )

    def name(text: str) -> x509.Name:
        parts = ((NameOID.ORGANIZATION_NAME, "Safelight"), (NameOID.COMMON_NAME, text))
        return x509.Name([x509.NameAttribute(*part) for part in parts])

    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name("a certificate made on the spot"))
        .issuer_name(name("made on the spot and forgotten"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(x509.KeyUsage(digital_signature=True, **usage), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), False
        )
        .sign(issuer, hashes.SHA256())
    )
    form, none = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(form, serialization.PrivateFormat.PKCS8, none)
    return made.public_bytes(form) + secret
