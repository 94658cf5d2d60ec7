#include "sys/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

static bool is_given(const char *name)
{
    return name != NULL && name[0] != '\0';
}

static enum error resolve_user(struct privileges *privileges, const char *user,
                               struct problem *problem)
{
    errno = 0;
    const struct passwd *entry = getpwnam(user);
    if (entry == NULL)
        return problem_set(problem, ERROR_NOT_FOUND,
                           "user \"%s\" does not exist; the setting user takes the name of a user "
                           "of this system",
                           user);
    privileges->has_user = true;
    privileges->user = entry->pw_uid;
    if (!privileges->has_group)
        privileges->group = entry->pw_gid;
    privileges->group_count = PRIVILEGES_GROUPS_MAX;
    if (getgrouplist(user, privileges->group, privileges->groups, &privileges->group_count) < 0)
        return problem_set(problem, ERROR_FULL, "user \"%s\" is in more than %d groups", user,
                           PRIVILEGES_GROUPS_MAX);
    return ERROR_NONE;
}

static enum error resolve_group(struct privileges *privileges, const char *group,
                                struct problem *problem)
{
    const struct group *entry = getgrnam(group);
    if (entry == NULL)
        return problem_set(problem, ERROR_NOT_FOUND,
                           "group \"%s\" does not exist; the setting group takes the name of a "
                           "group of this system",
                           group);
    privileges->has_group = true;
    privileges->group = entry->gr_gid;
    privileges->group_count = 1;
    privileges->groups[0] = entry->gr_gid;
    return ERROR_NONE;
}

enum error privileges_resolve(struct privileges *privileges, const char *user, const char *group,
                              struct problem *problem)
{
    *privileges = (struct privileges){.has_user = false};
    enum error error = ERROR_NONE;
    if (is_given(group))
        error = resolve_group(privileges, group, problem);
    if (error == ERROR_NONE && is_given(user))
        error = resolve_user(privileges, user, problem);
    if (error != ERROR_NONE)
        return error;
    if (!privileges_are_allowed(privileges))
        return problem_set(problem, ERROR_SYSTEM,
                           "workers cannot run as user \"%s\" and group \"%s\": only root may "
                           "change to another user or group",
                           is_given(user) ? user : "", is_given(group) ? group : "");
    return ERROR_NONE;
}

bool privileges_are_allowed(const struct privileges *privileges)
{
    if (!privileges->has_user && !privileges->has_group)
        return true;
    return geteuid() == 0;
}

static bool are_ids_set(const struct privileges *privileges)
{
    uid_t uids[3];
    gid_t gids[3];
    if (getresuid(&uids[0], &uids[1], &uids[2]) != 0 ||
        getresgid(&gids[0], &gids[1], &gids[2]) != 0)
        return false;
    for (int i = 0; i < 3; i++)
        if (gids[i] != privileges->group || (privileges->has_user && uids[i] != privileges->user))
            return false;
    return true;
}

static bool are_groups_set(const struct privileges *privileges)
{
    gid_t groups[PRIVILEGES_GROUPS_MAX];
    int count = getgroups(PRIVILEGES_GROUPS_MAX, groups);
    for (int i = 0; i < count; i++) {
        bool is_known = false;
        for (int k = 0; k < privileges->group_count; k++)
            is_known = is_known || groups[i] == privileges->groups[k];
        if (!is_known)
            return false;
    }
    return count >= 0;
}

static bool can_regain_root(const struct privileges *privileges)
{
    return privileges->has_user && privileges->user != 0 && (setuid(0) == 0 || seteuid(0) == 0);
}

enum error privileges_drop(const struct privileges *privileges, struct problem *problem)
{
    if (!privileges->has_user && !privileges->has_group)
        return ERROR_NONE;
    gid_t group = privileges->group;
    if (setgroups((size_t)privileges->group_count, privileges->groups) != 0)
        return problem_set(problem, ERROR_SYSTEM, "cannot set supplementary groups: %s",
                           strerror(errno));
    if (setresgid(group, group, group) != 0)
        return problem_set(problem, ERROR_SYSTEM, "cannot become group %u: %s", (unsigned)group,
                           strerror(errno));
    uid_t user = privileges->user;
    if (privileges->has_user && setresuid(user, user, user) != 0)
        return problem_set(problem, ERROR_SYSTEM, "cannot become user %u: %s", (unsigned)user,
                           strerror(errno));
    if (!are_ids_set(privileges) || !are_groups_set(privileges) || can_regain_root(privileges))
        return problem_set(problem, ERROR_SYSTEM,
                           "privileges could not be given up for good; the worker will not serve");
    return ERROR_NONE;
}
