/* hypnotoad - the command. */
#include "main/application.h"
#include "main/control.h"
#include "main/guardian.h"
#include "main/launch.h"
#include "main/options.h"
#include "main/server.h"
#include "main/usage.h"
#include "sys/file_name.h"
#include "sys/pid_file.h"
#include "sys/process.h"
#include "sys/signals.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STATUS_FAILED = 1,
    STATUS_USAGE = 2,
    FIRST_PROCESS = 1, /* of a container */
};

static int fail(const struct problem *problem, int status)
{
    (void)fprintf(stderr, "hypnotoad: %s\n", problem->text);
    return status;
}

/* The next generation does not go to the background again (promise UPG-7). */
static bool stays(const struct server_plan *plan, const struct options *options)
{
    return options->wants_foreground || plan->is_debugging || plan->inheritance->is_successor;
}

static int start(struct server_plan *plan, const struct options *options)
{
    struct problem problem;
    const struct inheritance *inheritance = plan->inheritance;
    static struct launch launch;
    launch = (struct launch){.ready_fd = -1,
                             .is_detached =
                                 inheritance->is_successor && inheritance->handover.is_detached};
    bool is_guardian = false;
    bool is_launcher = false;
    int status = STATUS_FAILED;
    plan->launch = &launch;
    if (getpid() == FIRST_PROCESS) {
        const char *pid_file = plan->application->config.pid_file;
        if (guardian_begin(pid_file, &is_guardian, &status, &problem) != ERROR_NONE)
            return fail(&problem, STATUS_FAILED);
        if (is_guardian)
            return status;
    }
    if (!stays(plan, options)) {
        if (launch_begin(&launch, &is_launcher, &status, &problem) != ERROR_NONE)
            return fail(&problem, STATUS_FAILED);
        if (is_launcher)
            return status;
    }
    if (application_load(plan->application, &problem) != ERROR_NONE)
        return fail(&problem, STATUS_FAILED);
    return server_run(plan);
}

static int test(struct application *application)
{
    struct problem problem;
    if (application_load(application, &problem) != ERROR_NONE ||
        application_check_paths(application, &problem) != ERROR_NONE)
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

/* Promise CFG-9: whatever else a new generation changes, it is found where the old one was. */
static void keep_pid_file(struct application *application, const struct inheritance *inheritance)
{
    char *path = application->config.pid_file;
    const char *kept = inheritance->handover.pid_path;
    if (!inheritance->is_successor || strcmp(path, kept) == 0)
        return;
    (void)fprintf(stderr, "hypnotoad: pid_file stays \"%s\" in a hot deployment\n", kept);
    (void)snprintf(path, CONFIG_PATH_MAX, "%s", kept);
}

static int run(const struct options *options, struct server_plan *plan)
{
    static struct application application;
    struct problem problem;
    int32_t server = 0;
    plan->application = &application;
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
    keep_pid_file(&application, plan->inheritance);
    if (!plan->inheritance->is_successor &&
        pid_file_owner(application.config.pid_file, &server) == ERROR_NONE)
        return control_deploy(application.config.pid_file, server,
                              (const char *const[]){application.given_path, application.path});
    return start(plan, options);
}

int main(int argument_count, char **arguments)
{
    static struct inheritance inheritance;
    static char executable[CONFIG_PATH_MAX];
    struct options options;
    struct problem problem;
    if (process_open_streams() != ERROR_NONE) {
        (void)problem_set(&problem, ERROR_SYSTEM, "cannot open /dev/null: %s", strerror(errno));
        return fail(&problem, STATUS_FAILED);
    }
    signals_set_defaults();
    signals_unblock();
    if (inheritance_take(&inheritance, &problem) != ERROR_NONE)
        return fail(&problem, STATUS_FAILED);
    /* A name that leads nowhere is reported when the next generation is to be made of it. */
    if (argument_count == 0 ||
        file_name_find_command(arguments[0], executable, sizeof executable) != ERROR_NONE)
        (void)snprintf(executable, sizeof executable, "%s", "/proc/self/exe");
    struct server_plan plan = {
        .inheritance = &inheritance, .executable = executable, .arguments = arguments};
    if (options_read(&options, argument_count, arguments, &problem) != ERROR_NONE) {
        (void)fail(&problem, STATUS_USAGE);
        usage_print_short(stderr);
        return STATUS_USAGE;
    }
    plan.is_debugging = options.is_debugging;
    if (options.wants_help)
        usage_print(stdout);
    else if (options.wants_version)
        (void)printf("hypnotoad %s\n", TOAD_VERSION);
    else
        return run(&options, &plan);
    return fflush(stdout) == 0 ? 0 : STATUS_FAILED;
}
