"""A browser: headless Chromium loads a page and asks by JavaScript. Run by ci/browser, which installs it; what asks for this
file by name gets a failure, not a skip, where there is no browser."""
import pytest


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
