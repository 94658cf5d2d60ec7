#include "main/application.h"

#include "main/app_module.h"
#include "main/config_file.h"
#include "main/tls_endpoint.h"
#include "sys/file_name.h"
#include "sys/listener.h"
#include "sys/regular_file.h"
#include "sys/unix_listener.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* `name` in the directory of the application. */
static enum error path_beside(const struct application *application, const char *name,
                              char ret_path[CONFIG_PATH_MAX], struct problem *problem)
{
    int directory = (int)(strrchr(application->path, '/') - application->path);
    int length = snprintf(ret_path, CONFIG_PATH_MAX, "%.*s/%s", directory, application->path, name);
    if (length >= CONFIG_PATH_MAX)
        return problem_set(problem, ERROR_FULL, "the path of application \"%.100s...\" is too long",
                           application->path);
    return ERROR_NONE;
}

static void find_temporary_directory(struct application *application)
{
    static const char *const variables[] = {"MOJO_TMPDIR", "TMPDIR"};
    application->temporary_directory = "/tmp";
    for (size_t i = 2; i-- > 0;) {
        const char *value = getenv(variables[i]);
        if (value != NULL && value[0] != '\0')
            application->temporary_directory = value;
    }
}

/* True as Perl has it. */
static bool is_true(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && value[0] != '\0' && strcmp(value, "0") != 0;
}

/* The variables that Mojolicious has: one is a default, the other turns off (promise LSN-9). */
static void heed_environment(struct config *config)
{
    if (!config->is_given[SETTING_proxy])
        config->proxy = is_true("MOJO_REVERSE_PROXY");
    if (is_true("MOJO_NO_BONJOUR"))
        config->bonjour = false;
}

static enum error read_endpoints(struct application *application, struct problem *problem)
{
    for (size_t i = 0; i < application->config.listen_count; i++) {
        enum error error = endpoint_read(bytes_of(application->config.listen[i]), problem,
                                         &application->endpoints[i]);
        if (error != ERROR_NONE)
            return error;
    }
    return ERROR_NONE;
}

enum error application_configure(struct application *application, const struct options *options,
                                 struct problem *problem)
{
    if (realpath(options->application, application->path) == NULL)
        return problem_set(problem, ERROR_NOT_FOUND, "cannot find application \"%s\": %s",
                           options->application, strerror(errno));
    if (file_name_make_absolute(options->application, application->given_path, CONFIG_PATH_MAX) !=
        ERROR_NONE)
        return problem_set(problem, ERROR_SYSTEM, "cannot find application \"%s\": %s",
                           options->application, strerror(errno));
    bool is_named = options->config != NULL;
    enum error error = ERROR_NONE;
    if (!is_named)
        error = path_beside(application, "hypnotoad.conf", application->config_path, problem);
    else if (snprintf(application->config_path, CONFIG_PATH_MAX, "%s", options->config) >=
             CONFIG_PATH_MAX)
        error = problem_set(problem, ERROR_FULL,
                            "the name of configuration \"%.100s...\" is too "
                            "long",
                            options->config);
    if (error == ERROR_NONE)
        error = config_file_read(application->config_path, is_named, &application->config, problem);
    if (error == ERROR_NONE && application->config.pid_file[0] == '\0')
        error = path_beside(application, "hypnotoad.pid", application->config.pid_file, problem);
    heed_environment(&application->config);
    find_temporary_directory(application);
    return error == ERROR_NONE ? read_endpoints(application, problem) : error;
}

/* Also reads the certificates of one with TLS. */
static enum error check_endpoint(struct application *application, size_t index,
                                 struct problem *problem)
{
    const struct endpoint *endpoint = &application->endpoints[index];
    const char *value = application->config.listen[index];
    struct problem reason;
    enum error error = endpoint_is_tls(endpoint)
                           ? tls_endpoint_open(endpoint, &application->contexts[index], &reason)
                           : ERROR_NONE;
    if (error != ERROR_NONE)
        return problem_set(problem, error, "Invalid listen value \"%s\": %s", value, reason.text);
    /* Whether a path is to be had only a start can say, which may have inherited the socket. */
    if (endpoint_is_unix(endpoint))
        return ERROR_NONE;
    struct listener_address address = {
        .host = endpoint->host_kind == ENDPOINT_HOST_ANY ? "*" : endpoint->host,
        .port = (uint16_t)endpoint->port};
    if (listener_check(&address, &reason) != ERROR_NONE)
        return problem_set(problem, ERROR_INVALID, "Invalid listen value \"%s\": %s", value,
                           reason.text);
    return ERROR_NONE;
}

static enum error check_endpoints(struct application *application, struct problem *problem)
{
    enum error error = ERROR_NONE;
    for (size_t i = 0; i < application->config.listen_count && error == ERROR_NONE; i++)
        error = check_endpoint(application, i, problem);
    return error;
}

enum error application_check_paths(const struct application *application, struct problem *problem)
{
    struct problem reason;
    for (size_t i = 0; i < application->config.listen_count; i++) {
        const struct endpoint *endpoint = &application->endpoints[i];
        bool is_made = endpoint_is_unix(endpoint) && endpoint->fd < 0;
        enum error error = is_made ? unix_listener_check(endpoint->path, &reason) : ERROR_NONE;
        if (error != ERROR_NONE)
            return problem_set(problem, error, "Invalid listen value \"%s\": %s",
                               application->config.listen[i], reason.text);
    }
    return ERROR_NONE;
}

/* A log may also be a pipe or a device, but nothing that has no bytes or cannot be opened. */
static enum error check_log(const char *path, const char *what, struct problem *problem)
{
    struct stat status;
    bool is_special = stat(path, &status) == 0 && !S_ISREG(status.st_mode) &&
                      !S_ISDIR(status.st_mode) && !S_ISSOCK(status.st_mode) &&
                      access(path, W_OK) == 0;
    return is_special ? ERROR_NONE : regular_file_check(path, what, problem);
}

static enum error check_files(const struct application *application, struct problem *problem)
{
    const struct config *config = &application->config;
    enum error error = regular_file_check(config->pid_file, "PID file", problem);
    if (error == ERROR_NONE && config->lock_file[0] != '\0')
        error = regular_file_check(config->lock_file, "lock file", problem);
    if (error == ERROR_NONE && config->log_file[0] != '\0')
        error = check_log(config->log_file, "log file", problem);
    if (error == ERROR_NONE && config->access_log[0] != '\0')
        error = check_log(config->access_log, "access log", problem);
    return error;
}

static enum error ask_application(const struct application *application, struct problem *problem)
{
    char reason[PROBLEM_TEXT_MAX / 2] = "";
    if (application->app.check == NULL ||
        application->app.check(&application->facts, reason, sizeof reason) == 0)
        return ERROR_NONE;
    reason[sizeof reason - 1] = '\0';
    return problem_set(problem, ERROR_INVALID, "application \"%s\" refuses to start: %s",
                       application->path, reason[0] == '\0' ? "it does not say why" : reason);
}

enum error application_load(struct application *application, struct problem *problem)
{
    host_describe(&application->config.app, application->path, &application->facts);
    enum error error = privileges_resolve(&application->privileges, application->config.user,
                                          application->config.group, problem);
    if (error == ERROR_NONE)
        error = check_endpoints(application, problem);
    if (error == ERROR_NONE)
        error = check_files(application, problem);
    if (error == ERROR_NONE)
        error = app_module_load(application->path, &application->app, problem);
    return error == ERROR_NONE ? ask_application(application, problem) : error;
}
