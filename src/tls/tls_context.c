#include "tls/tls_context.h"

#include "base/bytes.h"
#include "tls/tls_certificate.h"
#include "tls/tls_context_private.h"
#include "tls/tls_error.h"
#include "tls/tls_secrets.h"
#include "tls/tls_self_signed.h"
#include "tls/tls_tickets_private.h"

#include <openssl/err.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    VERIFY_DEFAULT = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
    /* Well under the time for which two periods of tickets are known. */
    SESSION_SECONDS = 7200
};

#define CIPHERS                                                                                    \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                                   \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                                   \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define GROUPS "X25519:P-256:P-384"

struct named {
    char name[ENDPOINT_HOST_MAX];
    SSL_CTX *library;
};

/* The first one is for whoever names nobody that is known. */
struct tls_context {
    size_t count;
    struct named named[ENDPOINT_CERTIFICATES_MAX];
};
static_assert(ENDPOINT_CERTIFICATES_MAX >= 1, "there is a first one");

static bool matches(const char *pattern, const char *name)
{
    if (strncmp(pattern, "*.", 2) != 0)
        return strcasecmp(pattern, name) == 0;
    const char *dot = strchr(name, '.'); /* RFC 6125 6.4.3: one label */
    return dot != NULL && dot != name && strcasecmp(pattern + 1, dot) == 0;
}

/* A name itself goes before a pattern that it matches. */
static const struct named *find_name(const struct tls_context *context, const char *name)
{
    const struct named *found = NULL;
    for (size_t i = 0; i < context->count; i++) {
        const struct named *named = &context->named[i];
        bool is_pattern = named->name[0] == '*';
        if (matches(named->name, name) && (found == NULL || !is_pattern))
            found = named;
    }
    return found;
}

/* RFC 6066 3 */
static int on_name(SSL *session, int *alert, void *data)
{
    (void)alert;
    const char *name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
    const struct named *named = name == NULL ? NULL : find_name(data, name);
    if (named == NULL)
        return SSL_TLSEXT_ERR_NOACK;
    (void)SSL_set_SSL_CTX(session, named->library);
    return SSL_TLSEXT_ERR_OK;
}

/* RFC 7301 3.2: who offers protocols, and not ours, is told so. */
static int on_protocols(SSL *session, const unsigned char **ret_protocol, unsigned char *ret_size,
                        const unsigned char *offered, unsigned size, void *data)
{
    static const unsigned char ours[] = "\x08http/1.1";
    (void)session;
    (void)data;
    unsigned char *protocol = NULL;
    if (SSL_select_next_proto(&protocol, ret_size, ours, sizeof ours - 1, offered, size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *ret_protocol = protocol;
    return SSL_TLSEXT_ERR_OK;
}

static enum error set_version(SSL_CTX *library, const char *version, struct problem *problem)
{
    int least = TLS1_2_VERSION;
    int most = TLS1_3_VERSION;
    if (strcmp(version, "TLSv1_2") == 0 || strcmp(version, "TLSv1.2") == 0)
        most = least;
    else if (strcmp(version, "TLSv1_3") == 0 || strcmp(version, "TLSv1.3") == 0)
        least = most;
    else if (version[0] != '\0')
        return problem_set(problem, ERROR_INVALID, "version takes TLSv1_2 or TLSv1_3, not \"%s\"",
                           version);
    return SSL_CTX_set_min_proto_version(library, least) == 1 &&
                   SSL_CTX_set_max_proto_version(library, most) == 1
               ? ERROR_NONE
               : problem_set(problem, ERROR_INVALID, "version \"%s\" is not available", version);
}

static bool append_name(char *list, struct bytes name)
{
    size_t size = strlen(list);
    return snprintf(list + size, LISTEN_VALUE_MAX - size, "%s%.*s", size == 0 ? "" : ":",
                    (int)name.size, name.data) < (int)(LISTEN_VALUE_MAX - size);
}

/* The library has two lists, one for TLS 1.3 and one for what came before. Naming suites of one
 * alone leaves the other's defaults. */
static enum error set_ciphers(SSL_CTX *library, const char *ciphers, struct problem *problem)
{
    char suites[LISTEN_VALUE_MAX] = "";
    char others[LISTEN_VALUE_MAX] = "";
    bool fits = true;
    struct bytes rest = bytes_of(ciphers);
    while (rest.size > 0 && fits) {
        struct bytes name = bytes_first(rest, bytes_find(rest, ':'));
        rest = bytes_from(rest, name.size + 1);
        fits = append_name(bytes_start_with(name, BYTES("TLS_")) ? suites : others, name);
    }
    ERR_clear_error();
    if (!fits || (suites[0] != '\0' && SSL_CTX_set_ciphersuites(library, suites) != 1) ||
        SSL_CTX_set_cipher_list(library, others[0] == '\0' ? CIPHERS : others) != 1)
        return problem_set(problem, ERROR_INVALID, "ciphers \"%s\" cannot be used: %s", ciphers,
                           tls_error_take());
    return ERROR_NONE;
}

static void set_rules(SSL_CTX *library)
{
    (void)SSL_CTX_set_options(
        library, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                     SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_TICKET);
    (void)SSL_CTX_set_mode(library, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(library, 1);
    /* The library sends two, each in a packet of its own. Who comes with several connections gets
     * several, and a session may be resumed more than once. */
    (void)SSL_CTX_set_num_tickets(library, 1);
    (void)SSL_CTX_set_session_cache_mode(library, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_timeout(library, SESSION_SECONDS);
    SSL_CTX_set_alpn_select_cb(library, on_protocols, NULL);
}

/* Who was let in under other authorities is not let in again by a session of that time. */
static enum error set_identity(SSL_CTX *library, const struct tls_settings *settings, int mode,
                               struct problem *problem)
{
    unsigned char identity[TLS_DIGEST_SIZE] = {0};
    enum error error = ERROR_NONE;
    if (settings->ca[0] != '\0')
        error = tls_certificate_digest(settings->ca, identity, problem);
    identity[0] ^= (unsigned char)mode;
    if (error == ERROR_NONE &&
        SSL_CTX_set_session_id_context(library, identity, sizeof identity) != 1)
        error = problem_set(problem, ERROR_SYSTEM, "sessions have no name: %s", tls_error_take());
    return error;
}

static enum error set_verification(SSL_CTX *library, const struct tls_settings *settings,
                                   struct problem *problem)
{
    bool has_ca = settings->ca[0] != '\0';
    int mode = settings->verify >= 0 ? settings->verify : has_ca ? VERIFY_DEFAULT : 0;
    if ((mode & SSL_VERIFY_PEER) != 0 && !has_ca)
        return problem_set(problem, ERROR_INVALID, "verify needs a ca");
    enum error error = set_identity(library, settings, mode, problem);
    if (error == ERROR_NONE && has_ca)
        error = tls_certificate_trust(library, settings->ca, problem);
    if (error == ERROR_NONE)
        SSL_CTX_set_verify(library, mode, NULL);
    return error;
}

static enum error set_up(SSL_CTX *library, const struct tls_settings *settings,
                         const struct tls_certificate *certificate, struct problem *problem)
{
    set_rules(library);
    enum error error = set_version(library, settings->version, problem);
    if (error == ERROR_NONE)
        error = set_ciphers(library, settings->ciphers, problem);
    if (error == ERROR_NONE && SSL_CTX_set1_groups_list(library, GROUPS) != 1)
        error = problem_set(problem, ERROR_SYSTEM, "no groups: %s", tls_error_take());
    if (error == ERROR_NONE)
        error = set_verification(library, settings, problem);
    if (error != ERROR_NONE)
        return error;
    return certificate == NULL
               ? tls_self_signed_use(library, settings->host, problem)
               : tls_certificate_use(library, certificate->certificate, certificate->key, problem);
}

/* `certificate` is NULL for one that is to be made. */
static enum error add(struct tls_context *context, const struct tls_settings *settings,
                      const struct tls_certificate *certificate, struct problem *problem)
{
    struct named *named = &context->named[context->count];
    const char *name = certificate == NULL ? "" : certificate->name;
    if (snprintf(named->name, sizeof named->name, "%s", name) >= (int)sizeof named->name)
        return problem_set(problem, ERROR_INVALID, "the name \"%.100s...\" is too long", name);
    named->library = SSL_CTX_new(TLS_server_method());
    if (named->library == NULL)
        return problem_set(problem, ERROR_MEMORY, "no memory for TLS: %s", tls_error_take());
    context->count++;
    return set_up(named->library, settings, certificate, problem);
}

static void put_default_first(struct tls_context *context)
{
    for (size_t i = 1; i < context->count; i++) {
        if (context->named[i].name[0] != '\0')
            continue;
        struct named first = context->named[0];
        context->named[0] = context->named[i];
        context->named[i] = first;
    }
}

enum error tls_context_open(const struct tls_settings *settings, struct tls_context **ret_context,
                            struct problem *problem)
{
    struct tls_context *context = calloc(1, sizeof *context);
    if (context == NULL)
        return problem_set(problem, ERROR_MEMORY, "no memory for TLS");
    tls_secrets_prepare();
    enum error error = ERROR_NONE;
    if (settings->certificate_count == 0)
        error = add(context, settings, NULL, problem);
    for (size_t i = 0; i < settings->certificate_count && error == ERROR_NONE; i++)
        error = add(context, settings, &settings->certificates[i], problem);
    if (error != ERROR_NONE) {
        tls_context_close(context);
        return error;
    }
    put_default_first(context);
    SSL_CTX *first = tls_context_first(context);
    (void)SSL_CTX_set_tlsext_servername_callback(first, on_name);
    (void)SSL_CTX_set_tlsext_servername_arg(first, context);
    *ret_context = context;
    return ERROR_NONE;
}

SSL_CTX *tls_context_first(const struct tls_context *context)
{
    return context->named[0].library;
}

enum error tls_context_share_tickets(struct tls_context *context, struct tls_tickets *tickets)
{
    enum error error = ERROR_NONE;
    for (size_t i = 0; i < context->count && error == ERROR_NONE; i++)
        error = tls_tickets_share(tickets, context->named[i].library);
    return error;
}

void tls_context_close(struct tls_context *context)
{
    if (context == NULL)
        return;
    for (size_t i = 0; i < context->count; i++)
        SSL_CTX_free(context->named[i].library);
    free(context);
}
