#include "apps/demo_process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* No PID of Linux needs more (PID_MAX_LIMIT in proc(5) is 2^22). */
#define PID_BITS 22
/* The name of the program, at most 64 bytes, and 51 numbers. */
#define STAT_SIZE_MAX 2048

/* Without procfs a later process with the same PID passes for this one. */
static uint64_t identity_by_signal(long pid)
{
    return kill((pid_t)pid, 0) == 0 || errno == EPERM ? (uint64_t)pid : 0;
}

static ssize_t stat_read(long pid, char *text, size_t size)
{
    char path[40];
    (void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t length = read(fd, text, size - 1);
    (void)close(fd);
    text[length < 0 ? 0 : length] = '\0';
    return length;
}

uint64_t process_identity(long pid)
{
    char text[STAT_SIZE_MAX];
    if (pid <= 0 || pid >= 1L << PID_BITS)
        return 0;
    if (stat_read(pid, text, sizeof(text)) <= 0)
        return identity_by_signal(pid);
    /* The name before may hold any byte, so the last parenthesis is the one that ends it. The state
     * is the third value, and the start in ticks since the machine's the twenty-second (proc(5)).
     */
    const char *name_end = strrchr(text, ')');
    char state = 'X';
    uint64_t start = 0;
    if (name_end == NULL ||
        sscanf(
            name_end + 1,
            " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %" SCNu64,
            &state, &start) != 2)
        return identity_by_signal(pid);
    return state == 'Z' || state == 'X' ? 0 : start << PID_BITS | (uint64_t)pid;
}

long process_pid(uint64_t identity)
{
    return (long)(identity & ((UINT64_C(1) << PID_BITS) - 1));
}

bool process_lives(uint64_t identity)
{
    return identity != 0 && process_identity(process_pid(identity)) == identity;
}
