/* What the kernel promises about the pages of a loaded key, read from /proc/self/smaps (Linux). */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "library_test.h"

enum { LINE_SIZE = 4096 };

/* Copies the VmFlags line of the mapping that holds the address, and its permissions; false if there is none. */
static int find_mapping(const void *address, char flags[LINE_SIZE], char permissions[8]) {
    char line[LINE_SIZE];
    unsigned long first, last;
    int inside = 0;
    FILE *smaps = fopen("/proc/self/smaps", "r");
    CHECK(smaps != NULL);
    while (fgets(line, sizeof line, smaps) != NULL) {
        char found[8];
        if (sscanf(line, "%lx-%lx %7s", &first, &last, found) == 3) {
            inside = first <= (unsigned long)address && (unsigned long)address < last;
            if (inside) strcpy(permissions, found);
        }
        if (!inside || strncmp(line, "VmFlags:", 8) != 0) continue;
        strcpy(flags, line);
        fclose(smaps);
        return 1;
    }
    fclose(smaps);
    return 0;
}

static void check_pages(const uint8_t *key, size_t size) {
    char flags[LINE_SIZE], permissions[8];
    CHECK(find_mapping(key, flags, permissions) && strcmp(permissions, "rw-p") == 0);
    CHECK(strstr(flags, " dd") != NULL); /* not in core dumps */
    CHECK(strstr(flags, " dc") != NULL); /* not in children */
#if !defined(__SANITIZE_ADDRESS__) /* which makes mlock() do nothing */
    CHECK(strstr(flags, " lo") != NULL); /* not in swap */
#endif
    CHECK(find_mapping(key - 1, flags, permissions) && strcmp(permissions, "---p") == 0);
    CHECK(find_mapping(key + size, flags, permissions) && strcmp(permissions, "---p") == 0);
}

static void check_child(const void *key) {
    char flags[LINE_SIZE], permissions[8];
    int status;
    const pid_t child = fork();
    if (child == 0) _exit(find_mapping(key, flags, permissions) ? 1 : 0);
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}

void test_key_memory(const char *key_path) {
    char flags[LINE_SIZE], permissions[8];
    evi_secret_key_t *key = load_key(key_path);
    check_pages((const uint8_t *)key, 2 * 32768);
    check_child(key);
    evi_secret_key_destroy(key);
    CHECK(!find_mapping(key, flags, permissions)); /* given back, after it was zero-filled */
}
