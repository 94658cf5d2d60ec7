#include "kit/faulty.h"

#include "kit/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* In memory that a process shares with its children. */
static struct {
    enum faulty_call call;
    enum faulty_way way;
    unsigned at;
    pid_t owner; /* 0: everywhere */
    unsigned count;
    unsigned struck;
    bool is_armed;
} * plan;

void faulty_arm(enum faulty_call call, enum faulty_way way, unsigned at, enum faulty_scope scope)
{
    if (plan == NULL)
        plan = child_shared(sizeof *plan);
    plan->call = call;
    plan->way = way;
    plan->at = at;
    plan->owner = scope == FAULTY_HERE ? getpid() : 0;
    plan->count = plan->struck = 0;
    plan->is_armed = true;
}

unsigned faulty_struck(void)
{
    return plan == NULL ? 0 : plan->struck;
}

unsigned faulty_disarm(void)
{
    if (plan == NULL)
        return 0;
    plan->is_armed = false;
    return plan->struck;
}

static bool strikes(enum faulty_call call)
{
    if (plan == NULL || !plan->is_armed || plan->call != call ||
        (plan->owner != 0 && plan->owner != getpid()))
        return false;
    unsigned count = ++plan->count;
    bool does = plan->way == FAULTY_FROM_THEN_ON ? count >= plan->at : count == plan->at;
    plan->struck += does;
    return does;
}

static int reason_of(int usual)
{
    return plan->way == FAULTY_INTERRUPTED ? EINTR : usual;
}

#define FAULTY(call, type, parameters, arguments, failure, reason)                                 \
    type __real_##call parameters __attribute__((weak));                                           \
    type __wrap_##call parameters;                                                                 \
    type __wrap_##call parameters                                                                  \
    {                                                                                              \
        if (!strikes(FAULTY_##call))                                                               \
            return __real_##call arguments;                                                        \
        if (plan->way == FAULTY_PRETENDING)                                                        \
            return (type)0;                                                                        \
        errno = reason_of(reason);                                                                 \
        return failure;                                                                            \
    }
#define FAULTY_BY_HAND(call)
#include "kit/faulty.def"
#undef FAULTY
#undef FAULTY_BY_HAND

/* The same call where the C library makes sure of the list's size. */
int __wrap___poll_chk(struct pollfd *list, nfds_t count, int timeout, size_t size);
int __wrap___poll_chk(struct pollfd *list, nfds_t count, int timeout, size_t size)
{
    (void)size;
    return __wrap_poll(list, count, timeout);
}

int __real_open(const char *path, int flags, ...) __attribute__((weak));
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
        va_list values;
        va_start(values, flags);
        mode = va_arg(values, mode_t);
        va_end(values);
    }
    if (!strikes(FAULTY_open))
        return __real_open(path, flags, mode);
    errno = reason_of(EMFILE);
    return -1;
}

int __real_fcntl(int fd, int command, ...) __attribute__((weak));
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
    /* All commands that are used here take a number, or nothing. */
    va_list values;
    va_start(values, command);
    int value = command == F_GETFD || command == F_GETFL ? 0 : va_arg(values, int);
    va_end(values);
    if (!strikes(FAULTY_fcntl))
        return __real_fcntl(fd, command, value);
    errno = reason_of(EBADF);
    return -1;
}

ssize_t __real_write(int fd, const void *data, size_t size) __attribute__((weak));
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    if (!strikes(FAULTY_write))
        return __real_write(fd, data, size);
    if (plan->way == FAULTY_SHORT)
        return __real_write(fd, data, size / 2);
    errno = reason_of(ENOSPC);
    return -1;
}

const char *faulty_call_text(enum faulty_call call)
{
    static const char *const names[] = {
#define FAULTY(call, ...) #call,
#define FAULTY_BY_HAND(call) #call,
#include "kit/faulty.def"
#undef FAULTY
#undef FAULTY_BY_HAND
    };
    return names[call];
}

const char *faulty_way_text(enum faulty_way way)
{
    switch (way) {
    case FAULTY_ONCE:
        return "once";
    case FAULTY_FROM_THEN_ON:
        return "from then on";
    case FAULTY_INTERRUPTED:
        return "interrupted";
    case FAULTY_PRETENDING:
        return "in pretence";
    case FAULTY_SHORT:
        return "half";
    case FAULTY_WAYS:
        break;
    }
    return "?";
}
