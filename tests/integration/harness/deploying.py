"""deploying - the parts that a test of hot deployments puts together: what a name leads to, and who asks and who listens."""
import os
import pathlib
import socket
import tempfile
import threading

from harness.waiting import wait_until


class Link:
    """A symbolic link that is switched in one step, as one puts a new version in the place of an old one."""

    def __init__(self, path, target):
        self.path = pathlib.Path(path)
        self.switch(target)

    def __fspath__(self):
        return str(self.path)

    __str__ = __fspath__

    def switch(self, target):
        new = self.path.with_name(self.path.name + ".new")
        os.symlink(target, new)
        os.rename(new, self.path)


def write_script(path, text):
    """An executable script, complete from the moment on at which it has its name."""
    new = path.with_name(path.name + ".new")
    new.write_text("#!/bin/sh\n" + text)
    new.chmod(0o755)
    os.rename(new, path)
    return path


class ServiceManager:
    """The end of a service manager at which sd_notify(3) arrives; a context manager."""

    def __init__(self, is_abstract):
        self.directory = tempfile.TemporaryDirectory(prefix="notify")
        self.name = ("@" if is_abstract else "") + f"{self.directory.name}/socket"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.name.replace("@", "\0", 1))
        self.messages = []
        self.thread = threading.Thread(target=self.listen, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.name.replace("@", "\0", 1))
        self.thread.join()
        self.socket.close()
        self.directory.cleanup()

    def listen(self):
        while message := self.socket.recv(4096):
            self.messages.append(sorted(message.decode().split("\n")))

    def await_messages(self, count):
        wait_until(lambda: len(self.messages) >= count, f"{count} messages", seen=lambda: self.messages)
        return self.messages
