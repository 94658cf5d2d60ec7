#include "herald/avahi.h"

#include <dlfcn.h>
#include <string.h>

static void *find(void *library, const char *name, const char **ret_missing)
{
    void *symbol = dlsym(library, name);
    if (symbol == NULL)
        *ret_missing = name;
    return symbol;
}

enum error avahi_open(const char *library, struct avahi *ret_avahi, struct problem *problem)
{
    const char *missing = NULL;
    struct avahi avahi;
    void *symbol = NULL;
    void *opened = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (opened == NULL)
        return problem_set(problem, ERROR_NOT_FOUND, "%s", dlerror());
        /* POSIX has dlsym() give functions as pointers to objects, ISO C does not know how. */
#define AVAHI_CALL(name)                                                                           \
    symbol = find(opened, "avahi_" #name, &missing);                                               \
    memcpy(&avahi.name, &symbol, sizeof avahi.name);
#include "herald/avahi_calls.def"
#undef AVAHI_CALL
    if (missing == NULL) {
        *ret_avahi = avahi;
        return ERROR_NONE;
    }
    (void)dlclose(opened);
    return problem_set(problem, ERROR_NOT_FOUND, "%s does not have %s", library, missing);
}
