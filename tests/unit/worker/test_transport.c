#include "worker/transport.h"

#include "kit/faulty.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2];

static struct transport plain(int fd)
{
    return (struct transport){.fd = fd};
}

static void begin(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
}

static void end(void)
{
    (void)close(ends[0]);
    (void)close(ends[1]);
}

TestSuite(transport, .init = begin, .fini = end);

static char data[1 << 20];
static size_t size;

Test(transport, moves_bytes)
{
    size = 77;
    cr_expect_eq(transport_read(plain(ends[0]), data, sizeof data, &size), ERROR_AGAIN);
    cr_expect_eq(size, 77);
    cr_expect_eq(transport_write(plain(ends[1]), BYTES("abc"), BYTES("defg"), &size), ERROR_NONE);
    cr_expect_eq(size, 7);
    cr_expect_eq(transport_write(plain(ends[1]), BYTES("hi"), (struct bytes){NULL, 0}, &size),
                 ERROR_NONE);
    cr_expect_eq(size, 2);
    cr_expect_eq(transport_write(plain(ends[1]), (struct bytes){NULL, 0}, BYTES("j"), &size),
                 ERROR_NONE);
    cr_expect_eq(size, 1);
    cr_expect_eq(transport_read(plain(ends[0]), data, 8, &size), ERROR_NONE);
    cr_expect(bytes_equal((struct bytes){data, size}, BYTES("abcdefgh")));
    cr_expect_eq(transport_read(plain(ends[0]), data, sizeof data, &size), ERROR_NONE);
    cr_expect(bytes_equal((struct bytes){data, size}, BYTES("ij")));
}

Test(transport, tells_when_nothing_more_goes)
{
    enum error error = ERROR_NONE;
    while (error == ERROR_NONE)
        error =
            transport_write(plain(ends[1]), (struct bytes){data, sizeof data}, BYTES("x"), &size);
    cr_expect_eq(error, ERROR_AGAIN);
}

Test(transport, tells_the_end)
{
    transport_finish(ends[1]);
    cr_expect_eq(transport_read(plain(ends[0]), data, sizeof data, &size), ERROR_CLOSED);
    cr_expect_eq(transport_write(plain(ends[1]), BYTES("abc"), (struct bytes){NULL, 0}, &size),
                 ERROR_SYSTEM);
    transport_finish(-1);
}

Test(transport, tells_a_break_from_an_interruption)
{
    static const enum faulty_call calls[] = {FAULTY_read, FAULTY_write, FAULTY_writev};
    for (size_t i = 0; i < 3; i++)
        for (unsigned way = FAULTY_ONCE; way <= FAULTY_INTERRUPTED; way *= 4) {
            struct bytes second = i == 2 ? BYTES("b") : (struct bytes){NULL, 0};
            faulty_arm(calls[i], (enum faulty_way)way, 1, FAULTY_HERE);
            enum error error = i == 0 ? transport_read(plain(ends[0]), data, sizeof data, &size)
                                      : transport_write(plain(ends[1]), BYTES("a"), second, &size);
            cr_expect_eq(faulty_disarm(), 1);
            cr_expect_eq(error, way == FAULTY_ONCE ? ERROR_SYSTEM : ERROR_AGAIN);
        }
}

static int make_file(void)
{
    int fd = memfd_create("transport", MFD_CLOEXEC);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, "abcdefgh", 8), 8);
    return fd;
}

Test(transport, moves_a_part_of_a_file)
{
    int fd = make_file();
    cr_expect_eq(transport_send_file(plain(ends[1]), fd, 2, 3, &size), ERROR_NONE);
    cr_expect_eq(size, 3);
    cr_expect_eq(transport_send_file(plain(ends[1]), fd, 5, 100, &size), ERROR_NONE);
    cr_expect_eq(size, 3);
    size = 77;
    cr_expect_eq(transport_send_file(plain(ends[1]), fd, 8, 1, &size), ERROR_CLOSED);
    cr_expect_eq(size, 77);
    cr_expect_eq(transport_read(plain(ends[0]), data, sizeof data, &size), ERROR_NONE);
    cr_expect(bytes_equal((struct bytes){data, size}, BYTES("cdefgh")));
    (void)close(fd);
}

Test(transport, tells_when_no_more_of_a_file_goes)
{
    int fd = make_file();
    cr_assert_eq(ftruncate(fd, 1 << 24), 0);
    uint64_t offset = 0;
    enum error error = ERROR_NONE;
    while (error == ERROR_NONE) {
        offset += size;
        error = transport_send_file(plain(ends[1]), fd, offset, 1 << 20, &size);
    }
    cr_expect_eq(error, ERROR_AGAIN);
    cr_expect_lt(offset, 1 << 24);
    faulty_arm(FAULTY_sendfile, FAULTY_INTERRUPTED, 1, FAULTY_HERE);
    cr_expect_eq(transport_send_file(plain(ends[1]), fd, 0, 1, &size), ERROR_AGAIN);
    cr_expect_eq(faulty_disarm(), 1);
    (void)close(ends[0]);
    cr_expect_eq(transport_send_file(plain(ends[1]), fd, 0, 1, &size), ERROR_SYSTEM);
    (void)close(fd);
}
