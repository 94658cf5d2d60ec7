#include "kit/sweep.h"

#include "kit/descriptors.h"
#include "kit/folder.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

enum {
    CALLS_MAX = 1000
};

static void check_problem(const struct sweep *sweep, const struct problem *problem,
                          const char *place)
{
    if (sweep->says == NULL)
        return;
    cr_expect(strstr(problem->text, sweep->says) != NULL, "%s: the problem is \"%s\"", place,
              problem->text);
    cr_expect(strstr(problem->text, "Success") == NULL, "%s: the problem is \"%s\"", place,
              problem->text);
}

static void check_outcome(const struct sweep *sweep, const struct sweep_row *row,
                          enum faulty_way way, enum error error, const struct problem *problem,
                          const char *place)
{
    if (error == ERROR_NONE) {
        cr_expect((row->survives & way) != 0, "%s: it must fail", place);
        return;
    }
    cr_expect((row->fails & way) != 0, "%s: it must survive, not say %s (%s)", place,
              error_text(error), problem->text);
    check_problem(sweep, problem, place);
}

/* One attempt; false if it did not come to the `at`-th call. */
static bool attempt(const struct sweep *sweep, const struct sweep_row *row, enum faulty_way way,
                    unsigned at)
{
    char place[128];
    (void)snprintf(place, sizeof place, "%s, %s() number %u fails %s", sweep->name,
                   faulty_call_text(row->call), at, faulty_way_text(way));
    struct descriptors before = descriptors_look();
    size_t files = folder_count();
    if (sweep->prepare != NULL)
        sweep->prepare();
    struct problem problem = {.text = ""};
    faulty_arm(row->call, way, at, FAULTY_HERE);
    enum error error = sweep->attempt(&problem);
    bool has_struck = faulty_disarm() > 0;
    if (has_struck)
        check_outcome(sweep, row, way, error, &problem, place);
    else
        cr_expect_eq(error, ERROR_NONE, "%s, undisturbed: %s", sweep->name, problem.text);
    if (sweep->undo != NULL)
        sweep->undo();
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after), "%s: open before:\n%sopen after:\n%s", place,
              before.text, after.text);
    cr_expect_eq(folder_count(), files, "%s: leaves a file", place);
    return has_struck;
}

static void run_row(const struct sweep *sweep, const struct sweep_row *row, enum faulty_way way)
{
    unsigned at = 1;
    while (at < CALLS_MAX && attempt(sweep, row, way, at))
        at++;
    cr_expect_gt(at, 1, "%s never calls %s()", sweep->name, faulty_call_text(row->call));
    cr_expect_lt(at, CALLS_MAX, "%s has no end of %s()", sweep->name, faulty_call_text(row->call));
}

void sweep_run(const struct sweep *sweep, const struct sweep_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (unsigned way = 1; way < FAULTY_WAYS; way *= 2)
            if (((rows[i].fails | rows[i].survives) & way) != 0)
                run_row(sweep, &rows[i], (enum faulty_way)way);
}
