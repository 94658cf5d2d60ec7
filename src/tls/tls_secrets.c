#include "tls/tls_secrets.h"

#include <openssl/crypto.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEAP_SIZE = 4 << 20, /* for a thousand large keys; pages that nobody uses cost nothing */
    SMALLEST = 32
};

#ifdef TOAD_LEAKS_ARE_SOUGHT
static const bool has_pages = false;
#else
static const bool has_pages = true;
#endif

static bool is_wiping;

static void *take(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return malloc(size);
}

static void give_back(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    if (is_wiping && memory != NULL)
        OPENSSL_cleanse(memory, malloc_usable_size(memory));
    free(memory);
}

static void *change(void *memory, size_t size, const char *file, int line)
{
    if (!is_wiping || memory == NULL)
        return realloc(memory, size);
    void *changed = malloc(size);
    if (changed == NULL)
        return NULL;
    size_t present = malloc_usable_size(memory);
    memcpy(changed, memory, present < size ? present : size);
    give_back(memory, file, line);
    return changed;
}

static bool has_own_functions(void)
{
    CRYPTO_malloc_fn present = NULL;
    CRYPTO_get_mem_functions(&present, NULL, NULL);
    return present == CRYPTO_malloc;
}

void tls_secrets_prepare(void)
{
    /* Without them the library takes other memory: a server that serves is worth more. */
    if (has_own_functions())
        (void)CRYPTO_set_mem_functions(take, change, give_back);
    if (has_pages && CRYPTO_secure_malloc_initialized() == 0)
        (void)CRYPTO_secure_malloc_init(HEAP_SIZE, SMALLEST);
}

void tls_secrets_wipe(bool wipes)
{
    is_wiping = wipes;
}
