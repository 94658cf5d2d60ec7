/* file_identity - which file it is, whatever its name.
 *
 * Pure. */
#ifndef TOAD_BASE_FILE_IDENTITY_H
#define TOAD_BASE_FILE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: no file. */
struct file_identity {
    uint64_t device;
    uint64_t inode;
};

static inline bool file_identity_is_none(struct file_identity identity)
{
    return identity.device == 0 && identity.inode == 0;
}

static inline bool file_identity_equal(struct file_identity a, struct file_identity b)
{
    return a.device == b.device && a.inode == b.inode;
}

#endif
