#include "tls/tls_self_signed.h"

#include "tls/tls_error.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    NAMES_MAX = 512,
    HOST_MAX = 256,
    SERIAL_BITS = 127,
    COMMON_NAME_MAX = 64, /* RFC 5280 appendix A, ub-common-name */
    BEFORE_S = 86400,     /* a client's clock may be behind */
    AFTER_S = 365 * 86400,
};

static bool is_address(const char *host)
{
    struct in6_addr address;
    return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

/* The names, as the library wants to read them; an address goes without its zone. */
static void write_names(const char *host, char ret_names[NAMES_MAX])
{
    char name[HOST_MAX] = "";
    if (strcmp(host, "*") != 0) {
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(host, "%"), host);
        (void)snprintf(ret_names, NAMES_MAX, "%s:%s", is_address(name) ? "IP" : "DNS", name);
        return;
    }
    bool has_name = gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' &&
                    strcspn(name, ",:= ") == strlen(name) && strcmp(name, "localhost") != 0;
    (void)snprintf(ret_names, NAMES_MAX, "DNS:localhost,IP:127.0.0.1,IP:::1%s%s",
                   has_name ? ",DNS:" : "", has_name ? name : "");
}

static bool add_extension(X509 *certificate, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    bool is_added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

static bool set_serial(X509 *certificate)
{
    BIGNUM *number = BN_new();
    bool is_set = number != NULL &&
                  BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
                  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return is_set;
}

static bool set_names(X509 *certificate, const char *names)
{
    char common[COMMON_NAME_MAX + 1];
    const char *first = strchr(names, ':') + 1;
    (void)snprintf(common, sizeof common, "%.*s",
                   strncmp(names, "IP", 2) == 0 ? (int)strlen(first) : (int)strcspn(first, ","),
                   first);
    X509_NAME *subject = X509_get_subject_name(certificate);
    return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)common,
                                      -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1 &&
           add_extension(certificate, NID_subject_alt_name, names);
}

static X509 *make_certificate(const char *host, EVP_PKEY *key)
{
    char names[NAMES_MAX];
    write_names(host, names);
    X509 *certificate = X509_new();
    bool is_made = certificate != NULL && X509_set_version(certificate, X509_VERSION_3) == 1 &&
                   set_serial(certificate) &&
                   X509_gmtime_adj(X509_getm_notBefore(certificate), -BEFORE_S) != NULL &&
                   X509_gmtime_adj(X509_getm_notAfter(certificate), AFTER_S) != NULL &&
                   X509_set_pubkey(certificate, key) == 1 && set_names(certificate, names) &&
                   add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
                   add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
                   add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
                   X509_sign(certificate, key, EVP_sha256()) > 0;
    if (is_made)
        return certificate;
    X509_free(certificate);
    return NULL;
}

enum error tls_self_signed_use(SSL_CTX *context, const char *host, struct problem *problem)
{
    ERR_clear_error();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key == NULL ? NULL : make_certificate(host, key);
    bool is_used = certificate != NULL && SSL_CTX_use_certificate(context, certificate) == 1 &&
                   SSL_CTX_use_PrivateKey(context, key) == 1;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return is_used
               ? ERROR_NONE
               : problem_set(problem, ERROR_SYSTEM, "a certificate for \"%s\" cannot be made: %s",
                             host, tls_error_take());
}
