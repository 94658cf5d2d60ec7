#include "config/handover.h"

#include "base/percent.h"

#include <inttypes.h>
#include <string.h>

#define VERSION "1"
#define TICKETS "tickets="

enum {
    GENERATION_MAX = 1000000000
};

static bool append_text(struct buffer *buffer, const char *text)
{
    bool fits = true;
    for (; *text != '\0' && fits; text++) {
        unsigned char byte = (unsigned char)*text;
        fits = byte > ' ' && byte < 0x7f && byte != '%'
                   ? buffer_append(buffer, (struct bytes){text, 1})
                   : buffer_append_format(buffer, "%%%02X", byte);
    }
    return fits;
}

static bool append_listener(struct buffer *buffer, const struct handover_listener *listener)
{
    bool fits = buffer_append_format(buffer, " %d", listener->fd);
    if (!file_identity_is_none(listener->file))
        fits = fits && buffer_append_format(buffer, "@%" PRIu64 ":%" PRIu64, listener->file.device,
                                            listener->file.inode);
    return fits && buffer_append(buffer, BYTES("=")) && append_text(buffer, listener->value);
}

bool handover_write(struct buffer *buffer, const struct handover *handover)
{
    size_t start = buffer->size;
    bool fits = buffer_append_format(buffer, VERSION " %d %d %" PRId32 " %" PRIu32 " %d ",
                                     handover->channel, handover->errors, handover->manager,
                                     handover->generation, handover->is_detached ? 1 : 0) &&
                append_text(buffer, handover->pid_path);
    if (handover->tickets > 0)
        fits = fits && buffer_append_format(buffer, " " TICKETS "%d", handover->tickets);
    for (size_t i = 0; i < handover->listener_count && fits; i++)
        fits = append_listener(buffer, &handover->listeners[i]);
    fits = fits && buffer_append(buffer, (struct bytes){"", 1});
    if (!fits)
        buffer->size = start;
    return fits;
}

/* Takes the text up to the next space, which becomes its NUL; NULL if there is nothing. */
static char *take_word(char **rest)
{
    char *word = *rest;
    if (*word == '\0')
        return NULL;
    char *end = strchr(word, ' ');
    *rest = end == NULL ? word + strlen(word) : end + 1;
    if (end != NULL)
        *end = '\0';
    return word;
}

static bool take_number(char **rest, uint64_t most, uint64_t *ret_number)
{
    const char *word = take_word(rest);
    return word != NULL && bytes_to_number(bytes_of(word), most, ret_number);
}

/* DEVICE:INODE */
static bool read_file(char *text, struct file_identity *ret_file)
{
    char *colon = strchr(text, ':');
    if (colon == NULL)
        return false;
    *colon = '\0';
    return bytes_to_number(bytes_of(text), UINT64_MAX, &ret_file->device) &&
           bytes_to_number(bytes_of(colon + 1), UINT64_MAX, &ret_file->inode) &&
           !file_identity_is_none(*ret_file);
}

static bool take_listener(char *word, struct handover_listener *ret_listener)
{
    uint64_t fd = 0;
    char *equals = strchr(word, '=');
    if (equals == NULL)
        return false;
    *equals = '\0';
    *ret_listener = (struct handover_listener){.value = equals + 1};
    char *at = strchr(word, '@');
    if (at != NULL) {
        *at = '\0';
        if (!read_file(at + 1, &ret_listener->file))
            return false;
    }
    if (!bytes_to_number(bytes_of(word), ENDPOINT_FD_MAX, &fd))
        return false;
    ret_listener->fd = (int)fd;
    return percent_decode(equals + 1, false);
}

/* True if it was one; a bad number of one leaves `ret_fd` negative. */
static bool read_tickets(const char *word, int *ret_fd)
{
    uint64_t fd = 0;
    struct bytes text = bytes_of(word);
    if (!bytes_start_with(text, BYTES(TICKETS)))
        return false;
    text = bytes_from(text, BYTES(TICKETS).size);
    *ret_fd = bytes_to_number(text, ENDPOINT_FD_MAX, &fd) && fd > 0 ? (int)fd : -1;
    return true;
}

static bool take_listeners(char *rest, struct handover *ret_handover)
{
    char *word = take_word(&rest);
    ret_handover->listener_count = 0;
    if (word != NULL && read_tickets(word, &ret_handover->tickets))
        word = take_word(&rest);
    if (ret_handover->tickets < 0)
        return false;
    for (; word != NULL; word = take_word(&rest)) {
        if (ret_handover->listener_count == LISTENERS_MAX ||
            !take_listener(word, &ret_handover->listeners[ret_handover->listener_count]))
            return false;
        ret_handover->listener_count++;
    }
    return true;
}

enum error handover_read(char *text, struct handover *ret_handover, struct problem *problem)
{
    char *rest = text;
    const char *version = take_word(&rest);
    if (version == NULL || strcmp(version, VERSION) != 0)
        return problem_set(problem, ERROR_INVALID,
                           "the running server hands over in version \"%.16s\", this one "
                           "understands " VERSION,
                           version == NULL ? "" : version);
    uint64_t numbers[5] = {0};
    static const uint64_t most[5] = {ENDPOINT_FD_MAX, ENDPOINT_FD_MAX, INT32_MAX, GENERATION_MAX,
                                     1};
    for (size_t i = 0; i < 5; i++)
        if (!take_number(&rest, most[i], &numbers[i]))
            return problem_set(problem, ERROR_INVALID, "the handover has a malformed number");
    *ret_handover = (struct handover){.channel = (int)numbers[0],
                                      .errors = (int)numbers[1],
                                      .manager = (int32_t)numbers[2],
                                      .generation = (uint32_t)numbers[3],
                                      .is_detached = numbers[4] == 1};
    char *pid_path = take_word(&rest);
    if (pid_path == NULL || pid_path[0] == '\0' || !percent_decode(pid_path, false))
        return problem_set(problem, ERROR_INVALID, "the handover has no PID file");
    ret_handover->pid_path = pid_path;
    if (!take_listeners(rest, ret_handover))
        return problem_set(problem, ERROR_INVALID, "the handover has a malformed listener");
    return ERROR_NONE;
}
