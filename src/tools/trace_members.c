#include "tools/trace_members.h"

#include "base/limits.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

struct shown trace_show(const json_t *value)
{
    struct shown shown = {"is missing"};
    if (value == NULL)
        return shown;
    memcpy(shown.text, "is ", 3);
    size_t room = sizeof shown.text - 4;
    size_t size = json_dumpb(value, shown.text + 3, room, JSON_ENCODE_ANY | JSON_COMPACT);
    if (size > room)
        memcpy(shown.text + 3, "too long", sizeof "too long");
    else
        shown.text[3 + size] = '\0';
    return shown;
}

enum error trace_read_integer(const struct reading *reading, const char *name, int64_t least,
                              int64_t most, int64_t *ret_number)
{
    const json_t *value = json_object_get(reading->object, name);
    if (!json_is_integer(value) || json_integer_value(value) < least ||
        json_integer_value(value) > most)
        return problem_set(reading->problem, ERROR_INVALID,
                           "\"%s\" %s; it must be an integer from %" PRId64 " to %" PRId64, name,
                           trace_show(value).text, least, most);
    *ret_number = json_integer_value(value);
    return ERROR_NONE;
}

enum error trace_read_pid(const struct reading *reading, const char *name, int32_t *ret_pid)
{
    int64_t pid = 0;
    enum error error = trace_read_integer(reading, name, 1, INT32_MAX, &pid);
    if (error == ERROR_NONE)
        *ret_pid = (int32_t)pid;
    return error;
}

/* What a double holds is rounded to whole microseconds, and only its
 * own inexactness may be rounded away. */
bool trace_read_microseconds(const json_t *value, int64_t *ret_us)
{
    double seconds = json_number_value(value);
    if (!json_is_number(value) || !(seconds >= 0 && seconds <= TRACE_SECONDS_MAX))
        return false;
    double microseconds = seconds * (double)SECOND_US;
    double whole = round(microseconds);
    if (fabs(microseconds - whole) > microseconds * DBL_EPSILON)
        return false;
    *ret_us = (int64_t)whole;
    return true;
}

enum error trace_read_seconds(const struct reading *reading, const char *name, int64_t least_us,
                              int64_t *ret_us)
{
    const json_t *value = json_object_get(reading->object, name);
    int64_t time_us = 0;
    if (!trace_read_microseconds(value, &time_us) || time_us < least_us)
        return problem_set(
            reading->problem, ERROR_INVALID,
            "\"%s\" %s; it must be a number of seconds, %s %d, with at most 6 decimals", name,
            trace_show(value).text, least_us > 0 ? "above 0 and at most" : "from 0 to",
            TRACE_SECONDS_MAX);
    *ret_us = time_us;
    return ERROR_NONE;
}

enum error trace_check_members(const struct reading *reading, const char *place, const char *common,
                               const char *own)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(reading->object, name, value)
    {
        char word[40];
        int length = snprintf(word, sizeof word, " %s ", name);
        if (length < 0 || (size_t)length >= sizeof word ||
            (strstr(common, word) == NULL && strstr(own, word) == NULL))
            return problem_set(reading->problem, ERROR_INVALID,
                               "%s has no member \"%s\"; it may have:%s%s", place, name, common,
                               own[0] == ' ' ? own + 1 : own);
    }
    return ERROR_NONE;
}
