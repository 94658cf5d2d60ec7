/* beat_pipe - the heartbeat pipe: 64 KiB, whole lines in, anything out, and who said what when. */
#ifndef TOAD_TESTS_KERNEL_BEAT_PIPE_H
#define TOAD_TESTS_KERNEL_BEAT_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    PIPE_SIZE = 65536
};

/* A line in the pipe, and whose it is. */
struct said {
    int64_t at_us;
    uint64_t end; /* bytes written up to and with its line end */
    int32_t pid;  /* 0: garbage */
    uint32_t life;
    bool is_leaving;
};

struct beat_pipe {
    uint64_t written; /* bytes so far */
    uint64_t read;
    uint64_t first_said; /* not yet read to its end */
    uint64_t next_said;
    uint32_t tears; /* since the manager waited last */
    char bytes[PIPE_SIZE];
    struct said said[PIPE_SIZE];
};

void beat_pipe_init(struct beat_pipe *pipe);

/* All or nothing; false: the pipe is full. */
bool beat_pipe_write(struct beat_pipe *pipe, const char *line, size_t size, struct said said);

/* -1: it is empty. Now and then it gives less than there is. */
ssize_t beat_pipe_read(struct beat_pipe *pipe, char *bytes, size_t size);

/* The earliest line that was not read to its end; a null pointer if there is none. */
const struct said *beat_pipe_oldest(const struct beat_pipe *pipe);

/* A line of this process is not yet read to its end. */
bool beat_pipe_has(const struct beat_pipe *pipe, int32_t pid, uint32_t life);

/* The next line that was read to its end and not yet taken. */
bool beat_pipe_hear(struct beat_pipe *pipe, struct said *ret_said);

#endif
