#include "sys/file_lock.h"

#include "kit/child.h"
#include "kit/folder.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

TestSuite(file_lock_holder, .init = folder_open, .fini = folder_close);

struct holding {
    int how;
};

static int hold(void *context)
{
    const struct holding *holding = context;
    int fd = open(folder_path("file"), O_RDWR | O_CLOEXEC);
    child_demand(fd >= 0 && flock(fd, holding->how) == 0);
    (void)raise(SIGSTOP);
    return 0;
}

static void release(pid_t holder)
{
    (void)kill(holder, SIGCONT);
    cr_assert_eq(child_wait(holder), 0);
}

Test(file_lock_holder, is_the_process_that_locked_the_file)
{
    folder_write("file", "");
    folder_write("other", "");
    int fd = open(folder_path("file"), O_RDWR | O_CLOEXEC);
    int other = open(folder_path("other"), O_RDWR | O_CLOEXEC);
    cr_assert_eq(file_lock_holder(fd), 0, "nobody");
    pid_t holder = child_start(hold, &(struct holding){LOCK_EX});
    cr_assert(child_is_stopped(holder));
    cr_assert_eq(file_lock_holder(fd), holder);
    cr_assert_eq(file_lock_holder(other), 0, "another file");
    release(holder);
    cr_assert_eq(file_lock_holder(fd), 0);
    cr_assert_eq(flock(fd, LOCK_EX), 0);
    cr_assert_eq(file_lock_holder(fd), getpid());
}

Test(file_lock_holder, is_nobody_for_a_shared_lock)
{
    folder_write("file", "");
    int fd = open(folder_path("file"), O_RDWR | O_CLOEXEC);
    pid_t holder = child_start(hold, &(struct holding){LOCK_SH});
    cr_assert(child_is_stopped(holder));
    cr_assert_eq(file_lock_holder(fd), 0);
    release(holder);
}

Test(file_lock_holder, is_nobody_where_there_is_no_file)
{
    cr_assert_eq(file_lock_holder(-1), 0);
}
