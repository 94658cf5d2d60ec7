/* demo_parts - the answers of the demo that come in parts, and the bodies that do.
 *
 * Not pure: runs on the worker's thread, like every callback. Each keeps what it needs in memory
 * that lives as long as its request. */
#ifndef TOAD_APPS_DEMO_PARTS_H
#define TOAD_APPS_DEMO_PARTS_H

#include <hypnotoad.h>

/* A route: counts to the query parameter `to`, at most 1000, a line each quarter of a second. A
 * client that does not read makes it wait, one that goes away ends it. */
void demo_answer_count(void *state, struct toad_request *request);

/* A route: counts the bytes of the body as they come and keeps none of them. */
void demo_answer_upload(void *state, struct toad_request *request);

#endif
