#include "tls/tls_context.h"

#include "kit/folder.h"
#include "paper.h"
#include "visitor.h"

#include <criterion/criterion.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

TestSuite(tls_context, .init = folder_open, .fini = folder_close);

static struct visitor visitor;

static struct tls_settings settings_with(const char *certificate, const char *key)
{
    struct tls_settings settings = visitor_settings();
    settings.certificate_count = 1;
    settings.certificates[0] = (struct tls_certificate){"", certificate, key};
    return settings;
}

static void expect_refusal(const struct tls_settings *settings, const char *says)
{
    struct problem problem = {.text = ""};
    struct tls_context *context = NULL;
    cr_expect_neq(tls_context_open(settings, &context, &problem), ERROR_NONE, "%s", says);
    cr_expect(strstr(problem.text, says) != NULL, "\"%s\" is not in \"%s\"", says, problem.text);
    cr_expect_null(context);
    cr_expect_null(strchr(problem.text, '\n'));
}

static void make_papers(void)
{
    paper_make(&(struct paper){.name = "good"});
    paper_make(&(struct paper){.name = "other"});
    paper_make(&(struct paper){.name = "late", .begin_s = -100, .end_s = -1});
    paper_make(&(struct paper){.name = "early", .begin_s = 1000, .end_s = 2000});
    paper_encrypt_key("good", "secret");
    folder_write("text.pem", "hello");
    folder_write("text.key", "hello");
    folder_write("empty.pem", "");
    cr_assert_eq(mkfifo(paper_certificate("pipe"), 0600), 0);
}

/* Promises LSN-3, LSN-7 */
Test(tls_context, names_the_file_that_is_wrong)
{
    static const struct {
        const char *certificate;
        const char *key;
        const char *says;
    } table[] = {
        {"none", "good", "none.pem\" cannot be read: No such file or directory"},
        {"good", "none", "none.key\" cannot be read: No such file or directory"},
        {"text", "good", "text.pem\" is no usable certificate in PEM form: "},
        {"empty", "good", "empty.pem\" is no usable certificate in PEM form: "},
        {"pipe", "good", "pipe.pem\" is not a regular file of at most 1048576 bytes"},
        {"good", "text", "text.key\" is no private key in PEM form: "},
        {"good", "secret", "secret.key\" is encrypted; a server needs one without a passphrase"},
        {"good", "other", "other.key\" does not belong to certificate \""},
        {"late", "late", "late.pem\" has expired on 2"},
        {"early", "early", "early.pem\" is not valid before 2"},
    };
    make_papers();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct tls_settings settings =
            settings_with(paper_certificate(table[i].certificate), paper_key(table[i].key));
        expect_refusal(&settings, table[i].says);
    }
}

/* Promise LSN-6 */
Test(tls_context, looks_at_the_files_of_every_name)
{
    make_papers();
    struct tls_settings settings = settings_with(paper_certificate("good"), paper_key("good"));
    settings.certificate_count = 2;
    settings.certificates[1] =
        (struct tls_certificate){"late.test", paper_certificate("late"), paper_key("late")};
    expect_refusal(&settings, "late.pem\" has expired");
}

/* Promise LSN-3 */
Test(tls_context, says_which_value_is_wrong)
{
    folder_write("text.pem", "hello");
    static const struct {
        const char *ca;
        const char *ciphers;
        const char *version;
        int verify;
        const char *says;
    } table[] = {
        {"none", "", "", -1, "none.pem\" cannot be read"},
        {"text", "", "", -1, "text.pem\" has no certificates in PEM form: "},
        {"", "NONSENSE", "", -1, "ciphers \"NONSENSE\" cannot be used: no cipher match"},
        {"", "TLS_NONSENSE", "", -1, "ciphers \"TLS_NONSENSE\" cannot be used: "},
        {"", "", "TLSv1_1", -1, "version takes TLSv1_2 or TLSv1_3, not \"TLSv1_1\""},
        {"", "", "", 1, "verify needs a ca"},
        {"", "", "", 7, "verify needs a ca"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct tls_settings settings = visitor_settings();
        settings.ca = table[i].ca[0] == '\0' ? "" : paper_certificate(table[i].ca);
        settings.ciphers = table[i].ciphers;
        settings.version = table[i].version;
        settings.verify = table[i].verify;
        expect_refusal(&settings, table[i].says);
    }
}

/* The certificate that a client gets who asks for this name; to be freed. */
static X509 *shown_to(const struct tls_context *context, const char *name)
{
    visitor_arrive(&visitor);
    visitor_meet(&visitor, context);
    if (name != NULL)
        cr_assert_eq(SSL_set_tlsext_host_name(visitor.tls, name), 1);
    cr_assert_eq(visitor_shake(&visitor), ERROR_NONE);
    X509 *certificate = SSL_get1_peer_certificate(visitor.tls);
    cr_assert_not_null(certificate);
    visitor_leave(&visitor);
    return certificate;
}

/* Promise LSN-6 */
Test(tls_context, shows_the_certificate_of_the_name)
{
    static const struct {
        const char *asked;
        const char *shown;
    } table[] = {
        {"one.test", "one"},       {"ONE.TEST", "one"},
        {"a.wild.test", "wild"},   {"b.wild.test", "b"},
        {"a.b.wild.test", "good"}, {"wild.test", "good"},
        {"other.test", "good"},    {NULL, "good"},
        {".wild.test", "good"},
    };
    static const char *const names[] = {"one", "wild", "good", "b"};
    static const char *const hosts[] = {"one.test", "*.wild.test", "", "b.wild.test"};
    struct tls_settings settings = visitor_settings();
    for (size_t i = 0; i < 4; i++) {
        paper_make(&(struct paper){.name = names[i]});
        settings.certificates[settings.certificate_count++] =
            (struct tls_certificate){hosts[i], paper_certificate(names[i]), paper_key(names[i])};
    }
    struct tls_context *context = visitor_host(&settings);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        X509 *certificate = shown_to(context, table[i].asked);
        char name[64] = "";
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                                        sizeof name);
        cr_expect_str_eq(name, table[i].shown, "%s: %s", table[i].asked, name);
        X509_free(certificate);
    }
    tls_context_close(context);
}

/* Promise LSN-4 */
Test(tls_context, makes_a_certificate_for_the_host)
{
    static const struct {
        const char *host;
        const char *name;    /* NULL: an address */
        const char *address; /* NULL: a name */
    } table[] = {
        {"127.0.0.1", NULL, "127.0.0.1"},
        {"::1", NULL, "::1"},
        {"fe80::1%eth0", NULL, "fe80::1"},
        {"www.example.org", "www.example.org", NULL},
        {"*", "localhost", NULL},
        {"*", NULL, "127.0.0.1"},
        {"*", NULL, "::1"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct tls_settings settings = visitor_settings();
        settings.host = table[i].host;
        struct tls_context *context = visitor_host(&settings);
        X509 *certificate = shown_to(context, NULL);
        int matches = table[i].name != NULL
                          ? X509_check_host(certificate, table[i].name, 0, 0, NULL)
                          : X509_check_ip_asc(certificate, table[i].address, 0);
        cr_expect_eq(matches, 1, "%s", table[i].host);
        cr_expect_eq(X509_cmp_current_time(X509_get0_notBefore(certificate)), -1);
        cr_expect_eq(X509_cmp_current_time(X509_get0_notAfter(certificate)), 1);
        cr_expect_eq(EVP_PKEY_get_bits(X509_get0_pubkey(certificate)), 256);
        cr_expect_eq(X509_check_ca(certificate), 0);
        X509_free(certificate);
        tls_context_close(context);
    }
}

Test(tls_context, makes_another_one_each_time)
{
    struct tls_settings settings = visitor_settings();
    struct tls_context *first = visitor_host(&settings);
    struct tls_context *second = visitor_host(&settings);
    X509 *one = shown_to(first, NULL);
    X509 *other = shown_to(second, NULL);
    cr_expect_neq(X509_cmp(one, other), 0);
    X509_free(one);
    X509_free(other);
    tls_context_close(first);
    tls_context_close(second);
    tls_context_close(NULL);
}

/* Promise LSN-3: what comes of clients with these limits. */
Test(tls_context, keeps_to_its_rules)
{
    static const struct {
        const char *server_version;
        const char *server_ciphers;
        int version;
        const char *ciphers;
        enum error error;
    } table[] = {
        {"", "", TLS1_2_VERSION, "ECDHE+AESGCM", ERROR_NONE},
        {"", "", TLS1_3_VERSION, NULL, ERROR_NONE},
        {"", "", TLS1_1_VERSION, "ALL:@SECLEVEL=0", ERROR_SYSTEM},
        {"", "", TLS1_2_VERSION, "ECDHE+AES+SHA1:@SECLEVEL=0", ERROR_SYSTEM},
        {"", "", TLS1_2_VERSION, "kRSA", ERROR_SYSTEM},
        {"TLSv1_2", "", TLS1_3_VERSION, NULL, ERROR_SYSTEM},
        {"TLSv1.2", "", TLS1_2_VERSION, NULL, ERROR_NONE},
        {"TLSv1_3", "", TLS1_2_VERSION, NULL, ERROR_SYSTEM},
        {"TLSv1.3", "", TLS1_3_VERSION, NULL, ERROR_NONE},
        {"", "ECDHE-ECDSA-AES256-GCM-SHA384", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256",
         ERROR_SYSTEM},
        {"", "TLS_AES_256_GCM_SHA384", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", ERROR_NONE},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct tls_settings settings = visitor_settings();
        settings.version = table[i].server_version;
        settings.ciphers = table[i].server_ciphers;
        struct tls_context *context = visitor_host(&settings);
        visitor_arrive(&visitor);
        (void)SSL_CTX_set_min_proto_version(visitor.context, table[i].version);
        (void)SSL_CTX_set_max_proto_version(visitor.context, table[i].version);
        if (table[i].ciphers != NULL)
            cr_assert_eq(SSL_CTX_set_cipher_list(visitor.context, table[i].ciphers), 1);
        visitor_meet(&visitor, context);
        cr_expect_eq(visitor_shake(&visitor), table[i].error, "row %zu", i);
        visitor_leave(&visitor);
        tls_context_close(context);
    }
}

/* RFC 7301 3.2 */
Test(tls_context, speaks_http_1_1_alone)
{
    static const struct {
        const char *offered; /* each with its length in front; NULL: nothing */
        enum error error;
    } table[] = {
        {NULL, ERROR_NONE},
        {"\x08http/1.1", ERROR_NONE},
        {"\x02h2\x08http/1.1", ERROR_NONE},
        {"\x02h2", ERROR_SYSTEM},
        {"\x08http/1.0", ERROR_SYSTEM},
    };
    struct tls_settings settings = visitor_settings();
    struct tls_context *context = visitor_host(&settings);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *offered = table[i].offered;
        const unsigned char *chosen = NULL;
        unsigned size = 0;
        visitor_arrive(&visitor);
        if (offered != NULL)
            (void)SSL_CTX_set_alpn_protos(visitor.context, (const unsigned char *)offered,
                                          (unsigned)strlen(offered));
        visitor_meet(&visitor, context);
        cr_expect_eq(visitor_shake(&visitor), table[i].error, "row %zu", i);
        SSL_get0_alpn_selected(visitor.tls, &chosen, &size);
        bool is_chosen = table[i].error == ERROR_NONE && offered != NULL;
        cr_expect_eq(size, is_chosen ? 8 : 0);
        visitor_leave(&visitor);
    }
    tls_context_close(context);
}

/* Promise LSN-3 */
Test(tls_context, asks_clients_for_a_certificate_if_there_is_a_ca)
{
    static const struct {
        int verify;
        const char *client; /* whose certificate it has; NULL: none */
        enum error error;
        const char *subject; /* as the server knows it; NULL: it does not */
    } table[] = {
        {-1, "alice", ERROR_NONE, "CN=alice"}, {-1, NULL, ERROR_SYSTEM, NULL},
        {-1, "stranger", ERROR_SYSTEM, NULL},  {-1, "late", ERROR_SYSTEM, NULL},
        {3, NULL, ERROR_SYSTEM, NULL},         {1, NULL, ERROR_NONE, NULL},
        {1, "alice", ERROR_NONE, "CN=alice"},  {1, "stranger", ERROR_SYSTEM, NULL},
        {0, NULL, ERROR_NONE, NULL},           {0, "alice", ERROR_NONE, NULL},
    };
    paper_make(&(struct paper){.name = "ca", .is_ca = true});
    paper_make(&(struct paper){.name = "alice", .issuer = "ca"});
    paper_make(&(struct paper){.name = "stranger"});
    paper_make(&(struct paper){.name = "late", .issuer = "ca", .begin_s = -9, .end_s = -1});
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct tls_settings settings = visitor_settings();
        settings.ca = paper_certificate("ca");
        settings.verify = table[i].verify;
        struct tls_context *context = visitor_host(&settings);
        visitor_arrive(&visitor);
        if (table[i].client != NULL) {
            const char *client = table[i].client;
            cr_assert_eq(SSL_CTX_use_certificate_file(visitor.context, paper_certificate(client),
                                                      SSL_FILETYPE_PEM),
                         1);
            cr_assert_eq(
                SSL_CTX_use_PrivateKey_file(visitor.context, paper_key(client), SSL_FILETYPE_PEM),
                1);
        }
        visitor_meet(&visitor, context);
        cr_expect_eq(visitor_shake(&visitor), table[i].error, "row %zu", i);
        char subject[64] = "";
        bool is_known = table[i].error == ERROR_NONE &&
                        tls_session_client_subject(visitor.session, subject, sizeof subject);
        cr_expect_eq(is_known, table[i].subject != NULL, "row %zu", i);
        if (table[i].subject != NULL)
            cr_expect_str_eq(subject, table[i].subject);
        cr_expect_not(is_known && tls_session_client_subject(visitor.session, subject, 8));
        visitor_leave(&visitor);
        tls_context_close(context);
    }
}
