#include "tls/tls_tickets.h"

#include "sys/clock.h"
#include "sys/process.h"
#include "tls/tls_error.h"
#include "tls/tls_secrets.h"
#include "tls/tls_tickets_private.h"

#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    SECRET_SIZE = 64,
    NAME_SIZE = 16,
    CIPHER_KEY_SIZE = 32,
    MAC_KEY_SIZE = 32,
    BLOCK_SIZE = 32, /* of SHA-256 */
    BLOCKS = 3,
    SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE,
};

#define FORM "toad-tk1"

/* What the sealed memory holds. */
struct secret {
    char form[8];
    int64_t born_us; /* since 1970 */
    unsigned char bytes[SECRET_SIZE];
};

struct key {
    unsigned char name[NAME_SIZE];
    unsigned char cipher[CIPHER_KEY_SIZE];
    unsigned char mac[MAC_KEY_SIZE];
};
static_assert(sizeof(struct key) <= (size_t)BLOCKS * BLOCK_SIZE, "the blocks make a key");

struct tls_tickets {
    int fd;
    struct secret secret;
    int64_t period;     /* which one `keys` are for; 0: none */
    struct key keys[2]; /* of this period and the one before */
};

static bool is_sealed(int fd)
{
    return fcntl(fd, F_GET_SEALS) == SEALS;
}

static bool read_secret(int fd, struct secret *ret_secret)
{
    struct secret secret;
    int64_t now_us = clock_unix_us();
    bool is_good = is_sealed(fd) &&
                   pread(fd, &secret, sizeof secret, 0) == (ssize_t)sizeof secret &&
                   memcmp(secret.form, FORM, sizeof secret.form) == 0 && secret.born_us <= now_us &&
                   now_us - secret.born_us < TLS_TICKETS_AGE_MAX_US;
    if (is_good)
        *ret_secret = secret;
    OPENSSL_cleanse(&secret, sizeof secret);
    return is_good;
}

static bool make_secret(struct secret *ret_secret, int *ret_fd)
{
    *ret_secret = (struct secret){.form = FORM, .born_us = clock_unix_us()};
    if (RAND_priv_bytes(ret_secret->bytes, SECRET_SIZE) != 1) {
        errno = EIO;
        return false;
    }
    int fd = memfd_create("hypnotoad-tickets", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return false;
    errno = EIO; /* for a write that takes but a part of it */
    if (write(fd, ret_secret, sizeof *ret_secret) != (ssize_t)sizeof *ret_secret ||
        fcntl(fd, F_ADD_SEALS, SEALS) != 0) {
        process_close(&fd);
        return false;
    }
    *ret_fd = fd;
    return true;
}

enum error tls_tickets_open(int heritage, struct tls_tickets **ret_tickets, struct problem *problem)
{
    tls_secrets_prepare();
    struct tls_tickets *tickets = OPENSSL_secure_zalloc(sizeof *tickets);
    if (tickets == NULL)
        return problem_set(problem, ERROR_MEMORY, "no memory for the keys of tickets");
    tickets->fd = heritage;
    if (heritage < 0 || !read_secret(heritage, &tickets->secret)) {
        process_close(&tickets->fd);
        tickets->fd = -1;
        if (!make_secret(&tickets->secret, &tickets->fd)) {
            enum error error =
                problem_set(problem, ERROR_SYSTEM, "no keys for tickets: %s", strerror(errno));
            tls_tickets_close(tickets);
            return error;
        }
    }
    *ret_tickets = tickets;
    return ERROR_NONE;
}

int tls_tickets_fd(const struct tls_tickets *tickets)
{
    return tickets->fd;
}

void tls_tickets_close_fd(struct tls_tickets *tickets)
{
    if (tickets != NULL)
        process_close(&tickets->fd);
}

void tls_tickets_close(struct tls_tickets *tickets)
{
    if (tickets == NULL)
        return;
    tls_tickets_close_fd(tickets);
    OPENSSL_secure_clear_free(tickets, sizeof *tickets);
}

static bool make_key(const struct secret *secret, int64_t period, struct key *ret_key)
{
    unsigned char blocks[BLOCKS * BLOCK_SIZE];
    struct {
        int64_t period;
        int64_t block;
    } what = {.period = period};
    for (what.block = 0; what.block < BLOCKS; what.block++)
        if (HMAC(EVP_sha256(), secret->bytes, SECRET_SIZE, (const unsigned char *)&what,
                 sizeof what, blocks + what.block * BLOCK_SIZE, NULL) == NULL)
            return false;
    memcpy(ret_key, blocks, sizeof *ret_key);
    OPENSSL_cleanse(blocks, sizeof blocks);
    return true;
}

/* Makes the keys of the present period, once in it. */
static bool refresh(struct tls_tickets *tickets)
{
    int64_t period = clock_unix_us() / TLS_TICKETS_PERIOD_US;
    if (period == tickets->period)
        return true;
    tickets->period = 0;
    if (!make_key(&tickets->secret, period, &tickets->keys[0]) ||
        !make_key(&tickets->secret, period - 1, &tickets->keys[1]))
        return false;
    tickets->period = period;
    return true;
}

static bool set_mac(EVP_MAC_CTX *mac, const struct key *key)
{
    char digest[] = "SHA256";
    unsigned char copy[MAC_KEY_SIZE];
    memcpy(copy, key->mac, sizeof copy);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, copy, sizeof copy),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    bool is_set = EVP_MAC_CTX_set_params(mac, parameters) == 1;
    OPENSSL_cleanse(copy, sizeof copy);
    return is_set;
}

static int encrypt(const struct tls_tickets *tickets, unsigned char *name, unsigned char *iv,
                   EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
    const struct key *key = &tickets->keys[0];
    memcpy(name, key->name, NAME_SIZE);
    bool is_ready = RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1 &&
                    EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv) == 1 &&
                    set_mac(mac, key);
    return is_ready ? 1 : -1;
}

/* 0: the ticket is of no key that is known; 2: it is good and to be replaced, as each one of TLS
 * 1.3 is: a client that uses one twice can be followed (RFC 8446 C.4). */
static int decrypt(const struct tls_tickets *tickets, bool is_for_once, const unsigned char *name,
                   const unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
    for (int i = 0; i < 2; i++) {
        const struct key *key = &tickets->keys[i];
        if (CRYPTO_memcmp(name, key->name, NAME_SIZE) != 0)
            continue;
        bool is_ready = EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv) == 1 &&
                        set_mac(mac, key);
        bool is_replaced = is_for_once || i > 0;
        return !is_ready ? -1 : is_replaced ? 2 : 1;
    }
    return 0;
}

static int on_ticket(SSL *session, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int encrypts)
{
    struct tls_tickets *tickets = SSL_CTX_get_app_data(SSL_get_SSL_CTX(session));
    if (!refresh(tickets))
        return -1;
    return encrypts == 1
               ? encrypt(tickets, name, iv, cipher, mac)
               : decrypt(tickets, SSL_version(session) == TLS1_3_VERSION, name, iv, cipher, mac);
}

enum error tls_tickets_share(struct tls_tickets *tickets, SSL_CTX *context)
{
    if (SSL_CTX_set_app_data(context, tickets) != 1 ||
        SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket) != 1)
        return ERROR_MEMORY;
    (void)SSL_CTX_clear_options(context, SSL_OP_NO_TICKET);
    return ERROR_NONE;
}
