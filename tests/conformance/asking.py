"""asking - how checks ask: servers that last, requests as bytes, and a worker that is kept busy."""

LASTING = {"workers": 1, "accepts": 0, "keep_alive_requests": 1000000, "keep_alive_timeout": 60, "inactivity_timeout": 60}


def request(path="/", *fields):
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: test", *fields, "", ""]).encode()


def busy(case, server, path):
    """A connection whose request is with the application, and its worker."""
    connection = server.connect()
    worker = server.worker_of(connection)
    connection.ask(path)
    connection.await_taken()
    return connection, worker
