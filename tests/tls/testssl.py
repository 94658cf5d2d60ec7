#!/usr/bin/python3
"""testssl - what testssl.sh finds at a server with TLS.

    tests/tls/testssl.py [--build DIRECTORY] [--keep FILE] [OPTION-OF-TESTSSL...]

Starts the server with a certificate of an authority made for this run (ECDSA, P-256), has testssl.sh try everything that it
knows, and lists its findings of LOW and above. The exit status is 0 if none is MEDIUM or above, but for those that NOT_OURS
names with its reason. Needs testssl.sh and openssl; everything is in a temporary directory."""
import argparse
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/integration"))

from harness.tls import Authority, trusting  # noqa: E402

NAME = "server.test"
PATIENCE = 15
MINUTES = 15
HARMLESS = ("OK", "INFO", "DEBUG")
SMALL = ("LOW",)
CONFIG = """{{
    listen => 'https://127.0.0.1:{port}?{pair}', workers => 1, pid_file => '{home}/hypnotoad.pid', clients => 4096,
}};
"""
DAYS = 90
# Of testssl.sh's findings the one that it writes at the end; a scan that broke off proves nothing.
LAST = "scanTime"
# What cannot be otherwise here.
NOT_OURS = {
    "cert_revocation": "an authority that lives as long as this run has nowhere to ask",
    "security_headers": "which of them an answer has is the application's decision",
    "engine_problem": "of testssl.sh itself: its own openssl has no GOST",
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(home, build, pair):
    port, config = free_port(), home / "hypnotoad.conf"
    config.write_text(CONFIG.format(port=port, pair=pair.query(), home=home))
    process = subprocess.Popen([build / "hypnotoad", "--foreground", "--config", config, build / "apps/hello.so"],
                               stdin=subprocess.DEVNULL)
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with trusting().wrap_socket(socket.create_connection(("127.0.0.1", port), 1)):
                return process, port
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                sys.exit("the server did not start")
            time.sleep(0.05)


def findings(home, port, authority, options):
    """All of them, as testssl.sh writes them."""
    result = home / "findings.json"
    command = ["testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--ip", "127.0.0.1",
               "--add-ca", authority.path, "--jsonfile", result, *options, f"https://{NAME}:{port}/"]
    with open(home / "output", "wb") as output:
        subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=home,
                       timeout=MINUTES * 60, check=False, env=os.environ | {"TERM": "dumb"})
    if not result.exists():
        sys.exit(f"testssl.sh found nothing out:\n{(home / 'output').read_text(errors='replace')}")
    return json.loads(result.read_text()), (home / "output").read_text(errors="replace")


def judge(found):
    """Prints what is worth a look; true if nothing is bad, and the last of its chapters was reached."""
    is_good = LAST in [one["id"] for one in found]
    for one in found:
        name, severity = one["id"].split(" ")[0], one["severity"]
        if severity in HARMLESS:
            continue
        reason = NOT_OURS.get(name)
        is_good = is_good and (severity in SMALL or reason is not None)
        print(f"{severity:<10}{one['id']:<34}{one['finding']}" + (f"\n{'':<10}{reason}" if reason else ""))
    return is_good


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    build = pathlib.Path(os.environ.get("HYPNOTOAD_BUILD", ROOT / "build/release"))
    parser.add_argument("--build", type=pathlib.Path, default=build, help="the build directory; default: HYPNOTOAD_BUILD")
    parser.add_argument("--keep", type=pathlib.Path, help="where the whole output of testssl.sh is written to")
    return parser.parse_known_args()


def main():
    options, others = arguments()
    with tempfile.TemporaryDirectory(prefix="testssl") as name:
        home = pathlib.Path(name)
        authority = Authority(home / "authority")
        end = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + DAYS * 86400))
        pair = authority.certify(NAME, begin=time.strftime("%Y%m%d%H%M%SZ", time.gmtime()), end=end)
        process, port = start(home, options.build.resolve(), pair)
        try:
            found, output = findings(home, port, authority, others)
        finally:
            process.terminate()
            process.wait(PATIENCE)
    if options.keep:
        options.keep.write_text(output)
    is_good = judge(found)
    print(f"{len(found)} findings of testssl.sh; " + ("nothing speaks against the server." if is_good else "some are bad."))
    return 0 if is_good and process.returncode == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
