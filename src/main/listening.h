/* listening - the sockets on which a generation serves.
 *
 * Each endpoint has one or several: opened anew, handed over by the generation before, given by a
 * service manager or by number (promises LSN-1, LSN-2, LSN-5, CFG-9). */
#ifndef TOAD_MAIN_LISTENING_H
#define TOAD_MAIN_LISTENING_H

#include "main/application.h"
#include "main/inheritance.h"

struct listening {
    const struct application *application; /* borrowed */
    const struct inheritance *inheritance; /* borrowed */
    bool is_settled;                       /* this generation has served */
    size_t count;
    int fds[LISTENERS_MAX];
    size_t endpoints[LISTENERS_MAX];           /* of each: the number of its endpoint */
    struct file_identity files[LISTENERS_MAX]; /* of each: the file that was made for it, or none */
    uint16_t ports[LISTEN_MAX];                /* of each endpoint, as the kernel gave them */
};

/* Opens or takes what the application's endpoints need. On an error, what was opened waits for
 * listening_close(). */
MUST_CHECK enum error listening_open(struct listening *listening,
                                     const struct application *application,
                                     struct inheritance *inheritance, struct problem *problem);

/* This generation serves: files get the permissions that its listen values give them, if these are
 * others than before. */
void listening_settle(struct listening *listening);

/* Tells the next generation what it inherits; the texts are the application's. */
void listening_hand_over(const struct listening *listening, struct handover *ret_handover);

/* Closes the sockets. Files go with the last process that holds them: the next generation, if it
 * listens there, too. A generation that never served takes away what it has made (promises LSN-2,
 * UPG-5). */
void listening_close(struct listening *listening);

#endif
