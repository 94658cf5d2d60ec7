/* kit - what the applications that ship with the server have in common: a table of routes, numbers
 * that are read strictly, an answer that takes its time, and two ways to break a worker.
 *
 * Not a part of the interface, and not pure. Runs on the worker's thread, like every callback. */
#ifndef TOAD_APPS_KIT_H
#define TOAD_APPS_KIT_H

#include <hypnotoad.h>

/* Who answers what. */
struct kit_route {
    const char *method; /* NULL for any; "GET" answers HEAD as well */
    const char *path;
    void (*answer)(void *state, struct toad_request *request);
};

/* Lets the first row that fits answer. No row with this path: 404; none with this method: 405
 * with Allow. */
void kit_route(const struct kit_route *routes, size_t count, void *state,
               struct toad_request *request);

/* Answers with a text/plain. */
void kit_reply_text(struct toad_request *request, int status, const char *text);

/* Reads the query parameter `name`: decimal digits alone, at most `most`. If it is anything else,
 * or missing, the request is answered with 400 and the result is false. */
bool kit_number(struct toad_request *request, const char *name, uint64_t most,
                uint64_t *ret_number);

/* Reads the query parameter `name` as seconds from 0 to 3600 with at most six decimals, such as
 * "0.25". If it is anything else, or missing, the request is answered with 400 and the result is
 * false. */
bool kit_seconds(struct toad_request *request, const char *name, int64_t *ret_time_us);

/* A route: answers "slow" after the query parameter `s`, in seconds; the worker serves others
 * meanwhile. A client that goes away ends it. */
void kit_answer_slowly(void *state, struct toad_request *request);

/* Ends the process by a real SIGSEGV, in sanitized builds too. */
_Noreturn void kit_crash(void);

/* Keeps the processor busy and never returns. */
_Noreturn void kit_spin(void);

#endif
