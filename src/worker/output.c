#include "worker/output.h"

#include "sys/log.h"
#include "worker/transport.h"
#include "worker/worker_process.h"

#include <stdlib.h>
#include <string.h>

/* The scratch belongs to the connection whose turn it is; others have only their own memory. */
static struct buffer *scratch_of(const struct connection *connection)
{
    struct toad_worker *worker = connection->worker;
    return worker->running == connection ? &worker->scratch.buffer : NULL;
}

/* Makes room in front of what waits: an answer in parts may never be sent to its end. */
static void drop_sent(struct output *output, size_t wanted)
{
    if (output == NULL || output->sent == 0 || wanted <= output->capacity - output->size)
        return;
    output->size -= output->sent;
    memmove(output->data, output->data + output->sent, output->size);
    output->sent = 0;
}

static enum error keep(struct connection *connection, struct bytes bytes)
{
    if (bytes.size == 0)
        return ERROR_NONE;
    struct output *output = connection->output;
    drop_sent(output, bytes.size);
    size_t size = output == NULL ? 0 : output->size;
    size_t capacity = output == NULL ? 0 : output->capacity;
    if (bytes.size > capacity - size) {
        size_t wanted = capacity * 2 > size + bytes.size ? capacity * 2 : size + bytes.size;
        output = realloc(output, sizeof *output + wanted);
        if (output == NULL) {
            log_write(LOG_LEVEL_ERROR, "A connection is dropped: no memory for its answer");
            return ERROR_MEMORY;
        }
        if (connection->output == NULL)
            output->sent = 0;
        output->size = size;
        output->capacity = wanted;
        connection->output = output;
    }
    memcpy(output->data + size, bytes.data, bytes.size);
    output->size += bytes.size;
    return ERROR_NONE;
}

/* Writes what was collected in this turn and then `bytes`; keeps what the kernel does not take. */
static enum error write_through(struct connection *connection, struct bytes bytes)
{
    struct buffer *scratch = &connection->worker->scratch.buffer;
    struct bytes collected = buffer_view(scratch);
    size_t sent = 0;
    enum error error = transport_write(connection_transport(connection), collected, bytes, &sent);
    if (error == ERROR_SYSTEM)
        return error;
    size_t of_collected = sent < collected.size ? sent : collected.size;
    error = keep(connection, bytes_from(collected, of_collected));
    if (error == ERROR_NONE)
        error = keep(connection, bytes_from(bytes, sent - of_collected));
    buffer_clear(scratch);
    return error;
}

enum error output_send(struct connection *connection, struct bytes bytes)
{
    struct buffer *scratch = scratch_of(connection);
    if (scratch == NULL || output_is_stalled(connection))
        return keep(connection, bytes);
    return buffer_append(scratch, bytes) ? ERROR_NONE : write_through(connection, bytes);
}

enum error output_flush(struct connection *connection)
{
    enum error error = ERROR_NONE;
    const struct buffer *scratch = scratch_of(connection);
    if (scratch != NULL && scratch->size > 0)
        error = write_through(connection, (struct bytes){NULL, 0});
    while (error == ERROR_NONE && output_is_stalled(connection)) {
        struct output *output = connection->output;
        struct bytes rest = {output->data + output->sent, output->size - output->sent};
        size_t sent = 0;
        error =
            transport_write(connection_transport(connection), rest, (struct bytes){NULL, 0}, &sent);
        if (error != ERROR_NONE)
            break;
        output->sent += sent;
        if (output->sent == output->size)
            output_clear(connection);
    }
    return error;
}

size_t output_waiting(const struct connection *connection)
{
    const struct output *output = connection->output;
    return output == NULL ? 0 : output->size - output->sent;
}

bool output_is_stalled(const struct connection *connection)
{
    return connection->output != NULL;
}

void output_clear(struct connection *connection)
{
    free(connection->output);
    connection->output = NULL;
}
