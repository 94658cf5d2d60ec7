"""browser - headless Chromium, driven by its DevTools protocol, and the pages that it shows."""
import base64
import itertools
import json
import os
import select
import signal
import struct
import subprocess
import time

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-dev-shm-usage", "--no-zygote",
         "--remote-debugging-pipe"]
PATIENCE = 40.0


class Browser:
    """Chromium, driven by its DevTools protocol: messages in JSON, each ended by a NUL, on two pipes."""

    def __init__(self, directory):
        # The browser reads from descriptor 3 and writes to 4.
        its_input, self.output = os.pipe()
        self.input, its_output = os.pipe()
        self.log = directory / "browser.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["bash", "-c", f'exec "$@" 3<&{its_input} 4>&{its_output}', "bash", "chromium", *FLAGS,
                 f"--user-data-dir={directory / 'profile'}", "about:blank"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(its_input, its_output), start_new_session=True,
                env={**os.environ, "HOME": str(directory)})
        os.close(its_input)
        os.close(its_output)
        self.numbers = itertools.count(1)
        self.received = b""
        self.events = []

    def end(self):
        try:
            self.call("Browser.close")
            self.process.wait(PATIENCE)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
            os.close(self.input)
            os.close(self.output)

    def read_message(self, end):
        while b"\0" not in self.received:
            left = max(0.0, end - time.monotonic())
            assert select.select([self.input], [], [], left)[0], f"the browser says nothing: {self.log.read_text()[-2000:]}"
            data = os.read(self.input, 1 << 20)
            assert data, f"the browser has ended: {self.log.read_text()[-2000:]}"
            self.received += data
        text, _, self.received = self.received.partition(b"\0")
        return json.loads(text)

    def call(self, method, session=None, **parameters):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        os.write(self.output, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + PATIENCE
        while (answer := self.read_message(end)).get("id") != number:
            self.events.append(answer)
        assert "error" not in answer, (method, answer)
        return answer["result"]

    def await_event(self, method):
        end = time.monotonic() + PATIENCE
        while not any(event["method"] == method for event in self.events):
            self.events.append(self.read_message(end))


class Page:
    """One tab."""

    def __init__(self, browser, url):
        self.browser = browser
        self.may_lose_connections = False
        browser.events.clear()
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        answer = self.call("Page.navigate", url=url)
        assert "errorText" not in answer, answer
        browser.await_event("Page.loadEventFired")

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def run(self, script):
        """The value of an expression, awaited if it is a promise."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True,
                           timeout=PATIENCE * 1000)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def events(self, method):
        return [event["params"] for event in self.browser.events if event["method"] == method]

    def complaints(self):
        """What the browser found wrong: requests that failed, errors of scripts, warnings."""
        # Nobody is asked for an icon that the page does not name, except by the browser.
        failed = self.events("Network.loadingFailed") + self.events("Runtime.exceptionThrown")
        noted = [event for event in self.events("Log.entryAdded") if "favicon" not in event["entry"].get("url", "")]
        if self.may_lose_connections:
            noted = [event for event in noted if not event["entry"]["text"].startswith("WebSocket connection")]
        return failed + noted

    def await_that(self, condition):
        """Waits until an expression is true, and returns its value."""
        return self.run(f"""new Promise(done => {{
            const look = () => {{ const value = {condition}; value ? done(value) : setTimeout(look, 20); }};
            look(); }})""")

    def show_as(self, width, height, is_phone=False, is_dark=False):
        """As a screen of this size shows it."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=is_phone)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}])

    def screenshot(self, path):
        """Writes the part that the screen shows as PNG; returns its (width, height)."""
        data = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        path.write_bytes(data)
        assert data.startswith(b"\x89PNG"), data[:20]
        return struct.unpack(">II", data[16:24])
