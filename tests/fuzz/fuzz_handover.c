/* Any text as the variable of a new generation: a refusal says why, what is taken is within its
 * bounds, and written anew it reads the same (promises UPG-1, UPG-3). */
#include "config/handover.h"

#include "must.h"

#include <string.h>

enum {
    TEXT_MAX = 16384,
    WRITTEN_MAX = 4 * TEXT_MAX
};

/* In memory of exactly its size, which the result borrows. */
static char *copy_text(const char *text, size_t size)
{
    char *copy = malloc(size + 1);
    MUST(copy != NULL);
    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

static bool is_within(const char *text, const char *whole, size_t size)
{
    return text >= whole && text <= whole + size && text + strlen(text) <= whole + size;
}

static void check_bounds(const struct handover *handover, const char *text, size_t size)
{
    MUST(handover->channel >= 0 && handover->channel <= ENDPOINT_FD_MAX);
    MUST(handover->errors >= 0 && handover->errors <= ENDPOINT_FD_MAX);
    MUST(handover->tickets >= 0 && handover->tickets <= ENDPOINT_FD_MAX);
    MUST(handover->manager >= 0 && is_within(handover->pid_path, text, size));
    MUST(handover->listener_count <= LISTENERS_MAX);
    for (size_t i = 0; i < handover->listener_count; i++) {
        MUST(handover->listeners[i].fd >= 0 && handover->listeners[i].fd <= ENDPOINT_FD_MAX);
        MUST(is_within(handover->listeners[i].value, text, size));
    }
}

static void check_equal(const struct handover *a, const struct handover *b)
{
    MUST(a->channel == b->channel && a->errors == b->errors && a->manager == b->manager);
    MUST(a->generation == b->generation && a->is_detached == b->is_detached);
    MUST(a->tickets == b->tickets && strcmp(a->pid_path, b->pid_path) == 0);
    MUST(a->listener_count == b->listener_count);
    for (size_t i = 0; i < a->listener_count; i++) {
        MUST(a->listeners[i].fd == b->listeners[i].fd);
        MUST(strcmp(a->listeners[i].value, b->listeners[i].value) == 0);
        MUST(file_identity_equal(a->listeners[i].file, b->listeners[i].file));
    }
}

static void write_again(const struct handover *handover)
{
    static char storage[WRITTEN_MAX];
    static struct handover again;
    struct problem problem;
    struct buffer written;
    buffer_init(&written, storage, sizeof storage);
    MUST(handover_write(&written, handover));
    MUST(written.data[written.size - 1] == '\0' && strlen(written.data) == written.size - 1);
    char *text = copy_text(written.data, written.size - 1);
    MUST(handover_read(text, &again, &problem) == ERROR_NONE);
    check_equal(handover, &again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct handover handover;
    struct problem problem = {.text = ""};
    if (size > TEXT_MAX)
        return 0;
    char *text = copy_text((const char *)data, size);
    size = strlen(text);
    if (handover_read(text, &handover, &problem) == ERROR_NONE) {
        check_bounds(&handover, text, size);
        write_again(&handover);
    } else {
        MUST(problem.text[0] != '\0');
    }
    free(text);
    return 0;
}
