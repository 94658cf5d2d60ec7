#include "config/handover.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

static struct handover handover;
static struct problem problem;
static char text[65536];

static enum error read_text(const char *line)
{
    (void)snprintf(text, sizeof text, "%s", line);
    return handover_read(text, &handover, &problem);
}

static const char *write_line(const struct handover *given)
{
    static char storage[65536];
    struct buffer line;
    buffer_init(&line, storage, sizeof storage);
    cr_assert(handover_write(&line, given));
    cr_assert_eq(line.size, strlen(storage) + 1, "it ends with its NUL");
    return storage;
}

/* Promise UPG-1 */
Test(handover, is_one_line)
{
    struct handover given = {.channel = 10,
                             .errors = 11,
                             .manager = 4711,
                             .generation = 2,
                             .is_detached = true,
                             .pid_path = "/run/app.pid",
                             .listener_count = 2,
                             .listeners = {{.fd = 3, .value = "http://*:8080"},
                                           {.fd = 7, .value = "http://[::1]:80?reuse=1"}}};
    cr_expect_str_eq(write_line(&given),
                     "1 10 11 4711 2 1 /run/app.pid 3=http://*:8080 7=http://[::1]:80?reuse=1");
}

Test(handover, is_read_as_it_was_written)
{
    static const char *const texts[] = {
        "/run/app.pid", "a b", "%41", "\t\n\x01\x7f\xff\xc3\xa9", " ", "=", "1=2", "", "a=b c=d"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct handover given = {
            .channel = 1048575,
            .errors = 3,
            .manager = 2147483647,
            .generation = 1000000000,
            .pid_path = texts[i][0] == '\0' ? "x" : texts[i],
            .listener_count = 2,
            .listeners = {{.fd = 0, .value = texts[i]}, {.fd = 1048575, .value = "http://*:80"}}};
        cr_assert_eq(read_text(write_line(&given)), ERROR_NONE, "%s: %s", texts[i], problem.text);
        cr_expect_eq(handover.channel, 1048575);
        cr_expect_eq(handover.errors, 3);
        cr_expect_eq(handover.manager, 2147483647);
        cr_expect_eq(handover.generation, 1000000000);
        cr_expect_not(handover.is_detached);
        cr_expect_str_eq(handover.pid_path, given.pid_path);
        cr_assert_eq(handover.listener_count, 2);
        cr_expect_eq(handover.listeners[0].fd, 0);
        cr_expect_str_eq(handover.listeners[0].value, texts[i]);
        cr_expect_eq(handover.listeners[1].fd, 1048575);
        cr_expect_str_eq(handover.listeners[1].value, "http://*:80");
    }
}

/* Promise LSN-2 */
Test(handover, says_which_file_the_server_has_made_for_a_socket)
{
    struct handover given = {
        .pid_path = "pid",
        .listener_count = 3,
        .listeners = {
            {.fd = 3, .value = "file:///a@1:2=3", .file = {.device = 64769, .inode = 7}},
            {.fd = 4, .value = "http://*:80"},
            {.fd = 5, .value = "x", .file = {.device = UINT64_MAX, .inode = UINT64_MAX}}}};
    const char *line = write_line(&given);
    cr_expect_str_eq(line, "1 0 0 0 0 0 pid 3@64769:7=file:///a@1:2=3 4=http://*:80 "
                           "5@18446744073709551615:18446744073709551615=x");
    cr_assert_eq(read_text(line), ERROR_NONE, "%s", problem.text);
    for (size_t i = 0; i < 3; i++) {
        const struct handover_listener *read = &handover.listeners[i];
        cr_expect_eq(read->fd, given.listeners[i].fd);
        cr_expect_str_eq(read->value, given.listeners[i].value);
        cr_expect(file_identity_equal(read->file, given.listeners[i].file));
    }
}

/* An environment has no room for anything else. */
Test(handover, holds_printable_text_alone)
{
    struct handover given = {.pid_path = "a b%c\n\xff~!", .listener_count = 0};
    cr_expect_str_eq(write_line(&given), "1 0 0 0 0 0 a%20b%25c%0A%FF~!");
    for (const char *byte = write_line(&given); *byte != '\0'; byte++)
        cr_expect(*byte >= ' ' && *byte < 0x7f);
}

Test(handover, may_have_no_listener)
{
    cr_assert_eq(read_text("1 3 4 5 6 1 pid"), ERROR_NONE, "%s", problem.text);
    cr_expect_eq(handover.listener_count, 0);
    cr_expect(handover.is_detached);
    cr_expect_str_eq(handover.pid_path, "pid");
}

/* Promise UPG-1: a version that is not understood fails the upgrade, not the service. */
Test(handover, of_another_version_is_refused)
{
    static const char *const lines[] = {
        "",   "2 3 4 5 6 0 pid",  "0 3 4 5 6 0 pid", "01 3 4 5 6 0 pid",
        "1x", "v1 3 4 5 6 0 pid", " 1 3 4 5 6 0 pid"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        cr_expect_eq(read_text(lines[i]), ERROR_INVALID, "%s", lines[i]);
        cr_expect_eq(strncmp(problem.text, "the running server hands over in version \"", 42), 0,
                     "%s", problem.text);
        cr_expect(strstr(problem.text, "\", this one understands 1") != NULL, "%s", problem.text);
    }
    cr_assert_eq(read_text("12345678901234567890 3"), ERROR_INVALID);
    cr_expect(strstr(problem.text, "\"1234567890123456\"") != NULL, "%s", problem.text);
}

Test(handover, that_is_malformed_is_refused)
{
    static const struct {
        const char *line;
        const char *reason;
    } table[] = {
        {"1", "the handover has a malformed number"},
        {"1 ", "the handover has a malformed number"},
        {"1 3", "the handover has a malformed number"},
        {"1 3 4", "the handover has a malformed number"},
        {"1 3 4 5", "the handover has a malformed number"},
        {"1 3 4 5 6", "the handover has a malformed number"},
        {"1 x 4 5 6 0 pid", "the handover has a malformed number"},
        {"1 -1 4 5 6 0 pid", "the handover has a malformed number"},
        {"1 +3 4 5 6 0 pid", "the handover has a malformed number"},
        {"1 3  5 6 0 pid", "the handover has a malformed number"},
        {"1 3x 4 5 6 0 pid", "the handover has a malformed number"},
        {"1 1048576 4 5 6 0 pid", "the handover has a malformed number"},
        {"1 3 1048576 5 6 0 pid", "the handover has a malformed number"},
        {"1 3 4 2147483648 6 0 pid", "the handover has a malformed number"},
        {"1 3 4 -5 6 0 pid", "the handover has a malformed number"},
        {"1 3 4 5 1000000001 0 pid", "the handover has a malformed number"},
        {"1 3 4 5 99999999999999999999 0 pid", "the handover has a malformed number"},
        {"1 3 4 5 6 2 pid", "the handover has a malformed number"},
        {"1 3 4 5 6 0", "the handover has no PID file"},
        {"1 3 4 5 6 0 ", "the handover has no PID file"},
        {"1 3 4 5 6 0  3=http", "the handover has no PID file"},
        {"1 3 4 5 6 0 %", "the handover has no PID file"},
        {"1 3 4 5 6 0 a%4", "the handover has no PID file"},
        {"1 3 4 5 6 0 a%zz", "the handover has no PID file"},
        {"1 3 4 5 6 0 a%00b", "the handover has no PID file"},
        {"1 3 4 5 6 0 pid http", "the handover has a malformed listener"},
        {"1 3 4 5 6 0 pid =http", "the handover has a malformed listener"},
        {"1 3 4 5 6 0 pid x=http", "the handover has a malformed listener"},
        {"1 3 4 5 6 0 pid -1=http", "the handover has a malformed listener"},
        {"1 3 4 5 6 0 pid 1048576=http", "the handover has a malformed listener"},
        {"1 3 4 5 6 0 pid 3@=a", "the handover has a malformed listener"},
        {"1 3 4 5 6 0 pid 3@1=a", "the handover has a malformed listener"},
        {"1 3 4 5 6 0 pid 3@1:=a", "the handover has a malformed listener"},
        {"1 3 4 5 6 0 pid 3@:1=a", "the handover has a malformed listener"},
        {"1 3 4 5 6 0 pid 3@x:1=a", "the handover has a malformed listener"},
        {"1 3 4 5 6 0 pid 3@1:-1=a", "the handover has a malformed listener"},
        {"1 3 4 5 6 0 pid 3@0:0=a", "the handover has a malformed listener"},
        {"1 3 4 5 6 0 pid 3@1:18446744073709551616=a", "the handover has a malformed listener"},
        {"1 3 4 5 6 0 pid @1:2=a", "the handover has a malformed listener"},
        {"1 3 4 5 6 0 pid 3=%", "the handover has a malformed listener"},
        {"1 3 4 5 6 0 pid 3=%00", "the handover has a malformed listener"},
        {"1 3 4 5 6 0 pid 3=a  4=b", "the handover has a malformed listener"},
        {"1 3 4 5 6 0 pid 3=a b", "the handover has a malformed listener"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        cr_expect_eq(read_text(table[i].line), ERROR_INVALID, "%s", table[i].line);
        cr_expect_str_eq(problem.text, table[i].reason, "%s: %s", table[i].line, problem.text);
    }
}

static void fill(struct handover *given)
{
    *given = (struct handover){.pid_path = "pid", .listener_count = LISTENERS_MAX};
    for (size_t i = 0; i < LISTENERS_MAX; i++)
        given->listeners[i] =
            (struct handover_listener){.fd = (int)i, .value = "http://127.0.0.1:8080"};
}

Test(handover, has_as_many_listeners_as_a_server_may_have)
{
    static struct handover given;
    char line[65536];
    fill(&given);
    (void)snprintf(line, sizeof line, "%s", write_line(&given));
    cr_assert_eq(read_text(line), ERROR_NONE, "%s", problem.text);
    cr_expect_eq(handover.listener_count, LISTENERS_MAX);
    cr_expect_eq(handover.listeners[LISTENERS_MAX - 1].fd, LISTENERS_MAX - 1);
    (void)strcat(line, " 3=http://*:80");
    cr_expect_eq(read_text(line), ERROR_INVALID);
    cr_expect_str_eq(problem.text, "the handover has a malformed listener");
}

/* All of it or nothing. */
Test(handover, that_does_not_fit_is_not_begun)
{
    static struct handover given;
    char storage[65536];
    fill(&given);
    given.listener_count = 2;
    size_t needed = strlen(write_line(&given)) + 1;
    for (size_t room = 0; room <= needed; room++) {
        struct buffer line;
        buffer_init(&line, storage, room + 1);
        cr_assert(buffer_append(&line, BYTES("x")));
        cr_expect_eq(handover_write(&line, &given), room == needed, "%zu", room);
        cr_expect_eq(line.size, room == needed ? needed + 1 : 1);
    }
}

/* Promise UPG-3 */
Test(handover, says_where_the_keys_of_tickets_are)
{
    struct handover given = {.channel = 3,
                             .tickets = 1048575,
                             .pid_path = "tickets=7",
                             .listener_count = 1,
                             .listeners = {{.fd = 4, .value = "tickets=5"}}};
    const char *line = write_line(&given);
    cr_expect_str_eq(line, "1 3 0 0 0 0 tickets=7 tickets=1048575 4=tickets=5");
    cr_assert_eq(read_text(line), ERROR_NONE, "%s", problem.text);
    cr_expect_eq(handover.tickets, 1048575);
    cr_expect_str_eq(handover.pid_path, "tickets=7");
    cr_assert_eq(handover.listener_count, 1);
    cr_expect_str_eq(handover.listeners[0].value, "tickets=5");
    cr_assert_eq(read_text("1 3 4 5 6 1 pid tickets=7"), ERROR_NONE, "%s", problem.text);
    cr_expect_eq(handover.tickets, 7);
    cr_assert_eq(read_text("1 3 4 5 6 1 pid 4=x"), ERROR_NONE, "%s", problem.text);
    cr_expect_eq(handover.tickets, 0, "there are none");
    static const char *const bad[] = {"tickets=",           "tickets=0",       "tickets=-1",
                                      "tickets=x",          "tickets=1048576", "4=x tickets=7",
                                      "tickets=7 tickets=7"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char malformed[64];
        (void)snprintf(malformed, sizeof malformed, "1 3 4 5 6 1 pid %s", bad[i]);
        cr_expect_eq(read_text(malformed), ERROR_INVALID, "%s", bad[i]);
    }
}
