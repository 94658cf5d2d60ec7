#include "sys/file_name.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    NAME_MAX_SIZE = 4096
};

enum error file_name_make_absolute(const char *name, char *ret_path, size_t size)
{
    char here[NAME_MAX_SIZE] = "";
    if (name[0] != '/' && getcwd(here, sizeof here) == NULL)
        return ERROR_SYSTEM;
    int length = snprintf(ret_path, size, "%s%s%s", here, name[0] == '/' ? "" : "/", name);
    if (length > 0 && (size_t)length < size)
        return ERROR_NONE;
    errno = ENAMETOOLONG;
    return ERROR_FULL;
}

enum error file_name_find_command(const char *name, char *ret_path, size_t size)
{
    if (strchr(name, '/') != NULL)
        return file_name_make_absolute(name, ret_path, size);
    const char *place = getenv("PATH");
    if (place == NULL)
        place = "/usr/local/bin:/usr/bin:/bin";
    for (;;) {
        char candidate[NAME_MAX_SIZE];
        size_t length = strcspn(place, ":");
        int written = snprintf(candidate, sizeof candidate, "%.*s%s%s", (int)length, place,
                               length > 0 ? "/" : "", name);
        if (written > 0 && (size_t)written < sizeof candidate && access(candidate, X_OK) == 0)
            return file_name_make_absolute(candidate, ret_path, size);
        if (place[length] == '\0')
            break;
        place += length + 1;
    }
    errno = ENOENT;
    return ERROR_NOT_FOUND;
}
