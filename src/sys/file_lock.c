#include "sys/file_lock.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

int32_t file_lock_holder(int fd)
{
    struct stat status;
    FILE *locks = fstat(fd, &status) == 0 ? fopen("/proc/locks", "re") : NULL;
    if (locks == NULL)
        return 0;
    char line[256];
    int holder = 0;
    while (holder == 0 && fgets(line, sizeof line, locks) != NULL) {
        int pid = 0;
        unsigned device_major = 0;
        unsigned device_minor = 0;
        unsigned long inode = 0;
        if (sscanf(line, "%*d: FLOCK %*s WRITE %d %x:%x:%lu", &pid, &device_major, &device_minor,
                   &inode) == 4 &&
            inode == status.st_ino && makedev(device_major, device_minor) == status.st_dev)
            holder = pid;
    }
    (void)fclose(locks);
    return holder;
}
