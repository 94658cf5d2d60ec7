#include "main/server.h"

#include "config/setting.h"
#include "herald/herald.h"
#include "main/listening.h"
#include "main/publication.h"
#include "main/tls_endpoint.h"
#include "manager/manager_loop.h"
#include "sys/accept_lock.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/log_file.h"
#include "sys/notify.h"
#include "sys/pid_file.h"
#include "sys/process.h"
#include "worker/worker.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINGER_TIMEOUT_US (2 * SECOND_US)
/* How long a WebSocket that has sent its close waits for its client's. */
#define CLOSE_TIMEOUT_US (5 * SECOND_US)

struct server {
    int32_t pid; /* of the manager */
    const struct server_plan *plan;
    struct application *application; /* of the plan */
    struct worker_settings worker;
    struct toad_host host;
    struct listening listening;
    struct tls_tickets *tickets;     /* NULL without TLS */
    struct herald_services services; /* none: nothing is published */
};

/* What nobody needs is closed, and named to who has configured it. */
static void disown(struct inheritance *inheritance)
{
    struct listener_heritage *sockets = &inheritance->sockets;
    for (size_t i = 0; i < sockets->count && !inheritance->is_successor; i++)
        if (sockets->fds[i] >= 0)
            log_write(
                LOG_LEVEL_WARN, "Descriptor %d of the service manager (%s) matches no listen value",
                sockets->fds[i], sockets->names[i] == NULL ? "without a name" : sockets->names[i]);
    listener_disown(sockets);
}

static void fill_listeners(struct worker_settings *worker, const struct listening *listening)
{
    worker->listener_count = listening->count;
    for (size_t i = 0; i < listening->count; i++)
        worker->listeners[i] = (struct worker_listener){
            .fd = listening->fds[i],
            .accepts_one = listening->application->endpoints[listening->endpoints[i]].accepts_one,
            .context = listening->application->contexts[listening->endpoints[i]]};
}

static void fill_trust(struct http_trust *trust, const struct config *config)
{
    trust->is_on = config->proxy;
    trust->network_count = config->trusted_proxies_count;
    for (size_t i = 0; i < trust->network_count; i++) {
        bool is_network =
            ip_network_read(bytes_of(config->trusted_proxies[i]), &trust->networks[i]);
        assert(is_network);
    }
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
    worker->websocket = (struct ws_life_settings){
        .websocket_timeout_us = config->websocket_timeout_us,
        .close_timeout_us = CLOSE_TIMEOUT_US,
        .linger_timeout_us = LINGER_TIMEOUT_US,
    };
    worker->websocket_extension = (struct ws_extension_settings){
        .may_compress = config->websocket_compression,
        .server_window_bits_most = WS_WINDOW_BITS_MOST,
        .client_window_bits_most = WS_WINDOW_BITS_MOST,
    };
    worker->websocket_max_bytes = (uint64_t)config->websocket_max_bytes;
    worker->heartbeat_interval_us = config->heartbeat_interval_us;
    worker->graceful_timeout_us = config->graceful_timeout_us;
    worker->message_max_bytes = (uint64_t)config->message_max_bytes;
    fill_trust(&worker->trust, config);
    fill_listeners(worker, &server->listening);
    worker->privileges = server->application->privileges;
    worker->access_log_path = config->access_log[0] == '\0' ? NULL : config->access_log;
    worker->access_log_is_json = config->access_log_json;
    worker->app = &server->application->app;
    worker->started_us = clock_monotonic_us();
    const struct inheritance *inheritance = server->plan->inheritance;
    worker->generation = inheritance->is_successor ? inheritance->handover.generation : 1;
    worker->is_detached = server->plan->launch->is_detached;
}

static int run_worker(void *context, int heartbeat_fd, int life_fd, int gate_fd)
{
    struct server *server = context;
    launch_abandon(server->plan->launch);
    tls_tickets_close_fd(server->tickets);
    return worker_run(&server->worker, heartbeat_fd, life_fd, gate_fd);
}

static int run_herald(void *context, bool is_quiet)
{
    const struct server *server = context;
    const struct herald_plan plan = {
        .services = &server->services,
        .privileges = &server->application->privileges,
        .manager = server->pid,
        .is_asked_for = server->application->config.is_given[SETTING_bonjour],
        .is_quiet = is_quiet,
    };
    return herald_run(&plan);
}

static int become_successor(void *context, int channel, int errors)
{
    static struct handover handover;
    const struct server *server = context;
    const struct worker_settings *worker = &server->worker;
    handover =
        (struct handover){.channel = channel,
                          .errors = fcntl(STDERR_FILENO, F_DUPFD, STDERR_FILENO + 1),
                          .manager = server->pid, /* which may be gone by now */
                          .generation = worker->generation + 1,
                          .is_detached = worker->is_detached,
                          .pid_path = server->application->config.pid_file,
                          .tickets = server->tickets == NULL ? 0 : tls_tickets_fd(server->tickets)};
    listening_hand_over(&server->listening, &handover);
    if (dup2(errors, STDERR_FILENO) >= 0)
        inheritance_pass_on(server->plan->executable, server->plan->arguments, &handover);
    return 1;
}

static void announce(void *context)
{
    struct server *server = context;
    listening_settle(&server->listening);
    for (size_t i = 0; i < server->application->config.listen_count; i++) {
        char name[ENDPOINT_NAME_MAX];
        endpoint_name(&server->application->endpoints[i], server->listening.ports[i], name);
        (void)printf("Server available at %s.\n", name);
        log_write(LOG_LEVEL_INFO, "Listening at %s", name);
    }
    (void)fflush(stdout);
    launch_end(server->plan->launch);
    notify_ready();
}

static void retire(void *context)
{
    (void)context;
    notify_stopping();
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
        launch_follow_log(server->plan->launch);
}

/* Settings that have no effect are named, so that nobody relies on them. */
static void warn_of_settings(const struct config *config)
{
    if (config->is_given[SETTING_bonjour] && config->bonjour && !herald_is_built())
        log_write(LOG_LEVEL_WARN,
                  "The setting bonjour has no effect: this server was built without "
                  "Avahi (libavahi-client-dev)");
    if (config->is_given[SETTING_trusted_proxies] && !config->proxy)
        log_write(LOG_LEVEL_WARN, "The setting trusted_proxies has no effect without proxy => 1");
}

/* What this generation has to say until it serves goes to who has asked for it; its log does not.
 */
static enum error part_streams(const struct inheritance *inheritance, struct problem *problem)
{
    if (!inheritance->is_successor)
        return ERROR_NONE;
    int tee = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (tee < 0 || fcntl(tee, F_SETFL, O_NONBLOCK) != 0 ||
        dup2(inheritance->handover.errors, STDERR_FILENO) < 0 ||
        close(inheritance->handover.errors) != 0)
        return problem_set(problem, ERROR_SYSTEM, "standard error cannot be handed over: %s",
                           strerror(errno));
    log_tee(tee);
    return ERROR_NONE;
}

static enum error refuse_second(const struct server *server, struct problem *problem)
{
    const struct inheritance *inheritance = server->plan->inheritance;
    const struct config *config = &server->application->config;
    int32_t owner = 0;
    if (pid_file_owner(config->pid_file, &owner) == ERROR_NONE &&
        !(inheritance->is_successor && owner == inheritance->handover.manager))
        return problem_set(problem, ERROR_BUSY,
                           "PID file \"%s\" belongs to server %d, which is running; end it with "
                           "--stop first",
                           config->pid_file, (int)owner);
    return ERROR_NONE;
}

static enum error initialize(struct server *server, struct problem *problem)
{
    const struct application *application = server->application;
    server->host.generation = server->worker.generation;
    int outcome =
        application->app.init == NULL
            ? 0
            : application->app.init(&server->host, &application->facts, &server->worker.app_data);
    return outcome == 0
               ? ERROR_NONE
               : problem_set(problem, ERROR_INVALID, "application \"%s\" failed to initialize (%d)",
                             application->path, outcome);
}

static enum error prepare(struct server *server, struct problem *problem)
{
    struct application *application = server->application;
    const struct config *config = &application->config;
    enum error error = refuse_second(server, problem);
    if (error != ERROR_NONE)
        return error;
    offer_logs(application);
    if (config->log_file[0] != '\0' && log_open(config->log_file) != ERROR_NONE)
        return problem_set(problem, ERROR_SYSTEM, "cannot open log file \"%s\": %s",
                           config->log_file, strerror(errno));
    /* A terminal that is only borrowed until the server is ready is for what its user must know. */
    if (server->plan->launch->is_detached && !log_has_file())
        log_set_least(LOG_LEVEL_WARN);
    warn_of_settings(config);
    process_raise_descriptors();
    error = listening_open(&server->listening, application, server->plan->inheritance, problem);
    if (error == ERROR_NONE)
        error = accept_lock_open(config->lock_file, application->temporary_directory,
                                 &server->worker.lock_fd, problem);
    if (error == ERROR_NONE)
        error = tls_endpoint_share_tickets(application, server->plan->inheritance->handover.tickets,
                                           &server->tickets, problem);
    if (error != ERROR_NONE)
        return error;
    if (config->bonjour && herald_is_built())
        publication_fill(&server->listening, &server->services);
    tls_endpoint_warn(application, server->listening.ports);
    disown(server->plan->inheritance);
    fill_worker_settings(server);
    return initialize(server, problem);
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

/* A generation after the first one records beside the first one's trace. */
static const char *trace_path(const struct server *server)
{
    static char path[CONFIG_PATH_MAX];
    const char *given = getenv("HYPNOTOAD_TRACE");
    if (given == NULL || !server->plan->inheritance->is_successor)
        return given;
    (void)snprintf(path, sizeof path, "%s.%u", given, server->worker.generation);
    return path;
}

static enum error run(struct server *server, int *ret_status, struct problem *problem)
{
    struct application *application = server->application;
    const struct inheritance *inheritance = server->plan->inheritance;
    struct manager_job job = {
        .settings = manager_settings(&application->config),
        .pid_path = application->config.pid_file,
        .trace_path = trace_path(server),
        .is_debugging = server->plan->is_debugging,
        .applications = {application->given_path, application->path},
        .predecessor = inheritance->is_successor ? inheritance->handover.manager : 0,
        .predecessor_channel = inheritance->is_successor ? inheritance->handover.channel : -1,
        .context = server,
        .run_worker = run_worker,
        .run_herald = server->services.count == 0 ? NULL : run_herald,
        .become_successor = become_successor,
        .announce = announce,
        .retire = retire,
        .reopen_logs = reopen_logs,
    };
    enum error error = part_streams(inheritance, problem);
    if (error == ERROR_NONE)
        error = manager_run(&job, ret_status, problem);
    if (application->app.fini != NULL)
        application->app.fini(server->worker.app_data);
    return error;
}

int server_run(const struct server_plan *plan)
{
    static struct server server;
    struct problem problem;
    server =
        (struct server){.pid = (int32_t)getpid(), .plan = plan, .application = plan->application};
    server.worker.lock_fd = -1;
    int status = 1;
    enum error error = prepare(&server, &problem);
    if (error == ERROR_NONE)
        error = run(&server, &status, &problem);
    if (error != ERROR_NONE && plan->inheritance->is_successor)
        log_write(LOG_LEVEL_ERROR, "%s", problem.text);
    else if (error != ERROR_NONE)
        (void)fprintf(stderr, "hypnotoad: %s\n", problem.text);
    listening_close(&server.listening);
    process_close(&server.worker.lock_fd);
    tls_tickets_close_fd(server.tickets);
    return status;
}
