/* Any bytes as a PID file that stands there already, with or without a lock on it: it names a
 * server exactly if it holds one number, that of the process with the lock; whoever holds the lock
 * keeps the file, whatever it says, and anything else is replaced (promises PID-1 to PID-5).
 *
 * The first byte chooses who holds the lock and what stands under the name; in the others P stands
 * for the number of this process. */
#include "sys/pid_file.h"

#include "must.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    TEXT_MAX = 64,
    IS_LOCKED = 1,
    IS_SHARED = 2, /* a lock that no server takes */
    IS_LINK = 4,
    IS_DIRECTORY = 8,
    IS_PREDECESSOR = 16
};

static char folder[512];
static char path[600];
static char aside[600]; /* where a link leads */

static void remove_all(void)
{
    (void)unlink(path);
    (void)rmdir(path);
    (void)unlink(aside);
    (void)rmdir(aside);
}

static void remove_folder(void)
{
    remove_all();
    (void)rmdir(folder);
}

static void make_folder(void)
{
    const char *place = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/pid_file.XXXXXX", place == NULL ? "/dev/shm" : place);
    MUST(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/pid", folder);
    (void)snprintf(aside, sizeof aside, "%s/aside", folder);
    MUST(atexit(remove_folder) == 0);
}

static size_t expand(const uint8_t *data, size_t size, char *text)
{
    size_t length = 0;
    for (size_t i = 0; i < size; i++)
        if (data[i] == 'P')
            length += (size_t)sprintf(text + length, "%d", (int)getpid());
        else
            text[length++] = (char)data[i];
    return length;
}

/* What stands under the name; the descriptor holds the lock. */
static int make_file(unsigned way, const char *text, size_t size)
{
    const char *place = (way & IS_LINK) != 0 ? aside : path;
    if ((way & IS_LINK) != 0)
        MUST(symlink(aside, path) == 0);
    if ((way & IS_DIRECTORY) != 0) {
        MUST(mkdir(place, 0700) == 0);
        return -1;
    }
    int fd = open(place, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    MUST(fd >= 0 && write(fd, text, size) == (ssize_t)size);
    if ((way & IS_LOCKED) != 0)
        MUST(flock(fd, (way & IS_SHARED) != 0 ? LOCK_SH : LOCK_EX) == 0);
    return fd;
}

/* By another way than the server's. */
static bool names_us(const char *text, size_t size)
{
    char line[32];
    int length = snprintf(line, sizeof line, "%d\n", (int)getpid());
    return size == (size_t)length && memcmp(text, line, size) == 0;
}

static void check_published(void)
{
    char text[32];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    MUST(fd >= 0);
    ssize_t size = read(fd, text, sizeof text);
    (void)close(fd);
    MUST(size > 0 && names_us(text, (size_t)size));
}

static void check_start(unsigned way, bool is_owned)
{
    struct pid_file file;
    struct problem problem = {.text = ""};
    bool is_regular = (way & (IS_LINK | IS_DIRECTORY)) == 0;
    bool is_held = is_regular && (way & IS_LOCKED) != 0 && (way & IS_SHARED) == 0;
    bool follows = is_owned && (way & IS_PREDECESSOR) != 0;
    pid_file_init(&file, path);
    enum error error = pid_file_draft(&file, follows ? (int32_t)getpid() : 0, &problem);
    if (!is_regular)
        MUST(error == ERROR_INVALID && problem.text[0] != '\0');
    else if (is_held && !follows)
        MUST(error == ERROR_BUSY && problem.text[0] != '\0');
    else
        MUST(error == ERROR_NONE);
    if (error == ERROR_NONE && follows)
        MUST(pid_file_replace(&file, &problem) == ERROR_NONE);
    else if (error == ERROR_NONE)
        error = pid_file_publish(&file, &problem);
    /* A lock that no server takes keeps others from taking it, too. */
    if (is_regular && !is_held)
        MUST(error == ((way & IS_LOCKED) != 0 ? ERROR_BUSY : ERROR_NONE));
    if (error == ERROR_NONE)
        check_published();
    pid_file_remove(&file);
    MUST(error != ERROR_NONE || access(path, F_OK) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_MAX * 12];
    int32_t owner = -7;
    if (size == 0 || size > TEXT_MAX)
        return 0;
    if (path[0] == '\0')
        make_folder();
    unsigned way = data[0];
    size_t length = expand(data + 1, size - 1, text);
    int fd = make_file(way, text, length);
    bool is_held = (way & (IS_LINK | IS_DIRECTORY | IS_SHARED)) == 0 && (way & IS_LOCKED) != 0;
    bool is_owned = pid_file_owner(path, &owner) == ERROR_NONE;
    MUST(is_owned == (is_held && names_us(text, length)));
    MUST(owner == (is_owned ? (int32_t)getpid() : -7));
    check_start(way, is_owned);
    if (fd >= 0)
        (void)close(fd);
    remove_all();
    return 0;
}
