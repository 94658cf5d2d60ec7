"""What becomes of an outcome and an expectation."""
import pytest

from conformance.verdicts import BY_WEIGHT, VERDICTS, Expected, decide, worst


def expected(observation, **members):
    return Expected(("HBT-*",), observation, "it is known", **members)


@pytest.mark.parametrize("outcome, message, known, verdict", [
    ("PASS", "", None, "PASS"), ("FAIL", "5, not 6", None, "FAIL"), ("ERROR", "x", None, "ERROR"), ("UNSUPPORTED", "x", None, "UNSUPPORTED"),
    ("FAIL", "5, not 6", expected("5, not"), "XFAIL"), ("FAIL", "5, not 6", expected("5*6"), "XFAIL"), ("FAIL", "5, not 6", expected("6*5"), "FAIL"),
    ("FAIL", "5, not 6", expected("."), "FAIL"), ("FAIL", "a\nb", expected("a*b"), "XFAIL"), ("PASS", "", expected("x"), "XPASS"),
    ("PASS", "", expected("x", sometimes=True), "PASS"), ("FAIL", "y", expected("x", sometimes=True), "FAIL"),
    ("ERROR", "x", expected("x"), "ERROR"), ("UNSUPPORTED", "x", expected("x"), "UNSUPPORTED"),
])
def test_a_verdict_follows_from_outcome_and_expectation(outcome, message, known, verdict):
    assert decide(outcome, message, known).verdict == verdict


def test_the_worst_verdict_hides_none():
    assert sorted(BY_WEIGHT) == sorted(VERDICTS)
    assert worst(["PASS", "FAIL", "XFAIL"]) == "FAIL" and worst(["PASS", "UNSUPPORTED"]) == "PASS" and worst(["FAIL", "ERROR"]) == "ERROR"


def test_an_expectation_names_checks_by_globs():
    assert expected("x").names("HBT-2.silent-worker") and not expected("x").names("MGR-1.killed")


def test_an_expectation_may_have_several_observations():
    known = Expected(check=("A-1.b",), observation=["lost * requests", "waited"], reason="r")
    assert known.fits("it lost 3 requests") and known.fits("it waited 30 s") and not known.fits("it crashed")
