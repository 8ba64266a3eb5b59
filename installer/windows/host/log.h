/*
 * logs\agent.log: what the child writes, and a line of the host for what happens to it.
 *
 * The child writes into a pipe and the host into the file, so the host alone has the file open and can rotate it between two
 * writes with nothing lost; a full disk costs lines, and never stops the child. On a console it is the console.
 */
#ifndef CASARE_LOG_H
#define CASARE_LOG_H

#include "settings.h"

struct log {
    SRWLOCK lock;
    HANDLE file;
    bool console;
    wchar_t folder[HOST_PATH];
    ULONGLONG bytes;
    ULONGLONG most_bytes;
    DWORD files;
};

/* Opens the log, and makes its folder. Gives the error of Windows; what is written to a log that is not open is lost. */
DWORD log_open(struct log *log, const struct settings *settings);

/* Bytes as they came. */
void log_write(struct log *log, const char *bytes, DWORD count);

/* A line of the host's own, with the time. */
void log_line(struct log *log, const wchar_t *line);

void log_close(struct log *log);

#endif
