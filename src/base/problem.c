#include "base/problem.h"

#include <stdarg.h>
#include <stdio.h>

enum error problem_set(struct problem *problem, enum error error, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    (void)vsnprintf(problem->text, sizeof problem->text, format, values);
    va_end(values);
    for (char *byte = problem->text; *byte != '\0'; byte++)
        if ((unsigned char)*byte < 0x20 || *byte == 0x7f)
            *byte = '?';
    return error;
}
