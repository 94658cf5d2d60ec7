#include "main/app_module.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

enum error app_module_accept(const struct toad_app *descriptor, const char *path,
                             struct toad_app *ret_app, struct problem *problem)
{
    if (descriptor->abi_major != TOAD_ABI_MAJOR)
        return problem_set(problem, ERROR_INVALID,
                           "application \"%s\" was made for interface %u.%u, this server has "
                           "%u.%u; compile it with this server's hypnotoad.h",
                           path, (unsigned)descriptor->abi_major, (unsigned)descriptor->abi_minor,
                           TOAD_ABI_MAJOR, TOAD_ABI_MINOR);
    if (descriptor->abi_minor > TOAD_ABI_MINOR)
        return problem_set(problem, ERROR_INVALID,
                           "application \"%s\" needs interface %u.%u, this server has %u.%u; it "
                           "needs a newer server",
                           path, (unsigned)descriptor->abi_major, (unsigned)descriptor->abi_minor,
                           TOAD_ABI_MAJOR, TOAD_ABI_MINOR);
    size_t size =
        descriptor->struct_size < sizeof *ret_app ? descriptor->struct_size : sizeof *ret_app;
    /* A part of a member is none: behind the first ones all are pointers. */
    size -= size % sizeof(void *);
    struct toad_app app = {.struct_size = 0};
    if (size >= offsetof(struct toad_app, name))
        memcpy(&app, descriptor, size);
    if (app.request == NULL)
        return problem_set(problem, ERROR_INVALID,
                           "application \"%s\" has no request callback in its toad_app", path);
    *ret_app = app;
    return ERROR_NONE;
}

enum error app_module_load(const char *path, struct toad_app *ret_app, struct problem *problem)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module == NULL)
        return problem_set(problem, ERROR_INVALID, "cannot load application \"%s\": %s", path,
                           dlerror());
    const struct toad_app *descriptor = dlsym(module, "toad_app");
    if (descriptor == NULL)
        return problem_set(problem, ERROR_NOT_FOUND,
                           "application \"%s\" does not export toad_app; see hypnotoad.h", path);
    return app_module_accept(descriptor, path, ret_app, problem);
}
