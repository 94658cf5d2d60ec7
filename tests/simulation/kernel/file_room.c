#include "file_room.h"

#include "kernel.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static int add_file(struct file_room *room, bool is_ours)
{
    int file = 0;
    while (room->files[file].is_used)
        file++;
    assert(file < FILES_MAX);
    room->files[file] = (struct file){.is_used = true, .is_ours = is_ours, .lock = LOCK_NOBODY};
    return file;
}

static void drop_unused(struct file_room *room, int file)
{
    if (!room->files[file].is_named && room->files[file].opened == 0)
        room->files[file].is_used = false;
}

static struct file_name *name_of(struct file_room *room, const char *path)
{
    for (int i = 0; i < FILE_NAMES_MAX; i++)
        if (room->names[i].file != NO_FILE && strcmp(room->names[i].path, path) == 0)
            return &room->names[i];
    return NULL;
}

static void add_name(struct file_room *room, const char *path, int file)
{
    int i = 0;
    while (room->names[i].file != NO_FILE)
        i++;
    assert(i < FILE_NAMES_MAX);
    (void)snprintf(room->names[i].path, sizeof room->names[i].path, "%s", path);
    room->names[i].file = file;
    room->files[file].is_named = true;
}

/* A file has two names for as long as it takes to remove the first one. */
static void remove_name(struct file_room *room, struct file_name *name)
{
    int file = name->file;
    name->file = NO_FILE;
    room->files[file].is_named = false;
    for (int i = 0; i < FILE_NAMES_MAX; i++)
        room->files[file].is_named |= room->names[i].file == file;
    drop_unused(room, file);
}

void file_room_init(struct file_room *room, enum first_file first)
{
    memset(room, 0, sizeof *room);
    for (int i = 0; i < FILE_NAMES_MAX; i++)
        room->names[i].file = NO_FILE;
    if (first != FIRST_FILE_NONE)
        file_room_replace(room, first == FIRST_FILE_HELD);
}

int file_room_find(const struct file_room *room, const char *path)
{
    const struct file_name *name = name_of((struct file_room *)room, path);
    return name == NULL ? NO_FILE : name->file;
}

static int refuse(int number)
{
    CENSUS(refused_writes);
    kernel_say("a write to the directory is refused", NO_PID, number);
    return -number;
}

/* Why names cannot be changed now; 0 if they can. */
static int trouble_with_names(const struct file_room *room)
{
    switch (room->trouble) {
    case FILE_TROUBLE_READ_ONLY:
        return EROFS;
    case FILE_TROUBLE_FULL:
        return ENOSPC;
    case FILE_TROUBLE_NONE:
    case FILE_TROUBLE_IO:
        break;
    }
    return 0;
}

int file_room_open(struct file_room *room, const char *path, int flags)
{
    int file = file_room_find(room, path);
    if ((flags & O_CREAT) == 0)
        return file == NO_FILE ? -ENOENT : file;
    if (file != NO_FILE)
        return (flags & O_EXCL) != 0 ? -EEXIST : file;
    if (room->trouble == FILE_TROUBLE_READ_ONLY)
        return refuse(EROFS);
    file = add_file(room, true);
    add_name(room, path, file);
    return file;
}

void file_room_close(struct file_room *room, int file, int fd)
{
    if (room->files[file].lock == fd)
        room->files[file].lock = LOCK_NOBODY;
    room->files[file].opened--;
    drop_unused(room, file);
}

int file_room_link(struct file_room *room, const char *from, const char *to)
{
    int file = file_room_find(room, from);
    if (file == NO_FILE)
        return -ENOENT;
    if (file_room_find(room, to) != NO_FILE)
        return -EEXIST;
    int trouble = trouble_with_names(room);
    if (trouble != 0)
        return refuse(trouble);
    add_name(room, to, file);
    return 0;
}

int file_room_rename(struct file_room *room, const char *from, const char *to)
{
    struct file_name *name = name_of(room, from);
    struct file_name *old = name_of(room, to);
    if (name == NULL)
        return -ENOENT;
    int trouble = trouble_with_names(room);
    if (trouble != 0)
        return refuse(trouble);
    int file = name->file;
    if (old != NULL)
        remove_name(room, old);
    add_name(room, to, file);
    remove_name(room, name);
    return 0;
}

int file_room_unlink(struct file_room *room, const char *path)
{
    struct file_name *name = name_of(room, path);
    if (name == NULL)
        return -ENOENT;
    if (room->trouble == FILE_TROUBLE_READ_ONLY) {
        room->files[name->file].is_stuck = true;
        return refuse(EROFS);
    }
    remove_name(room, name);
    return 0;
}

ssize_t file_room_write(struct file_room *room, int file, const char *bytes, size_t size)
{
    struct file *target = &room->files[file];
    if (room->trouble == FILE_TROUBLE_FULL)
        return refuse(ENOSPC);
    if (room->trouble == FILE_TROUBLE_IO && chance_hits(&kernel.chance, 500))
        size /= 2;
    assert(target->size + size <= sizeof target->text);
    memcpy(target->text + target->size, bytes, size);
    target->size += size;
    return (ssize_t)size;
}

int file_room_lock(struct file_room *room, int file, int fd)
{
    struct file *target = &room->files[file];
    if (target->lock != LOCK_NOBODY && target->lock != fd)
        return -EWOULDBLOCK;
    target->lock = fd;
    return 0;
}

void file_room_lose(struct file_room *room)
{
    struct file_name *name = name_of(room, PID_PATH);
    if (name != NULL)
        remove_name(room, name);
}

void file_room_replace(struct file_room *room, bool is_held)
{
    file_room_lose(room);
    int file = add_file(room, false);
    struct file *foreign = &room->files[file];
    foreign->lock = is_held ? LOCK_STRANGER : LOCK_NOBODY;
    foreign->size = (size_t)snprintf(foreign->text, sizeof foreign->text, "%d\n", MANAGER_PID + 1);
    add_name(room, PID_PATH, file);
}
