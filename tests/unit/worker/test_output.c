#include "worker/worker_process.h"

#include <criterion/criterion.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct toad_worker own_worker;
static struct connection connection;
static int peer_fd;

static void begin(void)
{
    int ends[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    buffer_init(&own_worker.scratch.buffer, own_worker.scratch.storage,
                sizeof own_worker.scratch.storage);
    connection.worker = &own_worker;
    connection.io.fd = ends[0];
    peer_fd = ends[1];
}

static void end(void)
{
    output_clear(&connection);
    (void)close(connection.io.fd);
    (void)close(peer_fd);
}

TestSuite(output, .init = begin, .fini = end);

static unsigned char next_sent;
static unsigned char next_got;

static void send_counted(size_t size)
{
    static char bytes[1 << 16];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)next_sent++;
    cr_assert_eq(output_send(&connection, (struct bytes){bytes, size}), ERROR_NONE);
}

static size_t read_counted(size_t most)
{
    static unsigned char bytes[1 << 16];
    ssize_t size = read(peer_fd, bytes, most);
    for (ssize_t i = 0; i < size; i++)
        cr_assert_eq(bytes[i], next_got++);
    return size < 0 ? 0 : (size_t)size;
}

/* Promise CON-7: what waits is never sent to its end, and takes no more memory for that. */
Test(output, keeps_its_order_and_its_size_while_it_never_ends)
{
    while (!output_is_stalled(&connection) || output_flush(&connection) != ERROR_AGAIN)
        send_counted(50000);
    for (unsigned i = 0; i < 1000; i++) {
        while (output_waiting(&connection) < 100000)
            send_counted(777);
        (void)read_counted(30000);
        cr_assert_eq(output_flush(&connection), ERROR_AGAIN);
        cr_assert(output_is_stalled(&connection));
    }
    cr_expect_leq(connection.output->capacity, 1u << 20, "%zu", connection.output->capacity);
    while (output_flush(&connection) == ERROR_AGAIN)
        (void)read_counted(30000);
    while (read_counted(30000) > 0)
        continue;
    cr_expect_eq(next_got, next_sent);
}

Test(output, of_a_turn_goes_out_together)
{
    own_worker.running = &connection;
    send_counted(10);
    send_counted(20);
    cr_expect_eq(read_counted(100), 0);
    cr_expect_eq(output_flush(&connection), ERROR_NONE);
    cr_expect_eq(read_counted(100), 30);
    own_worker.running = NULL;
}
