#include "worker/reply_fields.h"

#include "sys/log.h"
#include "worker/conversation.h"
#include "worker/worker_process.h"

struct reply_field {
    struct reply_field *next;
    struct buffer line;
};

/* What is wrong with it; NULL if nothing is. */
static const char *fault_of(const struct reply_fields *fields, struct bytes name,
                            struct bytes value, size_t size)
{
    if (!http_field_is_valid(name, value))
        return "is not valid";
    if (http_field_is_reserved(name))
        return "is the server's own business";
    if (size > TOAD_FIELDS_SIZE_MAX - fields->size)
        return "does not fit beside the others";
    return NULL;
}

static struct reply_field *make_field(struct memory *memory, struct bytes name, struct bytes value,
                                      size_t size)
{
    struct reply_field *field = memory_take(memory, sizeof *field + size);
    if (field == NULL)
        return NULL;
    field->next = NULL;
    buffer_init(&field->line, (char *)(field + 1), size);
    (void)http_field_write(&field->line, name, value); /* it has been measured */
    return field;
}

bool reply_fields_add(struct reply_fields *fields, struct toad_request *request, const char *name,
                      const char *value)
{
    struct bytes name_bytes = bytes_of(name);
    struct bytes value_bytes = bytes_of(value);
    size_t size = name_bytes.size + value_bytes.size + sizeof(": \r\n") - 1;
    const char *fault = fault_of(fields, name_bytes, value_bytes, size);
    struct reply_field *field = NULL;
    if (fault == NULL) {
        field = make_field(&request->memory, name_bytes, value_bytes, size);
        if (field == NULL)
            fault = "is lost: out of memory";
    }
    if (field == NULL) {
        log_write(LOG_LEVEL_ERROR, "The field \"%.100s\" of the answer to %s %s",
                  name == NULL ? "" : name, toad_target(request), fault);
        return false;
    }
    if (fields->last == NULL)
        fields->first = field;
    else
        fields->last->next = field;
    fields->last = field;
    fields->size += size;
    return true;
}

void reply_fields_send(const struct reply_fields *fields, struct connection *connection)
{
    for (const struct reply_field *field = fields->first; field != NULL; field = field->next)
        conversation_send(connection, buffer_view(&field->line));
    conversation_send(connection, BYTES("\r\n"));
}

bool toad_add_header(struct toad_request *request, const char *name, const char *value)
{
    if (request->is_aborted)
        return false;
    if (request->connection == NULL || request->reply.phase != REPLY_AWAITED) {
        log_write(LOG_LEVEL_ERROR, "The field \"%.100s\" comes too late for the answer to %s",
                  name == NULL ? "" : name, toad_target(request));
        return false;
    }
    return reply_fields_add(&request->reply.fields, request, name, value);
}
