#include "main/listening.h"

#include "sys/unix_listener.h"

#include <string.h>
#include <unistd.h>

/* An endpoint on its way to its sockets. */
struct opening {
    struct listening *listening;
    struct inheritance *inheritance;
    size_t index;
    const struct endpoint *endpoint;
    struct listener_queue queue;
};

static struct listener_queue queue_of(const struct application *application,
                                      const struct endpoint *endpoint)
{
    const struct config *config = &application->config;
    return (struct listener_queue){
        .backlog = config->is_given[SETTING_backlog] ? (int)config->backlog : -1,
        .is_deferred = endpoint->defers_accept};
}

static void add(const struct opening *opening, int fd, struct file_identity file)
{
    struct listening *listening = opening->listening;
    listening->fds[listening->count] = fd;
    listening->endpoints[listening->count] = opening->index;
    listening->files[listening->count] = file;
    listening->count++;
}

/* Promise LSN-5: a socket that was inherited by its number. */
static enum error adopt(const struct opening *opening, struct problem *problem)
{
    int fd = opening->endpoint->fd;
    bool is_unix = endpoint_is_unix(opening->endpoint);
    if (!listener_is_listening(fd))
        return problem_set(problem, ERROR_INVALID, "descriptor %d is no socket that listens", fd);
    if (listener_is_unix(fd) != is_unix)
        return problem_set(problem, ERROR_INVALID, "descriptor %d is %s", fd,
                           is_unix ? "no UNIX domain socket; http://*?fd=N takes it"
                                   : "a UNIX domain socket; file:///PATH?fd=N takes it");
    if (listener_adopt(fd, opening->queue) != ERROR_NONE)
        return problem_set(problem, ERROR_INVALID, "descriptor %d cannot be used", fd);
    listener_take(&opening->inheritance->sockets, fd);
    add(opening, fd, (struct file_identity){.inode = 0});
    return ERROR_NONE;
}

/* What a kernel has chosen, or was given by number, is known by its value alone. */
static bool claim(const struct opening *opening, size_t room)
{
    const struct endpoint *endpoint = opening->endpoint;
    const char *value = opening->listening->application->config.listen[opening->index];
    int fds[LISTENERS_MAX];
    if (endpoint->port != 0 && endpoint->fd < 0)
        return false;
    size_t count = inheritance_claim(opening->inheritance, value, opening->queue, room, fds);
    for (size_t i = 0; i < count; i++)
        add(opening, fds[i], (struct file_identity){.inode = 0});
    return count > 0;
}

static enum error open_unix(const struct opening *opening, struct problem *problem)
{
    const struct unix_address address = {
        .path = opening->endpoint->path,
        .mode = opening->endpoint->mode,
        .queue = opening->queue,
        .heritage = &opening->inheritance->sockets,
    };
    int fd = -1;
    struct file_identity file;
    enum error error = unix_listener_open(&address, &fd, &file, problem);
    if (error == ERROR_NONE)
        add(opening, fd, file);
    return error;
}

static enum error open_internet(const struct opening *opening, size_t room, struct problem *problem)
{
    const struct endpoint *endpoint = opening->endpoint;
    const struct listener_address address = {
        .host = endpoint->host_kind == ENDPOINT_HOST_ANY ? "*" : endpoint->host,
        .port = (uint16_t)endpoint->port,
        .is_shared = endpoint->may_share_port,
        .queue = opening->queue,
        .heritage = &opening->inheritance->sockets,
    };
    int fds[LISTENERS_MAX];
    size_t count = 0;
    uint16_t port = 0;
    enum error error = listener_open(&address, room, fds, &count, &port, problem);
    for (size_t i = 0; i < count; i++)
        add(opening, fds[i], (struct file_identity){.inode = 0});
    return error;
}

static enum error provide(const struct opening *opening, struct problem *problem)
{
    size_t room = LISTENERS_MAX - opening->listening->count;
    if (room == 0)
        return problem_set(problem, ERROR_FULL, "there are more than %d sockets", LISTENERS_MAX);
    if (claim(opening, room))
        return ERROR_NONE;
    if (opening->endpoint->fd >= 0)
        return adopt(opening, problem);
    return endpoint_is_unix(opening->endpoint) ? open_unix(opening, problem)
                                               : open_internet(opening, room, problem);
}

static enum error open_endpoint(struct listening *listening, size_t index,
                                struct inheritance *inheritance, struct problem *problem)
{
    struct problem reason;
    const struct application *application = listening->application;
    const struct endpoint *endpoint = &application->endpoints[index];
    struct opening opening = {.listening = listening,
                              .inheritance = inheritance,
                              .index = index,
                              .endpoint = endpoint,
                              .queue = queue_of(application, endpoint)};
    size_t first = listening->count;
    enum error error = provide(&opening, &reason);
    if (error != ERROR_NONE)
        return problem_set(problem, error, "Invalid listen value \"%s\": %s",
                           application->config.listen[index], reason.text);
    listening->ports[index] = listener_port(listening->fds[first]);
    return ERROR_NONE;
}

enum error listening_open(struct listening *listening, const struct application *application,
                          struct inheritance *inheritance, struct problem *problem)
{
    *listening = (struct listening){.application = application, .inheritance = inheritance};
    for (size_t i = 0; i < application->config.listen_count; i++) {
        enum error error = open_endpoint(listening, i, inheritance, problem);
        if (error != ERROR_NONE)
            return error;
    }
    return ERROR_NONE;
}

static const char *value_of(const struct listening *listening, size_t i)
{
    return listening->application->config.listen[listening->endpoints[i]];
}

static const struct endpoint *endpoint_of(const struct listening *listening, size_t i)
{
    return &listening->application->endpoints[listening->endpoints[i]];
}

/* The listen value for which the generation before had this socket; NULL: it is new. */
static const char *value_before(const struct listening *listening, size_t i)
{
    return inheritance_value(listening->inheritance, listening->fds[i]);
}

void listening_settle(struct listening *listening)
{
    listening->is_settled = true;
    for (size_t i = 0; i < listening->count; i++) {
        const char *before = value_before(listening, i);
        bool is_changed = before != NULL && strcmp(before, value_of(listening, i)) != 0;
        if (is_changed && !file_identity_is_none(listening->files[i]))
            unix_listener_set_mode(endpoint_of(listening, i)->path, listening->files[i],
                                   endpoint_of(listening, i)->mode);
    }
}

void listening_hand_over(const struct listening *listening, struct handover *ret_handover)
{
    ret_handover->listener_count = listening->count;
    for (size_t i = 0; i < listening->count; i++)
        ret_handover->listeners[i] = (struct handover_listener){
            .fd = listening->fds[i], .value = value_of(listening, i), .file = listening->files[i]};
}

static void remove_file(const struct listening *listening, size_t i)
{
    const char *path = endpoint_of(listening, i)->path;
    if (listening->is_settled || value_before(listening, i) != NULL)
        unix_listener_remove(path, listening->files[i]);
    else
        unix_listener_withdraw(path, listening->files[i]);
}

void listening_close(struct listening *listening)
{
    for (size_t i = 0; i < listening->count; i++) {
        (void)close(listening->fds[i]);
        if (!file_identity_is_none(listening->files[i]))
            remove_file(listening, i);
    }
    listening->count = 0;
}
