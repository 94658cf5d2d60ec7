#include "trace.h"

#include "policy/manager_text.h"

#include <assert.h>

static void print(FILE *file, const struct buffer *line)
{
    (void)fwrite(line->data, 1, line->size, file);
}

static void write_event(void *context, const struct world *world, const struct manager_event *event)
{
    char storage[LOG_LINE_MAX];
    struct buffer line;
    buffer_init(&line, storage, sizeof storage);
    /* What is refused is no part of a trace. */
    if (!world_allows(world, event))
        return;
    bool fits = manager_event_write(&line, event, world->now_us, &world->manager.settings);
    assert(fits);
    print(context, &line);
}

static void write_actions(void *context, const struct world *world)
{
    for (uint32_t i = 0; i < world->actions.count; i++) {
        char storage[LOG_LINE_MAX];
        struct buffer line;
        buffer_init(&line, storage, sizeof storage);
        bool fits = manager_action_write(&line, &world->actions.list[i], world->now_us);
        assert(fits);
        print(context, &line);
    }
}

struct script_listener trace_listener(FILE *file)
{
    return (struct script_listener){write_event, write_actions, file};
}
