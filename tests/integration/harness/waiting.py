"""waiting - for a condition, never for a while and a hope."""
import os
import time

# Generous: a sanitizer build on a busy machine passes, and a machine's speed is never what a test tests.
LIMIT = float(os.environ.get("HYPNOTOAD_LIMIT", 30))
STEP = 0.01


def wait_until(condition, what, limit=LIMIT, seen=None):
    """Returns the first true value of condition(). After `limit` seconds the failure says what was waited for, and what
    seen() - or the condition itself - gave last."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            shown = seen() if seen is not None else repr(value)
            raise AssertionError(f"waited {limit:g} s for {what}; seen: {shown}")
        time.sleep(STEP)


def stays_so(condition, seconds, what):
    """condition() is true now and for the next `seconds`: the one way to test that something does not happen."""
    end = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        assert condition(), f"{what} ended {seconds - (end - began):.2f} s after the check began"
        if began >= end:
            return
        time.sleep(STEP)
