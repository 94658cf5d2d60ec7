#include "main/app_module.h"

#include "kit/folder.h"

#include <criterion/criterion.h>

#include <stddef.h>
#include <string.h>

TestSuite(app_module, .init = folder_open, .fini = folder_close);

static void answer(void *state, struct toad_request *request)
{
    (void)state;
    (void)request;
}

static void drain(void *state)
{
    (void)state;
}

static const struct toad_app whole = {TOAD_APP_HEADER, .name = "whole", .worker_drain = drain,
                                      .request = answer};

static enum error accept_it(const struct toad_app *app, struct toad_app *ret_app,
                            struct problem *problem)
{
    problem->text[0] = '\0';
    memset(ret_app, 0x5a, sizeof *ret_app);
    return app_module_accept(app, "./a.so", ret_app, problem);
}

/* Promise APP-2 */
Test(app_module, takes_a_whole_descriptor)
{
    struct toad_app app;
    struct problem problem;
    cr_assert_eq(accept_it(&whole, &app, &problem), ERROR_NONE, "%s", problem.text);
    cr_expect_str_eq(app.name, "whole");
    cr_expect_eq(app.request, answer);
    cr_expect_eq(app.worker_drain, drain);
    cr_expect_eq(app.check, NULL);
}

/* Promise APP-2: a later minor version may have made it larger. */
Test(app_module, takes_what_it_knows_of_a_larger_descriptor)
{
    struct {
        struct toad_app known;
        void *unknown;
    } larger = {.known = whole, .unknown = &larger};
    struct toad_app app;
    struct problem problem;
    larger.known.struct_size = sizeof larger;
    cr_assert_eq(accept_it(&larger.known, &app, &problem), ERROR_NONE, "%s", problem.text);
    cr_expect_eq(app.request, answer);
}

/* Promise APP-2: members beyond its size count as NULL, and without `request` it is no use. */
Test(app_module, refuses_a_descriptor_that_is_too_small)
{
    for (uint32_t size = 0; size < offsetof(struct toad_app, request) + sizeof(void *); size++) {
        struct toad_app small = whole;
        struct toad_app app;
        struct problem problem;
        small.struct_size = size;
        cr_expect_eq(accept_it(&small, &app, &problem), ERROR_INVALID, "%u", (unsigned)size);
        cr_expect_str_eq(problem.text,
                         "application \"./a.so\" has no request callback in its toad_app");
    }
}

/* Promise APP-2 */
Test(app_module, refuses_other_versions)
{
    static const struct {
        unsigned major;
        unsigned minor;
        const char *problem;
    } table[] = {
        {TOAD_ABI_MAJOR + 1, 0, "was made for interface 2.0, this server has 1.0; compile it with"},
        {TOAD_ABI_MAJOR - 1, 9, "was made for interface 0.9, this server has 1.0; compile it with"},
        {TOAD_ABI_MAJOR, TOAD_ABI_MINOR + 1, "needs interface 1.1, this server has 1.0"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct toad_app other = whole;
        struct toad_app app;
        struct problem problem;
        other.abi_major = (uint16_t)table[i].major;
        other.abi_minor = (uint16_t)table[i].minor;
        cr_expect_eq(accept_it(&other, &app, &problem), ERROR_INVALID);
        cr_expect(strstr(problem.text, table[i].problem) != NULL, "%s", problem.text);
        cr_expect(strstr(problem.text, "\"./a.so\"") != NULL, "%s", problem.text);
    }
}

/* ---- Files ---- */

/* Promises APP-1, CLI-1 */
Test(app_module, is_loaded_from_a_shared_object)
{
    struct toad_app app;
    struct problem problem;
    cr_assert_eq(app_module_load(MODULES "/good.so", &app, &problem), ERROR_NONE, "%s",
                 problem.text);
    cr_expect_str_eq(app.name, "module");
    cr_expect_neq(app.request, NULL);
}

/* Promise CLI-5 */
Test(app_module, says_what_is_wrong_with_a_file)
{
    folder_write("text", "this is no shared object, however long it is: it does not begin as one "
                         "does, and more than that nobody has to read to know it\n");
    folder_write("empty", "");
    const struct {
        const char *path;
        const char *problem;
    } table[] = {
        {folder_path("text"), "invalid ELF header"},
        {folder_path("empty"), "file too short"},
        {folder_path("absent"), "No such file"},
        {folder_path(""), "cannot read file data: Is a directory"},
        {MODULES "/unexported.so", "does not export toad_app; see hypnotoad.h"},
        {MODULES "/older.so", "was made for interface 0.0, this server has 1.0"},
        {MODULES "/incomplete.so", "undefined symbol: toad_that_no_server_has"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct toad_app app;
        struct problem problem = {.text = ""};
        cr_expect_neq(app_module_load(table[i].path, &app, &problem), ERROR_NONE);
        cr_expect(strstr(problem.text, table[i].problem) != NULL, "%s", problem.text);
        cr_expect(strstr(problem.text, table[i].path) != NULL, "%s", problem.text);
    }
}
