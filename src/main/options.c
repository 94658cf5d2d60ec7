#include "main/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"foreground", no_argument, NULL, 'f'},
    {"help", no_argument, NULL, 'h'},
    {"stop", no_argument, NULL, 's'},
    {"test", no_argument, NULL, 't'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

/* As in Perl: set, and neither empty nor 0. */
static bool is_set(const char *name)
{
    const char *value = environment(name);
    return value != NULL && strcmp(value, "0") != 0;
}

static void read_environment(struct options *options)
{
    *options = (struct options){
        .application = environment("HYPNOTOAD_APP"),
        .config = environment("HYPNOTOAD_CONFIG"),
        .wants_foreground = is_set("HYPNOTOAD_FOREGROUND"),
        .wants_test = is_set("HYPNOTOAD_TEST"),
        .is_debugging = is_set("HYPNOTOAD_DEBUG"),
    };
}

static enum error refuse(char *const *arguments, int missing, struct problem *problem)
{
    const char *argument = arguments[optind - 1];
    if (missing == ':')
        return problem_set(problem, ERROR_INVALID, "option \"%s\" needs the name of a file",
                           argument);
    if (optopt != 0 && strncmp(argument, "--", 2) != 0)
        return problem_set(problem, ERROR_INVALID, "unknown option \"-%c\"", optopt);
    return problem_set(problem, ERROR_INVALID, "unknown or ambiguous option \"%s\"", argument);
}

static enum error read_option(struct options *options, int letter, char *const *arguments,
                              struct problem *problem)
{
    switch (letter) {
    case 'c':
        options->config = optarg;
        return ERROR_NONE;
    case 'f':
        options->wants_foreground = true;
        return ERROR_NONE;
    case 'h':
        options->wants_help = true;
        return ERROR_NONE;
    case 's':
        options->wants_stop = true;
        return ERROR_NONE;
    case 't':
        options->wants_test = true;
        return ERROR_NONE;
    case 'V':
        options->wants_version = true;
        return ERROR_NONE;
    default:
        return refuse(arguments, letter, problem);
    }
}

enum error options_read(struct options *options, int count, char *const *arguments,
                        struct problem *problem)
{
    read_environment(options);
    opterr = 0;
    optind = 0; /* which also forgets where an earlier reading ended */
    int letter = 0;
    while ((letter = getopt_long(count, arguments, ":c:fhstV", long_options, NULL)) != -1) {
        enum error error = read_option(options, letter, arguments, problem);
        if (error != ERROR_NONE)
            return error;
    }
    if (options->wants_help || options->wants_version)
        return ERROR_NONE;
    if (optind < count)
        options->application = arguments[optind++];
    if (optind < count)
        return problem_set(problem, ERROR_INVALID, "extra argument \"%s\"", arguments[optind]);
    if (options->application == NULL || options->application[0] == '\0')
        return problem_set(problem, ERROR_INVALID,
                           "no application: name a shared object, such as ./myapp.so");
    return ERROR_NONE;
}
