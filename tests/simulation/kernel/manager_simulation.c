/* manager_simulation - the manager's whole process on a simulated machine, in virtual time: random
 * scenarios by seed, each replayed exactly by its number. */
#include "audit.h"
#include "course.h"
#include "kernel.h"
#include "options.h"

#include <stdio.h>
#include <stdlib.h>

/* A run of so many events has seen everything at least once. */
#define CENSUS_EVENTS 200000

enum {
    EXIT_USAGE = 2
};

/* Whether all that can happen did, lest a simulation that tries nothing passes. */
static bool print_census(bool is_complete)
{
    bool is_full = true;
#define CENSUS_ROW(name, text)                                                                     \
    (void)printf("%12llu %s\n", (unsigned long long)kernel.census.name, text);                     \
    is_full = is_full && kernel.census.name > 0;
#include "census.def"
#undef CENSUS_ROW
    if (is_complete && !is_full)
        (void)printf("Some of this never happened: the simulation tries too little.\n");
    return is_full || !is_complete;
}

static uint64_t run(const struct options *options, uint64_t number)
{
    struct scenario scenario;
    scenario_draw(&scenario, options->seed, number);
    if (options->is_verbose)
        scenario_print(&scenario);
    return course_run(&scenario, options->trace_path, options->is_verbose);
}

static int run_all(const struct options *options)
{
    uint64_t events = 0;
    uint64_t scenarios = 0;
    while (events < options->events)
        events += run(options, scenarios++);
    (void)printf("seed %llu: %llu events in %llu scenarios\n", (unsigned long long)options->seed,
                 (unsigned long long)events, (unsigned long long)scenarios);
    return print_census(events >= CENSUS_EVENTS) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int count, char **words)
{
    struct options options;
    enum options_verdict verdict = options_read(count, words, &options);
    if (verdict != OPTIONS_FINE)
        return verdict == OPTIONS_HELP ? EXIT_SUCCESS : EXIT_USAGE;
    audit_expect(options.expected);
    int status = EXIT_SUCCESS;
    if (options.only == EVERY_SCENARIO)
        status = run_all(&options);
    else
        (void)printf("%llu events\n", (unsigned long long)run(&options, options.only));
    if (options.expected == NULL)
        return status;
    (void)printf("%s is never violated.\n", options.expected);
    return EXIT_FAILURE;
}
