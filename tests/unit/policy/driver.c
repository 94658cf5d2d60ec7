#include "driver.h"

#include <criterion/criterion.h>

#include <string.h>

struct manager driven;
struct manager_actions taken;

struct manager_settings driver_settings(uint32_t workers, uint32_t spare)
{
    return (struct manager_settings){.workers = workers,
                                     .spare = spare,
                                     .heartbeat_interval_us = 5 * SECOND_US,
                                     .heartbeat_timeout_us = 2 * SECOND_US,
                                     .graceful_timeout_us = 30 * SECOND_US,
                                     .upgrade_timeout_us = 30 * SECOND_US};
}

int64_t driver_us(double seconds)
{
    return (int64_t)(seconds * (double)SECOND_US + 0.5);
}

void driver_start(struct manager_settings settings)
{
    manager_init(&driven, &settings);
    driver_send(0, MANAGER_EVENT_START);
}

void driver_follow(struct manager_settings settings)
{
    manager_init(&driven, &settings);
    driver_feed(0, (struct manager_event){.kind = MANAGER_EVENT_START, .pid = 99});
}

static void make_ready(uint32_t workers)
{
    for (uint32_t i = 1; i <= workers; i++)
        driver_spawned(0, (int32_t)(100 + i));
    for (uint32_t i = 1; i <= workers; i++)
        driver_beat(0, (int32_t)(100 + i));
}

void driver_run(struct manager_settings settings)
{
    driver_start(settings);
    make_ready(settings.workers);
    cr_assert_eq(driven.phase, MANAGER_RUNNING);
}

void driver_ask(struct manager_settings settings)
{
    driver_follow(settings);
    make_ready(settings.workers);
    cr_assert_eq(driven.phase, MANAGER_ASKING);
}

void driver_feed(int64_t now_us, struct manager_event event)
{
    cr_assert_eq(manager_decide(&driven, &event, now_us, &taken), ERROR_NONE,
                 "the event was refused");
}

void driver_send(double seconds, enum manager_event_kind kind)
{
    driver_feed(driver_us(seconds), (struct manager_event){.kind = kind});
}

void driver_spawned(double seconds, int32_t pid)
{
    driver_feed(driver_us(seconds),
                (struct manager_event){.kind = MANAGER_EVENT_SPAWNED, .pid = pid});
}

void driver_beat(double seconds, int32_t pid)
{
    driver_feed(driver_us(seconds),
                (struct manager_event){.kind = MANAGER_EVENT_HEARTBEAT, .pid = pid});
}

void driver_farewell(double seconds, int32_t pid)
{
    driver_feed(
        driver_us(seconds),
        (struct manager_event){.kind = MANAGER_EVENT_HEARTBEAT, .pid = pid, .is_leaving = true});
}

void driver_exit(double seconds, int32_t pid, int32_t status)
{
    driver_feed(
        driver_us(seconds),
        (struct manager_event){.kind = MANAGER_EVENT_EXITED, .pid = pid, .exit_status = status});
}

void driver_kill(double seconds, int32_t pid, int32_t signal)
{
    driver_feed(driver_us(seconds), (struct manager_event){.kind = MANAGER_EVENT_EXITED,
                                                           .pid = pid,
                                                           .exit_status = -1,
                                                           .exit_signal = signal});
}

void driver_one_less(double seconds, uint32_t dice)
{
    driver_feed(driver_us(seconds),
                (struct manager_event){.kind = MANAGER_EVENT_ONE_LESS, .dice = dice});
}

void driver_upgrade_spawned(double seconds, int32_t pid)
{
    driver_feed(driver_us(seconds),
                (struct manager_event){.kind = MANAGER_EVENT_UPGRADE_SPAWNED, .pid = pid});
}

bool driver_refuses(struct manager_event event)
{
    static struct manager before;
    memcpy(&before, &driven, sizeof before);
    taken.count = 7;
    return manager_decide(&driven, &event, 50 * SECOND_US, &taken) == ERROR_INVALID &&
           taken.count == 0 && memcmp(&before, &driven, sizeof before) == 0;
}

void driver_pipe(double seconds, struct bytes chunk)
{
    driver_feed(driver_us(seconds),
                (struct manager_event){.kind = MANAGER_EVENT_PIPE, .chunk = chunk});
}

uint32_t driver_count(enum manager_action_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < taken.count; i++)
        count += taken.list[i].kind == kind;
    return count;
}

bool driver_signalled(int32_t pid, enum worker_signal signal)
{
    for (uint32_t i = 0; i < taken.count; i++)
        if (taken.list[i].kind == MANAGER_ACTION_SIGNAL && taken.list[i].pid == pid &&
            taken.list[i].signal == signal)
            return true;
    return false;
}

static const struct manager_action *find_note(enum manager_note note)
{
    for (uint32_t i = 0; i < taken.count; i++)
        if (taken.list[i].kind == MANAGER_ACTION_LOG && taken.list[i].note == note)
            return &taken.list[i];
    return NULL;
}

bool driver_said(enum manager_note note)
{
    return find_note(note) != NULL;
}

int64_t driver_number(enum manager_note note)
{
    cr_assert(driver_said(note));
    return find_note(note)->number;
}

const struct manager_action *driver_action(enum manager_action_kind kind)
{
    for (uint32_t i = 0; i < taken.count; i++)
        if (taken.list[i].kind == kind)
            return &taken.list[i];
    cr_assert_fail("the action was not taken");
    return NULL;
}

const struct roster_row *driver_row(int32_t pid)
{
    return roster_find(&driven.roster, pid);
}
