#include "config/config.h"
#include "config/setting.h"

#include "reading.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(config, has_the_defaults_of_the_promises)
{
    /* Promises CFG-5, CFG-7 */
    config_set_defaults(&config);
    cr_expect_eq(config.accepts, 1000);
    cr_expect_eq(config.backlog, 0);
    cr_expect_eq(config.clients, 1000);
    cr_expect_eq(config.graceful_timeout_us, 30 * SECOND_US);
    cr_expect_eq(config.heartbeat_interval_us, 5 * SECOND_US);
    cr_expect_eq(config.heartbeat_timeout_us, 2 * SECOND_US);
    cr_expect_eq(config.keep_alive_requests, 25);
    cr_expect_eq(config.keep_alive_timeout_us, 5 * SECOND_US);
    cr_expect_eq(config.listen_count, 1);
    cr_expect_str_eq(config.listen[0], "http://*:8080");
    cr_expect_str_eq(config.lock_file, "");
    cr_expect_str_eq(config.pid_file, "");
    cr_expect_not(config.proxy);
    cr_expect_eq(config.upgrade_timeout_us, 30 * SECOND_US);
    cr_expect_eq(config.websocket_timeout_us, 300 * SECOND_US);
    cr_expect_eq(config.workers, 4);
    cr_expect_str_eq(config.user, "");
    cr_expect_str_eq(config.group, "");
    cr_expect_eq(config.spare, 2);
    cr_expect_eq(config.inactivity_timeout_us, 30 * SECOND_US);
    cr_expect_eq(config.header_timeout_us, 10 * SECOND_US);
    cr_expect_eq(config.message_max_bytes, INT64_C(16) * 1024 * 1024);
    cr_expect_eq(config.websocket_max_bytes, 262144);
    cr_expect(config.websocket_compression);
    cr_expect_eq(config.trusted_proxies_count, 0);
    cr_expect_str_eq(config.log_file, "");
    cr_expect_str_eq(config.access_log, "");
    cr_expect(config.bonjour);
    cr_expect_eq(config.app.count, 0);
    for (size_t i = 0; i < SETTINGS_COUNT; i++)
        cr_expect_not(config.is_given[i]);
}

Test(config, of_an_empty_hash_is_the_defaults)
{
    /* Promise CFG-5 */
    static struct config defaults;
    config_set_defaults(&defaults);
    memset(&config, 0x5a, sizeof config);
    take("{}");
    cr_expect_eq(memcmp(&config, &defaults, sizeof config), 0);
}

Test(config, is_read_from_a_whole_file)
{
    /* Promises CFG-1, CFG-5, CFG-7 */
    take("# hypnotoad.conf\n"
         "{\n"
         "  accepts => 100, backlog => 128, clients => '100', graceful_timeout => 15, group => "
         "'staff',\n"
         "  heartbeat_interval => 3, heartbeat_timeout => 0.25, keep_alive_timeout => 10, requests "
         "=> 50,\n"
         "  listen => ['http://*:80', 'https://*:443', \"file:///run/x.sock\"],\n"
         "  lock_file => '/tmp/hypnotoad.lock', pid_file => '/var/run/hypnotoad.pid', proxy => 1,\n"
         "  upgrade_timeout => 15.000001, user => 'sri', websocket_timeout => 1e2, workers => 10,\n"
         "  spare => 4, inactivity_timeout => 60, trusted_proxies => ['10.0.0.0/8', '::1'], "
         "header_timeout => 1.5,\n"
         "  message_max => 0x100, log_file => 'x.log', access_log => 'x.log', access_log_json => "
         "1, bonjour => 0,\n"
         "  app => {root => './public', dotfiles => 1}, websocket_max => 1000, "
         "websocket_compression => 0,\n"
         "};\n");
    cr_expect_eq(config.websocket_max_bytes, 1000);
    cr_expect_not(config.websocket_compression);
    cr_expect_eq(config.accepts, 100);
    cr_expect_eq(config.backlog, 128);
    cr_expect_eq(config.clients, 100);
    cr_expect_eq(config.graceful_timeout_us, 15 * SECOND_US);
    cr_expect_str_eq(config.group, "staff");
    cr_expect_eq(config.heartbeat_interval_us, 3 * SECOND_US);
    cr_expect_eq(config.heartbeat_timeout_us, 250000);
    cr_expect_eq(config.keep_alive_requests, 50);
    cr_expect_eq(config.keep_alive_timeout_us, 10 * SECOND_US);
    cr_expect_eq(config.listen_count, 3);
    cr_expect_str_eq(config.listen[0], "http://*:80");
    cr_expect_str_eq(config.listen[1], "https://*:443");
    cr_expect_str_eq(config.listen[2], "file:///run/x.sock");
    cr_expect_str_eq(config.lock_file, "/tmp/hypnotoad.lock");
    cr_expect_str_eq(config.pid_file, "/var/run/hypnotoad.pid");
    cr_expect(config.proxy);
    cr_expect_eq(config.upgrade_timeout_us, 15000001);
    cr_expect_str_eq(config.user, "sri");
    cr_expect_eq(config.websocket_timeout_us, 100 * SECOND_US);
    cr_expect_eq(config.workers, 10);
    cr_expect_eq(config.spare, 4);
    cr_expect_eq(config.inactivity_timeout_us, 60 * SECOND_US);
    cr_expect_eq(config.trusted_proxies_count, 2);
    cr_expect_str_eq(config.trusted_proxies[0], "10.0.0.0/8");
    cr_expect_str_eq(config.trusted_proxies[1], "::1");
    cr_expect_eq(config.header_timeout_us, 1500000);
    cr_expect_eq(config.message_max_bytes, 256);
    cr_expect_str_eq(config.log_file, "x.log");
    cr_expect_str_eq(config.access_log, "x.log");
    cr_expect(config.access_log_json);
    cr_expect_not(config.bonjour);
    cr_expect_eq(config.app.count, 2);
    for (size_t i = 0; i < SETTINGS_COUNT; i++)
        cr_expect(config.is_given[i], "%s", setting_get((enum setting_id)i)->name);
}

Test(config, takes_undef_as_not_given)
{
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        static struct config defaults;
        char text[64];
        (void)snprintf(text, sizeof text, "{%s => undef}", setting_get((enum setting_id)i)->name);
        config_set_defaults(&defaults);
        take(text);
        cr_expect_eq(memcmp(&config, &defaults, sizeof config), 0, "%s", text);
    }
    take("{workers => undef, workers => 3, workers => undef}");
    cr_expect_eq(config.workers, 3);
}

Test(config, notes_what_the_file_gives)
{
    /* Promise CFG-6: a 0 that is given is told from one that is not. */
    take("{proxy => 0, requests => 1}");
    for (size_t i = 0; i < SETTINGS_COUNT; i++)
        cr_expect_eq(config.is_given[i], i == SETTING_proxy || i == SETTING_keep_alive_requests,
                     "%zu", i);
}

Test(config, refuses_unknown_settings_and_proposes_the_nearest)
{
    /* Promise CFG-4 */
    static const struct refusal rows[] = {
        {"{\n  worker => 4}",
         "myapp.conf:2:3: there is no setting 'worker', did you mean workers?"},
        {"{workers => 4, Listen => 4}",
         "myapp.conf:1:16: there is no setting 'Listen', did you mean listen?"},
        {"{hypnotoad => {workers => 4}}", "myapp.conf:1:2: there is no setting 'hypnotoad'"},
        {"{'' => 4}", "myapp.conf:1:2: there is no setting ''"},
        {"{-workers => 4}",
         "myapp.conf:1:2: there is no setting '-workers', did you mean workers?"},
        {"{unknown => undef}", "myapp.conf:1:2: there is no setting 'unknown'"},
        {"{xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxy => 4}",
         "myapp.conf:1:2: there is no setting "
         "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'"},
    };
    expect_all_refused(rows, LENGTH(rows));
}

Test(config, refuses_a_setting_that_is_given_twice)
{
    static const struct refusal rows[] = {
        {"{workers => 4,\n  workers => 4}", "myapp.conf:2:3: workers is given twice, first at 1:2"},
        {"{requests => 4,\n  keep_alive_requests => 4}",
         "myapp.conf:2:3: keep_alive_requests (or requests) is given twice, first at 1:2"},
        {"{listen => 'http://*', workers => 1,\n  'listen', ['http://*']}",
         "myapp.conf:2:3: listen is given twice, first at 1:2"},
    };
    expect_all_refused(rows, LENGTH(rows));
}

Test(config, refuses_two_settings_for_one_file)
{
    static const struct refusal rows[] = {
        {"{pid_file => '/x',\n lock_file => '/x'}",
         "myapp.conf:2:2: pid_file and lock_file are both '/x', they must be two files"},
        {"{log_file => '/x',\n pid_file => '/x'}",
         "myapp.conf:2:2: pid_file and log_file are both '/x', they must be two files"},
        {"{access_log => '/x', pid_file => '/x'}",
         "myapp.conf:1:22: pid_file and access_log are both '/x', they must be two files"},
        {"{lock_file => '/x', log_file => '/x'}",
         "myapp.conf:1:21: lock_file and log_file are both '/x', they must be two files"},
        {"{lock_file => '/x', access_log => '/x'}",
         "myapp.conf:1:21: lock_file and access_log are both '/x', they must be two files"},
    };
    expect_all_refused(rows, LENGTH(rows));
    take("{log_file => '/x', access_log => '/x', pid_file => '/y', lock_file => '/z'}");
}

Test(config, refuses_a_file_that_gives_no_hash)
{
    /* Promise CFG-4 */
    static const struct refusal rows[] = {
        {"", "myapp.conf:1:1: the file gives nothing, it must give one hash, as in {workers => 4}"},
        {"# nothing\n",
         "myapp.conf:2:1: the file gives nothing, it must give one hash, as in {workers => 4}"},
        {"[1]",
         "myapp.conf:1:1: the file gives a list, it must give one hash, as in {workers => 4}"},
        {" 'x'",
         "myapp.conf:1:2: the file gives a text, it must give one hash, as in {workers => 4}"},
        {"1",
         "myapp.conf:1:1: the file gives a number, it must give one hash, as in {workers => 4}"},
        {"undef",
         "myapp.conf:1:1: the file gives undef, it must give one hash, as in {workers => 4}"},
    };
    expect_all_refused(rows, LENGTH(rows));
}

Test(config, judges_the_whole_text_before_any_setting)
{
    /* Promises CFG-2, CFG-4 */
    expect_refused("{worker => 0, workers => 0, x => $x}",
                   "myapp.conf:1:34: a variable, a call or an operator is more than data");
    expect_refused("{worker => 0, workers => 0",
                   "myapp.conf:1:27: the file ends, but nothing closes the bracket opened at 1:1");
}

Test(config, shows_no_place_in_what_perl_has_printed)
{
    /* Promise CFG-2 */
    static const struct refusal rows[] = {
        {"{\"workers\"=>\"0\"}",
         "myapp.conf: workers is '0', it takes a whole number from 1 to 512"},
        {"{\"keep_alive_requests\"=>\"1\",\n\"requests\"=>\"1\"}",
         "myapp.conf: keep_alive_requests and requests are the same setting, give one of them"},
        {"", "myapp.conf: the file gives nothing, it must give one hash, as in {workers => 4}"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct problem problem = {.text = ""};
        struct config_source source = {
            .text = bytes_of(rows[i].text), .file_name = "myapp.conf", .is_evaluated = true};
        cr_expect_eq(config_read(&source, &problem, &config), ERROR_INVALID);
        cr_expect_str_eq(problem.text, rows[i].problem);
    }
}
