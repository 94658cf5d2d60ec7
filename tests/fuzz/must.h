/* must - what a fuzz target demands; anything else ends the process, which is a finding. */
#ifndef TOAD_TESTS_FUZZ_MUST_H
#define TOAD_TESTS_FUZZ_MUST_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

/* libFuzzer looks for this function, which it declares nowhere. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
