/* memory - loaded before libc: counts what one process allocates and lets its allocations fail from
 * a number on. The file MEMORY_FILE holds which process, from which number on, how many fail, and
 * how many it has asked for; the test writes it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

struct orders {
    uint64_t process;
    uint64_t first; /* 0: none fails */
    uint64_t count;
    uint64_t asked;
};

static volatile struct orders *orders;

__attribute__((constructor)) static void open_orders(void)
{
    const char *path = getenv("MEMORY_FILE");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    void *place =
        fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *orders, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (place == MAP_FAILED)
        abort();
    orders = place;
}

static int fails(void)
{
    if (orders == NULL || orders->process != (uint64_t)getpid())
        return 0;
    uint64_t number = ++orders->asked;
    if (orders->first == 0 || number < orders->first || number - orders->first >= orders->count)
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails() ? NULL : __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **ret_place, size_t alignment, size_t size)
{
    void *place = memalign(alignment, size);
    if (place == NULL)
        return ENOMEM;
    *ret_place = place;
    return 0;
}
