#include "manager/askers.h"

#include "sys/control_socket.h"
#include "sys/log.h"
#include "sys/process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void askers_init(struct askers *askers)
{
    *askers = (struct askers){.socket_fd = -1};
}

void askers_open(struct askers *askers)
{
    if (control_socket_open(&askers->socket_fd) != ERROR_NONE)
        log_write(LOG_LEVEL_WARN, "Nobody can wait for a hot deployment: %s", strerror(errno));
}

static void dismiss(struct askers *askers, size_t index)
{
    process_close(&askers->list[index].fd);
    askers->list[index] = askers->list[--askers->count];
}

void askers_close(struct askers *askers)
{
    while (askers->count > 0)
        dismiss(askers, 0);
    process_close(&askers->socket_fd);
}

size_t askers_watch(const struct askers *askers, struct pollfd *watched)
{
    size_t count = 0;
    if (askers->socket_fd >= 0)
        watched[count++] = (struct pollfd){.fd = askers->socket_fd, .events = POLLIN};
    for (size_t i = 0; i < askers->count; i++)
        if (!askers->list[i].is_waiting)
            watched[count++] = (struct pollfd){.fd = askers->list[i].fd, .events = POLLIN};
    return count;
}

static void welcome(struct askers *askers)
{
    int fd = -1;
    while (askers->socket_fd >= 0 && askers->count < ASKERS_MAX &&
           control_socket_accept(askers->socket_fd, &fd) == ERROR_NONE) {
        askers->list[askers->count].fd = fd;
        askers->list[askers->count++].is_waiting = false;
    }
}

static bool send_to(int fd, enum asker_message kind, const char *text, size_t size)
{
    char message[CONTROL_MESSAGE_MAX] = {(char)kind};
    size_t length = size < sizeof message - 1 ? size : sizeof message - 1;
    memcpy(message + 1, text, length);
    return control_socket_send(fd, message, length + 1) == ERROR_NONE;
}

/* What it wants is a list of names, each with its NUL: one that this manager knows is enough. */
static bool means(const char *message, size_t size, const char *const names[2])
{
    for (size_t at = 0; at < size; at += strnlen(message + at, size - at) + 1)
        for (size_t i = 0; i < 2; i++)
            if (size - at > strlen(names[i]) &&
                memcmp(message + at, names[i], strlen(names[i]) + 1) == 0)
                return true;
    return false;
}

/* True if this one is to be served; who is not has been told why. */
static bool hear(struct askers *askers, size_t index, const char *const names[2],
                 const char *refusal)
{
    char message[CONTROL_MESSAGE_MAX];
    char text[512];
    size_t size = 0;
    int fd = askers->list[index].fd;
    enum error error = control_socket_receive(fd, message, &size);
    if (error == ERROR_AGAIN)
        return false;
    if (error == ERROR_NONE && refusal == NULL && means(message, size, names)) {
        askers->list[index].is_waiting = true;
        return true;
    }
    if (refusal == NULL)
        (void)snprintf(text, sizeof text, "it serves another application, %.400s", names[0]);
    else
        (void)snprintf(text, sizeof text, "%s", refusal);
    if (error == ERROR_NONE)
        (void)send_to(fd, ASKER_FAILED, text, strlen(text));
    dismiss(askers, index);
    return false;
}

bool askers_observe(struct askers *askers, const char *const names[2], const char *refusal)
{
    welcome(askers);
    for (size_t i = askers->count; i-- > 0;)
        if (!askers->list[i].is_waiting && hear(askers, i, names, refusal))
            return true;
    return false;
}

void askers_tell(struct askers *askers, const char *text, size_t size)
{
    for (size_t i = askers->count; i-- > 0;)
        if (askers->list[i].is_waiting && !send_to(askers->list[i].fd, ASKER_TEXT, text, size))
            dismiss(askers, i);
}

void askers_end(struct askers *askers, enum asker_message outcome, const char *text)
{
    for (size_t i = askers->count; i-- > 0;) {
        if (!askers->list[i].is_waiting)
            continue;
        (void)send_to(askers->list[i].fd, outcome, text, strlen(text));
        dismiss(askers, i);
    }
}
