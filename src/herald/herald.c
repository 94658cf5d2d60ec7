#include "herald/herald.h"

#include "herald/announcer.h"
#include "policy/herald_life.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static void heed_signals(int signal_fd)
{
    int number = 0;
    while (signals_read(signal_fd, &number) == ERROR_NONE)
        if (log_reopen() != ERROR_NONE)
            log_write(LOG_LEVEL_ERROR, "The log could not be opened anew: %s", strerror(errno));
}

/* What a terminal sends is for the manager; TERM and KILL end this process. */
static void ignore_signals(void)
{
    static const int ignored[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGUSR1,
                                  SIGUSR2, SIGTTIN, SIGTTOU, SIGPIPE};
    signals_set_defaults();
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signals_ignore(ignored[i]);
    signals_unblock();
}

bool herald_is_built(void)
{
    return announcer_is_built();
}

int herald_run(const struct herald_plan *plan)
{
    static const int logs = SIGUSR1;
    struct problem problem;
    struct announcer_plan announcer = {.services = plan->services,
                                       .level =
                                           plan->is_asked_for ? LOG_LEVEL_WARN : LOG_LEVEL_INFO,
                                       .is_quiet = plan->is_quiet,
                                       .signal_fd = -1,
                                       .on_signal = heed_signals};
    process_set_name(HERALD_PROCESS_NAME);
    process_close_others(log_descriptor());
    ignore_signals();
    if (privileges_drop(plan->privileges, &problem) != ERROR_NONE) {
        log_write(LOG_LEVEL_ERROR, "Nothing is published: %s", problem.text);
        return HERALD_STATUS_USELESS;
    }
    if (!process_bind_to_parent(plan->manager) ||
        signals_open(&logs, 1, &announcer.signal_fd) != ERROR_NONE)
        return HERALD_STATUS_LOST;
    return announcer_run(&announcer);
}
