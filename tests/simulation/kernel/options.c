#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "Usage: manager_simulation [OPTIONS]\n"
    "  --seed N       of all that is left to chance (1)\n"
    "  --events N     end after the scenario in which so many have happened (1000000)\n"
    "  --only N       run this scenario alone\n"
    "  --verbose      print all that happens\n"
    "  --trace FILE   write the trace of the manager, of the last scenario\n"
    "  --expect NAME  succeed only if this invariant is violated\n"
    "  --help         print this\n";

static bool parse_number(const char *text, uint64_t *ret_number)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno != 0 || *text < '0' || *text > '9' || *end != '\0')
        return false;
    *ret_number = number;
    return true;
}

static enum options_verdict refuse(void)
{
    (void)fprintf(stderr, "%s", usage);
    return OPTIONS_REFUSED;
}

static bool take(int option, struct options *options)
{
    switch (option) {
    case 's':
        return parse_number(optarg, &options->seed);
    case 'n':
        return parse_number(optarg, &options->events);
    case 'o':
        return parse_number(optarg, &options->only);
    case 'v':
        options->is_verbose = true;
        return true;
    case 't':
        options->trace_path = optarg;
        return true;
    case 'e':
        options->expected = optarg;
        return true;
    default:
        return false;
    }
}

enum options_verdict options_read(int count, char **words, struct options *ret_options)
{
    static const struct option names[] = {
        {"seed", required_argument, NULL, 's'},  {"events", required_argument, NULL, 'n'},
        {"only", required_argument, NULL, 'o'},  {"verbose", no_argument, NULL, 'v'},
        {"trace", required_argument, NULL, 't'}, {"expect", required_argument, NULL, 'e'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0}};
    struct options options = {.seed = 1, .events = 1000000, .only = EVERY_SCENARIO};
    for (int option = 0; (option = getopt_long(count, words, "", names, NULL)) != -1;) {
        if (option == 'h') {
            (void)printf("%s", usage);
            return OPTIONS_HELP;
        }
        if (!take(option, &options))
            return refuse();
    }
    if (optind < count)
        return refuse();
    *ret_options = options;
    return OPTIONS_FINE;
}
