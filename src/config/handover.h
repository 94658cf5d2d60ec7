/* handover - what a manager tells the next generation: one line of text in the environment.
 *
 *   1 CHANNEL ERRORS MANAGER GENERATION DETACHED PID-FILE [tickets=FD]
 *     [FD[@DEVICE:INODE]=LISTEN-VALUE]...
 *
 * The first word is the version; the numbers are descriptors, a process, a count and 0 or 1; texts
 * are percent-encoded. DEVICE and INODE are those of the file under which a UNIX domain socket is
 * found, if the server has made it. Pure (promises UPG-1, UPG-3, CFG-9, LSN-2). */
#ifndef TOAD_CONFIG_HANDOVER_H
#define TOAD_CONFIG_HANDOVER_H

#include "base/buffer.h"
#include "base/file_identity.h"
#include "base/limits.h"
#include "base/problem.h"

struct handover_listener {
    int fd;
    const char *value;         /* the listen value that it was opened for; borrowed from the text */
    struct file_identity file; /* that the server has made for it, or none */
};

struct handover {
    int channel;          /* to the old manager */
    int errors;           /* where standard error is to go once this generation serves */
    int32_t manager;      /* the old manager */
    uint32_t generation;  /* of the new one */
    bool is_detached;     /* the old manager runs in the background */
    const char *pid_path; /* borrowed from the text */
    int tickets;          /* sealed memory with the keys of TLS tickets; 0: none */
    size_t listener_count;
    struct handover_listener listeners[LISTENERS_MAX];
};

/* Appends the line and its NUL; false, with nothing appended, if it does not fit. */
bool handover_write(struct buffer *buffer, const struct handover *handover);

/* Reads the line, which is changed in place. ERROR_INVALID, and the problem says why, for another
 * version and for anything that handover_write() does not write. */
MUST_CHECK enum error handover_read(char *text, struct handover *ret_handover,
                                    struct problem *problem);

#endif
