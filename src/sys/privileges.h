/* privileges - becoming another user for good.
 *
 * Names are resolved once, in the manager, so that a worker needs no name service and a wrong name
 * is an error at start. What cannot be verified afterwards counts as refused (promise WRK-8). */
#ifndef TOAD_SYS_PRIVILEGES_H
#define TOAD_SYS_PRIVILEGES_H

#include "base/problem.h"

#include <stdbool.h>
#include <sys/types.h>

enum {
    PRIVILEGES_GROUPS_MAX = 256
};

struct privileges {
    bool has_user;
    bool has_group;
    uid_t user;
    gid_t group;
    int group_count; /* supplementary groups */
    gid_t groups[PRIVILEGES_GROUPS_MAX];
};

/* Looks the names up; a null pointer or "" means: not to be changed. With a user and no group, the
 * user's own group is taken. */
MUST_CHECK enum error privileges_resolve(struct privileges *privileges, const char *user,
                                         const char *group, struct problem *problem);

/* True if this process may become that user and group. */
bool privileges_are_allowed(const struct privileges *privileges);

/* Sets real, effective and saved ids and the supplementary groups, and makes sure that nothing can
 * be regained. After an error the process must end. */
MUST_CHECK enum error privileges_drop(const struct privileges *privileges, struct problem *problem);

#endif
