#include "config/perl_fault.h"

enum perl_verdict perl_fault_wrong(struct perl_fault *fault, size_t offset, const char *reason)
{
    *fault = (struct perl_fault){.reason = reason, .offset = offset};
    return PERL_VERDICT_WRONG;
}

enum perl_verdict perl_fault_more(struct perl_fault *fault, size_t offset, const char *reason)
{
    *fault = (struct perl_fault){.reason = reason, .offset = offset};
    return PERL_VERDICT_MORE;
}
