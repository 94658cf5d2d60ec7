/* Which values the settings take, by their kinds. */
#include "config/config.h"
#include "config/setting.h"

#include "reading.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int64_t number_of(const struct setting *setting)
{
    int64_t number;
    memcpy(&number, (const char *)&config + setting->field, sizeof number);
    return number;
}

static bool is_number(const struct setting *setting)
{
    return setting->kind == SETTING_KIND_COUNT || setting->kind == SETTING_KIND_BYTES ||
           setting->kind == SETTING_KIND_SECONDS;
}

/* The number as a file gives it. */
static void write_number(const struct setting *setting, int64_t number, char *text, size_t size)
{
    if (setting->kind == SETTING_KIND_SECONDS)
        (void)snprintf(text, size, "%s%" PRId64 ".%06" PRId64, number < 0 ? "-" : "",
                       (number < 0 ? -number : number) / SECOND_US,
                       (number < 0 ? -number : number) % SECOND_US);
    else
        (void)snprintf(text, size, "%" PRId64, number);
}

static void expect_taken(const struct setting *setting, int64_t number)
{
    char shown[64];
    char text[128];
    write_number(setting, number, shown, sizeof shown);
    (void)snprintf(text, sizeof text, "{%s => %s}", setting->name, shown);
    take(text);
    cr_expect_eq(number_of(setting), number, "%s: %" PRId64, text, number_of(setting));
}

/* The message begins with the place and the name, and says what would be right. */
static void expect_out_of_range(const struct setting *setting, int64_t number)
{
    char shown[64];
    char text[128];
    char start[128];
    char takes[SETTING_TEXT_MAX];
    struct problem problem = {.text = ""};
    write_number(setting, number, shown, sizeof shown);
    (void)snprintf(text, sizeof text, "{%s => %s}", setting->name, shown);
    (void)snprintf(start, sizeof start, "myapp.conf:1:%zu: %s is ", strlen(setting->name) + 6,
                   setting->name);
    cr_expect_eq(read_config(text, &problem), ERROR_INVALID, "%s", text);
    cr_expect_eq(strncmp(problem.text, start, strlen(start)), 0, "%s: %s", text, problem.text);
    setting_takes(setting, takes);
    cr_expect_not_null(strstr(problem.text, takes), "%s: %s", text, problem.text);
}

Test(config_values, takes_each_number_within_its_bounds_and_no_other)
{
    /* Promise CFG-4 */
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        const struct setting *setting = setting_get((enum setting_id)i);
        if (!is_number(setting))
            continue;
        expect_taken(setting, setting->least);
        expect_taken(setting, setting->most);
        expect_out_of_range(setting, setting->most + 1);
        expect_out_of_range(setting, -setting->least);
        expect_out_of_range(setting, -1);
        if (setting->least > 1)
            expect_out_of_range(setting, setting->least - 1);
    }
}

Test(config_values, takes_0_where_the_promise_says_so)
{
    /* Promise CFG-6 */
    static const enum setting_id taken[] = {SETTING_accepts,
                                            SETTING_keep_alive_requests,
                                            SETTING_keep_alive_timeout,
                                            SETTING_inactivity_timeout,
                                            SETTING_websocket_timeout,
                                            SETTING_graceful_timeout,
                                            SETTING_spare,
                                            SETTING_heartbeat_timeout,
                                            SETTING_message_max,
                                            SETTING_websocket_max,
                                            SETTING_backlog};
    static const enum setting_id refused[] = {SETTING_clients, SETTING_workers,
                                              SETTING_heartbeat_interval, SETTING_upgrade_timeout,
                                              SETTING_header_timeout};
    for (size_t i = 0; i < LENGTH(taken); i++)
        expect_taken(setting_get(taken[i]), 0);
    for (size_t i = 0; i < LENGTH(refused); i++)
        expect_out_of_range(setting_get(refused[i]), 0);
    size_t numbers = 0;
    for (size_t i = 0; i < SETTINGS_COUNT; i++)
        numbers += is_number(setting_get((enum setting_id)i)) ? 1 : 0;
    cr_expect_eq(numbers, LENGTH(taken) + LENGTH(refused), "every number is in one of the lists");
}

Test(config_values, says_what_is_wrong_with_a_number_and_what_would_be_right)
{
    /* Promise CFG-4 */
    static const struct refusal rows[] = {
        {"{\n  listen  => 'http://*:80',\n  workers => 0,\n}",
         "myapp.conf:3:14: workers is 0, it takes a whole number from 1 to 512"},
        {"{workers => 'many'}",
         "myapp.conf:1:13: workers is 'many', it takes a whole number from 1 to 512"},
        {"{workers => ''}",
         "myapp.conf:1:13: workers is '', it takes a whole number from 1 to 512"},
        {"{workers => 1.5}",
         "myapp.conf:1:13: workers is 1.5, it takes a whole number from 1 to 512"},
        {"{workers => '1 '}",
         "myapp.conf:1:13: workers is '1 ', it takes a whole number from 1 to 512"},
        {"{workers => [4]}",
         "myapp.conf:1:13: workers is a list, it takes a whole number from 1 to 512"},
        {"{workers => {}}",
         "myapp.conf:1:13: workers is a hash, it takes a whole number from 1 to 512"},
        {"{workers => 1e20}",
         "myapp.conf:1:13: workers is 1e+20, it takes a whole number from 1 to 512"},
        {"{workers => 'NaN'}",
         "myapp.conf:1:13: workers is 'NaN', it takes a whole number from 1 to 512"},
        {"{heartbeat_interval => 'Inf'}",
         "myapp.conf:1:24: heartbeat_interval is 'Inf', it takes seconds from 0.001 to 315360000"},
        {"{graceful_timeout => 0.0000001}", "myapp.conf:1:22: graceful_timeout is 1e-07, it takes "
                                            "0 (at once) or seconds from 0.001 to 315360000"},
        {"{keep_alive_timeout => '1e400'}",
         "myapp.conf:1:24: keep_alive_timeout is '1e400', it takes 0 (without limit) or seconds "
         "from 0.001 to 315360000"},
        {"{accepts => -1}", "myapp.conf:1:13: accepts is -1, it takes 0 (without limit) or a whole "
                            "number from 1 to 1000000000"},
        {"{accepts => 0.1}", "myapp.conf:1:13: accepts is 0.1, it takes 0 (without limit) or a "
                             "whole number from 1 to 1000000000"},
        {"{requests => -1}", "myapp.conf:1:14: keep_alive_requests is -1, it takes 0 (without "
                             "limit) or a whole number from 1 to 1000000000"},
        {"{message_max => -1}",
         "myapp.conf:1:17: message_max is -1, it takes 0 or a whole number of "
         "bytes from 1 to 1099511627776"},
        {"{workers => 'a\\n\x01'}",
         "myapp.conf:1:13: workers is 'a\\n?', it takes a whole number from 1 to 512"},
        {"{workers => 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxy'}",
         "myapp.conf:1:13: workers is "
         "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...', it takes a whole "
         "number "
         "from 1 to 512"},
    };
    expect_all_refused(rows, LENGTH(rows));
}

Test(config_values, rounds_seconds_to_the_microsecond)
{
    struct row {
        const char *text;
        int64_t us;
    };
    static const struct row rows[] = {
        {"{heartbeat_interval => 0.25}", 250000},
        {"{heartbeat_interval => '0.25'}", 250000},
        {"{heartbeat_interval => '0.3333333'}", 333333},
        {"{heartbeat_interval => '1.9999999'}", 2000000},
        {"{heartbeat_interval => 2.5e-1}", 250000},
        {"{heartbeat_interval => .001}", 1000},
        {"{heartbeat_interval => '+5'}", 5000000},
        {"{heartbeat_interval => '5.'}", 5000000},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        take(rows[i].text);
        cr_expect_eq(config.heartbeat_interval_us, rows[i].us, "%s", rows[i].text);
    }
}

Test(config_values, takes_the_truth_of_a_flag_as_perl_does)
{
    struct row {
        const char *value;
        bool flag;
    };
    static const struct row rows[] = {
        {"0", false},   {"'0'", false}, {"''", false},     {"0.0", false},  {"-0", false},
        {"1", true},    {"'1'", true},  {"2", true},       {"'off'", true}, {"'0.0'", true},
        {"'00'", true}, {"' '", true},  {"\"\\0\"", true},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "{proxy => %s, bonjour => %s}", rows[i].value,
                       rows[i].value);
        take(text);
        cr_expect_eq(config.proxy, rows[i].flag, "%s", text);
        cr_expect_eq(config.bonjour, rows[i].flag, "%s", text);
    }
    expect_refused("{proxy => []}", "myapp.conf:1:11: proxy is a list, it takes 0 or 1");
    expect_refused("{bonjour => {}}", "myapp.conf:1:13: bonjour is a hash, it takes 0 or 1");
}

Test(config_values, takes_texts_up_to_their_bounds)
{
    /* Promise CFG-4 */
    static char text[CONFIG_PATH_MAX + 64];
    struct problem problem;
    for (size_t size = CONFIG_PATH_MAX - 1; size <= CONFIG_PATH_MAX + 1; size++) {
        memset(text, '/', sizeof text);
        memcpy(text, "{pid_file => '", 14);
        memcpy(text + 14 + size, "'}", 3);
        bool fits = size < CONFIG_PATH_MAX;
        cr_expect_eq(read_config(text, &problem), fits ? ERROR_NONE : ERROR_INVALID);
        if (fits)
            cr_expect_eq(strlen(config.pid_file), size);
        else
            cr_expect_not_null(strstr(problem.text, "///...', it takes a path of 1 to 4095 bytes"),
                               "%s", problem.text);
    }
    for (size_t size = CONFIG_NAME_MAX - 1; size <= CONFIG_NAME_MAX; size++) {
        memset(text, 'x', sizeof text);
        memcpy(text, "{user => '", 10);
        memcpy(text + 10 + size, "'}", 3);
        cr_expect_eq(read_config(text, &problem),
                     size < CONFIG_NAME_MAX ? ERROR_NONE : ERROR_INVALID);
    }
    take("{user => 1000, log_file => -1.50}");
    cr_expect_str_eq(config.user, "1000");
    cr_expect_str_eq(config.log_file, "-1.5");
    static const struct refusal rows[] = {
        {"{user => ''}", "myapp.conf:1:10: user is '', it takes a name of 1 to 255 bytes"},
        {"{group => []}", "myapp.conf:1:11: group is a list, it takes a name of 1 to 255 bytes"},
        {"{pid_file => ''}", "myapp.conf:1:14: pid_file is '', it takes a path of 1 to 4095 bytes"},
        {"{lock_file => {}}",
         "myapp.conf:1:15: lock_file is a hash, it takes a path of 1 to 4095 bytes"},
        {"{log_file => \"a\\0b\"}", "myapp.conf:1:14: log_file holds a NUL"},
    };
    expect_all_refused(rows, LENGTH(rows));
}

Test(config_values, listens_on_one_value_or_a_list)
{
    /* Promise CFG-8 */
    take("{listen => 'http://127.0.0.1:1'}");
    cr_expect_eq(config.listen_count, 1);
    cr_expect_str_eq(config.listen[0], "http://127.0.0.1:1");
    take("{listen => [qw(http://*:1 http://*:2)]}");
    cr_expect_eq(config.listen_count, 2);
    cr_expect_str_eq(config.listen[1], "http://*:2");
    static const char takes[] = "a listen value such as 'http://*:8080', or a list of 1 to 64";
    char expected[256];
    static const struct refusal rows[] = {
        {"{listen => []}", "myapp.conf:1:12: listen is an empty list, it takes %s"},
        {"{listen => [qw()]}", "myapp.conf:1:12: listen is an empty list, it takes %s"},
        {"{listen => {}}", "myapp.conf:1:12: listen is a hash, it takes %s"},
        {"{listen => ['http://*', undef]}", "myapp.conf:1:25: listen is undef, it takes %s"},
        {"{listen => ['http://*', ['http://*:1']]}",
         "myapp.conf:1:25: listen is a list, it takes %s"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char start[128];
        (void)snprintf(start, sizeof start, "%.*s", (int)(strlen(rows[i].problem) - 2),
                       rows[i].problem);
        (void)snprintf(expected, sizeof expected, "%s%s", start, takes);
        expect_refused(rows[i].text, expected);
    }
}

Test(config_values, refuses_an_invalid_listen_value_at_its_place)
{
    /* Promises LSN-7, CFG-4 */
    static const struct refusal rows[] = {
        {"{listen => 'http://*:99999'}",
         "myapp.conf:1:12: Invalid listen value \"http://*:99999\": port 99999 is not a number "
         "from 0 to 65535"},
        {"{\n  listen => [\n    'http://*:80',\n    'ftp://*',\n  ],\n}",
         "myapp.conf:4:5: Invalid listen value \"ftp://*\": it does not begin with http://, "
         "https://, http+unix:// or file://"},
        {"{listen => [qw(http://*:80\n  http://*:x)]}",
         "myapp.conf:2:3: Invalid listen value \"http://*:x\": port x is not a number from 0 to "
         "65535"},
        {"{listen => 3000}", "myapp.conf:1:12: Invalid listen value \"3000\": it does not begin "
                             "with http://, https://, http+unix:// or file://"},
        {"{listen => ['http://*:80', 'http://*:81', 'http://*:80']}",
         "myapp.conf:1:43: Invalid listen value \"http://*:80\": it is given twice"},
        {"{listen => ['file:///x', 'file:///x']}",
         "myapp.conf:1:26: Invalid listen value \"file:///x\": it is given twice"},
    };
    expect_all_refused(rows, LENGTH(rows));
    take("{listen => ['http://*:0', 'http://*:0', 'http://*:1?reuse=1', 'http://*:1?reuse=1']}");
    cr_expect_eq(config.listen_count, 4);
}

Test(config_values, takes_64_values_of_a_list_and_no_more)
{
    /* Promise CFG-4 */
    static const char *const rows[][2] = {{"listen", "'http://*:0',"},
                                          {"trusted_proxies", "'::1',"}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char text[2048];
        char expected[128];
        struct problem problem = {.text = ""};
        int size = snprintf(text, sizeof text, "{%s => [", rows[i][0]);
        for (int j = 0; j < 64; j++)
            size += snprintf(text + size, sizeof text - (size_t)size, "%s", rows[i][1]);
        (void)snprintf(text + size, sizeof text - (size_t)size, "]}");
        take(text);
        cr_expect_eq(i == 0 ? config.listen_count : config.trusted_proxies_count, 64);
        (void)snprintf(text + size, sizeof text - (size_t)size, "\n1]}");
        (void)snprintf(expected, sizeof expected, "myapp.conf:2:1: %s has more than 64 values",
                       rows[i][0]);
        cr_expect_eq(read_config(text, &problem), ERROR_INVALID);
        cr_expect_str_eq(problem.text, expected);
    }
}

Test(config_values, takes_networks_as_trusted_proxies)
{
    /* Promise CFG-7 */
    take("{trusted_proxies => '10.0.0.0/8'}");
    cr_expect_eq(config.trusted_proxies_count, 1);
    take("{trusted_proxies => ['1111:2222:3333:4444:5555:6666:255.255.255.255/128']}");
    cr_expect_str_eq(config.trusted_proxies[0],
                     "1111:2222:3333:4444:5555:6666:255.255.255.255/128");
    static const struct refusal rows[] = {
        {"{trusted_proxies => 'proxy.example.org'}",
         "myapp.conf:1:21: trusted_proxies is 'proxy.example.org', it takes a network such "
         "as '10.0.0.0/8', or a list of 1 to 64"},
        {"{trusted_proxies => ['10.0.0.0/8', '10.0.0.0/33']}",
         "myapp.conf:1:36: trusted_proxies is '10.0.0.0/33', it takes a network such as "
         "'10.0.0.0/8', or a list of 1 to 64"},
        {"{trusted_proxies => []}", "myapp.conf:1:21: trusted_proxies is an empty list, it takes a "
                                    "network such as '10.0.0.0/8', or a list of 1 to 64"},
    };
    expect_all_refused(rows, LENGTH(rows));
}
