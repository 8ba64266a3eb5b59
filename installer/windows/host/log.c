#include "log.h"

#include <strsafe.h>

static HANDLE open_file(const struct log *log);
static void rotate(struct log *log);
static bool file_name(const struct log *log, DWORD number, wchar_t *name);

DWORD log_open(struct log *log, const struct settings *settings) {
    ZeroMemory(log, sizeof *log);
    InitializeSRWLock(&log->lock);
    log->console = settings->console;
    log->most_bytes = settings->log_bytes;
    log->files = settings->log_files;
    log->file = log->console ? GetStdHandle(STD_ERROR_HANDLE) : INVALID_HANDLE_VALUE;
    if (log->console) return ERROR_SUCCESS;
    if (FAILED(StringCchPrintfW(log->folder, HOST_PATH, L"%ls\\logs", settings->home))) return ERROR_FILENAME_EXCED_RANGE;
    if (!CreateDirectoryW(log->folder, NULL) && GetLastError() != ERROR_ALREADY_EXISTS) return GetLastError();
    log->file = open_file(log);
    if (log->file == INVALID_HANDLE_VALUE) return GetLastError();
    LARGE_INTEGER size;
    log->bytes = GetFileSizeEx(log->file, &size) ? (ULONGLONG)size.QuadPart : 0;
    return ERROR_SUCCESS;
}

void log_write(struct log *log, const char *bytes, DWORD count) {
    AcquireSRWLockExclusive(&log->lock);
    if (!log->console && log->bytes > 0 && log->bytes + count > log->most_bytes) rotate(log);
    while (count > 0 && log->file != INVALID_HANDLE_VALUE && log->file != NULL) {
        DWORD written = 0;
        /* A disk that is full: these bytes are lost, the next may find room. */
        if (!WriteFile(log->file, bytes, count, &written, NULL) || written == 0) break;
        log->bytes += written;
        bytes += written;
        count -= written;
    }
    ReleaseSRWLockExclusive(&log->lock);
}

void log_line(struct log *log, const wchar_t *line) {
    SYSTEMTIME now;
    GetSystemTime(&now);
    wchar_t wide[HOST_LINE];
    char text[HOST_LINE * 3];
    HRESULT made = StringCchPrintfW(wide, HOST_LINE, L"%04u-%02u-%02uT%02u:%02u:%02u.%03uZ casare-agent-host: %ls\r\n", now.wYear,
                                    now.wMonth, now.wDay, now.wHour, now.wMinute, now.wSecond, now.wMilliseconds, line);
    /* A line that is too long is cut, and still written. */
    if (FAILED(made) && made != STRSAFE_E_INSUFFICIENT_BUFFER) return;
    int length = WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, (int)sizeof text, NULL, NULL);
    if (length > 1) log_write(log, text, (DWORD)length - 1);
}

void log_close(struct log *log) {
    AcquireSRWLockExclusive(&log->lock);
    if (!log->console && log->file != INVALID_HANDLE_VALUE) CloseHandle(log->file);
    log->file = INVALID_HANDLE_VALUE;
    ReleaseSRWLockExclusive(&log->lock);
}

/* Others may read it, and move it away, while it is written; it is written at its end only. */
static HANDLE open_file(const struct log *log) {
    wchar_t name[HOST_PATH];
    if (!file_name(log, 0, name)) {
        SetLastError(ERROR_FILENAME_EXCED_RANGE);
        return INVALID_HANDLE_VALUE;
    }
    return CreateFileW(name, FILE_APPEND_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                       OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
}

/* agent.log becomes agent.1.log, and so on; the oldest goes. Where somebody holds a file, the log starts over: it has a bound. */
static void rotate(struct log *log) {
    wchar_t from[HOST_PATH];
    wchar_t to[HOST_PATH];
    if (log->file != INVALID_HANDLE_VALUE) CloseHandle(log->file);
    log->file = INVALID_HANDLE_VALUE;
    for (DWORD number = log->files; number > 0; number -= 1) {
        if (!file_name(log, number - 1, from) || !file_name(log, number, to)) return;
        bool moved = MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING);
        if (!moved && number == 1) {
            HANDLE emptied = CreateFileW(from, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, TRUNCATE_EXISTING,
                                         FILE_ATTRIBUTE_NORMAL, NULL);
            if (emptied != INVALID_HANDLE_VALUE) CloseHandle(emptied);
        }
    }
    log->file = open_file(log);
    log->bytes = 0;
}

static bool file_name(const struct log *log, DWORD number, wchar_t *name) {
    HRESULT made = number == 0 ? StringCchPrintfW(name, HOST_PATH, L"%ls\\agent.log", log->folder)
                               : StringCchPrintfW(name, HOST_PATH, L"%ls\\agent.%lu.log", log->folder, (unsigned long)number);
    return SUCCEEDED(made);
}
