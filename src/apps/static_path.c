#include "apps/static_path.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool segment_is_served(const char *segment, size_t size, bool has_dotfiles)
{
    if (size == 0 || (size == 1 && segment[0] == '.') ||
        (size == 2 && segment[0] == '.' && segment[1] == '.'))
        return false;
    return has_dotfiles || segment[0] != '.';
}

/* Every segment but an empty last one, which stands for the index. */
static bool segments_are_served(const char *name, bool has_dotfiles)
{
    while (*name != '\0') {
        size_t size = strcspn(name, "/");
        if (!segment_is_served(name, size, has_dotfiles))
            return false;
        name += size;
        if (*name == '/')
            name++;
    }
    return true;
}

bool static_path_is_index(const char *path)
{
    size_t size = strlen(path);
    return size > 0 && path[size - 1] == '/';
}

bool static_path_read(const char *path, const char *index, bool has_dotfiles,
                      char ret_name[STATIC_NAME_SIZE])
{
    if (path[0] != '/' || !segments_are_served(path + 1, has_dotfiles))
        return false;
    int size = snprintf(ret_name, STATIC_NAME_SIZE, "%s%s", path + 1,
                        static_path_is_index(path) ? index : "");
    return size < STATIC_NAME_SIZE;
}

bool static_target_has_hidden_slash(const char *target)
{
    size_t size = strcspn(target, "?");
    for (size_t i = 0; i < size; i++)
        if (strncasecmp(target + i, "%2f", 3) == 0)
            return true;
    return false;
}

/* ---- The location of a directory ---- */

/* RFC 3986 2.3, and the slash; a backslash, which browsers take for one, is not among them. */
static bool stays_as_it_is(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte != '\0' && strchr("-._~/", byte) != NULL);
}

size_t static_location_size(const char *path, const char *query)
{
    return 3 * strlen(path) + sizeof("/?") + strlen(query);
}

void static_location_write(const char *path, const char *query, char *location)
{
    static const char digits[] = "0123456789ABCDEF";
    char *end = location;
    for (; *path != '\0'; path++) {
        if (stays_as_it_is(*path)) {
            *end++ = *path;
            continue;
        }
        *end++ = '%';
        *end++ = digits[(unsigned char)*path >> 4];
        *end++ = digits[(unsigned char)*path & 15];
    }
    *end++ = '/';
    if (*query != '\0')
        *end++ = '?';
    memcpy(end, query, strlen(query) + 1);
}
