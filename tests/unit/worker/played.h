/* played - the application of these tests: each path of a request does one thing.
 *
 * Runs in the worker; what it counts stands in `served`. */
#ifndef TOAD_TESTS_WORKER_PLAYED_H
#define TOAD_TESTS_WORKER_PLAYED_H

#include "hypnotoad.h"

enum {
    PLAYED_LARGE_SIZE = 1 << 18, /* what /large answers */
    PLAYED_BODY_MAX = 1 << 20,   /* what /body takes */
    PLAYED_SMALL_MAX = 10,       /* what /small takes */
};

extern const struct toad_app played_app;

/* Routes that are played elsewhere: false if there is none for this path. */
bool played_parts_answer(struct toad_request *request);
bool played_fields_answer(struct toad_request *request);
bool played_files_answer(struct toad_request *request);
bool played_bodies_answer(struct toad_request *request);
bool played_loop_answer(struct toad_request *request);

/* A query parameter; 0 if it is missing. */
uint64_t played_number(struct toad_request *request, const char *name);

/* Opens WebSockets. */
void played_websocket(void *state, struct toad_request *request);

#endif
