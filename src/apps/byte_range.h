/* byte_range - which bytes a client asks for (RFC 9110 14).
 *
 * Pure. */
#ifndef TOAD_APPS_BYTE_RANGE_H
#define TOAD_APPS_BYTE_RANGE_H

#include <stdint.h>

struct byte_range {
    uint64_t offset;
    uint64_t size; /* at least 1 */
};

enum byte_range_outcome {
    BYTE_RANGE_WHOLE,         /* the field is ignored: send everything */
    BYTE_RANGE_PART,          /* one range */
    BYTE_RANGE_UNSATISFIABLE, /* one range, and it begins behind the last byte */
};

/* Reads the value of a Range field for a file of `size` bytes. Several ranges, other units and
 * mistakes are ignored, as a server may (RFC 9110 14.2). `ret_range` is set for BYTE_RANGE_PART. */
enum byte_range_outcome byte_range_read(const char *text, uint64_t size,
                                        struct byte_range *ret_range);

#endif
