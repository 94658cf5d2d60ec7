"""tls_server - a server that speaks TLS: what it listens on, who certifies it, and who asks it for what."""
import ssl

import pytest

from harness.tls import Authority, SecureConnection

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
BOTH_VERSIONS = pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def pair(authority):
    return authority.certify("server.test")


def listen(query="", address="127.0.0.1:0"):
    return [f"https://{address}" + (f"?{query}" if query else "")]


def handshake(server, context, name="server.test", **options):
    return SecureConnection(server.address, context, name, **options)


def shown_name(server, authority, asked):
    """Whom the certificate is for that a client gets who asks for this name."""
    context = authority.client()
    context.check_hostname = False
    with handshake(server, context, asked) as connection:
        return dict(part[0] for part in connection.socket.getpeercert()["subject"])["commonName"]
