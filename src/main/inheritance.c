#include "main/inheritance.h"

#include "sys/channel.h"
#include "sys/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VARIABLE "HYPNOTOAD_HANDOVER"

enum {
    TEXT_MAX = 98304, /* the kernel takes 128 KiB for one variable */
    SERVICE_FD_FIRST = 3,
    SERVICE_NAMES_MAX = 8192, /* of LISTEN_FDNAMES; what is behind has no name */
};

static bool is_open(int fd)
{
    return fd > STDERR_FILENO && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static enum error check(const struct handover *handover, struct problem *problem)
{
    if (!is_open(handover->channel) || !channel_is_from(handover->channel, handover->manager))
        return problem_set(problem, ERROR_INVALID,
                           "the handover names no channel to the running server");
    if (!is_open(handover->errors))
        return problem_set(problem, ERROR_INVALID, "the handover names no standard error");
    if (handover->tickets > 0 && !is_open(handover->tickets))
        return problem_set(problem, ERROR_INVALID, "the handover names no keys of tickets");
    for (size_t i = 0; i < handover->listener_count; i++)
        if (!is_open(handover->listeners[i].fd) ||
            !listener_is_listening(handover->listeners[i].fd))
            return problem_set(problem, ERROR_INVALID,
                               "the handover names no socket that listens for \"%s\"",
                               handover->listeners[i].value);
    return ERROR_NONE;
}

/* The text up to the next colon, which becomes its NUL; NULL if there is nothing more. */
static const char *take_name(char **rest)
{
    char *name = *rest;
    char *colon = name == NULL ? NULL : strchr(name, ':');
    if (colon != NULL)
        *colon = '\0';
    *rest = colon == NULL ? NULL : colon + 1;
    return name;
}

/* sd_listen_fds(3): for this process alone, and only once. */
static void take_service_sockets(struct listener_heritage *sockets)
{
    uint64_t pid = 0;
    uint64_t count = 0;
    bool is_meant = bytes_to_number(bytes_of(getenv("LISTEN_PID")), INT32_MAX, &pid) &&
                    (int)pid == (int)getpid() &&
                    bytes_to_number(bytes_of(getenv("LISTEN_FDS")), LISTENERS_MAX, &count);
    static char names[SERVICE_NAMES_MAX];
    const char *given = getenv("LISTEN_FDNAMES");
    char *rest = given == NULL ? NULL : names;
    (void)snprintf(names, sizeof names, "%s", given == NULL ? "" : given);
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    (void)unsetenv("LISTEN_PIDFDID");
    for (int fd = SERVICE_FD_FIRST; is_meant && fd < SERVICE_FD_FIRST + (int)count; fd++) {
        const char *name = take_name(&rest);
        if (!is_open(fd))
            continue;
        sockets->names[sockets->count] = name;
        sockets->fds[sockets->count++] = fd;
    }
}

enum error inheritance_take(struct inheritance *inheritance, struct problem *problem)
{
    static char text[TEXT_MAX];
    const char *given = getenv(VARIABLE);
    inheritance->is_successor = given != NULL;
    inheritance->sockets.count = 0;
    take_service_sockets(&inheritance->sockets);
    if (given == NULL)
        return ERROR_NONE;
    signals_ignore(SIGPIPE); /* the predecessor may be gone before it has heard everything */
    int length = snprintf(text, sizeof text, "%s", given);
    (void)unsetenv(VARIABLE);
    if ((size_t)length >= sizeof text)
        return problem_set(problem, ERROR_INVALID, "the handover is too long");
    struct handover *handover = &inheritance->handover;
    enum error error = handover_read(text, handover, problem);
    if (error == ERROR_NONE)
        error = check(handover, problem);
    if (error != ERROR_NONE)
        return error;
    inheritance->sockets.count = handover->listener_count;
    for (size_t i = 0; i < handover->listener_count; i++) {
        inheritance->sockets.fds[i] = handover->listeners[i].fd;
        inheritance->sockets.files[i] = handover->listeners[i].file;
    }
    return ERROR_NONE;
}

size_t inheritance_claim(struct inheritance *inheritance, const char *value,
                         struct listener_queue queue, size_t room, int *ret_fds)
{
    size_t count = 0;
    const struct handover *handover = &inheritance->handover;
    for (size_t i = 0; inheritance->is_successor && i < handover->listener_count; i++) {
        int *socket = &inheritance->sockets.fds[i];
        if (count == room || *socket < 0 || strcmp(handover->listeners[i].value, value) != 0 ||
            listener_adopt(*socket, queue) != ERROR_NONE)
            continue;
        ret_fds[count++] = *socket;
        *socket = -1;
    }
    return count;
}

const char *inheritance_value(const struct inheritance *inheritance, int fd)
{
    const struct handover *handover = &inheritance->handover;
    for (size_t i = 0; inheritance->is_successor && i < handover->listener_count; i++)
        if (handover->listeners[i].fd == fd)
            return handover->listeners[i].value;
    return NULL;
}

static bool keep_open(int fd)
{
    return fcntl(fd, F_SETFD, 0) == 0;
}

static bool keep_all_open(const struct handover *handover)
{
    bool is_kept = keep_open(handover->channel) && keep_open(handover->errors) &&
                   (handover->tickets <= 0 || keep_open(handover->tickets));
    for (size_t i = 0; i < handover->listener_count && is_kept; i++)
        is_kept = keep_open(handover->listeners[i].fd);
    return is_kept;
}

void inheritance_pass_on(const char *path, char *const *arguments, const struct handover *handover)
{
    static char text[TEXT_MAX];
    struct buffer line;
    buffer_init(&line, text, sizeof text);
    errno = E2BIG; /* what a text that does not fit means */
    if (handover_write(&line, handover) && keep_all_open(handover) &&
        setenv(VARIABLE, text, 1) == 0)
        (void)execv(path, arguments);
    (void)fprintf(stderr, "hypnotoad: cannot execute \"%s\": %s\n", path, strerror(errno));
    (void)fflush(stderr);
}
