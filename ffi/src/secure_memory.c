#include "secure_memory.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t page_size(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* The accessible part between the guard pages; 0 where the sum would overflow. */
static size_t rounded_to_pages(size_t size) {
    size_t page = page_size();
    return size == 0 || size > SIZE_MAX - 4 * page ? 0 : (size + page - 1) / page * page;
}

static void keep_out_of_dumps_and_children(void *memory, size_t size) {
    (void)memory, (void)size;
#ifdef MADV_DONTDUMP
    madvise(memory, size, MADV_DONTDUMP);
#endif
#ifdef MADV_DONTFORK
    madvise(memory, size, MADV_DONTFORK);
#endif
}

void *secure_alloc(size_t size, lock_policy policy, error_sink *error) {
    size_t page = page_size(), inner = rounded_to_pages(size);
    if (inner == 0) {
        fail_out_of_memory(error);
        return NULL;
    }
    uint8_t *outer = mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (outer == MAP_FAILED) {
        fail_out_of_memory(error);
        return NULL;
    }
    uint8_t *memory = outer + page;
    if (mprotect(memory, inner, PROT_READ | PROT_WRITE) != 0) {
        munmap(outer, inner + 2 * page);
        fail_out_of_memory(error);
        return NULL;
    }
    keep_out_of_dumps_and_children(memory, inner);
    if (mlock(memory, inner) != 0 && policy == MUST_LOCK) {
        munmap(outer, inner + 2 * page);
        fail(error,
             "cannot lock %zu bytes of key memory: raise the memlock limit (ulimit -l, or LimitMEMLOCK= in the unit)",
             inner);
        return NULL;
    }
    return memory;
}

void secure_free(void *memory, size_t size) {
    if (memory == NULL) return;
    size_t page = page_size(), inner = rounded_to_pages(size);
    secure_wipe(memory, size);
    munmap((uint8_t *)memory - page, inner + 2 * page); /* unlocks, too */
}

void secure_wipe(void *memory, size_t size) {
    memset(memory, 0, size);
    /* The compiler must assume that this reads the memory, so the memset stays. */
    __asm__ __volatile__("" : : "r"(memory) : "memory");
}
