/* perl_fault - why a text is not Perl data that this room reads, and where.
 *
 * Pure. WRONG is said of what perl refuses as well, and of what config_reader.h forbids by rules of
 * its own; everything else is MORE, so that perl can be asked (promise CFG-2). */
#ifndef TOAD_CONFIG_PERL_FAULT_H
#define TOAD_CONFIG_PERL_FAULT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum perl_verdict {
    PERL_VERDICT_DATA,
    PERL_VERDICT_WRONG, /* an error in data */
    PERL_VERDICT_MORE,  /* more than data: only perl can evaluate it */
};

struct perl_fault {
    const char *reason; /* a literal: no lifetime to mind */
    size_t offset;      /* of the byte that is at fault */
    bool has_opener;
    size_t opener; /* offset of the bracket that is open, if has_opener */
};

/* Both write the fault and return their verdict. */
enum perl_verdict perl_fault_wrong(struct perl_fault *fault, size_t offset, const char *reason);
enum perl_verdict perl_fault_more(struct perl_fault *fault, size_t offset, const char *reason);

#endif
