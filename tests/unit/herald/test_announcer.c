#include "herald/announcer_avahi.h"

#include "kit/folder.h"
#include "played_avahi.h"
#include "policy/herald_life.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

static struct herald_services services;
static struct announcer_plan plan;
static const struct avahi *avahi;
static int heard_fd;

static void hear(int signal_fd)
{
    heard_fd = signal_fd;
}

static void begin(void)
{
    static char path[1024];
    static const struct herald_place place = {
        .host = "web1", .port = 80, .has_ipv4 = true, .has_ipv6 = true};
    folder_open();
    (void)snprintf(path, sizeof path, "%s", folder_path("log"));
    cr_assert_eq(log_open(path), ERROR_NONE);
    services.count = 0;
    herald_services_add(&services, &place);
    avahi = played_open();
    heard_fd = -1;
    plan = (struct announcer_plan){
        .services = &services, .level = LOG_LEVEL_WARN, .signal_fd = -1, .on_signal = hear};
}

TestSuite(announcer, .init = begin, .fini = folder_close);

static struct played_round *add_round(void)
{
    static const struct played_round nothing = PLAYED_NOTHING;
    cr_assert_lt(played.round_count, PLAYED_ROUNDS_MAX);
    played.rounds[played.round_count] = nothing;
    return &played.rounds[played.round_count++];
}

static void play_client(AvahiClientState state)
{
    add_round()->client_state = (int)state;
}

static void play_group(AvahiEntryGroupState state)
{
    add_round()->group_state = (int)state;
}

static void play_rounds(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        (void)add_round();
}

static void run(void)
{
    cr_expect_eq(announcer_run_with(avahi, &plan), HERALD_STATUS_LOST);
}

static unsigned count_in_log(const char *part)
{
    unsigned count = 0;
    for (const char *at = folder_read("log"); (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

/* Promise LSN-9 */
Test(announcer, publishes_every_service_as_soon_as_avahi_runs)
{
    static const struct {
        struct herald_place place;
        const char *name;
        const char *type;
        int protocol;
        int interface;
    } table[] = {
        {{"web1", 80, false, true, true, 0},
         "Hypnotoad (web1:80)",
         "_http._tcp",
         AVAHI_PROTO_UNSPEC,
         AVAHI_IF_UNSPEC},
        {{"10.0.0.1", 443, true, true, false, 3},
         "Hypnotoad (10.0.0.1:443)",
         "_https._tcp",
         AVAHI_PROTO_INET,
         3},
        {{"[fd00::1]", 81, false, false, true, 4},
         "Hypnotoad ([fd00::1]:81)",
         "_http._tcp",
         AVAHI_PROTO_INET6,
         4},
        {{"name", 82, false, false, false, 0},
         "Hypnotoad (name:82)",
         "_http._tcp",
         AVAHI_PROTO_UNSPEC,
         AVAHI_IF_UNSPEC},
    };
    size_t count = sizeof table / sizeof table[0];
    services.count = 0;
    for (size_t i = 0; i < count; i++)
        herald_services_add(&services, &table[i].place);
    played.first_state = AVAHI_CLIENT_S_RUNNING;
    play_group(AVAHI_ENTRY_GROUP_REGISTERING);
    play_group(AVAHI_ENTRY_GROUP_ESTABLISHED);
    run();
    cr_assert_eq(played.group_count, count);
    for (size_t i = 0; i < count; i++) {
        const struct played_group *group = &played.groups[i];
        cr_expect_str_eq(group->name, table[i].name);
        cr_expect_str_eq(group->type, table[i].type);
        cr_expect_str_eq(group->text, "path=/");
        cr_expect_eq(group->protocol, table[i].protocol, "row %zu", i);
        cr_expect_eq(group->interface, table[i].interface, "row %zu", i);
        cr_expect_eq(group->port, table[i].place.port);
        cr_expect(group->is_committed);
    }
    cr_expect_eq(played.waits_ms[0], -1, "it sleeps until something happens");
    cr_expect_eq(count_in_log("info Published as \"Hypnotoad (web1:80)\", _http._tcp, port 80"), 1);
    cr_expect(played.is_freed);
}

Test(announcer, waits_for_an_avahi_that_does_not_run_yet_and_says_so_once)
{
    for (int is_quiet = 0; is_quiet < 2; is_quiet++) {
        begin();
        plan.is_quiet = is_quiet == 1;
        played.first_state = AVAHI_CLIENT_CONNECTING;
        play_rounds(1);
        play_client(AVAHI_CLIENT_S_REGISTERING);
        play_client(AVAHI_CLIENT_S_RUNNING);
        run();
        cr_expect_eq(count_in_log("warn Avahi does not run: nothing is published until it does"),
                     is_quiet == 0);
        cr_expect_str_eq(played.groups[0].name, "Hypnotoad (web1:80)");
        if (is_quiet == 0)
            folder_close();
    }
}

Test(announcer, ends_when_avahi_cannot_be_reached_and_says_so_once)
{
    static const struct {
        bool has_no_client;
        bool is_quiet;
        unsigned lines;
    } table[] = {{true, false, 1}, {true, true, 0}, {false, false, 1}, {false, true, 0}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (i > 0) {
            folder_close();
            begin();
        }
        plan.is_quiet = table[i].is_quiet;
        played.has_no_client = table[i].has_no_client;
        played.first_state = table[i].has_no_client ? -1 : (int)AVAHI_CLIENT_FAILURE;
        play_rounds(3);
        run();
        cr_expect_eq(count_in_log("warn Avahi cannot be reached (played error): nothing is "
                                  "published until it can"),
                     table[i].lines, "row %zu", i);
        cr_expect_eq(played.round, 0, "row %zu", i);
        cr_expect(played.is_freed, "row %zu", i);
    }
}

Test(announcer, ends_without_a_poll_and_without_groups)
{
    played.has_no_poll = true;
    run();
    played.has_no_poll = false;
    herald_services_add(&services, &(struct herald_place){.host = "web2", .port = 80});
    played.has_no_groups = true;
    played.first_state = AVAHI_CLIENT_S_RUNNING;
    play_rounds(3);
    run();
    cr_expect_eq(played.round, 0);
    cr_expect_eq(count_in_log("Avahi cannot be reached"), 1);
}

/* A daemon that is restarted; the manager makes another herald. */
Test(announcer, ends_when_avahi_goes_away_and_says_so_even_if_it_is_quiet)
{
    plan.is_quiet = true;
    played.first_state = AVAHI_CLIENT_S_RUNNING;
    played.client_error = AVAHI_ERR_DISCONNECTED;
    play_group(AVAHI_ENTRY_GROUP_ESTABLISHED);
    play_client(AVAHI_CLIENT_FAILURE);
    play_rounds(3);
    run();
    cr_expect_eq(played.round, 2);
    cr_expect_eq(count_in_log("warn Avahi is gone (played as disconnected): nothing is published "
                              "until it is back"),
                 1);
}

Test(announcer, takes_the_next_name_where_the_network_has_the_first)
{
    played.first_state = AVAHI_CLIENT_S_RUNNING;
    play_group(AVAHI_ENTRY_GROUP_COLLISION);
    play_group(AVAHI_ENTRY_GROUP_COLLISION);
    play_group(AVAHI_ENTRY_GROUP_ESTABLISHED);
    run();
    cr_assert_eq(played.tried_count, 3);
    cr_expect_str_eq(played.tried[1], "Hypnotoad (web1:80) #2");
    cr_expect_str_eq(played.groups[0].name, "Hypnotoad (web1:80) #3");
    cr_expect(played.groups[0].is_committed);
    cr_expect_eq(count_in_log("Published as \"Hypnotoad (web1:80) #3\""), 1);
}

/* Promise LSN-9: the generation before may still be about to end. */
Test(announcer, waits_for_a_name_that_somebody_on_this_machine_has)
{
    int64_t began_us = played_now_us;
    played.first_state = AVAHI_CLIENT_S_RUNNING;
    played.taken_count = 2;
    play_rounds(2);
    play_group(AVAHI_ENTRY_GROUP_ESTABLISHED);
    run();
    cr_assert_eq(played.tried_count, 3);
    for (unsigned i = 0; i < 3; i++) {
        cr_expect_str_eq(played.tried[i], "Hypnotoad (web1:80)");
        cr_expect_geq(played.tried_us[i], began_us + i * HERALD_ATTEMPT_US);
        cr_expect_lt(played.tried_us[i], began_us + i * HERALD_ATTEMPT_US + 5 * MILLISECOND_US);
    }
    cr_expect_str_eq(played.groups[0].name, "Hypnotoad (web1:80)");
}

Test(announcer, takes_the_next_name_when_it_has_waited_long_enough)
{
    int64_t began_us = played_now_us;
    played.first_state = AVAHI_CLIENT_S_RUNNING;
    played.taken_count = HERALD_ATTEMPTS_MAX + 2;
    play_rounds(HERALD_ATTEMPTS_MAX);
    run();
    cr_assert_eq(played.tried_count, HERALD_ATTEMPTS_MAX + 3);
    cr_expect_str_eq(played.tried[HERALD_ATTEMPTS_MAX], "Hypnotoad (web1:80)");
    cr_expect_str_eq(played.tried[HERALD_ATTEMPTS_MAX + 1], "Hypnotoad (web1:80) #2");
    cr_expect_str_eq(played.groups[0].name, "Hypnotoad (web1:80) #3");
    cr_expect_geq(played.tried_us[HERALD_ATTEMPTS_MAX + 2],
                  began_us + HERALD_ATTEMPTS_MAX * HERALD_ATTEMPT_US);
}

Test(announcer, does_not_wait_for_another_name_than_its_own)
{
    played.first_state = AVAHI_CLIENT_S_RUNNING;
    played.taken_from = 1;
    played.taken_count = 1;
    play_group(AVAHI_ENTRY_GROUP_COLLISION);
    run();
    cr_expect_eq(played.tried_count, 3);
    cr_expect_str_eq(played.groups[0].name, "Hypnotoad (web1:80) #3");
}

Test(announcer, gives_up_for_a_while_when_all_names_are_taken)
{
    played.first_state = AVAHI_CLIENT_S_RUNNING;
    for (unsigned i = 0; i <= HERALD_RENAMES_MAX; i++)
        play_group(AVAHI_ENTRY_GROUP_COLLISION);
    play_rounds(1);
    run();
    cr_expect_eq(played.tried_count, HERALD_RENAMES_MAX + 2, "%u", played.tried_count);
    cr_expect_str_eq(played.tried[HERALD_RENAMES_MAX], "Hypnotoad (web1:80) #33");
    cr_expect_geq(played.tried_us[HERALD_RENAMES_MAX + 1],
                  played.tried_us[HERALD_RENAMES_MAX] + BACKOFF_MAX_US);
    cr_expect_eq(count_in_log("could not be published by Avahi: all its names are taken"), 1);
}

Test(announcer, tries_again_after_a_while_what_avahi_refuses_and_says_so_once)
{
    for (int is_commit = 0; is_commit < 2; is_commit++) {
        begin();
        played.first_state = AVAHI_CLIENT_S_RUNNING;
        played.add_error = is_commit == 0 ? AVAHI_ERR_INVALID_SERVICE_NAME : 0;
        played.commit_error = is_commit == 1 ? AVAHI_ERR_DBUS_ERROR : 0;
        play_rounds(3);
        play_group(AVAHI_ENTRY_GROUP_FAILURE);
        play_rounds(1);
        run();
        cr_assert_eq(played.tried_count, 5);
        for (unsigned i = 1; i < 5; i++)
            cr_expect_geq(played.tried_us[i], played.tried_us[i - 1] + BACKOFF_MAX_US);
        cr_expect_eq(count_in_log("warn \"Hypnotoad (web1:80)\" could not be published by Avahi: "
                                  "played error"),
                     1);
        if (is_commit == 0)
            folder_close();
    }
}

/* RFC 6762 9: the machine's own name was taken, or was changed. */
Test(announcer, publishes_anew_when_the_machine_gets_another_name)
{
    played.first_state = AVAHI_CLIENT_S_RUNNING;
    play_client(AVAHI_CLIENT_S_COLLISION);
    play_client(AVAHI_CLIENT_S_REGISTERING);
    play_client(AVAHI_CLIENT_S_RUNNING);
    run();
    cr_expect_eq(played.group_count, 1);
    cr_expect_eq(played.tried_count, 2);
    cr_expect_geq(played.resets, 2);
    cr_expect_str_eq(played.groups[0].name, "Hypnotoad (web1:80)");
}

Test(announcer, has_nothing_published_while_the_machine_has_no_name)
{
    played.first_state = AVAHI_CLIENT_S_RUNNING;
    played.taken_count = 1;
    play_client(AVAHI_CLIENT_S_COLLISION);
    play_rounds(4);
    run();
    cr_expect_eq(played.tried_count, 1, "what was waited for is not tried either");
    cr_expect_str_eq(played.groups[0].name, "");
    cr_expect_eq(played.waits_ms[1], -1);
}

Test(announcer, hands_signals_on)
{
    plan.signal_fd = 17;
    add_round()->is_of_signal = true;
    run();
    cr_expect_eq(played.watched_fd, 17);
    cr_expect_eq(heard_fd, 17);
}

Test(announcer, ends_when_it_cannot_wait)
{
    add_round()->is_last = true;
    play_rounds(3);
    run();
    cr_expect_eq(played.round, 1);
}
