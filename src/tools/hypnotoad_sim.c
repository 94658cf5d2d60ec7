/* hypnotoad-sim - the manager's policy without a server: what it would do, whether a server did it,
 * and a picture of what a server did (promises MGR-15, OBS-2). */
#include "tools/replay.h"
#include "tools/report.h"
#include "tools/timeline_run.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

static const char usage[] =
    "Usage: hypnotoad-sim [OPTIONS] [FILE...]\n"
    "Reads events of a manager as JSON Lines from FILE (or standard input) and prints the actions\n"
    "that its policy takes, in virtual time.\n"
    "\n"
    "  -c, --check            FILE is the trace of a server: say which promises it breaks, and "
    "where\n"
    "  -l, --timeline         FILE is the trace of a server, each one behind it that of the next\n"
    "                         generation: draw them as a picture (SVG)\n"
    "  -r, --replay           FILE is the trace of a server: compare its actions with the "
    "policy's\n"
    "  -q, --quiet, --no-log  leave out what the manager says in its log\n"
    "  -h, --help             print this help\n"
    "  -V, --version          print the version\n"
    "\n"
    "A server writes its trace with HYPNOTOAD_TRACE=FILE, later generations to FILE.2, FILE.3, "
    "...\n"
    "An event looks like this:\n"
    "  {\"t\":0,\"event\":\"start\",\"settings\":{\"workers\":2,\"heartbeat_interval\":0.5}}\n"
    "  {\"t\":0,\"event\":\"spawned\",\"pid\":101}\n"
    "  {\"t\":0.25,\"event\":\"heartbeat\",\"pid\":101}\n";

enum exit_code {
    EXIT_CODE_DONE = 0,
    EXIT_CODE_BAD_INPUT = 1,
    EXIT_CODE_BAD_USAGE = 2
};

/* The letter of the option that says what to do with the files. */
enum mode {
    MODE_SIMULATE = 0,
    MODE_REPLAY = 'r',
    MODE_CHECK = 'c',
    MODE_TIMELINE = 'l'
};

static int print(FILE *stream, const char *text, enum exit_code code)
{
    return fputs(text, stream) == EOF ? EXIT_CODE_BAD_INPUT : (int)code;
}

static int check_all(char **paths)
{
    int status = EXIT_CODE_DONE;
    for (; *paths != NULL; paths++)
        if (report_run(*paths) != 0)
            status = EXIT_CODE_BAD_INPUT;
    return status;
}

static int refuse(const char *program, const char *what, const char *which)
{
    (void)fprintf(stderr, "%s: %s'%s'\n%s", program, what, which, usage);
    return EXIT_CODE_BAD_USAGE;
}

static int run(enum mode mode, bool is_quiet, int count, char **paths)
{
    static char *standard_input[] = {"-", NULL};
    if (count == 0)
        paths = standard_input;
    if (mode == MODE_CHECK)
        return check_all(paths);
    if (mode == MODE_TIMELINE)
        return timeline_run(count == 0 ? 1 : count, paths);
    return replay_run(paths[0], mode == MODE_REPLAY, is_quiet);
}

int main(int count, char **arguments)
{
    static const struct option options[] = {
        {"check", no_argument, NULL, 'c'},   {"timeline", no_argument, NULL, 'l'},
        {"quiet", no_argument, NULL, 'q'},   {"no-log", no_argument, NULL, 'q'},
        {"replay", no_argument, NULL, 'r'},  {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'}, {NULL, 0, NULL, 0}};
    enum mode mode = MODE_SIMULATE;
    bool is_quiet = false;
    for (int letter = 0; (letter = getopt_long(count, arguments, "clqrhV", options, NULL)) != -1;) {
        if (letter == 'h')
            return print(stdout, usage, EXIT_CODE_DONE);
        if (letter == 'V')
            return print(stdout, "hypnotoad-sim " TOAD_VERSION "\n", EXIT_CODE_DONE);
        if (letter == '?') /* getopt_long() has named it */
            return print(stderr, usage, EXIT_CODE_BAD_USAGE);
        is_quiet = is_quiet || letter == 'q';
        if (letter != 'q' && mode != MODE_SIMULATE && mode != (enum mode)letter)
            return refuse(arguments[0], "--check, --replay and --timeline exclude each other: ",
                          (char[]){'-', (char)letter, '\0'});
        if (letter != 'q')
            mode = (enum mode)letter;
    }
    bool takes_several = mode == MODE_CHECK || mode == MODE_TIMELINE;
    if (count - optind > 1 && !takes_several)
        return refuse(arguments[0], "one FILE at most, but there is ", arguments[optind + 1]);
    return run(mode, is_quiet, count - optind, arguments + optind);
}
