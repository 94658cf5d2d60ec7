#include "meeting.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

struct visitor visitor;
struct tls_context *context;

char sent[1 << 20];
char got[1 << 20];

const int versions[2] = {TLS1_2_VERSION, TLS1_3_VERSION};

void meeting_begin(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (char)(i * 7 + i / 251);
    struct tls_settings settings = visitor_settings();
    context = visitor_host(&settings);
    visitor_arrive(&visitor);
}

void meeting_end(void)
{
    visitor_leave(&visitor);
    tls_context_close(context);
}

void set_version(int version)
{
    (void)SSL_CTX_set_min_proto_version(visitor.context, version);
    (void)SSL_CTX_set_max_proto_version(visitor.context, version);
}

void agree(int version)
{
    visitor_part(&visitor);
    set_version(version);
    visitor_meet(&visitor, context);
    cr_assert_eq(visitor_shake(&visitor), ERROR_NONE);
}

void say(const char *text)
{
    cr_assert_eq(SSL_write(visitor.tls, text, (int)strlen(text)), (int)strlen(text));
}

BIO *hold_back(void)
{
    BIO *memory = BIO_new(BIO_s_mem());
    SSL_set0_wbio(visitor.tls, memory);
    return memory;
}

void let_go(BIO *memory, size_t size)
{
    char bytes[4096];
    int count = BIO_read(memory, bytes, (int)(size < sizeof bytes ? size : sizeof bytes));
    cr_assert_gt(count, 0);
    cr_assert_eq(write(visitor.ends[1], bytes, (size_t)count), count);
}
