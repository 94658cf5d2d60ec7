#include "managed.h"

#include "kit/child.h"
#include "kit/folder.h"
#include "kit/patience.h"
#include "sys/log.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct managed *managed;
pid_t manager;
bool managed_has_heir;
void (*managed_prologue)(void);
void (*managed_on_announcement)(void);
int (*managed_run_herald)(void *context, bool is_quiet);

static struct manager_job job;

void managed_open(void)
{
    folder_open();
    stage_open();
    heir_open();
    managed = child_shared(sizeof *managed);
}

void managed_close(void)
{
    folder_close();
}

void managed_begin_anew(void)
{
    folder_close();
    folder_open();
    int64_t beat_every_us = stage->beat_every_us;
    memset(stage, 0, sizeof *stage);
    memset(managed, 0, sizeof *managed);
    memset(heir, 0, sizeof *heir);
    stage->beat_every_us = beat_every_us;
}

struct manager_settings managed_settings(void)
{
    return (struct manager_settings){
        .workers = 2,
        .spare = 2,
        .heartbeat_interval_us = PATIENCE_US,
        .heartbeat_timeout_us = PATIENCE_US,
        .graceful_timeout_us = PATIENCE_US,
        .upgrade_timeout_us = PATIENCE_US,
    };
}

static void announce(void *context)
{
    char text[16];
    (void)context;
    (void)snprintf(text, sizeof text, "%d\n", (int)getpid());
    managed->had_pid_file = strcmp(folder_read("pid"), text) == 0;
    for (unsigned i = 0; i < stage->count; i++)
        managed->ready += stage->puppets[i].beats > 0;
    managed->announcements++;
    if (managed_on_announcement != NULL)
        managed_on_announcement();
}

static void retire(void *context)
{
    (void)context;
    managed->retirements++;
    managed->is_retired_early = managed->announcements == 0;
}

static void reopen_logs(void *context)
{
    (void)context;
    managed->reopenings++;
}

/* Where the names that the manager borrows stand. */
static char paths[3][1024];

static const char *keep_path(char *path, const char *name)
{
    (void)snprintf(path, sizeof paths[0], "%s", folder_path(name));
    return path;
}

static int manage(void *context)
{
    (void)context;
    int errors = open(folder_path("errors"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    child_demand(errors >= 0 && dup2(errors, STDERR_FILENO) >= 0 && close(errors) == 0);
    child_demand(log_open(keep_path(paths[0], "log")) == ERROR_NONE);
    if (managed_prologue != NULL)
        managed_prologue();
    managed->before = descriptors_look();
    if (job.predecessor_channel >= 0) /* the manager closes it */
        job.predecessor_channel = fcntl(job.predecessor_channel, F_DUPFD_CLOEXEC, 0);
    managed->error = manager_run(&job, &managed->status, &managed->problem);
    managed->after = descriptors_look();
    managed->has_children = waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED | WNOHANG) == 0;
    managed->has_returned = true;
    return managed->error == ERROR_NONE ? managed->status : 1;
}

static void prepare(struct manager_settings settings, bool is_observed)
{
    job = (struct manager_job){
        .settings = settings,
        .pid_path = keep_path(paths[1], "pid"),
        .trace_path = is_observed ? keep_path(paths[2], "trace") : NULL,
        .is_debugging = is_observed,
        .applications = {MANAGED_APPLICATION, "/elsewhere/" MANAGED_APPLICATION},
        .predecessor_channel = -1,
        .run_worker = puppet_run,
        .run_herald = managed_run_herald,
        .become_successor = heir_become,
        .announce = announce,
        .retire = retire,
        .reopen_logs = reopen_logs,
    };
}

static void start(struct manager_settings settings, bool is_observed)
{
    prepare(settings, is_observed);
    manager = child_start(manage, NULL);
}

void managed_start(struct manager_settings settings)
{
    start(settings, false);
}

void managed_start_observed(struct manager_settings settings)
{
    start(settings, true);
}

void managed_start_as_heir(struct manager_settings settings, int32_t predecessor, int channel)
{
    prepare(settings, false);
    job.predecessor = predecessor;
    job.predecessor_channel = channel;
    manager = child_start(manage, NULL);
    cr_assert_eq(close(channel), 0);
}

void managed_serve(struct manager_settings settings)
{
    managed_start(settings);
    managed_await_announcement();
}

void managed_send(int number)
{
    cr_assert_eq(kill(manager, number), 0);
}

int managed_end(void)
{
    int status = child_wait(manager);
    cr_expect(managed->has_returned, "the manager did not end by itself: %d", status);
    cr_expect(descriptors_equal(&managed->before, &managed->after), "open before:\n%s\nafter:\n%s",
              managed->before.text, managed->after.text);
    cr_expect(managed_has_heir || !managed->has_children, "it left a child");
    cr_expect_not(managed->is_retired_early);
    for (unsigned i = 0; i < stage->count; i++)
        managed_await_end_of(i);
    return status;
}

int managed_end_by(int number)
{
    managed_send(number);
    return managed_end();
}

static bool is_announced(void *context)
{
    (void)context;
    return managed->announcements > 0;
}

void managed_await_announcement(void)
{
    cr_assert(patience_holds(is_announced, NULL), "%s", folder_read("log"));
}

static bool are_born(void *context)
{
    unsigned count = *(const unsigned *)context;
    return stage->count >= count && stage->puppets[count - 1].pid != 0;
}

void managed_await_puppets(unsigned count)
{
    cr_assert(patience_holds(are_born, &count), "there are %u puppets, not %u", stage->count,
              count);
}

struct awaited {
    unsigned number;
    unsigned beats;
};

static bool has_beaten(void *context)
{
    const struct awaited *awaited = context;
    return stage->puppets[awaited->number].beats >= awaited->beats;
}

void managed_await_beats(unsigned number, unsigned beats)
{
    struct awaited awaited = {number, beats};
    cr_assert(patience_holds(has_beaten, &awaited), "puppet %u has beaten %u times, not %u", number,
              stage->puppets[number].beats, beats);
}

static bool is_logged(void *context)
{
    return strstr(folder_read("log"), context) != NULL;
}

void managed_await_log(const char *part)
{
    cr_assert(patience_holds(is_logged, (void *)(uintptr_t)part), "\"%s\" is not in the log:\n%s",
              part, folder_read("log"));
}

void managed_await_end_of(unsigned number)
{
    pid_t pid = stage->puppets[number].pid;
    cr_assert(child_has_ended(pid), "puppet %u (%d) is still there", number, (int)pid);
}
