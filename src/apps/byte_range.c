#include "apps/byte_range.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const char unit[] = "bytes=";

/* Reads digits; what is too large becomes UINT64_MAX, behind the end of every file. */
static bool read_position(const char **at, uint64_t *ret_position)
{
    const char *digit = *at;
    uint64_t position = 0;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        uint64_t value = (uint64_t)(*digit - '0');
        position = position > (UINT64_MAX - value) / 10 ? UINT64_MAX : position * 10 + value;
    }
    if (digit == *at)
        return false;
    *at = digit;
    *ret_position = position;
    return true;
}

/* Empty elements of a list count for nothing (RFC 9110 5.6.1.2). */
static const char *behind_commas(const char *text)
{
    return text + strspn(text, " \t,");
}

static enum byte_range_outcome last_bytes(uint64_t count, uint64_t size,
                                          struct byte_range *ret_range)
{
    if (count == 0)
        return BYTE_RANGE_UNSATISFIABLE;
    /* All of nothing: a 206 has no words for it. */
    if (size == 0)
        return BYTE_RANGE_WHOLE;
    uint64_t part = count < size ? count : size;
    *ret_range = (struct byte_range){size - part, part};
    return BYTE_RANGE_PART;
}

static enum byte_range_outcome bytes_between(uint64_t first, uint64_t last, uint64_t size,
                                             struct byte_range *ret_range)
{
    if (last < first)
        return BYTE_RANGE_WHOLE;
    if (first >= size)
        return BYTE_RANGE_UNSATISFIABLE;
    uint64_t end = last < size ? last + 1 : size;
    *ret_range = (struct byte_range){first, end - first};
    return BYTE_RANGE_PART;
}

enum byte_range_outcome byte_range_read(const char *text, uint64_t size,
                                        struct byte_range *ret_range)
{
    if (strncasecmp(text, unit, strlen(unit)) != 0)
        return BYTE_RANGE_WHOLE;
    const char *at = behind_commas(text + strlen(unit));
    uint64_t first = 0;
    uint64_t last = UINT64_MAX;
    bool has_first = read_position(&at, &first);
    if (*at++ != '-')
        return BYTE_RANGE_WHOLE;
    bool has_last = read_position(&at, &last);
    at += strspn(at, " \t");
    if (*behind_commas(at) != '\0' || (!has_first && !has_last))
        return BYTE_RANGE_WHOLE;
    return has_first ? bytes_between(first, last, size, ret_range)
                     : last_bytes(last, size, ret_range);
}
