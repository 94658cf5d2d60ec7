/* Descriptors, threads and the loop itself. */
#include "played.h"

#include "served.h"

#include <ev.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void reply(struct toad_request *request, const char *text)
{
    toad_reply(request, 200, "text/plain", text, strlen(text));
}

/* ---- Descriptors ---- */

static struct {
    struct toad_watch *watch;
    struct toad_request *request;
    int fds[2];
    unsigned seen;
} pipe_end;

static void end_pipe(const char *text)
{
    toad_watch_stop(pipe_end.watch);
    (void)close(pipe_end.fds[0]);
    (void)close(pipe_end.fds[1]);
    reply(pipe_end.request, text);
    toad_release(pipe_end.request);
}

/* First it can be read, then it is watched for writing, then not at all. */
static void on_event(void *data, int fd, unsigned events)
{
    char byte = 0;
    pipe_end.seen |= events;
    served->due++;
    if (data != &pipe_end || fd != pipe_end.fds[0]) {
        end_pipe("not what was watched");
    } else if ((events & TOAD_READABLE) != 0 && read(fd, &byte, 1) == 1) {
        toad_watch_change(pipe_end.watch, TOAD_WRITABLE);
    } else {
        end_pipe(pipe_end.seen == 3 ? "seen" : "not seen");
    }
}

static void watch(struct toad_request *request)
{
    struct toad_worker *own = toad_request_worker(request);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pipe_end.fds) != 0) {
        reply(request, "no pipe");
        return;
    }
    toad_hold(request);
    pipe_end.request = request;
    pipe_end.seen = 0;
    pipe_end.watch = toad_watch_start(own, pipe_end.fds[0], 0, on_event, &pipe_end);
    if (pipe_end.watch == NULL) {
        toad_log(2, "no memory for a watch");
        end_pipe("no watch");
        return;
    }
    (void)send(pipe_end.fds[1], "!", 1, MSG_NOSIGNAL);
    toad_watch_change(pipe_end.watch, TOAD_READABLE);
}

static void answer_refused_watches(struct toad_request *request)
{
    struct toad_worker *own = toad_request_worker(request);
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int folder = open("/", O_RDONLY | O_CLOEXEC);
    bool are_refused = toad_watch_start(own, fd, TOAD_READABLE, on_event, NULL) == NULL &&
                       toad_watch_start(own, folder, TOAD_READABLE, on_event, NULL) == NULL &&
                       toad_watch_start(own, -1, TOAD_READABLE, on_event, NULL) == NULL &&
                       toad_watch_start(own, 0, TOAD_READABLE, NULL, NULL) == NULL &&
                       toad_wakeup_start(own, NULL, NULL) == NULL;
    toad_watch_stop(NULL);
    toad_wakeup_stop(NULL);
    (void)close(fd);
    (void)close(folder);
    reply(request, are_refused ? "refused" : "a watch that cannot be was started");
}

/* ---- Threads ---- */

static struct {
    struct toad_wakeup *wakeup;
    struct toad_request *request;
    pthread_t thread;
    pthread_t owner;
    int number; /* written by the thread */
} post;

static void *work(void *data)
{
    (void)data;
    __atomic_store_n(&post.number, 42, __ATOMIC_SEQ_CST);
    toad_wakeup_send(post.wakeup);
    return NULL;
}

static void on_wakeup(void *data)
{
    bool is_mine = data == &post && pthread_equal(pthread_self(), post.owner) != 0;
    (void)pthread_join(post.thread, NULL);
    toad_wakeup_stop(post.wakeup);
    reply(post.request, is_mine && post.number == 42 ? "woken" : "not as it should be");
    toad_release(post.request);
}

static void wake_up(struct toad_request *request)
{
    toad_hold(request);
    post.request = request;
    post.owner = pthread_self();
    post.wakeup = toad_wakeup_start(toad_request_worker(request), on_wakeup, &post);
    if (post.wakeup != NULL && pthread_create(&post.thread, NULL, work, NULL) == 0)
        return;
    toad_wakeup_stop(post.wakeup);
    toad_log(2, "no memory for a thread");
    reply(request, "no thread");
    toad_release(request);
}

/* ---- The loop ---- */

static ev_timer own_timer;

static void on_own_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    reply(timer->data, "looped");
    toad_release(timer->data);
}

static void use_loop(struct toad_request *request)
{
    toad_hold(request);
    ev_timer_init(&own_timer, on_own_timer, 0., 0.);
    own_timer.data = request;
    ev_timer_start(toad_worker_loop(toad_request_worker(request)), &own_timer);
}

static void say_whether_it_leaves(struct toad_request *request)
{
    reply(request, toad_worker_is_leaving(toad_request_worker(request)) ? "leaving" : "staying");
}

static const struct {
    const char *path;
    void (*answer)(struct toad_request *request);
} routes[] = {
    {"/watch", watch},   {"/watch-wrong", answer_refused_watches}, {"/wakeup", wake_up},
    {"/loop", use_loop}, {"/leaving", say_whether_it_leaves},
};

bool played_loop_answer(struct toad_request *request)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(routes[i].path, toad_path(request)) == 0) {
            routes[i].answer(request);
            return true;
        }
    return false;
}
