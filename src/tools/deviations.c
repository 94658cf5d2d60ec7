#include "tools/deviations.h"

#include <stdarg.h>
#include <stdio.h>

struct deviation *deviations_add(struct deviations *deviations, uint64_t line, const char *promise,
                                 const char *format, ...)
{
    static struct deviation nowhere;
    struct deviation *deviation = &nowhere;
    if (deviations->count < DEVIATIONS_MAX)
        deviation = &deviations->list[deviations->count++];
    else
        deviations->dropped++;
    *deviation = (struct deviation){.line = line};
    (void)snprintf(deviation->promise, sizeof deviation->promise, "%s", promise);
    va_list values;
    va_start(values, format);
    (void)vsnprintf(deviation->text, sizeof deviation->text, format, values);
    va_end(values);
    return deviation;
}

struct deviation *deviations_find_owed(struct deviations *deviations,
                                       const struct trace_action *action)
{
    for (uint32_t i = 0; i < deviations->count; i++) {
        struct deviation *deviation = &deviations->list[i];
        if (deviation->is_owed && action->kind == MANAGER_ACTION_SIGNAL &&
            deviation->pid == action->pid && deviation->signal == action->signal)
            return deviation;
    }
    return NULL;
}

void deviation_say(struct deviation *deviation, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    (void)vsnprintf(deviation->text, sizeof deviation->text, format, values);
    va_end(values);
}
