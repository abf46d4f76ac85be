#define _GNU_SOURCE
#include "CMemory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* The C library's own, under the names by which they stay reachable when a program defines free and realloc itself. */
extern void __libc_free(void *memory);
extern void *__libc_realloc(void *memory, size_t size);

static __thread int wipes_freed;

void cmemory_wipe_freed(void) {
    wipes_freed = 1;
}

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif

/* A sanitizer's runtime has these functions to itself, and then nothing is wiped. */
#ifndef HAS_SANITIZER

/* Takes the place of the C library's for the whole process. Threads that did not ask for it pay one comparison. */
void free(void *memory) {
    if (wipes_freed && memory != NULL) explicit_bzero(memory, malloc_usable_size(memory));
    __libc_free(memory);
}

/* The C library's would leave the octets behind where it moves them. */
void *realloc(void *memory, size_t size) {
    if (!wipes_freed || memory == NULL || size == 0) return __libc_realloc(memory, size);
    size_t present = malloc_usable_size(memory);
    if (size <= present && size >= present / 2) return memory;
    void *moved = malloc(size);
    if (moved == NULL) return NULL;
    memcpy(moved, memory, size < present ? size : present);
    free(memory);
    return moved;
}

#endif
