/* fixture - what several of these applications do. */
#ifndef TOAD_TESTS_FIXTURE_H
#define TOAD_TESTS_FIXTURE_H

#include <hypnotoad.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Appends the line to the file that the environment variable LIFECYCLE_FILE names, in one write, so
 * that lines of several processes do not mix. */
static inline void fixture_note(const char *text)
{
    const char *path = getenv("LIFECYCLE_FILE");
    int fd = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
        return;
    char line[128];
    int size = snprintf(line, sizeof(line), "%s\n", text);
    if (write(fd, line, (size_t)size) != size)
        abort();
    (void)close(fd);
}

static inline void fixture_answer_pid(void *state, struct toad_request *request)
{
    (void)state;
    toad_reply_format(request, 200, "text/plain", "%ld", (long)getpid());
}

#endif
