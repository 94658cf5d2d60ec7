"""deploying - the parts that a test of hot deployments puts together: what a name leads to, who asks and who listens, and what is
said to a server and heard from it."""
import os
import pathlib
import socket
import tempfile
import threading

from harness import processes
from harness.waiting import wait_until
from load.traffic import Options

GENTLE = Options(pause=0.002, slowness=1.0)
MIX = {"new": 1, "keep-alive": 1, "pipelined": 1, "upload": 1, "download": 1}


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


def begin_request(connection):
    """Sends a request but for its body's only byte: a worker has it, and it is under way until end_request()."""
    connection.send(b"POST /len HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\n")
    connection.await_taken()


def end_request(connection):
    connection.send(b"x")
    answer = connection.read_answer()
    assert (answer.status, answer.number) == (200, 1)
    return answer


def await_leaving(trace, worker):
    """Waits until the worker has told the manager whose trace this is that it leaves."""
    wait_until(lambda: trace.beats(worker, leaving=True), f"worker {worker} to leave", seen=lambda: trace.find(event="pipe"))


def await_last(server, count=2):
    """Waits until exactly these workers are there and nobody of an earlier generation."""
    workers = server.await_workers(count)
    wait_until(lambda: sorted(processes.marked(server.mark)) == sorted([server.manager, *workers]),
               "the earlier generations to be gone", seen=server.describe)
    return workers


def generation_of(server):
    """As the names of the traces tell it."""
    return [trace.path for trace in server.traces()].index(server.trace.path) + 1


def reconfigure(server, **settings):
    server.settings.update(settings)
    server.write_config()


def deploy(server, command, **options):
    """The command that started the server, once more."""
    return command(*server.options, "--config", server.config_file, server.app, **options)
