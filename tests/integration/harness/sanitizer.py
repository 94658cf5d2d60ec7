"""sanitizer - the reports of sanitizer builds, which go to files because a daemon has no terminal."""
import pathlib

REPORTS = ("AddressSanitizer", "LeakSanitizer", "UndefinedBehaviorSanitizer", "runtime error:")


def sanitizer_environment(directory, leaks=True, quarantine_mb=256):
    """Crashes stay crashes, so that a worker that the test kills dies of the same signal in every build. What was freed is
    kept for a while in the quarantine, which is to be small where a process's memory is measured."""
    options = (f"log_path={directory}/sanitizer:handle_segv=0:handle_abort=0:detect_leaks={int(leaks)}"
               f":quarantine_size_mb={quarantine_mb}")
    return {"ASAN_OPTIONS": options, "UBSAN_OPTIONS": f"log_path={directory}/sanitizer:print_stacktrace=1"}


def sanitizer_reports(directory, stderr):
    for path in sorted(directory.glob("sanitizer.*")):
        yield f"{path.name}: {path.read_text(errors='replace')}"
    if any(word in stderr for word in REPORTS):
        yield stderr


def is_sanitized(program):
    """The sanitizers' names are in the table of symbols of a program that uses them."""
    return b"__asan_init" in pathlib.Path(program).read_bytes()
