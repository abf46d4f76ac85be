#ifndef SYNCLINE_CTESTSUPPORT_SHIM_H
#define SYNCLINE_CTESTSUPPORT_SHIM_H

/* mallinfo2 is in no module of the C library. */
#include <malloc.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The C library's setresuid is that of all threads of a process, and syscall, being variadic, isn't imported. From here on this
   thread alone is the user and the group. 0, or -1 with errno. */
static inline int ctest_become(unsigned int user, unsigned int group) {
    if (syscall(SYS_setresgid, group, group, group) != 0) return -1;
    return (int)syscall(SYS_setresuid, user, user, user);
}

#endif
