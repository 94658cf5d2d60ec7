/* file_room - the directory of the PID file: names, files behind them, locks, and what goes wrong.
 */
#ifndef TOAD_TESTS_KERNEL_FILE_ROOM_H
#define TOAD_TESTS_KERNEL_FILE_ROOM_H

#include "scenario.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FILE_ROOM "/simulated/"
#define PID_PATH FILE_ROOM "hypnotoad.pid"

enum {
    FILES_MAX = 16,
    FILE_NAMES_MAX = 4,
    FILE_TEXT_MAX = 16,
    NO_FILE = -1,
    LOCK_NOBODY = -1,
    LOCK_STRANGER = -2 /* a server that lives */
};

enum file_trouble {
    FILE_TROUBLE_NONE,
    FILE_TROUBLE_READ_ONLY,
    FILE_TROUBLE_FULL,
    FILE_TROUBLE_IO
};

struct file {
    bool is_used;
    bool is_ours; /* the manager made it */
    bool is_named;
    bool is_stuck;   /* it could not be removed when somebody wanted to */
    uint32_t opened; /* descriptors */
    int lock;        /* LOCK_... or the descriptor that holds it */
    size_t size;
    char text[FILE_TEXT_MAX];
};

struct file_name {
    char path[64];
    int file; /* NO_FILE: the name is free */
};

struct file_room {
    enum file_trouble trouble;
    bool is_looked_at; /* the manager has just seen what stands under the name */
    struct file files[FILES_MAX];
    struct file_name names[FILE_NAMES_MAX];
};

void file_room_init(struct file_room *room, enum first_file first);

/* What stands under this name; NO_FILE: nothing. */
int file_room_find(const struct file_room *room, const char *path);

/* What the system calls do. Errors are negative numbers of errno. */
int file_room_open(struct file_room *room, const char *path, int flags);
void file_room_close(struct file_room *room, int file, int fd);
int file_room_link(struct file_room *room, const char *from, const char *to);
int file_room_rename(struct file_room *room, const char *from, const char *to);
int file_room_unlink(struct file_room *room, const char *path);
ssize_t file_room_write(struct file_room *room, int file, const char *bytes, size_t size);
int file_room_lock(struct file_room *room, int file, int fd);

/* What an administrator and other servers do. */
void file_room_lose(struct file_room *room);
void file_room_replace(struct file_room *room, bool is_held);

#endif
