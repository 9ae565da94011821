#include "scratch_pool.h"

#include <pthread.h>
#include <stddef.h>

#include "secure_memory.h"

/* As many calls as run at once on an ordinary machine; what more there are at a time get blocks of their own. */
enum { MAX_IDLE = 8 };

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static void *idle[MAX_IDLE];
static unsigned idle_count;

void *scratch_take(error_sink *error) {
    void *block = NULL;
    pthread_mutex_lock(&guard);
    if (idle_count > 0) block = idle[--idle_count];
    pthread_mutex_unlock(&guard);
    return block != NULL ? block : secure_alloc(SCRATCH_BLOCK_SIZE, MAY_LOCK, error);
}

void scratch_give(void *block) {
    if (block == NULL) return;
    secure_wipe(block, SCRATCH_BLOCK_SIZE);
    pthread_mutex_lock(&guard);
    if (idle_count < MAX_IDLE) {
        idle[idle_count++] = block;
        block = NULL;
    }
    pthread_mutex_unlock(&guard);
    secure_free(block, SCRATCH_BLOCK_SIZE);
}
