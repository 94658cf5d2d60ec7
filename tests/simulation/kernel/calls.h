/* calls - the system calls of the manager, which the linker leads to the simulated kernel.
 *
 * Each goes on to the real one for what is not simulated: a trace file, for one. The calls of the
 * manager's own functions that the auditor listens to stand here as well. */
#ifndef TOAD_TESTS_KERNEL_CALLS_H
#define TOAD_TESTS_KERNEL_CALLS_H

#include "manager/manager_process.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>

void calls_init(void);

/* Simulated descriptors that are open. */
uint32_t calls_count_open(void);

pid_t __wrap_fork(void);
int __wrap_kill(pid_t pid, int number);
int __wrap_waitid(idtype_t kind, id_t id, siginfo_t *ended, int options);
pid_t __wrap_waitpid(pid_t pid, int *status, int options);
pid_t __wrap_getpid(void);
int __wrap_sigprocmask(int how, const sigset_t *set, sigset_t *old);
int __wrap_sigaction(int number, const struct sigaction *action, struct sigaction *old);
int __wrap_signalfd(int fd, const sigset_t *set, int flags);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);
uint32_t __wrap_arc4random(void);
int __wrap_poll(struct pollfd *watched, nfds_t count, int timeout_ms);
int __wrap___poll_chk(struct pollfd *watched, nfds_t count, int timeout_ms, size_t size);
int __wrap_pipe2(int *ends, int flags);
int __wrap_socket(int family, int type, int protocol);
int __wrap_bind(int fd, const struct sockaddr *name, socklen_t size);
int __wrap_listen(int fd, int backlog);
int __wrap_accept4(int fd, struct sockaddr *name, socklen_t *size, int flags);
int __wrap_socketpair(int family, int type, int protocol, int *ends);
ssize_t __wrap_read(int fd, void *bytes, size_t size);
ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int fd);
int __wrap_unlink(const char *path);
int __wrap_link(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_stat(const char *path, struct stat *status);
int __wrap_lstat(const char *path, struct stat *status);
int __wrap_fstat(int fd, struct stat *status);
int __wrap_flock(int fd, int operation);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fsync(int fd);

ssize_t __real_write(int fd, const void *bytes, size_t size);
int __real_open(const char *path, int flags, ...);
int __real_close(int fd);

void __wrap_observe_wait(const struct manager_process *process);
void __real_observe_wait(const struct manager_process *process);
enum error __wrap_manager_decide(struct manager *manager, const struct manager_event *event,
                                 int64_t now_us, struct manager_actions *ret_actions);
enum error __real_manager_decide(struct manager *manager, const struct manager_event *event,
                                 int64_t now_us, struct manager_actions *ret_actions);

/* What stands behind a simulated descriptor. */
enum descriptor_kind {
    DESCRIPTOR_NONE,
    DESCRIPTOR_SIGNALS,
    DESCRIPTOR_BEATS,   /* the reading end of the first pipe */
    DESCRIPTOR_OTHER,   /* the other ends of pipes */
    DESCRIPTOR_CONTROL, /* where a hot deployment can be asked for: nobody does */
    DESCRIPTOR_FILE
};

enum descriptor_kind calls_kind(int fd);
int calls_open(enum descriptor_kind kind, int file);
int calls_file(int fd);
void calls_release(int fd);

#endif
