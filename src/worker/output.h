/* output - what a connection has to send.
 *
 * The answers of one turn are collected in the worker's scratch and go out in one write; only what
 * the kernel does not take is kept in memory of the connection's own, and then nothing more is read
 * until it is gone (promise CON-7). */
#ifndef TOAD_WORKER_OUTPUT_H
#define TOAD_WORKER_OUTPUT_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct connection;

enum {
    OUTPUT_SCRATCH_SIZE = 65536
};

struct output_scratch {
    struct buffer buffer;
    char storage[OUTPUT_SCRATCH_SIZE];
};

/* Bytes that wait for the client. */
struct output {
    size_t sent; /* of data[] */
    size_t size;
    size_t capacity;
    char data[];
};

/* Sends `bytes` after everything that was sent before, at the end of the connection's turn at the
 * latest; they are copied if they must wait. ERROR_SYSTEM: the connection is broken. ERROR_MEMORY:
 * it must be given up, too. */
MUST_CHECK enum error output_send(struct connection *connection, struct bytes bytes);

/* Gives the kernel all that it takes. ERROR_AGAIN: something is left. */
MUST_CHECK enum error output_flush(struct connection *connection);

/* How many bytes wait that the kernel did not take. */
size_t output_waiting(const struct connection *connection);

/* Something waits that the kernel did not take. */
bool output_is_stalled(const struct connection *connection);

void output_clear(struct connection *connection);

#endif
