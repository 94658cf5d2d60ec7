"""pipes - the manager's heartbeat pipe, as anybody with the same rights can open it."""
import fcntl
import os
import struct
import termios

from harness import processes


def heartbeat_pipe(server):
    """A path to the pipe that the manager reads and its workers write."""
    worker = server.workers()[0]
    written = {link for fd, link in processes.descriptors_of(worker).items() if link.startswith("pipe:") and is_writer(worker, fd)}
    read = {link: fd for fd, link in processes.descriptors_of(server.manager).items()
            if link.startswith("pipe:") and not is_writer(server.manager, fd)}
    shared = written & set(read)
    assert len(shared) == 1, f"the worker writes {written}, the manager reads {set(read)}"
    return f"/proc/{server.manager}/fd/{read[shared.pop()]}"


def is_writer(pid, fd):
    flags = processes.read(pid, f"fdinfo/{fd}").decode().split("flags:")[1].split()[0]
    return int(flags, 8) & os.O_ACCMODE != os.O_RDONLY


def write_pipe(server, data):
    """One write, never torn by anybody else as long as it is below PIPE_BUF."""
    fd = os.open(heartbeat_pipe(server), os.O_WRONLY)
    try:
        assert os.write(fd, data) == len(data)
    finally:
        os.close(fd)


def unread(server):
    """Bytes that wait in the pipe for the manager."""
    fd = os.open(heartbeat_pipe(server), os.O_WRONLY)
    try:
        return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, bytes(4)))[0]
    finally:
        os.close(fd)


def fill_pipe(server):
    """Writes lines that mean nothing until the pipe takes no more; returns the number of bytes."""
    fd = os.open(heartbeat_pipe(server), os.O_WRONLY | os.O_NONBLOCK)
    total = 0
    try:
        for line in (b"x" * 1000 + b"\n", b"\n"):
            total += write_until_full(fd, line)
        return total
    finally:
        os.close(fd)


def write_until_full(fd, line):
    total = 0
    try:
        while True:
            total += os.write(fd, line)
    except BlockingIOError:
        return total
