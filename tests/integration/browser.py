"""A browser: headless Chromium loads the pages and asks by JavaScript. Run by ci/browser, which installs it; what asks for this
file by name gets a failure, not a skip, where there is no browser."""
import itertools
import json
import os
import select
import signal
import subprocess
import time

import pytest

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
        return failed + [event for event in self.events("Log.entryAdded") if "favicon" not in event["entry"].get("url", "")]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.end()


@pytest.fixture
def visit(browser):
    """visit(server, path) is a page that has loaded; at the end nothing may have been wrong with it."""
    pages = []

    def load(server, path="/"):
        pages.append(Page(browser, f"http://127.0.0.1:{server.port}{path}"))
        return pages[-1]

    yield load
    complaints = [complaint for page in pages for complaint in page.complaints()]
    for page in pages:
        page.close()
    assert not complaints, complaints


@pytest.mark.promise("CON-4", "APP-3")
def test_the_page_shows_which_worker_answered(start, visit):
    server = start("demo", workers=3)
    page = visit(server)
    assert int(page.run("document.body.dataset.pid")) in server.workers()
    assert page.run("document.querySelector('h1').textContent").startswith("Worker ")


@pytest.mark.promise("CON-4", "APP-3")
def test_the_page_asks_six_times_at_once(start, visit):
    """A press on the button: six answers more in the list."""
    server = start("demo", workers=3)
    page = visit(server)
    counted = "[...document.querySelectorAll('#workers .count')].reduce((sum, count) => sum + parseInt(count.textContent), 0)"
    before = page.run(counted)
    page.run("document.getElementById('ask').click()")
    page.run(f"new Promise(done => {{ const look = () => {counted} >= {before} + 6 ? done() : setTimeout(look, 20); look(); }})")
    assert page.run("document.getElementById('lost').textContent") == ""
    pids = page.run("[...document.querySelectorAll('#workers .pid')].map(pid => parseInt(pid.textContent))")
    assert set(pids) <= set(server.workers())


@pytest.mark.promise("CON-4")
def test_a_script_asks_in_every_way(start, visit):
    page = visit(start())
    got = page.run("""(async () => {
        const upload = await fetch("/len", { method: "POST", body: "x".repeat(300000) });
        const large = await (await fetch("/large?bytes=3000000")).arrayBuffer();
        const head = await fetch("/large?bytes=26", { method: "HEAD" });
        const nothing = await head.text();
        const info = await (await fetch("/info?q=%C3%A4", { method: "PUT", body: new Blob(["abc"]),
                                                            headers: { "X-Toad": "All Glory" } })).json();
        return { upload: await upload.text(), large: large.byteLength, length: head.headers.get("Content-Length"),
                 nothing, query: info.query, toad: Object.fromEntries(info.headers.map(
                     ([name, value]) => [name.toLowerCase(), value]))["x-toad"] };
    })()""")
    assert got == {"upload": "300000", "large": 3000000, "length": "26", "nothing": "", "query": "q=%C3%A4", "toad": "All Glory"}


@pytest.mark.promise("CON-1", "CON-4")
def test_many_answers_share_few_connections(start, visit):
    """Six at a time, as browsers do, and slow ones among them."""
    page = visit(start(keep_alive_requests=0))
    texts = page.run("""Promise.all(Array.from({ length: 60 }, async (_, i) =>
        (await fetch(i % 10 == 0 ? "/slow?s=0.2&" + i : "/large?bytes=" + i, { cache: "no-store" })).text()))""")
    assert [text == "slow" if i % 10 == 0 else len(text) == i for i, text in enumerate(texts)] == [True] * 60
    answers = [event["response"] for event in page.events("Network.responseReceived")]
    used = {answer["connectionId"] for answer in answers}
    assert len(answers) >= 61 and len(used) <= 7, f"{len(answers)} answers on {len(used)} connections"


@pytest.mark.promise("UPG-3", "CON-4")
def test_a_page_asks_on_while_the_server_is_deployed_anew(start, visit):
    server = start(workers=2)
    page = visit(server)
    page.run("""window.asking = (async () => {
        const seen = new Set();
        while (!window.isOver || seen.size < 2) {
            const answer = await fetch("/pid", { cache: "no-store" });
            if (answer.status != 200) throw answer.status;
            seen.add(await answer.text());
        }
        return seen.size;
    })(); 0""")
    server.upgrade()
    page.run("window.isOver = true")
    assert page.run("window.asking") >= 2
