/* static_file - opens what is below a directory, and nothing else.
 *
 * Not pure: asks the kernel. Descriptors are the caller's to close, and are closed on exec(). */
#ifndef TOAD_APPS_STATIC_FILE_H
#define TOAD_APPS_STATIC_FILE_H

/* The directory `path` as a place to begin at. -1 and errno. */
int static_root_open(const char *path);

/* Opens `name`, relative to the directory `root`, for reading; whoever gets it must look what kind
 * of file it is, for a directory, a FIFO or a device is opened as well, without waiting. Symbolic
 * links are followed as long as they stay below the root, and are relative; on a kernel without
 * openat2() none is followed. -1 and errno: EXDEV and ELOOP for a link that leads elsewhere, EAGAIN
 * if others keep moving directories about. */
int static_file_open(int root, const char *name);

#endif
