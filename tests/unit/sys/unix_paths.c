#include "unix_paths.h"

#include "kit/descriptors.h"
#include "kit/folder.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct problem problem;
struct listener_heritage heritage;

void begin(void)
{
    folder_open();
    heritage = (struct listener_heritage){.count = 0};
}

struct unix_address address_of(const char *path)
{
    return (struct unix_address){
        .path = path, .mode = MODE, .queue = {.backlog = -1}, .heritage = &heritage};
}

enum error try_open(const char *path, struct opened *ret_opened)
{
    struct unix_address address = address_of(path);
    problem.text[0] = '\0';
    return unix_listener_open(&address, &ret_opened->fd, &ret_opened->file, &problem);
}

struct opened must_open(const char *path)
{
    struct opened opened = {.fd = -1};
    cr_assert_eq(try_open(path, &opened), ERROR_NONE, "%s", problem.text);
    return opened;
}

struct sockaddr_un name_of(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    return name;
}

int connect_to(const char *path)
{
    struct sockaddr_un name = name_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&name, sizeof name) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

bool is_reached(const char *path)
{
    int fd = connect_to(path);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

int bind_foreign(const char *path, int type)
{
    struct sockaddr_un name = name_of(path);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    if (type == SOCK_STREAM)
        cr_assert_eq(listen(fd, 1), 0);
    return fd;
}

void leave_stale(const char *path, int type)
{
    (void)close(bind_foreign(path, type));
    cr_assert(folder_has("sock"));
}

struct file_identity identity_at(const char *path)
{
    struct stat status;
    cr_assert_eq(lstat(path, &status), 0);
    return (struct file_identity){.device = status.st_dev, .inode = status.st_ino};
}

mode_t mode_of(const char *path)
{
    struct stat status;
    cr_assert_eq(lstat(path, &status), 0);
    return status.st_mode & 07777;
}

const char *path(void)
{
    return folder_path("sock");
}

void expect_refusal(const char *where, enum error expected, const char *reason)
{
    struct descriptors before = descriptors_look();
    struct opened opened = {.fd = 77};
    cr_expect_eq(try_open(where, &opened), expected, "%s: %s", where, problem.text);
    cr_expect(strstr(problem.text, reason) != NULL, "%s: %s", where, problem.text);
    cr_expect(strstr(problem.text, "\"/") != NULL, "it names the path: %s", problem.text);
    cr_expect_eq(opened.fd, 77);
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after), "%s\n%s", before.text, after.text);
}
