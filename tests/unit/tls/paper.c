#include "paper.h"

#include "kit/folder.h"

#include <criterion/criterion.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

enum {
    PATHS_MAX = 64,
    PATH_SIZE = 512,
    DAY_S = 86400
};

static const char *keep_path(const char *name, const char *ending)
{
    static char paths[PATHS_MAX][PATH_SIZE];
    static int count;
    cr_assert_lt(count, PATHS_MAX);
    char file[PATH_SIZE];
    (void)snprintf(file, sizeof file, "%s%s", name, ending);
    (void)snprintf(paths[count], PATH_SIZE, "%s", folder_path(file));
    return paths[count++];
}

const char *paper_certificate(const char *name)
{
    return keep_path(name, ".pem");
}

const char *paper_key(const char *name)
{
    return keep_path(name, ".key");
}

static EVP_PKEY *read_key(const char *name)
{
    FILE *file = fopen(paper_key(name), "re");
    cr_assert_not_null(file);
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    (void)fclose(file);
    return key;
}

static X509_NAME *name_of(const char *common)
{
    X509_NAME *name = X509_NAME_new();
    (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common, -1,
                                     -1, 0);
    return name;
}

static void write_files(const char *name, X509 *certificate, EVP_PKEY *key)
{
    FILE *file = fopen(paper_certificate(name), "we");
    cr_assert_eq(PEM_write_X509(file, certificate), 1);
    (void)fclose(file);
    file = fopen(paper_key(name), "we");
    cr_assert_eq(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    (void)fclose(file);
}

void paper_make(const struct paper *paper)
{
    static long serial;
    bool has_times = paper->begin_s != 0 || paper->end_s != 0;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_PKEY *signer = paper->issuer == NULL ? key : read_key(paper->issuer);
    X509 *certificate = X509_new();
    X509_NAME *subject = name_of(paper->name);
    X509_NAME *issuer = name_of(paper->issuer == NULL ? paper->name : paper->issuer);
    (void)X509_set_version(certificate, X509_VERSION_3);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    (void)X509_gmtime_adj(X509_getm_notBefore(certificate), has_times ? paper->begin_s : -DAY_S);
    (void)X509_gmtime_adj(X509_getm_notAfter(certificate), has_times ? paper->end_s : DAY_S);
    (void)X509_set_subject_name(certificate, subject);
    (void)X509_set_issuer_name(certificate, issuer);
    (void)X509_set_pubkey(certificate, key);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
                                                    paper->is_ca ? "CA:TRUE" : "CA:FALSE");
    (void)X509_add_ext(certificate, extension, -1);
    cr_assert_gt(X509_sign(certificate, signer, EVP_sha256()), 0);
    write_files(paper->name, certificate, key);
    X509_EXTENSION_free(extension);
    X509_NAME_free(subject);
    X509_NAME_free(issuer);
    X509_free(certificate);
    if (signer != key)
        EVP_PKEY_free(signer);
    EVP_PKEY_free(key);
}

void paper_encrypt_key(const char *name, const char *file_name)
{
    EVP_PKEY *key = read_key(name);
    FILE *file = fopen(paper_key(file_name), "we");
    char secret[] = "secret";
    cr_assert_eq(
        PEM_write_PrivateKey(file, key, EVP_aes_128_cbc(), (unsigned char *)secret, 6, NULL, NULL),
        1);
    (void)fclose(file);
    EVP_PKEY_free(key);
}
