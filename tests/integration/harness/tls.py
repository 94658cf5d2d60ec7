"""tls - certificates made on the spot by openssl, and clients that speak TLS."""
import pathlib
import select
import socket
import ssl
import subprocess

from harness.client import Connection

CONFIGURATION = """
[ca]
default_ca = authority
[authority]
database = {0}/index
new_certs_dir = {0}
serial = {0}/serial
default_md = sha256
policy = policy
unique_subject = no
copy_extensions = copy
[policy]
organizationName = optional
commonName = supplied
[req]
distinguished_name = name
[name]
"""
CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
# A year is enough for everybody, and nobody's clock is so far behind.
BEGIN, END = "20200101000000Z", "20991231235959Z"


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60, **options).stdout


class Pair:
    """The paths of a certificate and its key."""

    def __init__(self, directory, name):
        self.certificate = directory / f"{name}.pem"
        self.key = directory / f"{name}.key"

    def __iter__(self):
        return iter((str(self.certificate), str(self.key)))

    def query(self, name=""):
        """As a listen value has it."""
        prefix = f"{name}_" if name else ""
        return f"{prefix}cert={self.certificate}&{prefix}key={self.key}"


class Authority:
    """Certifies whoever wants it."""

    def __init__(self, directory, name="authority"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.configuration = self.directory / "openssl.cnf"
        self.configuration.write_text(CONFIGURATION.format(self.directory))
        (self.directory / "index").write_text("")
        self.pair = Pair(self.directory, name)
        openssl("req", "-x509", *CURVE, "-nodes", "-subj", f"/CN={name}", "-days", 3650, "-keyout", self.pair.key,
                "-out", self.pair.certificate, "-addext", "basicConstraints=critical,CA:TRUE")

    @property
    def path(self):
        return str(self.pair.certificate)

    def certify(self, name, begin=BEGIN, end=END, names=None, subject=None, key=None):
        """A new pair for this name, or for these alternative names; `key` is how openssl makes it."""
        pair = Pair(self.directory, name.replace("*", "_"))
        request = self.directory / "request"
        openssl("req", "-new", *(key or CURVE), "-nodes", "-config", self.configuration, "-subj", subject or f"/CN={name}",
                "-keyout", pair.key, "-out", request, "-addext", f"subjectAltName={names or 'DNS:' + name}")
        openssl("ca", "-batch", "-notext", "-rand_serial", "-config", self.configuration, "-cert", self.pair.certificate,
                "-keyfile", self.pair.key, "-startdate", begin, "-enddate", end, "-in", request, "-out", pair.certificate)
        return pair

    def client(self, version=None, ciphers=None, protocols=(), pair=None):
        """A context for clients that trust this authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.path)
        return restricted(context, version, ciphers, protocols, pair)


def trusting(version=None, ciphers=None, protocols=(), pair=None):
    """A context for clients that take every certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return restricted(context, version, ciphers, protocols, pair)


def restricted(context, version, ciphers, protocols, pair):
    # Python would take a connection that just ends for one that ended with a word.
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if ciphers is not None:
        context.set_ciphers(ciphers)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    if pair is not None:
        context.load_cert_chain(*pair)
    return context


class SecureConnection(Connection):
    """A connection within TLS, which must end with a word of the server's."""

    def __init__(self, address, context, name=None, session=None, **options):
        super().__init__(address, **options)
        try:
            self.socket = context.wrap_socket(self.socket, server_hostname=name, session=session,
                                              suppress_ragged_eofs=False)
        except BaseException:
            self.close()
            raise

    @property
    def session(self):
        """To be resumed; complete once something was read."""
        return self.socket.session

    @property
    def is_resumed(self):
        return self.socket.session_reused

    @property
    def certificate(self):
        return ssl.DER_cert_to_PEM_cert(self.socket.getpeercert(binary_form=True))


class Duplex:
    """A client that can send and read at the same time, and read when it has said that it sends nothing more; a context
    manager."""

    def __init__(self, address, context):
        self.socket = socket.create_connection(address, 30)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing)
        self.play(self.tls.do_handshake)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def play(self, move):
        while True:
            try:
                return move()
            except ssl.SSLWantReadError:
                self.flush()
                data = self.socket.recv(1 << 16)
                if data:
                    self.incoming.write(data)
                else:
                    self.incoming.write_eof()
            finally:
                self.flush()

    def flush(self):
        self.socket.sendall(self.outgoing.read())

    def send(self, data):
        self.tls.write(data)
        self.flush()

    def finish(self):
        """Says that nothing more comes."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self.flush()

    def exchange(self, data, is_enough):
        """Sends all of it and reads meanwhile, until this is true of what has come."""
        received, position, waiting = bytearray(), 0, b""
        while not is_enough(received):
            if not waiting and position < len(data):
                position += self.tls.write(data[position:position + 65536])
            waiting += self.outgoing.read()
            readable, writable, _ = select.select([self.socket], [self.socket] if waiting else [], [], 30)
            assert readable or writable, "nothing moves any more"
            if writable:
                waiting = waiting[self.socket.send(waiting, socket.MSG_DONTWAIT):]
            if readable:
                self.take(received)
        assert position == len(data) and not waiting
        return bytes(received)

    def take(self, received):
        data = self.socket.recv(1 << 16)
        assert data, "the connection ended without a word"
        self.incoming.write(data)
        try:
            while part := self.tls.read(1 << 16):
                received += part
        except ssl.SSLWantReadError:
            pass

    def read_all(self):
        """Everything until the server says that nothing more comes."""
        parts = []
        try:
            while data := self.play(lambda: self.tls.read(1 << 16)):
                parts.append(data)
        except ssl.SSLZeroReturnError:
            return b"".join(parts)
        raise AssertionError("the connection ended without a word")
