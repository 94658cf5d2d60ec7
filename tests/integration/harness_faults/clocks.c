/* clocks - loaded before libc: the wall clock and the monotonic clock of a process, moved by what
 * the file CLOCKS_FILE holds. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

#define BILLION INT64_C(1000000000)

/* Nanoseconds; the test writes them while processes run. */
static volatile const int64_t none[2];
static volatile const int64_t *offsets = none;
static int (*get)(clockid_t, struct timespec *);

__attribute__((constructor)) static void open_offsets(void)
{
    const char *path = getenv("CLOCKS_FILE");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    void *place = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, fd, 0);
    if (place == MAP_FAILED)
        abort();
    offsets = place;
}

int clock_gettime(clockid_t which, struct timespec *time)
{
    if (get == NULL)
        *(void **)&get = dlsym(RTLD_NEXT, "clock_gettime");
    int outcome = get(which, time);
    int is_wall = which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE;
    int is_monotonic =
        which == CLOCK_MONOTONIC || which == CLOCK_MONOTONIC_COARSE || which == CLOCK_BOOTTIME;
    if (outcome != 0 || !(is_wall || is_monotonic))
        return outcome;
    int64_t moved = (int64_t)time->tv_sec * BILLION + time->tv_nsec + offsets[is_wall ? 0 : 1];
    time->tv_sec = moved / BILLION;
    time->tv_nsec = moved % BILLION;
    return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *ret_time)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (ret_time != NULL)
        *ret_time = now.tv_sec;
    return now.tv_sec;
}
