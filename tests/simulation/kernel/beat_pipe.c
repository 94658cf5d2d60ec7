#include "beat_pipe.h"

#include "kernel.h"

#include <string.h>

/* Linux gives all that there is; a few torn reads in one pass stand for the ends of its pages. */
enum {
    TEARS_MAX = 24
};

void beat_pipe_init(struct beat_pipe *pipe)
{
    pipe->written = pipe->read = 0;
    pipe->first_said = pipe->next_said = 0;
    pipe->tears = 0;
}

static void copy_in(struct beat_pipe *pipe, const char *bytes, size_t size)
{
    size_t place = pipe->written % PIPE_SIZE;
    size_t first = size < PIPE_SIZE - place ? size : PIPE_SIZE - place;
    memcpy(pipe->bytes + place, bytes, first);
    memcpy(pipe->bytes, bytes + first, size - first);
    pipe->written += size;
}

bool beat_pipe_write(struct beat_pipe *pipe, const char *line, size_t size, struct said said)
{
    if (size > PIPE_SIZE - (pipe->written - pipe->read)) {
        CENSUS(full_pipes);
        return false;
    }
    copy_in(pipe, line, size);
    said.end = pipe->written;
    pipe->said[pipe->next_said++ % PIPE_SIZE] = said;
    return true;
}

static size_t choose_size(struct beat_pipe *pipe, size_t there_is)
{
    if (there_is < 2 || pipe->tears == TEARS_MAX ||
        !chance_hits(&kernel.chance, kernel.scenario.habits.tears_per_mille))
        return there_is;
    pipe->tears++;
    CENSUS(torn_reads);
    return 1 + chance_below(&kernel.chance, (uint32_t)there_is - 1);
}

ssize_t beat_pipe_read(struct beat_pipe *pipe, char *bytes, size_t size)
{
    size_t there_is = pipe->written - pipe->read;
    if (there_is == 0)
        return -1;
    size_t given = choose_size(pipe, there_is < size ? there_is : size);
    size_t place = pipe->read % PIPE_SIZE;
    size_t first = given < PIPE_SIZE - place ? given : PIPE_SIZE - place;
    memcpy(bytes, pipe->bytes + place, first);
    memcpy(bytes + first, pipe->bytes, given - first);
    pipe->read += given;
    return (ssize_t)given;
}

const struct said *beat_pipe_oldest(const struct beat_pipe *pipe)
{
    return pipe->first_said < pipe->next_said ? &pipe->said[pipe->first_said % PIPE_SIZE] : NULL;
}

bool beat_pipe_has(const struct beat_pipe *pipe, int32_t pid, uint32_t life)
{
    for (uint64_t i = pipe->first_said; i < pipe->next_said; i++) {
        const struct said *said = &pipe->said[i % PIPE_SIZE];
        if (said->pid == pid && said->life == life && said->end > pipe->read)
            return true;
    }
    return false;
}

bool beat_pipe_hear(struct beat_pipe *pipe, struct said *ret_said)
{
    const struct said *oldest = beat_pipe_oldest(pipe);
    if (oldest == NULL || oldest->end > pipe->read)
        return false;
    *ret_said = *oldest;
    pipe->first_said++;
    return true;
}
