#include "key_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "envector.h"

/* A descriptor of its own, since closedir() closes it. */
static DIR *open_listing(int directory) {
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = copy < 0 ? NULL : fdopendir(copy);
    if (listing == NULL && copy >= 0) close(copy);
    return listing;
}

bool directory_is_empty(int directory, const char *path, error_sink *error) {
    DIR *listing = open_listing(directory);
    bool empty = true;
    struct dirent *entry;
    if (listing == NULL) {
        fail(error, "key path \"%s\": cannot list: %s", path, strerror(errno));
        return false;
    }
    for (errno = 0; empty && (entry = readdir(listing)) != NULL;) {
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    }
    const int reason = errno;
    closedir(listing);
    if (!empty) {
        fail(error, "key path \"%s\" is not empty", path);
    } else if (reason != 0) {
        fail(error, "key path \"%s\": cannot list: %s", path, strerror(reason));
    }
    return empty && reason == 0;
}

static bool write_all(int file, const uint8_t *bytes, size_t size) {
    while (size > 0) {
        ssize_t count = write(file, bytes, size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        bytes += count, size -= (size_t)count;
    }
    return true;
}

int write_key_file(int directory, const char *name, const uint8_t *bytes, size_t size, error_sink *error) {
    int file = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) return fail(error, "%s: cannot create: %s", name, strerror(errno));
    bool written = write_all(file, bytes, size) && fsync(file) == 0;
    int reason = errno;
    if (close(file) != 0 && written) {
        written = false;
        reason = errno;
    }
    if (written) return EVI_SUCCESS;
    unlinkat(directory, name, 0);
    return fail(error, "%s: cannot write: %s", name, strerror(reason));
}
