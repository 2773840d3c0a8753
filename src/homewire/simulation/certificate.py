"""Certificates of simulators, made on the fly.

A simulated cloud gets a throw-away authority and a server certificate that it signed. Real verification is
what a client must do (docs/protocols/homismart.md, section 5), so simulators do not ask anybody to switch it
off: they bring the authority to trust. A simulated appliance that signs for itself, as real ones do
(docs/protocols/miele-http.md, section 7), gets a self-signed one.
"""

from __future__ import annotations

import datetime as dt
import functools
import ipaddress
import ssl
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["ServerCertificate", "self_signed"]

_LIFETIME: Final = dt.timedelta(days=365)
_APPLIANCE_LIFETIME: Final = dt.timedelta(days=3650)
_APPLIANCE_KEY_BITS: Final = 2048

_Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class ServerCertificate:
    """The certificate of a simulator for some host names and addresses.

    `ca_file` is what clients trust; `context` is what the server uses. `remove()` deletes the files.
    """

    def __init__(self, hosts: Sequence[str]) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="homewire-tls-")
        folder = Path(self._directory.name)
        authority_key = ec.generate_private_key(ec.SECP256R1())
        authority = _authority(authority_key)
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = _leaf(key, hosts, authority, authority_key)
        self.ca_file = folder / "authority.pem"
        self.ca_file.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        _load(self.context, key, leaf, folder)

    def trust(self) -> ssl.SSLContext:
        """Return a client's context that trusts this authority and nobody else."""
        return ssl.create_default_context(cafile=str(self.ca_file))

    def remove(self) -> None:
        """Delete the files."""
        self._directory.cleanup()


@functools.cache
def self_signed(subject: str) -> ssl.SSLContext:
    """Return a server context with an RSA certificate that an appliance signed for itself.

    It is made once per process.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=_APPLIANCE_KEY_BITS)
    certificate = _builder(subject, None, key, _APPLIANCE_LIFETIME).sign(key, hashes.SHA256())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.TemporaryDirectory(prefix="homewire-tls-") as folder:
        _load(context, key, certificate, Path(folder))
    return context


def _load(context: ssl.SSLContext, key: _Key, certificate: x509.Certificate, folder: Path) -> None:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain = folder / "server.pem"
    chain.touch(mode=0o600)
    chain.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context.load_cert_chain(chain)


def _builder(
    subject: str, issuer: x509.Name | None, key: _Key, lifetime: dt.timedelta = _LIFETIME
) -> x509.CertificateBuilder:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer or name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    usage = _usage(signs_certificates=True)
    return (
        _builder("homewire simulated authority", None, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )


def _leaf(
    key: ec.EllipticCurvePrivateKey,
    hosts: Sequence[str],
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        _builder(hosts[0], authority.subject, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_alternative(host) for host in hosts]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(issuer_key, critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
