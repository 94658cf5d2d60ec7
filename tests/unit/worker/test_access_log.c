#include "worker/access_log.h"

#include "kit/child.h"
#include "kit/faulty.h"
#include "kit/folder.h"
#include "sys/log.h"
#include "sys/process.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct access_log access_log;
static char path[1024];
static char log_path[1024];

static void begin(void)
{
    folder_open();
    (void)snprintf(path, sizeof path, "%s", folder_path("access"));
    (void)snprintf(log_path, sizeof log_path, "%s", folder_path("log"));
    cr_assert_eq(log_open(log_path), ERROR_NONE);
}

static void end(void)
{
    access_log_close(&access_log);
    folder_close();
}

TestSuite(access_log, .init = begin, .fini = end);

static struct http_log_entry entry_of(const char *target)
{
    return (struct http_log_entry){
        .remote = BYTES("::1"),
        .method = BYTES("GET"),
        .target = bytes_of(target),
        .version_minor = 1,
        .status = 200,
    };
}

static void note(const char *target)
{
    struct http_log_entry entry = entry_of(target);
    access_log_write(&access_log, &entry);
}

static void open_it(void)
{
    cr_assert_eq(access_log_open(&access_log, path, false), ERROR_NONE);
}

static const char *line_of(const char *target)
{
    static char line[256];
    (void)snprintf(line, sizeof line,
                   "::1 - - [01/Jan/1970:00:00:00 +0000] \"GET %s HTTP/1.1\" 200 0 \"-\" \"-\"\n",
                   target);
    return line;
}

static unsigned count_lines(const char *text)
{
    unsigned count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

Test(access_log, collects_lines_and_writes_them_together)
{
    open_it();
    note("/one");
    note("/two");
    cr_expect_str_eq(folder_read("access"), "");
    faulty_arm(FAULTY_write, FAULTY_ONCE, 2, FAULTY_HERE);
    access_log_flush(&access_log);
    access_log_flush(&access_log);
    cr_expect_eq(faulty_disarm(), 0, "more than one call");
    const char *text = folder_read("access");
    size_t first = strlen(line_of("/one"));
    cr_expect_eq(strncmp(text, line_of("/one"), first), 0, "%s", text);
    cr_expect_str_eq(text + first, line_of("/two"));
    struct stat status;
    cr_assert_eq(stat(path, &status), 0);
    cr_expect_eq(status.st_mode & 07777, 0644);
}

Test(access_log, is_appended_to)
{
    folder_write("access", "what was there\n");
    open_it();
    note("/one");
    access_log_close(&access_log);
    access_log_close(&access_log);
    const char *text = folder_read("access");
    cr_expect_eq(strncmp(text, "what was there\n", 15), 0);
    cr_expect_str_eq(text + 15, line_of("/one"));
}

Test(access_log, that_is_not_kept_costs_nothing)
{
    cr_assert_eq(access_log_open(&access_log, NULL, false), ERROR_NONE);
    note("/one");
    access_log_flush(&access_log);
    cr_expect_eq(access_log_reopen(&access_log), ERROR_NONE);
    cr_expect_eq(access_log.buffer.size, 0);
    cr_expect_not(folder_has("access"));
}

Test(access_log, can_be_json)
{
    cr_assert_eq(access_log_open(&access_log, path, true), ERROR_NONE);
    note("/one");
    access_log_flush(&access_log);
    const char *text = folder_read("access");
    cr_expect_eq(strncmp(text, "{\"time\":0.000000,\"remote\":\"::1\",", 32), 0, "%s", text);
    cr_expect_eq(count_lines(text), 1);
}

Test(access_log, says_when_it_cannot_be_opened)
{
    cr_expect_eq(access_log_open(&access_log, folder_path("none/access"), false), ERROR_SYSTEM);
    access_log_close(&access_log);
    cr_assert_eq(mkdir(folder_path("directory"), 0755), 0);
    cr_expect_eq(access_log_open(&access_log, folder_path("directory"), false), ERROR_SYSTEM);
}

/* More than the storage holds: nothing is lost, and no write is larger than a pipe takes whole. */
Test(access_log, holds_more_than_its_storage)
{
    enum {
        MANY = 5000
    };
    open_it();
    for (unsigned i = 0; i < MANY; i++)
        note("/many");
    access_log_flush(&access_log);
    FILE *file = fopen(path, "re");
    char line[256];
    unsigned count = 0;
    cr_assert_neq(file, NULL);
    for (; fgets(line, sizeof line, file) != NULL; count++)
        cr_assert_str_eq(line, line_of("/many"));
    (void)fclose(file);
    cr_expect_eq(count, MANY);
}

/* ---- Moved away ---- */

/* Promise MGR-8 */
Test(access_log, goes_on_under_its_name_after_it_was_moved_away)
{
    open_it();
    note("/one");
    access_log_flush(&access_log);
    cr_assert_eq(rename(path, folder_path("access.1")), 0);
    note("/two");
    cr_assert_eq(access_log_reopen(&access_log), ERROR_NONE);
    note("/three");
    access_log_flush(&access_log);
    cr_expect_eq(count_lines(folder_read("access.1")), 2,
                 "what was collected before is the old one's");
    cr_expect_str_eq(folder_read("access"), line_of("/three"));
}

Test(access_log, goes_on_with_the_old_file_if_there_can_be_no_new_one)
{
    open_it();
    cr_assert_eq(rename(path, folder_path("access.1")), 0);
    cr_assert_eq(mkdir(path, 0755), 0);
    cr_expect_eq(access_log_reopen(&access_log), ERROR_SYSTEM);
    note("/one");
    access_log_flush(&access_log);
    cr_expect_str_eq(folder_read("access.1"), line_of("/one"));
}

/* ---- Pipes ---- */

/* Makes the log a pipe; the end to read from, which never blocks. */
static int open_pipe(void)
{
    cr_assert_eq(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    cr_assert_geq(reader, 0);
    open_it();
    cr_assert_gt(fcntl(reader, F_SETPIPE_SZ, 8192), 0);
    return reader;
}

static unsigned read_lines(int reader)
{
    static char text[1 << 16];
    ssize_t size = 0;
    unsigned count = 0;
    while ((size = read(reader, text, sizeof text - 1)) > 0) {
        text[size] = '\0';
        count += count_lines(text);
        cr_expect_eq(strncmp(text, "::1 - - [", 9), 0, "a torn line: %s", text);
        cr_expect_eq(text[size - 1], '\n', "a torn line: %s", text);
    }
    return count;
}

/* Nobody waits for a reader that does not read; what was lost is said once. */
Test(access_log, drops_and_counts_what_a_full_pipe_does_not_take)
{
    enum {
        MANY = 1000
    };
    int reader = open_pipe();
    for (unsigned i = 0; i < MANY; i++) {
        note("/many");
        access_log_flush(&access_log);
    }
    cr_expect_str_eq(folder_read("log"), "", "it is said when it is over");
    unsigned count = read_lines(reader);
    cr_expect_lt(count, MANY);
    for (unsigned i = 0; i < 3; i++) {
        note("/more");
        access_log_flush(&access_log);
    }
    cr_expect_eq(read_lines(reader), 3);
    char said[64];
    (void)snprintf(said, sizeof said, " warn %u lines of the access log were dropped\n",
                   MANY - count);
    cr_expect(strstr(folder_read("log"), said) != NULL, "not%sbut %s", said, folder_read("log"));
    cr_expect_eq(count_lines(folder_read("log")), 1);
    (void)close(reader);
}

Test(access_log, survives_a_pipe_without_a_reader)
{
    int reader = open_pipe();
    (void)signal(SIGPIPE, SIG_IGN);
    (void)close(reader);
    note("/one");
    note("/two");
    access_log_flush(&access_log);
    access_log_close(&access_log);
    cr_expect(strstr(folder_read("log"), "2 lines of the access log were dropped") != NULL);
}

/* As long as a line can get, in the worst format. */
static struct http_log_entry longest(char *hostile, size_t size)
{
    memset(hostile, 0x80, size);
    struct bytes text = {hostile, size};
    struct http_log_entry entry = entry_of("/");
    entry.method = entry.target = entry.referer = entry.agent = text;
    entry.unix_us = INT64_MAX;
    entry.took_us = INT64_MAX;
    entry.size = UINT64_MAX;
    return entry;
}

/* Hostile bytes make a line longer, never longer than what a pipe takes whole. */
Test(access_log, writes_the_longest_line_whole)
{
    static char hostile[8192];
    struct http_log_entry entry = longest(hostile, sizeof hostile);
    for (int is_json = 0; is_json < 2; is_json++) {
        cr_assert_eq(access_log_open(&access_log, path, is_json != 0), ERROR_NONE);
        access_log_write(&access_log, &entry);
        cr_expect_leq(access_log.buffer.size, (size_t)HTTP_LOG_LINE_MAX);
        access_log_close(&access_log);
        cr_expect_eq(count_lines(folder_read("access")), (unsigned)is_json + 1);
    }
    cr_expect_str_eq(folder_read("log"), "");
}

/* ---- Full disks ---- */

Test(access_log, counts_what_a_full_disk_does_not_take)
{
    open_it();
    note("/one");
    note("/two");
    faulty_arm(FAULTY_write, FAULTY_FROM_THEN_ON, 1, FAULTY_HERE);
    access_log_flush(&access_log);
    note("/three");
    access_log_flush(&access_log);
    cr_expect_eq(faulty_disarm(), 2);
    note("/four");
    access_log_flush(&access_log);
    cr_expect_str_eq(folder_read("access"), line_of("/four"));
    cr_expect(strstr(folder_read("log"), "3 lines of the access log were dropped") != NULL);
}

Test(access_log, ends_a_line_that_a_full_disk_has_torn)
{
    open_it();
    note("/one");
    faulty_arm(FAULTY_write, FAULTY_SHORT, 1, FAULTY_HERE);
    access_log_flush(&access_log);
    (void)faulty_disarm();
    /* The disk is still full. */
    note("/two");
    faulty_arm(FAULTY_write, FAULTY_FROM_THEN_ON, 1, FAULTY_HERE);
    access_log_flush(&access_log);
    (void)faulty_disarm();
    note("/three");
    access_log_flush(&access_log);
    const char *text = folder_read("access");
    size_t torn = strlen(line_of("/one")) / 2;
    cr_expect_eq(strncmp(text, line_of("/one"), torn), 0, "%s", text);
    cr_expect_eq(text[torn], '\n', "%s", text);
    cr_expect_str_eq(text + torn + 1, line_of("/three"));
    cr_expect(strstr(folder_read("log"), "2 lines of the access log were dropped") != NULL, "%s",
              folder_read("log"));
}

/* ---- Several workers ---- */

enum {
    WRITERS = 4,
    LINES_EACH = 2000
};

static int write_lines(void *context)
{
    char target[64];
    (void)snprintf(target, sizeof target, "/%s", (const char *)context);
    struct http_log_entry entry = entry_of(target);
    child_demand(access_log_open(&access_log, path, false) == ERROR_NONE);
    for (unsigned i = 0; i < LINES_EACH; i++) {
        access_log_write(&access_log, &entry);
        if (i % 7 == 0)
            access_log_flush(&access_log);
    }
    access_log_close(&access_log);
    return 0;
}

Test(access_log, takes_whole_lines_of_several_workers_at_once)
{
    static const char *const names[WRITERS] = {"a", "bbbbbbbb", "cccccccccccccccc", "dd"};
    pid_t writers[WRITERS];
    unsigned counts[WRITERS] = {0};
    for (unsigned i = 0; i < WRITERS; i++)
        writers[i] = child_start(write_lines, (void *)(uintptr_t)names[i]);
    for (unsigned i = 0; i < WRITERS; i++)
        cr_assert_eq(child_wait(writers[i]), 0);
    FILE *file = fopen(path, "re");
    char line[256];
    cr_assert_neq(file, NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        char target[64] = "";
        cr_assert_eq(sscanf(line, "::1 - - [%*[^]]] \"GET %63s", target), 1, "%s", line);
        cr_assert_str_eq(line, line_of(target));
        for (unsigned i = 0; i < WRITERS; i++)
            counts[i] += strcmp(target + 1, names[i]) == 0;
    }
    (void)fclose(file);
    for (unsigned i = 0; i < WRITERS; i++)
        cr_expect_eq(counts[i], LINES_EACH);
}
