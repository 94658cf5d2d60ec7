#include "main/server.h"

#include "config/setting.h"
#include "manager/manager_loop.h"
#include "sys/accept_lock.h"
#include "sys/clock.h"
#include "sys/listener.h"
#include "sys/log.h"
#include "sys/log_file.h"
#include "sys/pid_file.h"
#include "sys/process.h"
#include "worker/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINGER_TIMEOUT_US (2 * SECOND_US)

struct server {
    struct application *application; /* borrowed */
    struct launch *launch;           /* borrowed */
    struct worker_settings worker;
    uint16_t ports[LISTEN_MAX]; /* of each endpoint, as the kernel gave them */
};

static enum error open_endpoint(struct server *server, size_t index, struct problem *problem)
{
    const struct endpoint *endpoint = &server->application->endpoints[index];
    const struct config *config = &server->application->config;
    struct worker_settings *worker = &server->worker;
    struct listener_address address = {
        .host = endpoint->host_kind == ENDPOINT_HOST_ANY ? "*" : endpoint->host,
        .port = (uint16_t)endpoint->port,
        .backlog = config->is_given[SETTING_backlog] ? (int)config->backlog : -1,
        .is_shared = endpoint->may_share_port,
    };
    struct problem reason;
    size_t count = 0;
    enum error error = listener_open(&address, LISTENERS_MAX - worker->listener_count,
                                     worker->listeners + worker->listener_count, &count,
                                     &server->ports[index], &reason);
    if (error != ERROR_NONE)
        return problem_set(problem, error, "Invalid listen value \"%s\": %s",
                           server->application->config.listen[index], reason.text);
    worker->listener_count += count;
    return ERROR_NONE;
}

static enum error open_endpoints(struct server *server, struct problem *problem)
{
    enum error error = ERROR_NONE;
    for (size_t i = 0; i < server->application->config.listen_count && error == ERROR_NONE; i++)
        error = open_endpoint(server, i, problem);
    return error;
}

static void fill_worker_settings(struct server *server)
{
    const struct config *config = &server->application->config;
    struct worker_settings *worker = &server->worker;
    worker->limits = (struct admission_limits){.accepts = (uint64_t)config->accepts,
                                               .clients = (uint32_t)config->clients};
    worker->session = (struct http_session_settings){
        .keep_alive_timeout_us = config->keep_alive_timeout_us,
        .header_timeout_us = config->header_timeout_us,
        .inactivity_timeout_us = config->inactivity_timeout_us,
        .linger_timeout_us = LINGER_TIMEOUT_US,
        .keep_alive_requests = (uint64_t)config->keep_alive_requests,
    };
    worker->heartbeat_interval_us = config->heartbeat_interval_us;
    worker->graceful_timeout_us = config->graceful_timeout_us;
    worker->message_max_bytes = (uint64_t)config->message_max_bytes;
    worker->privileges = server->application->privileges;
    worker->access_log_path = config->access_log[0] == '\0' ? NULL : config->access_log;
    worker->access_log_is_json = config->access_log_json;
    worker->app = &server->application->app;
    worker->started_us = clock_monotonic_us();
    worker->generation = 1;
    worker->is_detached = server->launch->is_detached;
}

static int run_worker(void *context, int heartbeat_fd, int life_fd)
{
    struct server *server = context;
    launch_abandon(server->launch);
    return worker_run(&server->worker, heartbeat_fd, life_fd);
}

static void announce(void *context)
{
    struct server *server = context;
    for (size_t i = 0; i < server->application->config.listen_count; i++) {
        char name[ENDPOINT_NAME_MAX];
        endpoint_name(&server->application->endpoints[i], server->ports[i], name);
        (void)printf("Server available at %s.\n", name);
        log_write(LOG_LEVEL_INFO, "Listening at %s", name);
    }
    (void)fflush(stdout);
    launch_end(server->launch);
}

/* Workers that have become another user open the logs anew by themselves. */
static void offer_logs(const struct application *application)
{
    const struct config *config = &application->config;
    if (!application->privileges.has_user)
        return;
    if (config->log_file[0] != '\0')
        log_file_offer(config->log_file, application->privileges.user);
    if (config->access_log[0] != '\0')
        log_file_offer(config->access_log, application->privileges.user);
}

static void reopen_logs(void *context)
{
    const struct server *server = context;
    offer_logs(server->application);
    if (log_reopen() != ERROR_NONE)
        log_write(LOG_LEVEL_ERROR, "The log could not be opened anew: %s", strerror(errno));
    else
        launch_follow_log(server->launch);
}

/* Settings that are understood and have no effect yet are named, so that nobody relies on them. */
static void warn_of_settings(const struct config *config)
{
    static const enum setting_id without_effect[] = {
        SETTING_bonjour,           SETTING_proxy, SETTING_trusted_proxies, SETTING_upgrade_timeout,
        SETTING_websocket_timeout,
    };
    for (size_t i = 0; i < sizeof without_effect / sizeof without_effect[0]; i++)
        if (config->is_given[without_effect[i]])
            log_write(LOG_LEVEL_WARN, "The setting %s has no effect in this version",
                      setting_get(without_effect[i])->name);
}

static enum error prepare(struct server *server, struct problem *problem)
{
    struct application *application = server->application;
    const struct config *config = &application->config;
    int32_t owner = 0;
    if (pid_file_owner(config->pid_file, &owner) == ERROR_NONE)
        return problem_set(problem, ERROR_BUSY,
                           "PID file \"%s\" belongs to server %d, which is running; end it with "
                           "--stop first",
                           config->pid_file, (int)owner);
    offer_logs(application);
    if (config->log_file[0] != '\0' && log_open(config->log_file) != ERROR_NONE)
        return problem_set(problem, ERROR_SYSTEM, "cannot open log file \"%s\": %s",
                           config->log_file, strerror(errno));
    /* A terminal that is only borrowed until the server is ready is for what its user must know. */
    if (server->launch->is_detached && !log_has_file())
        log_set_least(LOG_LEVEL_WARN);
    warn_of_settings(config);
    process_raise_descriptors();
    enum error error = open_endpoints(server, problem);
    if (error == ERROR_NONE)
        error = accept_lock_open(config->lock_file, application->temporary_directory,
                                 &server->worker.lock_fd, problem);
    if (error != ERROR_NONE)
        return error;
    fill_worker_settings(server);
    int outcome =
        application->app.init == NULL ? 0 : application->app.init(NULL, &server->worker.app_data);
    return outcome == 0
               ? ERROR_NONE
               : problem_set(problem, ERROR_INVALID, "application \"%s\" failed to initialize (%d)",
                             application->path, outcome);
}

static struct manager_settings manager_settings(const struct config *config)
{
    return (struct manager_settings){
        .workers = (uint32_t)config->workers,
        .spare = (uint32_t)config->spare,
        .heartbeat_interval_us = config->heartbeat_interval_us,
        .heartbeat_timeout_us = config->heartbeat_timeout_us,
        .graceful_timeout_us = config->graceful_timeout_us,
        .upgrade_timeout_us = config->upgrade_timeout_us,
    };
}

int server_run(struct application *application, struct launch *launch, bool is_debugging)
{
    static struct server server;
    struct problem problem;
    server = (struct server){.application = application, .launch = launch};
    server.worker.lock_fd = -1;
    int status = 1;
    enum error error = prepare(&server, &problem);
    if (error == ERROR_NONE) {
        struct manager_job job = {
            .settings = manager_settings(&application->config),
            .pid_path = application->config.pid_file,
            .trace_path = getenv("HYPNOTOAD_TRACE"),
            .is_debugging = is_debugging,
            .context = &server,
            .run_worker = run_worker,
            .announce = announce,
            .reopen_logs = reopen_logs,
        };
        error = manager_run(&job, &status, &problem);
        if (application->app.fini != NULL)
            application->app.fini(server.worker.app_data);
    }
    if (error != ERROR_NONE)
        (void)fprintf(stderr, "hypnotoad: %s\n", problem.text);
    for (size_t i = 0; i < server.worker.listener_count; i++)
        (void)close(server.worker.listeners[i]);
    process_close(&server.worker.lock_fd);
    return status;
}
