/* Files as answers. */
#include "played.h"

#include "served.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void count_abort(void *state, struct toad_request *request)
{
    (void)state;
    (void)request;
    served->aborts++;
}

static int make_file(size_t size)
{
    int fd = memfd_create("played", MFD_CLOEXEC);
    char block[1000];
    for (size_t i = 0; i < size; i += sizeof block) {
        (void)snprintf(block, sizeof block, "%0*zu", (int)sizeof block - 1, i);
        block[sizeof block - 1] = '\n';
        size_t rest = size - i < sizeof block ? size - i : sizeof block;
        if (pwrite(fd, block, rest, (off_t)i) != (ssize_t)rest)
            abort();
    }
    return fd;
}

static void answer_file(struct toad_request *request)
{
    int fd = make_file(played_number(request, "bytes"));
    toad_on_abort(request, count_abort);
    toad_add_header(request, "X-Kind", "file");
    toad_set_data(request, &served->destroyed, NULL);
    served->begun++;
    toad_reply_file(request, 200, "text/x", fd, played_number(request, "from"),
                    played_number(request, "size"));
    toad_body_all(request, 1, NULL);
}

static void answer_no_file(struct toad_request *request)
{
    int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    toad_reply_file(request, 200, NULL, fd, 0, 10);
}

static void answer_closed_file(struct toad_request *request)
{
    toad_reply_file(request, 200, NULL, -1, 0, 10);
}

static void answer_file_out_of_range(struct toad_request *request)
{
    toad_reply_file(request, 200, NULL, make_file(10), UINT64_MAX, 10);
}

static void answer_file_wrongly(struct toad_request *request)
{
    toad_reply_file(request, 99, NULL, make_file(10), 0, 10);
}

static void answer_file_from_a_timer(void *data)
{
    answer_file(data);
    toad_release(data);
}

static void answer_file_later(struct toad_request *request)
{
    toad_hold(request);
    if (toad_timer_start(toad_request_worker(request), 0., answer_file_from_a_timer, request) !=
        NULL)
        return;
    toad_log(2, "no memory for a timer");
    toad_release(request);
}

static const struct {
    const char *path;
    void (*answer)(struct toad_request *request);
} routes[] = {
    {"/file", answer_file},
    {"/file-later", answer_file_later},
    {"/file-none", answer_no_file},
    {"/file-closed", answer_closed_file},
    {"/file-range", answer_file_out_of_range},
    {"/file-wrong", answer_file_wrongly},
};

bool played_files_answer(struct toad_request *request)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(routes[i].path, toad_path(request)) == 0) {
            routes[i].answer(request);
            return true;
        }
    return false;
}
