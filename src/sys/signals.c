#include "sys/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

void signals_set_defaults(void)
{
    struct sigaction initial = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        if (number != SIGKILL && number != SIGSTOP)
            (void)sigaction(number, &initial, NULL);
}

void signals_unblock(void)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

enum error signals_open(const int *signals, size_t count, int *ret_fd)
{
    sigset_t wanted;
    (void)sigemptyset(&wanted);
    for (size_t i = 0; i < count; i++)
        (void)sigaddset(&wanted, signals[i]);
    if (sigprocmask(SIG_BLOCK, &wanted, NULL) != 0)
        return ERROR_SYSTEM;
    int fd = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        return ERROR_SYSTEM;
    *ret_fd = fd;
    return ERROR_NONE;
}

enum error signals_read(int fd, int *ret_signal)
{
    struct signalfd_siginfo info;
    ssize_t size = read(fd, &info, sizeof info);
    if (size != (ssize_t)sizeof info)
        return size < 0 && errno != EAGAIN && errno != EINTR ? ERROR_SYSTEM : ERROR_AGAIN;
    *ret_signal = (int)info.ssi_signo;
    return ERROR_NONE;
}

void signals_ignore(int signal)
{
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    (void)sigaction(signal, &ignored, NULL);
}

const char *signals_name(int signal)
{
    const char *name = sigabbrev_np(signal);
    return name == NULL ? "?" : name;
}
