"""The runner is green only where something was shown."""
import pytest


def expecting(check, observation, **members):
    return [{"check": check, "observation": observation, "reason": "it is known"} | members]


def test_what_passes_is_green(conform, target, verdicts_of):
    run = conform("--target", target(), "--only", "CLI-1.*", "--only", "CLI-6.*")
    assert run.status == 0, run
    assert verdicts_of(run) == {"CLI-1.passes": "PASS", "CLI-6.asks": "PASS"}
    assert run.report["targets"][0]["version"] == "fake 1.0"


@pytest.mark.parametrize("name, verdict", [("CLI-2.fails", "FAIL"), ("CLI-4.breaks", "ERROR"), ("CLI-9.reset", "FAIL")])
def test_what_fails_or_breaks_is_red(conform, target, verdicts_of, name, verdict):
    run = conform("--target", target(), "--only", name)
    assert (run.status, verdicts_of(run)) == (1, {name: verdict}), run
    assert f"{verdict} {name}" in run.stdout


def test_one_that_fails_makes_the_rest_no_less_known(conform, target, verdicts_of):
    run = conform("--target", target(), "--only", "CLI-1.*", "--only", "CLI-2.*", "--only", "CLI-3.*")
    assert run.status == 1
    assert verdicts_of(run) == {"CLI-1.passes": "PASS", "CLI-2.fails": "FAIL", "CLI-3.lacks": "UNSUPPORTED"}


def test_a_failure_that_is_expected_is_green(conform, target, verdicts_of):
    run = conform("--target", target(expected_failures=expecting("CLI-2.*", "'<5>', not*6")), "--only", "CLI-2.*")
    assert (run.status, verdicts_of(run)) == (0, {"CLI-2.fails": "XFAIL"}), run
    assert run.report["targets"][0]["results"][0]["reason"] == "it is known"


def test_one_with_another_observation_is_red(conform, target, verdicts_of):
    run = conform("--target", target(expected_failures=expecting("CLI-2.*", "not 7")), "--only", "CLI-2.*")
    assert (run.status, verdicts_of(run)) == (1, {"CLI-2.fails": "FAIL"})
    assert "expected was another failure" in run.stdout


def test_a_pass_where_a_failure_is_expected_is_red(conform, target, verdicts_of):
    run = conform("--target", target(expected_failures=expecting("CLI-1.*", "anything")), "--only", "CLI-1.*")
    assert (run.status, verdicts_of(run)) == (1, {"CLI-1.passes": "XPASS"})


def test_unless_it_depends_on_chance(conform, target, verdicts_of):
    run = conform("--target", target(expected_failures=expecting("CLI-1.*", "anything", sometimes=True)), "--only", "CLI-1.*")
    assert (run.status, verdicts_of(run)) == (0, {"CLI-1.passes": "PASS"})


def test_a_target_that_does_not_start_is_an_error_for_each_check(conform, target, verdicts_of):
    run = conform("--target", target(command="/bin/false {options} --config {config} {app}"), "--only", "CLI-1.*", "--only", "CLI-6.*")
    assert (run.status, verdicts_of(run)) == (1, {"CLI-1.passes": "ERROR", "CLI-6.asks": "ERROR"})
    assert "was never reached" in run.stderr and run.report["targets"][0]["lost"]


def test_so_is_one_whose_program_is_not_there(conform, target, verdicts_of):
    run = conform("--target", target(command="/nonexistent/hypnotoad {options} --config {config} {app}"), "--only", "CLI-1.*")
    assert (run.status, verdicts_of(run)) == (1, {"CLI-1.passes": "ERROR"})


def test_checks_that_never_came_to_an_end_are_errors(conform, target, verdicts_of):
    """One takes pytest with it: those behind it have no result, and nobody takes that for success."""
    run = conform("--target", target(), "--only", "CLI-1.*", "--only", "CLI-5.*", "--only", "CLI-6.*")
    assert (run.status, verdicts_of(run)["CLI-5.vanishes"]) == (1, "ERROR"), run
    assert len(verdicts_of(run)) == 3, "a verdict for each check that was selected"


def test_what_the_target_lacks_is_said(conform, target, verdicts_of):
    run = conform("--target", target(notes={"trace": "It keeps no diary."}), "--only", "CLI-1.*", "--only", "CLI-3.*")
    assert (run.status, verdicts_of(run)["CLI-3.lacks"]) == (0, "UNSUPPORTED")
    assert "It keeps no diary." in str(run.report)


def test_a_target_that_cannot_be_asked_anything_is_red(conform, target, verdicts_of):
    run = conform("--target", target(), "--only", "CLI-3.*")
    assert (run.status, verdicts_of(run)) == (1, {"CLI-3.lacks": "UNSUPPORTED"})
    assert "nothing could be asked" in run.stderr


@pytest.mark.parametrize("arguments, told", [
    (("--only", "XYZ-*"), "no check fits 'XYZ-*'"), (("--only", "CLI-1.*", "--only", "HBT-*"), "no check fits 'HBT-*'"),
    (("--only", "CLI-7.*", "--tier", "default"), "nothing is selected"), (("--target", "/nonexistent.json"), "/nonexistent.json"),
    (("--repeat", "0"), "--repeat"), (("--tier", "slow"), "--tier"), (("--merge", "/nonexistent.json", "--only", "CLI-1.*"), "/nonexistent.json"),
])
def test_what_cannot_be_run_is_refused(conform, target, arguments, told):
    run = conform("--target", target(), *arguments)
    assert run.status == 2 and told in run.stderr and run.report is None, run


def test_the_worst_of_several_runs_counts(conform, target, verdicts_of):
    run = conform("--target", target(), "--only", "CLI-8.*", "--repeat", "3")
    assert (run.status, verdicts_of(run)) == (1, {"CLI-8.every-second-time": "FAIL"})
    assert sorted(one["verdict"] for one in run.report["targets"][0]["results"][0]["runs"]) == ["FAIL", "PASS", "PASS"]


def test_tiers_choose(conform, target):
    run = conform("--target", target(), "--only", "CLI-1.*", "--tier", "scaled", "--tier", "default")
    assert [result["tier"] for result in run.report["targets"][0]["results"]] == ["scaled", "default"]


def test_the_list_runs_nothing(conform, target):
    run = conform("--list", "--target", "/nonexistent.json")
    assert (run.status, run.report) == (0, None)
    assert "CLI-2.fails" in run.stdout and "CLI-5.vanishes" in run.stdout and run.stdout.endswith("9 checks\n")


def test_two_targets_stand_side_by_side(conform, target):
    run = conform("--target", target("one"), "--target", target("two"), "--only", "CLI-1.*")
    assert run.status == 0 and [one["name"] for one in run.report["targets"]] == ["one", "two"]


@pytest.mark.parametrize("members, told", [
    ({"command": 5}, "command: 5 is not of type 'string'"),
    ({"lacks": ["traec"]}, "'traec' is no capability"),
    ({"expected_failures": [{"check": "CLI-2.*", "observation": 5, "reason": "x"}]}, "number 1: observation: 5 is not"),
])
def test_nothing_runs_against_a_description_that_is_wrong(conform, target, members, told):
    path = target(**members)
    run = conform("--target", path, "--only", "CLI-1.*")
    assert run.status == 2 and run.report is None, run
    assert run.stderr.count("ci/conform: ") == 1 and f"{path}: " in run.stderr and told in run.stderr, run
