/* hypnotoad - the command. */
#include "main/application.h"
#include "main/control.h"
#include "main/launch.h"
#include "main/options.h"
#include "main/server.h"
#include "main/usage.h"
#include "sys/process.h"
#include "sys/signals.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STATUS_FAILED = 1,
    STATUS_USAGE = 2,
};

static int fail(const struct problem *problem, int status)
{
    (void)fprintf(stderr, "hypnotoad: %s\n", problem->text);
    return status;
}

static int start(struct application *application, const struct options *options)
{
    struct problem problem;
    struct launch launch = {.ready_fd = -1};
    bool is_launcher = false;
    int status = STATUS_FAILED;
    if (!options->wants_foreground && !options->is_debugging) {
        if (launch_begin(&launch, &is_launcher, &status, &problem) != ERROR_NONE)
            return fail(&problem, STATUS_FAILED);
        if (is_launcher)
            return status;
    }
    if (application_load(application, &problem) != ERROR_NONE)
        return fail(&problem, STATUS_FAILED);
    return server_run(application, &launch, options->is_debugging);
}

static int test(struct application *application)
{
    struct problem problem;
    if (application_load(application, &problem) != ERROR_NONE)
        return fail(&problem, STATUS_FAILED);
    (void)puts("Everything looks good!");
    return fflush(stdout) == 0 ? 0 : STATUS_FAILED;
}

/* Promise CFG-10 */
static int set_mode(void)
{
    const char *mode = getenv("MOJO_MODE");
    return mode != NULL && mode[0] != '\0' ? 0 : setenv("MOJO_MODE", "production", 1);
}

static int run(const struct options *options)
{
    static struct application application;
    struct problem problem;
    if (set_mode() != 0) {
        (void)problem_set(&problem, ERROR_SYSTEM, "cannot set MOJO_MODE: %s", strerror(errno));
        return fail(&problem, STATUS_FAILED);
    }
    if (application_configure(&application, options, &problem) != ERROR_NONE)
        return fail(&problem, STATUS_FAILED);
    if (options->is_debugging)
        (void)fprintf(stderr, "APPLICATION %s\nCONFIG %s\n", application.path,
                      application.config_path);
    if (options->wants_stop)
        return control_stop(application.config.pid_file);
    if (options->wants_test)
        return test(&application);
    return start(&application, options);
}

int main(int argument_count, char **arguments)
{
    struct options options;
    struct problem problem;
    if (process_open_streams() != ERROR_NONE) {
        (void)problem_set(&problem, ERROR_SYSTEM, "cannot open /dev/null: %s", strerror(errno));
        return fail(&problem, STATUS_FAILED);
    }
    signals_set_defaults();
    signals_unblock();
    if (options_read(&options, argument_count, arguments, &problem) != ERROR_NONE) {
        (void)fail(&problem, STATUS_USAGE);
        usage_print_short(stderr);
        return STATUS_USAGE;
    }
    if (options.wants_help)
        usage_print(stdout);
    else if (options.wants_version)
        (void)printf("hypnotoad %s\n", TOAD_VERSION);
    else
        return run(&options);
    return fflush(stdout) == 0 ? 0 : STATUS_FAILED;
}
