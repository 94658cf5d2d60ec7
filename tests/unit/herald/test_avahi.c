#include "herald/avahi.h"

#include <criterion/criterion.h>

#include <string.h>

Test(avahi_open, finds_every_function_in_the_library)
{
    struct avahi avahi;
    struct problem problem = {.text = ""};
    memset(&avahi, 0, sizeof avahi);
    cr_assert_eq(avahi_open(AVAHI_LIBRARY, &avahi, &problem), ERROR_NONE, "%s", problem.text);
#define AVAHI_CALL(name) cr_expect(avahi.name != NULL, #name);
#include "herald/avahi_calls.def"
#undef AVAHI_CALL
    char *next = avahi.alternative_service_name("Hypnotoad (web1:80)");
    cr_expect_str_eq(next, "Hypnotoad (web1:80) #2");
    avahi.free(next);
}

/* Promise LSN-9: without Avahi nothing fails. */
Test(avahi_open, names_what_is_missing)
{
    static const struct {
        const char *library;
        const char *part;
    } table[] = {{"libavahi-client.so.nowhere", "libavahi-client.so.nowhere"},
                 {"libc.so.6", "libc.so.6 does not have avahi_"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct avahi avahi = {.free = NULL};
        struct problem problem = {.text = ""};
        cr_expect_eq(avahi_open(table[i].library, &avahi, &problem), ERROR_NOT_FOUND);
        cr_expect(strstr(problem.text, table[i].part) != NULL, "%s", problem.text);
        cr_expect(avahi.free == NULL, "untouched");
    }
}
