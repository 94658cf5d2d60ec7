/* Warnings and errors of a start go to somebody who waits for its outcome (promise UPG-5). */
#include "sys/log.h"

#include "kit/descriptors.h"
#include "kit/folder.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int reader = -1;
static int writer = -1;

static void begin(void)
{
    static char path[1024];
    int ends[2];
    folder_open();
    (void)snprintf(path, sizeof path, "%s", folder_path("log"));
    cr_assert_eq(log_open(path), ERROR_NONE);
    cr_assert_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    reader = ends[0];
    writer = ends[1];
    log_tee(writer);
}

TestSuite(log_tee, .init = begin, .fini = folder_close);

static const char *heard(void)
{
    static char text[65536];
    ssize_t size = read(reader, text, sizeof text - 1);
    text[size < 0 ? 0 : size] = '\0';
    return text;
}

Test(log_tee, hears_warnings_and_errors)
{
    log_write(LOG_LEVEL_INFO, "an information");
    cr_expect_str_eq(heard(), "");
    log_write(LOG_LEVEL_WARN, "a warning");
    log_write(LOG_LEVEL_ERROR, "an error");
    const char *text = heard();
    cr_expect_eq(text[0], LOG_TEE_MARK);
    const char *second = strchr(text, '\n');
    cr_assert_neq(second, NULL);
    cr_expect_eq(second[1], LOG_TEE_MARK);
    cr_expect(strstr(text, "] warn a warning\n") != NULL);
    cr_expect(strstr(text, "] error an error\n") != NULL);
    cr_expect(strstr(folder_read("log"), "] info an information\n") != NULL);
    cr_expect_eq(strncmp(strchr(folder_read("log"), '\n') + 1, text + 1, 20), 0, "the same lines");
    cr_expect_eq(strchr(folder_read("log"), LOG_TEE_MARK), NULL, "the mark is for others");
}

/* The log of a daemon may be less talkative than that. */
Test(log_tee, does_not_ask_what_the_log_takes)
{
    log_set_least(LOG_LEVEL_ERROR);
    log_write(LOG_LEVEL_WARN, "a warning");
    cr_expect(strstr(heard(), "a warning") != NULL);
    cr_expect(strstr(folder_read("log"), "a warning") == NULL);
}

Test(log_tee, is_let_go_of)
{
    log_tee(-1);
    cr_expect(patience_readable(reader, PATIENCE_US), "its end");
    cr_expect_eq(fcntl(writer, F_GETFD), -1);
    log_write(LOG_LEVEL_ERROR, "an error");
    cr_expect_str_eq(heard(), "");
    log_tee(-1);
}

Test(log_tee, is_replaced)
{
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    log_tee(ends[1]);
    cr_expect_eq(fcntl(writer, F_GETFD), -1);
    log_write(LOG_LEVEL_ERROR, "an error");
    reader = ends[0];
    cr_expect(strstr(heard(), "an error") != NULL);
}

/* Promise OBS-3: nobody waits for who does not listen, and the log has its lines all the same. */
Test(log_tee, is_not_waited_for)
{
    for (int i = 0; i < 5000; i++)
        log_write(LOG_LEVEL_ERROR, "error number %d", i);
    cr_expect(strstr(folder_read("log"), "error number 500\n") != NULL);
    size_t size = strlen(heard());
    cr_expect_gt(size, 0);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)close(reader);
    log_write(LOG_LEVEL_ERROR, "the last one");
}

Test(log_tee, hears_as_much_as_the_log_of_a_long_line)
{
    static char line[8192];
    memset(line, 'x', sizeof line - 1);
    log_write(LOG_LEVEL_ERROR, "%s", line);
    const char *text = heard();
    cr_expect_str_eq(text + 1, folder_read("log"));
    cr_expect_eq(text[strlen(text) - 1], '\n');
}
