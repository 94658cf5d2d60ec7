#include "sys/privileges.h"

#include "kit/child.h"
#include "kit/faulty.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct privileges resolved(const char *user, const char *group)
{
    struct privileges privileges;
    struct problem problem = {.text = ""};
    cr_assert_eq(privileges_resolve(&privileges, user, group, &problem), ERROR_NONE, "%s",
                 problem.text);
    return privileges;
}

static void skip_unless_root(void)
{
    if (geteuid() != 0)
        cr_skip_test("only root can become another user");
}

Test(privileges_resolve, changes_nothing_without_names)
{
    static const char *const none[] = {NULL, ""};
    for (size_t i = 0; i < 2; i++) {
        struct privileges privileges = resolved(none[i], none[i]);
        struct problem problem;
        cr_assert_not(privileges.has_user || privileges.has_group);
        cr_assert(privileges_are_allowed(&privileges));
        cr_assert_eq(privileges_drop(&privileges, &problem), ERROR_NONE);
    }
}

/* Promise WRK-8 */
Test(privileges_resolve, names_what_does_not_exist)
{
    static const struct {
        const char *user;
        const char *group;
        const char *said;
    } table[] = {
        {"no-such-user", NULL, "user \"no-such-user\" does not exist"},
        {NULL, "no-such-group", "group \"no-such-group\" does not exist"},
        {"root", "no-such-group", "group \"no-such-group\" does not exist"},
        {"no-such-user", "root", "user \"no-such-user\" does not exist"},
        {"0", NULL, "user \"0\" does not exist"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct privileges privileges;
        struct problem problem = {.text = ""};
        cr_expect_eq(privileges_resolve(&privileges, table[i].user, table[i].group, &problem),
                     ERROR_NOT_FOUND);
        cr_expect(strstr(problem.text, table[i].said) != NULL, "%s", problem.text);
    }
}

/* Promise WRK-8 */
Test(privileges_resolve, finds_ids_and_supplementary_groups)
{
    skip_unless_root();
    const struct passwd *nobody = getpwnam("nobody");
    struct privileges privileges = resolved("nobody", NULL);
    cr_assert_eq(privileges.user, nobody->pw_uid);
    cr_assert_eq(privileges.group, nobody->pw_gid);
    cr_assert_eq(privileges.groups[0], nobody->pw_gid);
    privileges = resolved(NULL, "daemon");
    gid_t daemon_group = getgrnam("daemon")->gr_gid;
    cr_assert_not(privileges.has_user);
    cr_assert_eq(privileges.group, daemon_group);
    cr_assert_eq(privileges.group_count, 1);
    privileges = resolved("nobody", "daemon");
    cr_assert_eq(privileges.user, nobody->pw_uid);
    cr_assert_eq(privileges.group, daemon_group);
    cr_assert_eq(privileges.groups[0], daemon_group);
}

static int resolve_as_nobody(void *context)
{
    struct privileges privileges;
    struct problem problem = {.text = ""};
    (void)context;
    child_demand(setgid(65534) == 0 && setuid(65534) == 0);
    child_demand(privileges_resolve(&privileges, "daemon", "", &problem) == ERROR_SYSTEM);
    child_demand(strstr(problem.text, "\"daemon\"") != NULL);
    child_demand(strstr(problem.text, "only root") != NULL);
    child_demand(privileges_resolve(&privileges, "", "daemon", &problem) == ERROR_SYSTEM);
    child_demand(privileges_resolve(&privileges, "", "", &problem) == ERROR_NONE);
    return 0;
}

/* Promise WRK-8: a forbidden name is an error at start. */
Test(privileges_resolve, refuses_whom_only_root_may_become)
{
    skip_unless_root();
    cr_assert_eq(child_run(resolve_as_nobody, NULL), 0);
}

/* The lines of /proc/self/status that begin with this, such as "CapEff:". */
static bool status_says(const char *line)
{
    char text[8192];
    FILE *file = fopen("/proc/self/status", "re");
    if (file == NULL)
        return false;
    size_t size = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[size] = '\0';
    return strstr(text, line) != NULL;
}

static int drop_for_good(void *context)
{
    const struct privileges *wanted = context;
    struct problem problem = {.text = ""};
    uid_t uids[3];
    gid_t gids[3];
    gid_t groups[PRIVILEGES_GROUPS_MAX];
    child_demand(privileges_drop(wanted, &problem) == ERROR_NONE);
    child_demand(getresuid(&uids[0], &uids[1], &uids[2]) == 0);
    child_demand(getresgid(&gids[0], &gids[1], &gids[2]) == 0);
    for (int i = 0; i < 3; i++)
        child_demand(uids[i] == wanted->user && gids[i] == wanted->group);
    int count = getgroups(PRIVILEGES_GROUPS_MAX, groups);
    child_demand(count == wanted->group_count);
    child_demand(memcmp(groups, wanted->groups, (size_t)count * sizeof groups[0]) == 0);
    child_demand(status_says("CapEff:\t0000000000000000\n"));
    child_demand(status_says("CapPrm:\t0000000000000000\n"));
    child_demand(setuid(0) != 0 && seteuid(0) != 0 && setresuid(0, 0, 0) != 0);
    child_demand(setgid(0) != 0 && setegid(0) != 0 && setgroups(0, NULL) != 0);
    child_demand(open("/proc/1/mem", O_RDWR | O_CLOEXEC) < 0);
    return 0;
}

/* Promise WRK-8 */
Test(privileges_drop, gives_everything_up_for_good)
{
    skip_unless_root();
    struct privileges nobody = resolved("nobody", NULL);
    cr_assert_eq(child_run(drop_for_good, &nobody), 0);
    struct privileges mixed = resolved("nobody", "daemon");
    cr_assert_eq(child_run(drop_for_good, &mixed), 0);
}

static int drop_group_alone(void *context)
{
    struct problem problem = {.text = ""};
    gid_t groups[PRIVILEGES_GROUPS_MAX];
    child_demand(privileges_drop(context, &problem) == ERROR_NONE);
    child_demand(geteuid() == 0);
    child_demand(getgid() == ((const struct privileges *)context)->group);
    child_demand(getgroups(PRIVILEGES_GROUPS_MAX, groups) == 1);
    return 0;
}

Test(privileges_drop, changes_a_group_alone)
{
    skip_unless_root();
    struct privileges privileges = resolved(NULL, "daemon");
    cr_assert_eq(child_run(drop_group_alone, &privileges), 0);
}

struct obstacle {
    enum faulty_call call;
    enum faulty_way way;
    struct privileges wanted;
};

/* Everything that is left after an error ends with the process. */
static int drop_against(void *context)
{
    const struct obstacle *obstacle = context;
    struct problem problem = {.text = ""};
    child_demand(setgroups(1, &(gid_t){0}) == 0);
    faulty_arm(obstacle->call, obstacle->way, 1, FAULTY_HERE);
    enum error error = privileges_drop(&obstacle->wanted, &problem);
    child_demand(faulty_disarm() == 1);
    child_demand(error == ERROR_SYSTEM);
    child_demand(problem.text[0] != '\0');
    return 0;
}

/* Promise WRK-8: what is refused, or pretended, is noticed. */
Test(privileges_drop, fails_when_the_system_refuses_or_pretends)
{
    skip_unless_root();
    static const struct {
        enum faulty_call call;
        enum faulty_way way;
    } table[] = {{FAULTY_setgroups, FAULTY_ONCE},       {FAULTY_setresgid, FAULTY_ONCE},
                 {FAULTY_setresuid, FAULTY_ONCE},       {FAULTY_getresuid, FAULTY_ONCE},
                 {FAULTY_getresgid, FAULTY_ONCE},       {FAULTY_getgroups, FAULTY_ONCE},
                 {FAULTY_setgroups, FAULTY_PRETENDING}, {FAULTY_setresgid, FAULTY_PRETENDING},
                 {FAULTY_setresuid, FAULTY_PRETENDING}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct obstacle obstacle = {table[i].call, table[i].way, resolved("nobody", NULL)};
        cr_expect_eq(child_run(drop_against, &obstacle), 0, "%s fails %s",
                     faulty_call_text(table[i].call), faulty_way_text(table[i].way));
    }
}

/* An account that has more groups than there is room for, or a table that cannot be read. */
Test(privileges_resolve, fails_when_names_cannot_be_looked_up)
{
    skip_unless_root();
    static const struct {
        enum faulty_call call;
        const char *said;
    } table[] = {{FAULTY_getpwnam, "user \"nobody\""},
                 {FAULTY_getgrnam, "group \"daemon\""},
                 {FAULTY_getgrouplist, "user \"nobody\" is in more than"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct privileges privileges;
        struct problem problem = {.text = ""};
        faulty_arm(table[i].call, FAULTY_ONCE, 1, FAULTY_HERE);
        enum error error = privileges_resolve(&privileges, "nobody", "daemon", &problem);
        cr_expect_eq(faulty_disarm(), 1);
        cr_expect_neq(error, ERROR_NONE);
        cr_expect(strstr(problem.text, table[i].said) != NULL, "%s", problem.text);
    }
}
