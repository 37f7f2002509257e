/*
 * A disk that fails, for a program as it is: preloaded (LD_PRELOAD), it stands between the program and every call that
 * changes a file below one folder. Compiled by the test that uses it: cc -shared -fPIC.
 *
 *   SHIM_BELOW   the folder; nothing else is touched
 *   SHIM_FAIL    the number, from 1, of the write, sync or cut that fails, once
 *   SHIM_ERRNO   how it fails (a number as in errno.h)
 *   SHIM_COUNT   a file that holds the number of such calls so far, as 8 bytes
 *   SHIM_LOG     a file to which every call that succeeded is added: see note()
 *   SHIM_SLOW    while this file is there, every sync takes SHIM_SLOW_MS longer
 *
 * What lies in memory shared between connections (the -shm file, mapped) is not seen; SQLite rebuilds it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static char below[PATH_MAX];
static size_t below_length;
static uint64_t calls, fail_at;
static int fail_with, log_fd = -1, count_fd = -1;
static const char *slow;
static struct timespec slow_for;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_unlink)(const char *);

__attribute__((constructor)) static void begin(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate");
    real_unlink = dlsym(RTLD_NEXT, "unlink");

    const char *folder = getenv("SHIM_BELOW"), *text;
    if (folder == NULL || realpath(folder, below) == NULL) {
        return;
    }
    if ((text = getenv("SHIM_FAIL")) != NULL) {
        fail_at = strtoull(text, NULL, 10);
    }
    if ((text = getenv("SHIM_ERRNO")) != NULL) {
        fail_with = atoi(text);
    }
    if ((text = getenv("SHIM_LOG")) != NULL) {
        log_fd = open(text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    if ((text = getenv("SHIM_COUNT")) != NULL) {
        count_fd = open(text, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    }
    slow = getenv("SHIM_SLOW");
    if (slow != NULL && (text = getenv("SHIM_SLOW_MS")) != NULL) {
        slow_for.tv_sec = atoi(text) / 1000;
        slow_for.tv_nsec = atoi(text) % 1000 * 1000000L;
    }
    /* Last: from here on calls are looked at. */
    below_length = strlen(below);
}

/* The name of a file below the folder, without the folder; "" for the folder itself; NULL for any other file. */
static const char *inside(const char *path) {
    if (below_length == 0 || strncmp(path, below, below_length) != 0) {
        return NULL;
    }
    return path[below_length] == '/' ? path + below_length + 1 : path[below_length] == 0 ? "" : NULL;
}

static const char *name_of(int fd, char path[PATH_MAX]) {
    static const char files[] = "/proc/self/fd/";
    char link[32], digits[12];
    int n = 0;
    if (below_length == 0 || fd < 0) {
        return NULL;
    }
    do {
        digits[n++] = (char)('0' + fd % 10);
    } while ((fd /= 10) > 0);
    memcpy(link, files, sizeof files - 1);
    for (int i = 0; i < n; i++) {
        link[sizeof files - 1 + i] = digits[n - 1 - i];
    }
    link[sizeof files - 1 + n] = 0;
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) {
        return NULL;
    }
    path[length] = 0;
    return inside(path);
}

/* Counts a call. Whether it is the one that fails. */
static int fails(void) {
    calls++;
    if (count_fd >= 0) {
        real_pwrite(count_fd, &calls, sizeof calls, 0);
    }
    return calls == fail_at;
}

/*
 * One record: a letter (w write, s sync, t cut to a length, u removed), the lengths of name and bytes (4 bytes each),
 * the place in the file (8 bytes), the name, the bytes. In this machine's order of bytes.
 */
static void note(char what, const char *name, uint64_t place, const void *bytes, uint32_t length) {
    char head[17];
    uint32_t name_length = (uint32_t)strlen(name);
    if (log_fd < 0) {
        return;
    }
    head[0] = what;
    memcpy(head + 1, &name_length, 4);
    memcpy(head + 5, &length, 4);
    memcpy(head + 9, &place, 8);
    if (real_write(log_fd, head, sizeof head) != sizeof head
        || real_write(log_fd, name, name_length) != (ssize_t)name_length
        || (length > 0 && real_write(log_fd, bytes, length) != (ssize_t)length)) {
        abort(); /* A log with gaps would show states that never were. */
    }
}

static ssize_t change(const char *name, int fd, const void *bytes, size_t length, off_t place, int placed) {
    ssize_t done = -1;
    pthread_mutex_lock(&order);
    if (fails()) {
        errno = fail_with;
    } else {
        if (!placed) {
            place = lseek(fd, 0, fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
        }
        done = placed ? real_pwrite(fd, bytes, length, place) : real_write(fd, bytes, length);
        if (done > 0) {
            note('w', name, (uint64_t)place, bytes, (uint32_t)done);
        }
    }
    pthread_mutex_unlock(&order);
    return done;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    char path[PATH_MAX];
    const char *name = name_of(fd, path);
    return name == NULL ? real_write(fd, bytes, length) : change(name, fd, bytes, length, 0, 0);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t place) {
    char path[PATH_MAX];
    const char *name = name_of(fd, path);
    return name == NULL ? real_pwrite(fd, bytes, length, place) : change(name, fd, bytes, length, place, 1);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t place) {
    return pwrite(fd, bytes, length, (off_t)place);
}

static int keep(int (*real)(int), int fd) {
    char path[PATH_MAX];
    const char *name = name_of(fd, path);
    int done = -1;
    if (name == NULL) {
        return real(fd);
    }
    /* Outside of the order: a slow disk holds up whoever waits for it, not everybody. */
    if (slow != NULL && access(slow, F_OK) == 0) {
        nanosleep(&slow_for, NULL);
    }
    pthread_mutex_lock(&order);
    if (fails()) {
        errno = fail_with;
    } else if ((done = real(fd)) == 0) {
        note('s', name, 0, NULL, 0);
    }
    pthread_mutex_unlock(&order);
    return done;
}

int fsync(int fd) {
    return keep(real_fsync, fd);
}

int fdatasync(int fd) {
    return keep(real_fdatasync, fd);
}

int ftruncate(int fd, off_t length) {
    char path[PATH_MAX];
    const char *name = name_of(fd, path);
    int done = -1;
    if (name == NULL) {
        return real_ftruncate(fd, length);
    }
    pthread_mutex_lock(&order);
    if (fails()) {
        errno = fail_with;
    } else if ((done = real_ftruncate(fd, length)) == 0) {
        note('t', name, (uint64_t)length, NULL, 0);
    }
    pthread_mutex_unlock(&order);
    return done;
}

int ftruncate64(int fd, off64_t length) {
    return ftruncate(fd, (off_t)length);
}

/* Never fails: it loses nothing that was promised. Written down, since a file that is gone is part of every state. */
int unlink(const char *path) {
    const char *name = inside(path);
    pthread_mutex_lock(&order);
    int done = real_unlink(path);
    if (name != NULL && done == 0) {
        note('u', name, 0, NULL, 0);
    }
    pthread_mutex_unlock(&order);
    return done;
}
