"""One check for each way in which a check can end."""
import os
import pathlib

from conformance.registry import DEFAULT, SCALED, VIRTUAL, check


@check("CLI-1.passes", tiers=(SCALED, DEFAULT))
def it_passes(case):
    case.measured("nothing", 0.5, 0.25, 1)


@check("CLI-2.fails", also=("CLI-1",))
def it_fails(case):
    """With <angle brackets> & what else a page must escape."""
    case.equal("<5>", 6, "the number")


@check("CLI-3.lacks", needs=("trace",))
def it_needs_what_the_target_lacks(case):
    raise AssertionError("it was asked nevertheless")


@check("CLI-4.breaks")
def it_breaks(case):
    return {}["missing"]


@check("CLI-5.vanishes")
def it_takes_its_process_away(case):
    os._exit(3)


@check("CLI-6.asks")
def it_asks_the_server(case):
    server = case.start(workers=2)
    case.equal(server.get("/").text, "Hello World", "the answer")
    case.equal(len(server.workers()), 2, "workers")
    server.signal("TERM")
    case.equal(server.await_end(), 0, "exit status")


@check("CLI-7.virtual", tiers=(VIRTUAL,))
def it_has_no_time(case):
    pass


@check("CLI-8.every-second-time")
def it_fails_every_second_time(case):
    counter = pathlib.Path(os.environ["SCRIPTED_COUNTER"])
    counter.write_text(counter.read_text() + "x" if counter.exists() else "x")
    assert len(counter.read_text()) % 2, "it is the second time"


@check("CLI-9.reset")
def it_loses_its_connection(case):
    raise ConnectionResetError("reset by nobody")
