"""sanitizer - the reports of sanitizer builds, which go to files because a daemon has no terminal."""

REPORTS = ("AddressSanitizer", "LeakSanitizer", "UndefinedBehaviorSanitizer", "runtime error:")


def sanitizer_environment(directory, leaks=True):
    """Crashes stay crashes, so that a worker that the test kills dies of the same signal in every build."""
    options = f"log_path={directory}/sanitizer:handle_segv=0:handle_abort=0:detect_leaks={int(leaks)}"
    return {"ASAN_OPTIONS": options, "UBSAN_OPTIONS": f"log_path={directory}/sanitizer:print_stacktrace=1"}


def sanitizer_reports(directory, stderr):
    for path in sorted(directory.glob("sanitizer.*")):
        yield f"{path.name}: {path.read_text(errors='replace')}"
    if any(word in stderr for word in REPORTS):
        yield stderr
