#include "sys/log.h"

#include "base/limits.h"
#include "kit/child.h"
#include "kit/descriptors.h"
#include "kit/folder.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(log_open, .init = folder_open, .fini = folder_close);
TestSuite(log_reopen, .init = folder_open, .fini = folder_close);
TestSuite(log_write, .init = folder_open, .fini = folder_close);

#define DATE "20[0-9][0-9]-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9][.][0-9]{3}"

static bool matches(const char *line, const char *pattern)
{
    regex_t compiled;
    cr_assert_eq(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
    bool does = regexec(&compiled, line, 0, NULL, 0) == 0;
    regfree(&compiled);
    return does;
}

static void open_log(const char *name)
{
    static char path[1024];
    (void)snprintf(path, sizeof path, "%s", folder_path(name));
    cr_assert_eq(log_open(path), ERROR_NONE);
}

/* What was written since the log was opened; it begins anew. */
static const char *said(const char *name)
{
    const char *text = folder_read(name);
    cr_assert_eq(truncate(folder_path(name), 0), 0);
    return text;
}

/* Promise OBS-3 */
Test(log_write, writes_date_process_level_and_text)
{
    static const char *const levels[] = {"info", "warn", "error"};
    open_log("log");
    for (int i = 0; i < 3; i++) {
        char pattern[128];
        log_write((enum log_level)i, "number %d of %s", i, "three");
        (void)snprintf(pattern, sizeof pattern, "^" DATE " [[]%d] %s number %d of three\n$",
                       (int)getpid(), levels[i], i);
        const char *line = said("log");
        cr_expect(matches(line, pattern), "%s", line);
    }
}

/* No line can be forged or torn. */
Test(log_write, shows_control_bytes_as_question_marks)
{
    open_log("log");
    char text[256];
    for (int byte = 1; byte < 256; byte++)
        text[byte - 1] = (char)byte;
    text[255] = '\0';
    log_write(LOG_LEVEL_INFO, "%s", text);
    const char *line = said("log");
    for (const char *byte = line; byte[1] != '\0'; byte++)
        cr_assert((unsigned char)*byte >= 0x20 && *byte != 0x7f);
    cr_assert_eq(line[strlen(line) - 1], '\n');
    cr_assert(strstr(line, " !\"#") != NULL);
    cr_assert(strstr(line, "\x80\xff") == NULL && strstr(line, "\x80\x81") != NULL,
              "other alphabets stay as they are");
}

Test(log_write, cuts_a_line_that_is_too_long)
{
    static char text[4 * LOG_LINE_MAX];
    memset(text, 'x', sizeof text - 1);
    open_log("log");
    for (size_t size = LOG_LINE_MAX - 100; size < LOG_LINE_MAX + 100; size++) {
        log_write(LOG_LEVEL_ERROR, "%.*s", (int)size, text);
        const char *line = said("log");
        size_t length = strlen(line);
        cr_assert_leq(length, LOG_LINE_MAX);
        cr_assert_eq(line[length - 1], '\n');
        cr_assert_eq(line[length - 2], 'x');
    }
    log_write(LOG_LEVEL_ERROR, "%s", text);
    cr_assert_gt(strlen(said("log")), LOG_LINE_MAX - 100);
}

static int write_many(void *context)
{
    for (int i = 0; i < 500; i++)
        log_write(LOG_LEVEL_INFO, "writer %d line %d end", *(int *)context, i);
    return 0;
}

Test(log_write, keeps_lines_of_several_processes_whole)
{
    open_log("log");
    pid_t writers[4];
    for (int i = 0; i < 4; i++)
        writers[i] = child_start(write_many, &i);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(child_wait(writers[i]), 0);
    FILE *file = fopen(folder_path("log"), "re");
    char line[LOG_LINE_MAX];
    int count[4] = {0};
    while (fgets(line, sizeof line, file) != NULL) {
        int writer = 0;
        int number = 0;
        char end[8] = "";
        const char *text = strstr(line, " info writer ");
        cr_assert_not_null(text, "%s", line);
        cr_assert_eq(sscanf(text, " info writer %d line %d %3s", &writer, &number, end), 3);
        cr_assert_eq(number, count[writer]++, "%s", line);
        cr_assert_str_eq(end, "end");
    }
    (void)fclose(file);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(count[i], 500);
}

Test(log_set_least, drops_what_is_below)
{
    folder_open();
    open_log("log");
    log_set_least(LOG_LEVEL_WARN);
    log_write(LOG_LEVEL_INFO, "quiet");
    cr_assert_str_empty(said("log"));
    log_write(LOG_LEVEL_WARN, "heard");
    cr_assert(strstr(said("log"), "heard") != NULL);
    log_set_least(LOG_LEVEL_ERROR);
    log_write(LOG_LEVEL_WARN, "quiet");
    cr_assert_str_empty(said("log"));
    log_write(LOG_LEVEL_ERROR, "heard");
    cr_assert(strstr(said("log"), "heard") != NULL);
    folder_close();
}

Test(log_open, appends_to_a_file_that_others_may_read)
{
    (void)umask(0);
    folder_write("old", "old line\n");
    open_log("old");
    log_write(LOG_LEVEL_INFO, "new line");
    cr_assert(matches(folder_read("old"), "^old line\n" DATE ".*new line\n$"));
    open_log("new");
    struct stat status;
    cr_assert_eq(fstat(log_descriptor(), &status), 0);
    cr_assert_eq(status.st_mode, S_IFREG | 0644);
    cr_assert_neq(fcntl(log_descriptor(), F_GETFD) & FD_CLOEXEC, 0);
    cr_assert(log_has_file());
}

Test(log_open, leaves_the_log_as_it_was_when_it_fails)
{
    cr_assert_not(log_has_file());
    cr_assert_eq(log_descriptor(), STDERR_FILENO);
    cr_assert_eq(log_reopen(), ERROR_NONE, "without a file it does nothing");
    struct descriptors before = descriptors_look();
    cr_assert_eq(log_open(folder_path("missing/log")), ERROR_SYSTEM);
    cr_assert_not(log_has_file());
    struct descriptors after = descriptors_look();
    cr_assert(descriptors_equal(&before, &after));
    open_log("log");
    before = descriptors_look();
    cr_assert_eq(log_open(folder_path("missing/log")), ERROR_SYSTEM);
    cr_assert_eq(mkfifo(folder_path("fifo"), 0600), 0);
    cr_assert_eq(log_open(folder_path("fifo")), ERROR_SYSTEM, "nobody reads it");
    after = descriptors_look();
    cr_assert(descriptors_equal(&before, &after));
    log_write(LOG_LEVEL_INFO, "still here");
    cr_assert(strstr(folder_read("log"), "still here") != NULL);
}

/* Promise MGR-8 */
Test(log_reopen, follows_its_name_after_the_file_was_moved)
{
    open_log("log");
    log_write(LOG_LEVEL_INFO, "first");
    cr_assert_eq(rename(folder_path("log"), folder_path("log.1")), 0);
    log_write(LOG_LEVEL_INFO, "second");
    struct descriptors before = descriptors_look();
    cr_assert_eq(log_reopen(), ERROR_NONE);
    log_write(LOG_LEVEL_INFO, "third");
    cr_assert(strstr(folder_read("log.1"), "first") != NULL);
    cr_assert(strstr(folder_read("log.1"), "second") != NULL);
    cr_assert(strstr(folder_read("log.1"), "third") == NULL);
    cr_assert(matches(folder_read("log"), "^" DATE ".*third\n$"));
    struct descriptors after = descriptors_look();
    cr_assert_eq(descriptors_count(&before), descriptors_count(&after), "the old one is closed");
}

Test(log_reopen, goes_on_with_the_old_file_where_there_cannot_be_a_new_one)
{
    cr_assert_eq(mkdir(folder_path("logs"), 0700), 0);
    open_log("logs/log");
    cr_assert_eq(rename(folder_path("logs"), folder_path("moved")), 0);
    cr_assert_eq(log_reopen(), ERROR_SYSTEM);
    log_write(LOG_LEVEL_INFO, "still here");
    cr_assert(strstr(folder_read("moved/log"), "still here") != NULL);
}

static int write_to_closed_stream(void *context)
{
    (void)context;
    (void)close(STDERR_FILENO);
    log_write(LOG_LEVEL_ERROR, "nobody hears this");
    return 0;
}

static int write_to_full_device(void *context)
{
    (void)context;
    child_demand(log_open("/dev/full") == ERROR_NONE);
    log_write(LOG_LEVEL_ERROR, "there is no room for this");
    return 0;
}

static int write_to_pipe_without_reader(void *context)
{
    int ends[2];
    (void)context;
    (void)signal(SIGPIPE, SIG_IGN);
    child_demand(pipe2(ends, O_CLOEXEC) == 0 && dup2(ends[1], STDERR_FILENO) >= 0);
    (void)close(ends[0]);
    log_write(LOG_LEVEL_ERROR, "nobody hears this");
    return 0;
}

/* Promise OBS-3: a log that is full or gone stops nothing. */
Test(log_write, does_not_mind_a_target_that_takes_nothing)
{
    cr_expect_eq(child_run(write_to_closed_stream, NULL), 0);
    cr_expect_eq(child_run(write_to_full_device, NULL), 0);
    cr_expect_eq(child_run(write_to_pipe_without_reader, NULL), 0);
}

/* Standard error is a pipe that blocks, as in `hypnotoad 2>&1 | less`. */
static int write_to_full_pipe(void *context)
{
    int ends[2];
    static char page[4096];
    (void)context;
    child_demand(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    while (write(ends[1], page, sizeof page) > 0)
        continue;
    child_demand(fcntl(ends[1], F_SETFL, 0) == 0 && dup2(ends[1], STDERR_FILENO) >= 0);
    log_write(LOG_LEVEL_ERROR, "nobody waits for this");
    child_demand(read(ends[0], page, sizeof page) == sizeof page);
    log_write(LOG_LEVEL_ERROR, "this is heard");
    while (read(ends[0], page, sizeof page) == (ssize_t)sizeof page)
        continue;
    child_demand(strstr(page, "this is heard\n") != NULL);
    child_demand(strstr(page, "nobody waits") == NULL);
    return 0;
}

/* A line is never waited for. */
Test(log_write, does_not_wait_for_a_pipe_that_nobody_reads)
{
    cr_assert_eq(child_run(write_to_full_pipe, NULL), 0);
}
