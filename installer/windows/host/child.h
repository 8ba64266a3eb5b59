/*
 * One run of the agent: node.exe in a job of its own that ends everything in it when the host ends, however it ends.
 *
 * The child is made suspended and joins the job before its first instruction, so nothing that it starts is outside. It
 * inherits two handles: the end of a pipe that it reads, whose closing asks it to stop, and one that it writes to.
 */
#ifndef CASARE_CHILD_H
#define CASARE_CHILD_H

#include "log.h"

struct child {
    HANDLE job;
    HANDLE process;
    DWORD id;
    /* Our end of its standard input. */
    HANDLE input;
    /* Our end of its output, and the thread that reads it into the log. */
    HANDLE output;
    HANDLE reader;
    struct log *log;
};

/* Gives the error of Windows; then nothing is left open. `child` must stay where it is until `child_finish`. */
DWORD child_start(struct child *child, const struct settings *settings, struct log *log);

/* Asks it to stop. */
void child_ask_to_stop(struct child *child);

/* Kills it with everything that it has started, waits for what it has written, closes all; gives its exit code. */
DWORD child_finish(struct child *child);

#endif
