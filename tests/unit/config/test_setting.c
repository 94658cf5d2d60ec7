#include "config/setting.h"

#include <criterion/criterion.h>
#include <string.h>

Test(setting, is_found_by_its_name_and_by_no_other)
{
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        enum setting_id id;
        cr_assert(setting_find(bytes_of(setting_get((enum setting_id)i)->name), &id));
        cr_expect_eq(id, (enum setting_id)i);
    }
    static const char *const others[] = {"", "worker", "workers ", "Workers", "workerss"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        enum setting_id id = SETTING_user;
        cr_expect_not(setting_find(bytes_of(others[i]), &id), "%s", others[i]);
        cr_expect_eq(id, SETTING_user, "untouched");
    }
}

Test(setting, requests_is_another_name_for_keep_alive_requests)
{
    /* Promise CFG-7 */
    enum setting_id id = SETTING_user;
    cr_expect(setting_find(BYTES("requests"), &id));
    cr_expect_eq(id, SETTING_keep_alive_requests);
}

Test(setting, rows_are_in_alphabetical_order_and_make_sense)
{
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        const struct setting *setting = setting_get((enum setting_id)i);
        if (i > 0)
            cr_expect_lt(strcmp(setting_get((enum setting_id)(i - 1))->name, setting->name), 0,
                         "%s", setting->name);
        cr_expect_leq(strlen(setting->name), 32, "%s", setting->name);
        cr_expect_leq(setting->least, setting->most, "%s", setting->name);
        cr_expect_geq(setting->least, 0, "%s", setting->name);
        cr_expect(setting->sentence[strlen(setting->sentence) - 1] == '.', "%s: %s", setting->name,
                  setting->sentence);
        /* A default would be taken if the file gave it, unless words say what it is. */
        if (setting->standard_text[0] == '\0')
            cr_expect(setting_accepts(setting, setting->standard), "%s", setting->name);
    }
}

Test(setting, nearest_name_is_proposed_for_a_slip)
{
    static const char *const rows[][2] = {
        {"worker", "workers"},
        {"wrokers", "workers"},
        {"Listen", "listen"},
        {"listeners", "listen"},
        {"heartbeat_intervall", "heartbeat_interval"},
        {"keepalive_timeout", "keep_alive_timeout"},
        {"request", "requests"},
        {"usr", "user"},
        {"pidfile", "pid_file"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *nearest = setting_nearest(bytes_of(rows[i][0]));
        cr_assert_not_null(nearest, "%s", rows[i][0]);
        cr_expect_str_eq(nearest, rows[i][1]);
    }
    static const char *const others[] = {"", "hypnotoad", "x", "zzzzzzzz",
                                         "a_name_that_is_longer_than_every_name_there_is"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        cr_expect_null(setting_nearest(bytes_of(others[i])), "%s: %s", others[i],
                       setting_nearest(bytes_of(others[i])));
}

Test(setting, says_what_it_takes_and_its_default)
{
    /* Promises CFG-5, CFG-6: the words for each kind and for each meaning of 0. */
    struct row {
        enum setting_id id;
        const char *takes;
        const char *standard;
    };
    static const struct row rows[] = {
        {SETTING_workers, "a whole number from 1 to 512", "4"},
        {SETTING_accepts, "0 (without limit) or a whole number from 1 to 1000000000", "1000"},
        {SETTING_spare, "0 or a whole number from 1 to 512", "2"},
        {SETTING_message_max, "0 or a whole number of bytes from 1 to 1099511627776", "16777216"},
        {SETTING_heartbeat_interval, "seconds from 0.001 to 315360000", "5"},
        {SETTING_graceful_timeout, "0 (at once) or seconds from 0.001 to 315360000", "30"},
        {SETTING_proxy, "0 or 1", "the value of MOJO_REVERSE_PROXY"},
        {SETTING_bonjour, "0 or 1", "1"},
        {SETTING_backlog, "0 or a whole number from 1 to 65535", "SOMAXCONN"},
        {SETTING_user, "a name of 1 to 255 bytes", "unset"},
        {SETTING_pid_file, "a path of 1 to 4095 bytes", "hypnotoad.pid beside the application"},
        {SETTING_listen, "a listen value such as 'http://*:8080', or a list of 1 to 64",
         "http://*:8080"},
        {SETTING_trusted_proxies, "a network such as '10.0.0.0/8', or a list of 1 to 64", "unset"},
        {SETTING_app, "a hash of up to 64 texts and numbers, such as {root => './public'}", "none"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct setting_description description;
        setting_describe(rows[i].id, &description);
        cr_expect_str_eq(description.takes, rows[i].takes);
        cr_expect_str_eq(description.standard, rows[i].standard);
        cr_expect_str_eq(description.name, setting_get(rows[i].id)->name);
        cr_expect_null(description.other_name);
    }
    struct setting_description description;
    setting_describe(SETTING_keep_alive_requests, &description);
    cr_expect_str_eq(description.other_name, "requests");
}
