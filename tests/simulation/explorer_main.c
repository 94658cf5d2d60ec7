/* Walks all states of the manager (promises MGR-1 to MGR-6, MGR-9 to MGR-12, MGR-15, HBT-2 to
 * HBT-4) and checks the invariants of invariants.def in each. */
#include "explorer.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "Usage: explorer [OPTIONS]\n"
    "  --workers N, --spare N, --wanted N    the pool; no TTIN beyond --wanted (3, 1, 4)\n"
    "  --interval N, --timeout N, --grace N  seconds, which are the quanta of time (2, 1, 3)\n"
    "  --failures N   failures in a row that a running manager is led to (3)\n"
    "  --tears        other events may come while a heartbeat line is torn\n"
    "  --every        try every variant of a move in every state, not in turn\n"
    "  --upgrade N    seconds for a hot deployment (2)\n"
    "  --deploys      USR2 may come\n"
    "  --follows      the manager has a predecessor\n"
    "  --states N     stop after so many states (4000000)\n"
    "  --trace FILE   write the way to the violation, or to the last state, as a trace\n"
    "  --expect NAME  succeed only if this invariant is violated\n";

enum exit_code {
    EXIT_CODE_CLEAN = 0,
    EXIT_CODE_BROKEN = 1,
    EXIT_CODE_USAGE = 2,
    EXIT_CODE_SELF = 3 /* the explorer itself is wrong */
};

struct choices {
    uint32_t workers;
    uint32_t spare;
    uint32_t wanted;
    uint32_t interval;
    uint32_t timeout;
    uint32_t grace;
    uint32_t failures;
    uint32_t upgrade;
    bool tears;
    bool every;
    bool deploys;
    bool follows;
    uint32_t states;
    const char *trace;
    const char *expect;
};

static bool choose_number(const char *text, uint32_t most, uint32_t *ret_number)
{
    char *end = NULL;
    unsigned long number = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || number > most)
        return false;
    *ret_number = (uint32_t)number;
    return true;
}

static bool choose(int count, char **arguments, struct choices *choices)
{
    const struct {
        uint32_t most;
        uint32_t *number;
    } numbers[] = {{7, &choices->workers},  {7, &choices->spare},         {7, &choices->wanted},
                   {3, &choices->interval}, {3, &choices->timeout},       {6, &choices->grace},
                   {6, &choices->failures}, {1u << 30, &choices->states}, {6, &choices->upgrade}};
    static const struct option options[] = {
        {"workers", required_argument, NULL, 0},  {"spare", required_argument, NULL, 1},
        {"wanted", required_argument, NULL, 2},   {"interval", required_argument, NULL, 3},
        {"timeout", required_argument, NULL, 4},  {"grace", required_argument, NULL, 5},
        {"failures", required_argument, NULL, 6}, {"states", required_argument, NULL, 7},
        {"upgrade", required_argument, NULL, 8},  {"deploys", no_argument, NULL, 'D'},
        {"follows", no_argument, NULL, 'F'},      {"tears", no_argument, NULL, 't'},
        {"every", no_argument, NULL, 'E'},        {"trace", required_argument, NULL, 'T'},
        {"expect", required_argument, NULL, 'e'}, {NULL, 0, NULL, 0}};
    for (int option = 0; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
        if (option == 't')
            choices->tears = true;
        else if (option == 'D')
            choices->deploys = true;
        else if (option == 'F')
            choices->follows = true;
        else if (option == 'E')
            choices->every = true;
        else if (option == 'T')
            choices->trace = optarg;
        else if (option == 'e')
            choices->expect = optarg;
        else if (option == '?' ||
                 !choose_number(optarg, numbers[option].most, numbers[option].number))
            return false;
    }
    return optind == count && choices->workers > 0 && choices->wanted >= choices->workers &&
           choices->wanted + choices->spare <= STATE_ROWS_MAX && choices->interval > 0 &&
           choices->grace > 0 && choices->upgrade > 0 && choices->states > 0 &&
           (choices->expect == NULL || invariant_find(choices->expect) != INVARIANT_NONE);
}

static void prepare(struct explorer *explorer, const struct choices *choices)
{
    explorer->settings =
        (struct manager_settings){.workers = choices->workers,
                                  .spare = choices->spare,
                                  .heartbeat_interval_us = choices->interval * QUANTUM_US,
                                  .heartbeat_timeout_us = choices->timeout * QUANTUM_US,
                                  .graceful_timeout_us = choices->grace * QUANTUM_US,
                                  .upgrade_timeout_us = choices->upgrade * QUANTUM_US};
    explorer->bounds =
        (struct moves_bounds){choices->wanted, choices->tears, choices->deploys, choices->follows};
    explorer->tries_every_variant = choices->every;
    explorer->failures_max = choices->failures;
}

struct change {
    enum manager_phase from;
    enum manager_phase to;
    const char *text;
};

static const struct change changes[] = {
#define MANAGER_CHANGE(from, to, when) {MANAGER_##from, MANAGER_##to, #from " -> " #to},
#include "policy/manager.def"
#undef MANAGER_CHANGE
};

enum {
    CHANGES = sizeof changes / sizeof changes[0]
};

static bool is_listed(enum manager_phase from, enum manager_phase to)
{
    for (size_t i = 0; i < CHANGES; i++)
        if (changes[i].from == from && changes[i].to == to)
            return true;
    return false;
}

/* One event may take two changes: out of a phase and, with nobody left, to the end. */
static bool is_lawful(enum manager_phase from, enum manager_phase to)
{
    if (from == to || is_listed(from, to))
        return true;
    return to == MANAGER_GONE &&
           (is_listed(from, MANAGER_LEAVING) || is_listed(from, MANAGER_STOPPING));
}

/* Nobody is asked where there is no predecessor. */
static bool is_possible(const struct explorer *explorer, const struct change *change)
{
    return explorer->bounds.follows ||
           (change->from != MANAGER_ASKING && change->to != MANAGER_ASKING);
}

/* The list of phase changes is exactly what happens; the diagram is printed from it. */
static bool judge_changes(const struct explorer *explorer, bool is_complete)
{
    bool is_right = true;
    for (int from = 0; from <= MANAGER_GONE; from++)
        for (int to = 0; to <= MANAGER_GONE; to++)
            if (explorer->changes[from][to] &&
                !is_lawful((enum manager_phase)from, (enum manager_phase)to)) {
                (void)printf("explorer: phase %d leads to %d, which manager.def does not list\n",
                             from, to);
                is_right = false;
            }
    for (size_t i = 0; is_complete && i < CHANGES; i++)
        if (is_possible(explorer, &changes[i]) &&
            !explorer->changes[changes[i].from][changes[i].to]) {
            (void)printf("explorer: %s is listed in manager.def and never happens\n",
                         changes[i].text);
            is_right = false;
        }
    return is_right;
}

static bool print_trace(const struct explorer *explorer, const char *path)
{
    bool is_broken = explorer->broken != INVARIANT_NONE;
    FILE *file = path == NULL ? stdout : fopen(path, "w");
    if (file == NULL) {
        perror(path);
        return false;
    }
    bool is_right = explorer_print_way(
        explorer, is_broken ? explorer->broken_state : explorer->set.count - 1, file);
    if (!is_right)
        (void)fprintf(stderr, "explorer: the way cannot be walked again; its states are wrong\n");
    return (path == NULL || fclose(file) == 0) && is_right;
}

static enum exit_code report(const struct explorer *explorer, const struct choices *choices,
                             double seconds)
{
    bool is_broken = explorer->broken != INVARIANT_NONE;
    bool is_complete = !is_broken && explorer->next == explorer->set.count;
    (void)printf(
        "explorer: workers %u, spare %u, wanted up to %u%s%s%s: %u states, %ju transitions, "
        "%.1f s, %s\n",
        choices->workers, choices->spare, choices->wanted, choices->tears ? ", torn lines" : "",
        choices->deploys ? ", deployments" : "", choices->follows ? ", a predecessor" : "",
        explorer->set.count, (uintmax_t)explorer->transitions, seconds,
        is_broken     ? "broken"
        : is_complete ? "complete"
                      : "stopped at the bound");
    if (is_broken)
        (void)printf("violated: %s, %s\n", invariant_number(explorer->broken),
                     invariant_text(explorer->broken));
    if ((is_broken || choices->trace != NULL) && !print_trace(explorer, choices->trace))
        return EXIT_CODE_SELF;
    if (choices->expect != NULL)
        return explorer->broken == invariant_find(choices->expect) ? EXIT_CODE_CLEAN
                                                                   : EXIT_CODE_BROKEN;
    return is_broken || !judge_changes(explorer, is_complete) ? EXIT_CODE_BROKEN : EXIT_CODE_CLEAN;
}

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int count, char **arguments)
{
    static struct explorer explorer;
    struct choices choices = {.workers = 3,
                              .spare = 1,
                              .wanted = 4,
                              .interval = 2,
                              .timeout = 1,
                              .grace = 3,
                              .failures = 3,
                              .upgrade = 2,
                              .states = 4000000};
    if (!choose(count, arguments, &choices))
        return fputs(usage, stderr) == EOF ? EXIT_CODE_SELF : EXIT_CODE_USAGE;
    prepare(&explorer, &choices);
    if (!state_set_open(&explorer.set, choices.states)) {
        (void)fputs("explorer: no memory for so many states\n", stderr);
        return EXIT_CODE_SELF;
    }
    double start = seconds_now();
    explorer_run(&explorer);
    enum exit_code code = report(&explorer, &choices, seconds_now() - start);
    state_set_close(&explorer.set);
    return (int)code;
}
