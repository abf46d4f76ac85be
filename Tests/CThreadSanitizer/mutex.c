/*
 * Lets the thread sanitizer see the locks of Synchronization's Mutex. Their contended paths lie in the library, which is built without
 * the sanitizer, so that all they guard would be taken for races. These stand before them, by the mangled names of
 * Synchronization._MutexHandle._lockSlow(UInt32) and ._unlockSlow(); a toolchain that names them otherwise brings those races back, and
 * nothing is missed in silence.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

/* Of the sanitizer's own interface, <sanitizer/tsan_interface.h>. */
void __tsan_acquire(void *address);
void __tsan_release(void *address);

typedef SWIFT void LockSlow(uint32_t thread, SELF void *handle);
typedef SWIFT void UnlockSlow(SELF void *handle);

LockSlow syncline_lock_slow __asm__(LOCK);
UnlockSlow syncline_unlock_slow __asm__(UNLOCK);

SWIFT void syncline_lock_slow(uint32_t thread, SELF void *handle) {
    ((LockSlow *)dlsym(RTLD_NEXT, LOCK))(thread, handle);
    __tsan_acquire(handle);
}

SWIFT void syncline_unlock_slow(SELF void *handle) {
    __tsan_release(handle);
    ((UnlockSlow *)dlsym(RTLD_NEXT, UNLOCK))(handle);
}
