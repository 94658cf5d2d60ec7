"""Keys: what a core dump would show of them, and who is asked for a passphrase."""
import os
import pathlib
import pty
import re
import select
import signal
import time

import pytest

from harness.sanitizer import is_sanitized
from harness.tls import Authority, SecureConnection, openssl, trusting


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def dumped(pid):
    """What a core dump of the process would have: all that it can write but what is marked as not to be dumped."""
    text = pathlib.Path(f"/proc/{pid}/smaps").read_text()
    with open(f"/proc/{pid}/mem", "rb") as memory:
        for row in re.finditer(r"^([0-9a-f]+)-([0-9a-f]+) (\S+) .*\n(?:\w+:.*\n)*?VmFlags:(.*)$", text, re.MULTILINE):
            begin, end = int(row[1], 16), int(row[2], 16)
            if "w" in row[3] and "r" in row[3] and " dd" not in row[4]:
                memory.seek(begin)
                yield memory.read(end - begin)


def private_number(key):
    """Of an EC key, as it is written and as the library keeps it."""
    text = openssl("pkey", "-in", key, "-noout", "-text").decode()
    digits = re.search(r"priv:\n((?: +[0-9a-f:]+\n)+)", text)[1]
    number = bytes.fromhex(re.sub(r"[\s:]", "", digits)).rjust(32, b"\0")[-32:]
    return [number, number[::-1]]


@pytest.mark.promise("LSN-3", "UPG-3")
def test_a_core_dump_has_no_keys(start, build, authority):
    if is_sanitized(build.hypnotoad):
        pytest.skip("a sanitizer seeks leaks where such pages would hide them; other builds run this test")
    pair = authority.certify("server.test")
    server = start(listen=[f"https://127.0.0.1:0?{pair.query()}"], workers=1)
    for _ in range(3):
        with SecureConnection(server.address, trusting()) as connection:
            assert connection.get("/").status == 200
    sealed, = [path for path in pathlib.Path(f"/proc/{server.manager}/fd").iterdir() if "hypnotoad-tickets" in os.readlink(path)]
    secrets = [sealed.read_bytes()[16:], *private_number(pair.key), pathlib.Path(pair.key).read_bytes()[40:120]]
    for pid in (server.manager, *server.workers()):
        parts = list(dumped(pid))
        assert sum(map(len, parts)) > 100000, "there is something to look at"
        assert [secret.hex() for secret in secrets for part in parts if secret in part] == []


def run_at_terminal(command):
    """What a command writes to the terminal that it is started at, and its status; nobody types anything."""
    try:
        pid, terminal = pty.fork()
    except OSError as error:
        pytest.skip(f"this system has no terminals: {error}")
    if pid == 0:
        os.execv(command[0], list(map(str, command)))
    shown, end = b"", time.monotonic() + 30
    try:
        while time.monotonic() < end and select.select([terminal], [], [], 30)[0]:
            shown += os.read(terminal, 4096)
    except OSError:
        pass  # the terminal has ended
    finally:
        os.close(terminal)
        if time.monotonic() >= end:
            os.kill(pid, signal.SIGKILL)
    return shown.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def encrypted_certificate(certificate, path):
    """No program writes one, but a file may say that it is one."""
    text = pathlib.Path(certificate).read_text()
    path.write_text(text.replace("-----BEGIN CERTIFICATE-----\n",
                                 "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"))
    return path


@pytest.mark.promise("LSN-3")
def test_nobody_is_asked_for_a_passphrase(build, authority, tmp_path):
    certificate, key = authority.certify("server.test")
    secret, old = tmp_path / "secret.key", tmp_path / "old.key"
    openssl("pkey", "-in", key, "-aes128", "-passout", "pass:secret", "-out", secret)
    openssl("ec", "-in", key, "-aes128", "-passout", "pass:secret", "-out", old)
    strange = encrypted_certificate(certificate, tmp_path / "strange.pem")
    for query, part in [(f"cert={certificate}&key={secret}", f'key "{secret}" is encrypted'),
                        (f"cert={certificate}&key={old}", f'key "{old}" is encrypted'),
                        (f"cert={strange}&key={key}", f'certificate "{strange}" is no usable certificate'),
                        (f"cert={certificate}&key={key}&ca={strange}", f'ca "{strange}" has no certificates')]:
        config = tmp_path / "hypnotoad.conf"
        config.write_text("{listen => 'https://127.0.0.1:0?%s'};" % query)
        shown, status = run_at_terminal([build.hypnotoad, "--test", "--config", config, build.app("probe")])
        assert "pass phrase" not in shown and status != 0, shown
        assert part in shown.replace("\r\n", ""), shown
