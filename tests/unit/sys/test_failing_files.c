/* Every call that sys makes for files and that can fail does, one after the other. */
#include "sys/accept_lock.h"
#include "sys/file_lock.h"
#include "sys/log.h"
#include "sys/pid_file.h"
#include "sys/process.h"
#include "sys/regular_file.h"

#include "kit/folder.h"
#include "kit/sweep.h"

#include <criterion/criterion.h>

#include <glob.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

TestSuite(failing_calls, .init = folder_open, .fini = folder_close);

enum {
    NEVER = 0,
    ONCE = FAULTY_ONCE,
    BOTH = FAULTY_ONCE | FAULTY_FROM_THEN_ON,
    INTERRUPTED = FAULTY_INTERRUPTED,
};

static int lock_fd = -1;

/* A private file that could not be unlinked keeps its name. */
static void close_lock(void)
{
    glob_t left;
    process_close(&lock_fd);
    (void)unlink(folder_path("lock"));
    if (glob(folder_path("hypnotoad.*"), 0, NULL, &left) == 0)
        (void)unlink(left.gl_pathv[0]);
    globfree(&left);
}

static enum error open_private_lock(struct problem *problem)
{
    return accept_lock_open(NULL, folder_path(""), &lock_fd, problem);
}

static enum error open_named_lock(struct problem *problem)
{
    return accept_lock_open(folder_path("lock"), NULL, &lock_fd, problem);
}

Test(failing_calls, of_accept_lock_open)
{
    struct sweep private = {.name = "accept_lock_open",
                            .attempt = open_private_lock,
                            .undo = close_lock,
                            .says = folder_path("")};
    static const struct sweep_row private_rows[] = {
        {FAULTY_mkostemp, BOTH, NEVER},
        {FAULTY_unlink, NEVER, BOTH},
    };
    SWEEP_RUN(&private, private_rows);
    struct sweep named = {.name = "accept_lock_open",
                          .attempt = open_named_lock,
                          .undo = close_lock,
                          .says = folder_path("lock")};
    static const struct sweep_row named_rows[] = {
        {FAULTY_open, BOTH, NEVER},
        {FAULTY_fstat, BOTH, NEVER},
    };
    SWEEP_RUN(&named, named_rows);
}

static void must_open_lock(void)
{
    struct problem problem;
    cr_assert_eq(open_private_lock(&problem), ERROR_NONE);
}

static enum error take_lock(struct problem *problem)
{
    (void)problem;
    int shared = -1;
    enum error error = accept_lock_share(lock_fd, &shared);
    if (error == ERROR_NONE)
        error = accept_lock_take(shared);
    process_close(&shared);
    return error;
}

Test(failing_calls, of_accept_lock_take)
{
    struct sweep sweep = {.name = "accept_lock_take",
                          .prepare = must_open_lock,
                          .attempt = take_lock,
                          .undo = close_lock};
    static const struct sweep_row rows[] = {
        {FAULTY_open, BOTH, NEVER},
        {FAULTY_flock, BOTH, INTERRUPTED},
    };
    SWEEP_RUN(&sweep, rows);
}

static enum error find_holder(struct problem *problem)
{
    (void)problem;
    cr_assert_eq(flock(lock_fd, LOCK_EX), 0);
    return file_lock_holder(lock_fd) == getpid() ? ERROR_NONE : ERROR_NOT_FOUND;
}

Test(failing_calls, of_file_lock_holder)
{
    struct sweep sweep = {.name = "file_lock_holder",
                          .prepare = must_open_lock,
                          .attempt = find_holder,
                          .undo = close_lock};
    static const struct sweep_row rows[] = {
        {FAULTY_fstat, BOTH, NEVER},
        {FAULTY_fopen, BOTH, NEVER},
    };
    SWEEP_RUN(&sweep, rows);
}

static struct pid_file file;
static char pid_path[1024];

static void begin_pid_file(void)
{
    (void)snprintf(pid_path, sizeof pid_path, "%s", folder_path("pid"));
    pid_file_init(&file, pid_path);
}

static void end_pid_file(void)
{
    pid_file_remove(&file);
    (void)unlink(pid_path);
}

static enum error draft(struct problem *problem)
{
    return pid_file_draft(&file, 0, problem);
}

/* Promise PID-5 */
Test(failing_calls, of_pid_file_draft)
{
    struct sweep sweep = {.name = "pid_file_draft",
                          .prepare = begin_pid_file,
                          .attempt = draft,
                          .undo = end_pid_file,
                          .says = folder_path("pid")};
    static const struct sweep_row rows[] = {
        {FAULTY_open, BOTH, BOTH}, /* the first one looks for a live server */
        {FAULTY_lstat, NEVER, BOTH},
        {FAULTY_unlink, NEVER, BOTH},
        {FAULTY_fchmod, BOTH, NEVER},
        {FAULTY_flock, BOTH, NEVER},
        {FAULTY_write, BOTH | FAULTY_SHORT, NEVER},
        {FAULTY_fsync, BOTH, NEVER},
    };
    SWEEP_RUN(&sweep, rows);
}

static void draft_beside_stale(void)
{
    struct problem problem;
    begin_pid_file();
    folder_write("pid", "999999999\n");
    cr_assert_eq(pid_file_draft(&file, 0, &problem), ERROR_NONE);
}

static enum error publish(struct problem *problem)
{
    enum error error = pid_file_publish(&file, problem);
    cr_expect_eq(error == ERROR_NONE, file.is_published);
    return error;
}

Test(failing_calls, of_pid_file_publish)
{
    struct sweep sweep = {.name = "pid_file_publish",
                          .prepare = draft_beside_stale,
                          .attempt = publish,
                          .undo = end_pid_file,
                          .says = folder_path("pid")};
    static const struct sweep_row rows[] = {
        {FAULTY_link, BOTH, NEVER},
        {FAULTY_open, BOTH, NEVER},
        {FAULTY_flock, BOTH, NEVER},
        {FAULTY_fstat, FAULTY_FROM_THEN_ON, ONCE}, /* tried again */
        {FAULTY_stat, FAULTY_FROM_THEN_ON, ONCE},
        {FAULTY_rename, BOTH, NEVER},
    };
    SWEEP_RUN(&sweep, rows);
}

static enum error replace(struct problem *problem)
{
    enum error error = pid_file_replace(&file, problem);
    cr_expect_eq(error == ERROR_NONE, file.is_published);
    cr_expect_eq(error == ERROR_NONE, !file.is_drafted);
    return error;
}

/* Promise PID-2 */
Test(failing_calls, of_pid_file_replace)
{
    struct sweep sweep = {.name = "pid_file_replace",
                          .prepare = draft_beside_stale,
                          .attempt = replace,
                          .undo = end_pid_file,
                          .says = folder_path("pid")};
    static const struct sweep_row rows[] = {{FAULTY_rename, BOTH, NEVER}};
    SWEEP_RUN(&sweep, rows);
}

static void publish_and_lose(void)
{
    struct problem problem;
    begin_pid_file();
    cr_assert_eq(pid_file_draft(&file, 0, &problem), ERROR_NONE);
    cr_assert_eq(pid_file_publish(&file, &problem), ERROR_NONE);
    cr_assert_eq(unlink(pid_path), 0);
    pid_file_abandon(&file);
}

/* Promise PID-3 */
Test(failing_calls, of_pid_file_publish_after_it_was_lost)
{
    struct sweep sweep = {.name = "pid_file_publish",
                          .prepare = publish_and_lose,
                          .attempt = publish,
                          .undo = end_pid_file,
                          .says = folder_path("pid")};
    static const struct sweep_row rows[] = {
        {FAULTY_open, BOTH, NEVER},   {FAULTY_fchmod, BOTH, NEVER},
        {FAULTY_flock, BOTH, NEVER},  {FAULTY_write, BOTH | FAULTY_SHORT, NEVER},
        {FAULTY_fsync, BOTH, NEVER},  {FAULTY_link, BOTH, NEVER},
        {FAULTY_unlink, NEVER, BOTH},
    };
    SWEEP_RUN(&sweep, rows);
}

static void publish_file(void)
{
    struct problem problem;
    begin_pid_file();
    cr_assert_eq(pid_file_draft(&file, 0, &problem), ERROR_NONE);
    cr_assert_eq(pid_file_publish(&file, &problem), ERROR_NONE);
}

static enum error find_owner(struct problem *problem)
{
    (void)problem;
    int32_t pid = 0;
    return pid_file_owner(pid_path, &pid);
}

/* Promise CLI-10: who cannot be recognised is nobody. */
Test(failing_calls, of_pid_file_owner)
{
    struct sweep sweep = {.name = "pid_file_owner",
                          .prepare = publish_file,
                          .attempt = find_owner,
                          .undo = end_pid_file};
    static const struct sweep_row rows[] = {
        {FAULTY_open, BOTH, NEVER},
        {FAULTY_read, BOTH, NEVER},
        {FAULTY_fstat, BOTH, NEVER},
        {FAULTY_fopen, BOTH, NEVER},
    };
    SWEEP_RUN(&sweep, rows);
}

static void open_log(void)
{
    static char path[1024];
    (void)snprintf(path, sizeof path, "%s", folder_path("log"));
    cr_assert_eq(log_open(path), ERROR_NONE);
}

static enum error reopen_log(struct problem *problem)
{
    (void)problem;
    return log_reopen();
}

Test(failing_calls, of_log_reopen)
{
    open_log();
    struct sweep sweep = {.name = "log_reopen", .attempt = reopen_log, .undo = open_log};
    static const struct sweep_row rows[] = {{FAULTY_open, BOTH, NEVER}};
    SWEEP_RUN(&sweep, rows);
}

static enum error write_log(struct problem *problem)
{
    (void)problem;
    log_write(LOG_LEVEL_ERROR, "a line that may be lost");
    return ERROR_NONE;
}

/* Promise OBS-3 */
Test(failing_calls, of_log_write)
{
    open_log();
    struct sweep sweep = {.name = "log_write", .attempt = write_log};
    static const struct sweep_row rows[] = {
        {FAULTY_write, NEVER, BOTH | INTERRUPTED | FAULTY_SHORT},
        {FAULTY_poll, NEVER, BOTH | INTERRUPTED},
    };
    SWEEP_RUN(&sweep, rows);
}

static void write_file(void)
{
    folder_write("file", "text");
}

static void remove_file(void)
{
    (void)unlink(folder_path("file"));
}

static enum error read_file(struct problem *problem)
{
    char storage[16];
    struct buffer buffer;
    buffer_init(&buffer, storage, sizeof storage);
    enum error error = regular_file_read(folder_path("file"), &buffer, problem);
    cr_expect(error != ERROR_NONE || bytes_equal(buffer_view(&buffer), BYTES("text")));
    return error;
}

Test(failing_calls, of_regular_file_read)
{
    struct sweep sweep = {.name = "regular_file_read",
                          .prepare = write_file,
                          .attempt = read_file,
                          .undo = remove_file,
                          .says = folder_path("file")};
    static const struct sweep_row rows[] = {
        {FAULTY_open, BOTH, NEVER},
        {FAULTY_fstat, BOTH, NEVER},
        {FAULTY_read, BOTH, INTERRUPTED},
    };
    SWEEP_RUN(&sweep, rows);
}

static enum error check_file(struct problem *problem)
{
    return regular_file_check(folder_path("file"), "log file", problem);
}

/* Promise CLI-4 */
Test(failing_calls, of_regular_file_check)
{
    struct sweep sweep = {
        .name = "regular_file_check", .attempt = check_file, .says = folder_path("file")};
    static const struct sweep_row rows[] = {
        {FAULTY_lstat, BOTH, NEVER},
        {FAULTY_access, BOTH, NEVER},
    };
    SWEEP_RUN(&sweep, rows);
    sweep.prepare = write_file;
    sweep.undo = remove_file;
    SWEEP_RUN(&sweep, rows);
}
