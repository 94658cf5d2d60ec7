/* static_path - from the path of a request to the name of a file below the root.
 *
 * Pure. */
#ifndef TOAD_APPS_STATIC_PATH_H
#define TOAD_APPS_STATIC_PATH_H

#include <stdbool.h>
#include <stddef.h>

#define STATIC_NAME_SIZE 4096 /* with its NUL: what the kernel takes */

/* Writes the name, relative to the root, of what `path` asks for: "a/b" for "/a/b", and "a/INDEX"
 * for "/a/". False for what names nothing: a path without a slash at its beginning, empty segments,
 * `.` and `..`, names that begin with a dot unless `has_dotfiles`, and what is too long. */
bool static_path_read(const char *path, const char *index, bool has_dotfiles,
                      char ret_name[STATIC_NAME_SIZE]);

/* Whether the path ends in a slash, so that the name is that of an index. */
bool static_path_is_index(const char *path);

/* Whether the path within `target`, as the client sent it, has a slash in disguise. No file's name
 * holds one, and whoever stands in front of the server may have read it differently. */
bool static_target_has_hidden_slash(const char *target);

/* Where the directory at `path`, as static_path_read() takes it, is to be asked for: encoded, with
 * a slash at its end and `query` behind it if that is not empty. `location` needs
 * static_location_size() bytes. */
size_t static_location_size(const char *path, const char *query);
void static_location_write(const char *path, const char *query, char *location);

#endif
