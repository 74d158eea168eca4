// Loaded before the C library (LD_PRELOAD): from the N-th call on that changes a file below a folder, calls fail.
//
// Calls count that open a file to write or make a folder, that write, sync, resize or rename. Removing a file always
// works, as it does on a full disk. `shim_arm` sets the folder, N, the error and how many calls fail.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace {
char root[PATH_MAX];
std::atomic<long> calls{0}, first{0}, last{0};
int error = 0;

bool below(const char* path) {
    if (!root[0] || !path) return false;
    if (path[0] == '/') return std::strncmp(path, root, std::strlen(root)) == 0;
    char folder[PATH_MAX];
    return getcwd(folder, sizeof folder) && std::strncmp(folder, root, std::strlen(root)) == 0;
}

bool below(int handle) {
    if (!root[0]) return false;
    char link[64], path[PATH_MAX];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    const ssize_t size = readlink(link, path, sizeof path - 1);
    if (size <= 0) return false;
    path[size] = 0;
    return below(path);
}

template <class Place>
bool fails(Place place) {
    if (!below(place)) return false;
    const long call = ++calls;
    if (call < first || call > last) return false;
    errno = error;
    return true;
}

template <class Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY; }
}  // namespace

extern "C" {
void shim_arm(const char* folder, long from, long to, int number) {
    std::snprintf(root, sizeof root, "%s", folder);
    calls = 0, first = from, last = to, error = number;
}

long shim_calls() { return calls; }

#define OPEN(name)                                                              \
    int name(const char* path, int flags, ...) {                                \
        va_list rest;                                                           \
        va_start(rest, flags);                                                  \
        const mode_t mode = va_arg(rest, mode_t);                               \
        va_end(rest);                                                           \
        if (writes(flags) && fails(path)) return -1;                            \
        return real<int(const char*, int, mode_t)>(#name)(path, flags, mode);   \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                      \
    int name(int folder, const char* path, int flags, ...) {                              \
        va_list rest;                                                                     \
        va_start(rest, flags);                                                            \
        const mode_t mode = va_arg(rest, mode_t);                                         \
        va_end(rest);                                                                     \
        if (writes(flags) && fails(path)) return -1;                                      \
        return real<int(int, const char*, int, mode_t)>(#name)(folder, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

#define ON_HANDLE(type, name, parameters, arguments)           \
    type name parameters {                                     \
        if (fails(handle)) return -1;                          \
        return real<type parameters>(#name) arguments;         \
    }
ON_HANDLE(ssize_t, write, (int handle, const void* data, size_t size), (handle, data, size))
ON_HANDLE(ssize_t, pwrite, (int handle, const void* data, size_t size, off_t at), (handle, data, size, at))
ON_HANDLE(ssize_t, pwrite64, (int handle, const void* data, size_t size, off64_t at), (handle, data, size, at))
ON_HANDLE(ssize_t, writev, (int handle, const iovec* parts, int count), (handle, parts, count))
ON_HANDLE(int, fsync, (int handle), (handle))
ON_HANDLE(int, fdatasync, (int handle), (handle))
ON_HANDLE(int, ftruncate, (int handle, off_t size), (handle, size))
ON_HANDLE(int, ftruncate64, (int handle, off64_t size), (handle, size))

int mkdir(const char* path, mode_t mode) { return fails(path) ? -1 : real<int(const char*, mode_t)>("mkdir")(path, mode); }

int rename(const char* from, const char* to) {
    return fails(to) ? -1 : real<int(const char*, const char*)>("rename")(from, to);
}
}
