#include "tls/tls_certificate.h"

#include "tls/tls_error.h"
#include "tls/tls_secrets.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    PEM_FILE_SIZE_MAX = 1 << 20,
    TIME_TEXT_MAX = 64
};

/* Says why a file cannot be read before the library says it in other words; a pipe would make it
 * wait. */
static enum error check_file(const char *what, const char *path, struct problem *problem)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return problem_set(problem, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INVALID,
                           "%s \"%s\" cannot be read: %s", what, path, strerror(errno));
    bool is_fit =
        fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= PEM_FILE_SIZE_MAX;
    (void)close(fd);
    return is_fit ? ERROR_NONE
                  : problem_set(problem, ERROR_INVALID,
                                "%s \"%s\" is not a regular file of at most %d bytes", what, path,
                                PEM_FILE_SIZE_MAX);
}

static void show_time(const ASN1_TIME *time, char ret_text[TIME_TEXT_MAX])
{
    struct tm parts;
    ret_text[0] = '\0';
    if (ASN1_TIME_to_tm(time, &parts) == 1)
        (void)strftime(ret_text, TIME_TEXT_MAX, "%Y-%m-%d %H:%M:%S UTC", &parts);
}

static enum error check_validity(const X509 *certificate, const char *path, struct problem *problem)
{
    char text[TIME_TEXT_MAX];
    const ASN1_TIME *begin = X509_get0_notBefore(certificate);
    const ASN1_TIME *end = X509_get0_notAfter(certificate);
    /* 0 means that the time cannot be understood. */
    if (X509_cmp_current_time(begin) >= 0) {
        show_time(begin, text);
        return problem_set(problem, ERROR_INVALID, "certificate \"%s\" is not valid before %s",
                           path, text);
    }
    if (X509_cmp_current_time(end) <= 0) {
        show_time(end, text);
        return problem_set(problem, ERROR_INVALID, "certificate \"%s\" has expired on %s", path,
                           text);
    }
    return ERROR_NONE;
}

/* Nobody is there to be asked for a passphrase. `data`: a bool that tells of it, or NULL. */
static int refuse_passphrase(char *buffer, int size, int encrypts, void *data)
{
    (void)buffer;
    (void)size;
    (void)encrypts;
    if (data != NULL)
        *(bool *)data = true;
    return -1;
}

/* The file's bytes in memory that is not dumped, to be given to OPENSSL_secure_clear_free(); NULL
 * if there is none, or if the file cannot be read. */
static char *read_secret(const char *path, size_t *ret_size)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is_open = fd >= 0 && fstat(fd, &status) == 0 && status.st_size <= PEM_FILE_SIZE_MAX;
    size_t size = is_open ? (size_t)status.st_size : 0;
    char *text = is_open ? OPENSSL_secure_malloc(size + 1) : NULL;
    if (text != NULL && read(fd, text, size) != (ssize_t)size) {
        OPENSSL_secure_clear_free(text, size + 1);
        text = NULL;
    }
    if (fd >= 0)
        (void)close(fd);
    *ret_size = size;
    return text;
}

static EVP_PKEY *parse_key(const char *path, bool *ret_encrypted)
{
    size_t size = 0;
    char *text = read_secret(path, &size);
    BIO *file = text == NULL ? NULL : BIO_new_mem_buf(text, (int)size);
    EVP_PKEY *key = NULL;
    if (file != NULL)
        key = PEM_read_bio_PrivateKey(file, NULL, refuse_passphrase, ret_encrypted);
    BIO_free(file);
    OPENSSL_secure_clear_free(text, size + 1);
    return key;
}

static enum error read_key(const char *path, EVP_PKEY **ret_key, struct problem *problem)
{
    enum error error = check_file("key", path, problem);
    if (error != ERROR_NONE)
        return error;
    ERR_clear_error();
    bool is_encrypted = false;
    tls_secrets_wipe(true);
    EVP_PKEY *key = parse_key(path, &is_encrypted);
    tls_secrets_wipe(false);
    if (key == NULL && is_encrypted) {
        ERR_clear_error();
        return problem_set(problem, ERROR_INVALID,
                           "key \"%s\" is encrypted; a server needs one without a passphrase",
                           path);
    }
    if (key == NULL)
        return problem_set(problem, ERROR_INVALID, "key \"%s\" is no private key in PEM form: %s",
                           path, tls_error_take());
    *ret_key = key;
    return ERROR_NONE;
}

static enum error use_key(SSL_CTX *context, const char *certificate_path, const char *key_path,
                          struct problem *problem)
{
    EVP_PKEY *key = NULL;
    enum error error = read_key(key_path, &key, problem);
    if (error != ERROR_NONE)
        return error;
    if (X509_check_private_key(SSL_CTX_get0_certificate(context), key) != 1) {
        ERR_clear_error();
        error =
            problem_set(problem, ERROR_INVALID, "key \"%s\" does not belong to certificate \"%s\"",
                        key_path, certificate_path);
    } else if (SSL_CTX_use_PrivateKey(context, key) != 1) {
        error = problem_set(problem, ERROR_INVALID, "key \"%s\" cannot be used: %s", key_path,
                            tls_error_take());
    }
    EVP_PKEY_free(key);
    return error;
}

enum error tls_certificate_use(SSL_CTX *context, const char *certificate_path, const char *key_path,
                               struct problem *problem)
{
    enum error error = check_file("certificate", certificate_path, problem);
    if (error != ERROR_NONE)
        return error;
    ERR_clear_error();
    SSL_CTX_set_default_passwd_cb(context, refuse_passphrase);
    if (SSL_CTX_use_certificate_chain_file(context, certificate_path) != 1)
        return problem_set(problem, ERROR_INVALID,
                           "certificate \"%s\" is no usable certificate in PEM form: %s",
                           certificate_path, tls_error_take());
    error = check_validity(SSL_CTX_get0_certificate(context), certificate_path, problem);
    return error == ERROR_NONE ? use_key(context, certificate_path, key_path, problem) : error;
}

enum error tls_certificate_trust(SSL_CTX *context, const char *path, struct problem *problem)
{
    enum error error = check_file("ca", path, problem);
    if (error != ERROR_NONE)
        return error;
    ERR_clear_error();
    /* In this order: the second one would ask for a passphrase, which the first one refuses. */
    STACK_OF(X509_NAME) *names = NULL;
    if (SSL_CTX_load_verify_file(context, path) == 1)
        names = SSL_load_client_CA_file(path);
    if (names == NULL)
        return problem_set(problem, ERROR_INVALID, "ca \"%s\" has no certificates in PEM form: %s",
                           path, tls_error_take());
    SSL_CTX_set_client_CA_list(context, names);
    return ERROR_NONE;
}

enum error tls_certificate_digest(const char *path, unsigned char ret_digest[TLS_DIGEST_SIZE],
                                  struct problem *problem)
{
    enum error error = check_file("ca", path, problem);
    if (error != ERROR_NONE)
        return error;
    char part[4096];
    unsigned size = 0;
    FILE *file = fopen(path, "re");
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool is_good =
        file != NULL && digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
    size_t read_size = is_good ? fread(part, 1, sizeof part, file) : 0;
    for (; is_good && read_size > 0; read_size = fread(part, 1, sizeof part, file))
        is_good = EVP_DigestUpdate(digest, part, read_size) == 1;
    is_good = is_good && ferror(file) == 0 && EVP_DigestFinal_ex(digest, ret_digest, &size) == 1;
    assert(!is_good || size == TLS_DIGEST_SIZE);
    EVP_MD_CTX_free(digest);
    if (file != NULL)
        (void)fclose(file);
    return is_good ? ERROR_NONE
                   : problem_set(problem, ERROR_SYSTEM, "ca \"%s\" cannot be read", path);
}
