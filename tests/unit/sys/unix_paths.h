/* unix_paths - UNIX domain sockets in the folder of a test: the server's own, which it opens, and
 * others beside it.
 *
 * Not pure. What cannot be done fails the test. */
#ifndef TOAD_TESTS_SYS_UNIX_PATHS_H
#define TOAD_TESTS_SYS_UNIX_PATHS_H

#include "sys/unix_listener.h"

#include <sys/types.h>
#include <sys/un.h>

enum {
    MODE = 0660
};

struct opened {
    int fd;
    struct file_identity file;
};

extern struct problem problem; /* of the last attempt */
extern struct listener_heritage heritage;

/* Opens the folder, with nothing inherited. */
void begin(void);
/* The path of all these tests. Lives until folder_path() has been called a few times. */
const char *path(void);

struct unix_address address_of(const char *path);
enum error try_open(const char *path, struct opened *ret_opened);
struct opened must_open(const char *path);
/* It fails, says why and names the path, and leaves no descriptor. */
void expect_refusal(const char *where, enum error expected, const char *reason);

struct sockaddr_un name_of(const char *path);
/* A client's socket, connected; negative if it is refused. */
int connect_to(const char *path);
bool is_reached(const char *path);
/* As another program has it. */
int bind_foreign(const char *path, int type);
void leave_stale(const char *path, int type);

struct file_identity identity_at(const char *path);
mode_t mode_of(const char *path);

#endif
