"""fake_server - as little of a pre-forking server as the adapter for kind "c" can drive: listens, forks, answers, ends."""
import os
import re
import signal
import socket
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\nHello World"


def serve(listener):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while True:
        with listener.accept()[0] as connection:
            connection.recv(65536)
            connection.sendall(ANSWER)


def main():
    if "--version" in sys.argv:
        print("fake 1.0")
        return
    with open(sys.argv[sys.argv.index("--config") + 1]) as file:
        text = file.read()
    pid_file = re.search(r"pid_file => '(.*?)'", text)[1]
    listener = socket.create_server(("127.0.0.1", int(re.search(r"127\.0\.0\.1:(\d+)", text)[1])))
    workers = []
    for _ in range(int(re.search(r"workers => (\d+)", text)[1])):
        workers.append(os.fork())
        if workers[-1] == 0:
            serve(listener)

    def stop(*_):
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        os.unlink(pid_file)
        os._exit(0)
    signal.signal(signal.SIGTERM, stop)
    with open(pid_file, "w") as file:
        file.write(f"{os.getpid()}\n")
    while True:
        signal.pause()


main()
