"""front - a reverse proxy in front of a server: a real nginx or haproxy, in the foreground, with its files in one directory,
configured as docs/deployment.md shows it."""
import os
import re
import shutil
import subprocess

from harness.build import ROOT
from harness.client import Connection
from harness.waiting import wait_until

# What the page shows stands inside of this.
NGINX = """
daemon off; worker_processes 1; user root; pid {home}/nginx.pid; error_log {home}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off; client_body_temp_path {home}/1; proxy_temp_path {home}/2; fastcgi_temp_path {home}/3;
    uwsgi_temp_path {home}/4; scgi_temp_path {home}/5; proxy_next_upstream off;
    {shown}
}}
"""
HAPROXY = """
global
    maxconn 256
{shown}
"""


def shown(language):
    """The configuration that docs/deployment.md recommends."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / "docs/deployment.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"docs/deployment.md shows {len(found)} configurations of {language}"
    return found[0]


def program(name, package):
    """Its path; a machine without it fails, so that nobody believes it was tested there."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    assert path is not None, f"{name} is missing: install {package}"
    return path


class Front:
    """A context manager; `upstream` is the port of the server behind it."""

    def __init__(self, home, port, upstream):
        self.home = home
        self.port = port
        self.upstream = upstream
        self.process = None
        home.mkdir()

    @property
    def address(self):
        return "127.0.0.1", self.port

    def write(self, around, language, public, own):
        """`public` is how the page has the proxy listen, `own` how it is to listen here."""
        text = around.format(home=self.home, shown=shown(language))
        for there, here in ((public, own), ("127.0.0.1:8080", f"127.0.0.1:{self.upstream}")):
            assert text.count(there) == 1, f"{there!r} stands {text.count(there)} times in {text}"
            text = text.replace(there, here)
        path = self.home / "front.conf"
        path.write_text(text)
        return path

    def command(self):
        raise NotImplementedError

    def __enter__(self):
        command = self.command()
        with open(self.home / "output", "wb") as output:
            self.process = subprocess.Popen(command, cwd=self.home, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            wait_until(self.answers, f"{command[0]} to answer", seen=self.describe)
        except BaseException:
            self.end()
            raise
        return self

    def answers(self):
        assert self.process.poll() is None, self.describe()
        try:
            with Connection(self.address) as connection:
                return connection.get("/", "Connection: close").status == 200
        except ConnectionRefusedError:
            return False

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the proxy did not end: {self.describe()}") from None

    def describe(self):
        return "\n".join(f"-- {path.name}:\n{path.read_text(errors='replace')[-4000:]}"
                         for path in sorted(self.home.iterdir()) if path.is_file())


class Nginx(Front):
    def command(self):
        path = self.write(NGINX, "nginx", "listen 80;", f"listen 127.0.0.1:{self.port};")
        return [program("nginx", "nginx-light"), "-p", str(self.home), "-e", str(self.home / "error.log"), "-c", str(path)]


class Haproxy(Front):
    def command(self):
        path = self.write(HAPROXY, "haproxy", "bind :80", f"bind 127.0.0.1:{self.port}")
        return [program("haproxy", "haproxy"), "-db", "-f", str(path)]
