#include "worker/file_body.h"

#include "sys/log.h"
#include "sys/process.h"
#include "worker/answer.h"
#include "worker/conversation.h"
#include "worker/transport.h"
#include "worker/worker_process.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

void file_body_close(struct toad_request *request)
{
    if (request->reply.phase == REPLY_FILE)
        process_close(&request->reply.file_fd);
}

static bool is_sendable(int fd, uint64_t offset, uint64_t size)
{
    struct stat status;
    bool is_in_range = offset <= INT64_MAX && size <= INT64_MAX - offset;
    return is_in_range && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

static void begin(struct toad_request *request, uint16_t status, struct bytes type, uint64_t size)
{
    reply_send_head(request, status, type, HTTP_REPLY_SIZED, size, false);
    conversation_observe(request->connection, HTTP_SESSION_BEGUN);
    request->on_abort = NULL; /* the application has said all */
    if (request->reply.is_bare || size == 0) {
        file_body_close(request);
        reply_complete(request, 0);
        return;
    }
    if (request->worker->running != request->connection)
        connection_make_runnable(request->connection);
}

void toad_reply_file(struct toad_request *request, int status, const char *type, int fd,
                     uint64_t offset, uint64_t size)
{
    if (!reply_may_begin(request) || !reply_is_acceptable(request, status, bytes_of(type))) {
        process_close(&fd);
        return;
    }
    if (!is_sendable(fd, offset, size)) {
        log_write(LOG_LEVEL_ERROR, "The answer to %s is not a part of a regular file",
                  toad_target(request));
        process_close(&fd);
        answer_text(request, 500, "The application's answer was not valid\n");
        return;
    }
    request->reply.phase = REPLY_FILE;
    request->reply.file_fd = fd;
    request->reply.file_offset = offset;
    begin(request, (uint16_t)status, bytes_of(type), size);
}

/* A client that is gone is nothing to tell. */
static bool is_of_the_client(int reason)
{
    return reason == EPIPE || reason == ECONNRESET || reason == ETIMEDOUT;
}

static bool give_up(struct toad_request *request, const char *reason)
{
    if (reason != NULL)
        log_write(LOG_LEVEL_ERROR, "The file of the answer to %s cannot be sent to its end: %s",
                  toad_target(request), reason);
    reply_cut(request);
    return true;
}

bool file_body_advance(struct toad_request *request)
{
    struct connection *connection = request->connection;
    struct reply *reply = &request->reply;
    if (output_is_stalled(connection))
        return false;
    uint64_t left = reply->size - reply->written;
    size_t most = left < FILE_TURN_MAX ? (size_t)left : FILE_TURN_MAX;
    size_t sent = 0;
    enum error error = transport_send_file(connection_transport(connection), reply->file_fd,
                                           reply->file_offset, most, &sent);
    if (error == ERROR_AGAIN)
        return false;
    if (error == ERROR_CLOSED)
        return give_up(request, "it is too short");
    if (error != ERROR_NONE)
        return give_up(request, is_of_the_client(errno) ? NULL : strerror(errno));
    reply->file_offset += sent;
    reply->written += sent;
    conversation_observe(connection, HTTP_SESSION_MOVED);
    if (reply->written < reply->size)
        return false;
    file_body_close(request);
    reply_complete(request, reply->size);
    return true;
}
