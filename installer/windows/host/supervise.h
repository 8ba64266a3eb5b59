/* Keeps the agent running until it is asked to stop. */
#ifndef CASARE_SUPERVISE_H
#define CASARE_SUPERVISE_H

#include "log.h"

struct supervision {
    const struct settings *settings;
    struct log *log;
    /* Set when the agent shall stop. */
    HANDLE stop;
    /* Called about once a second while the agent takes its time to stop; at least once before. */
    void (*stopping)(void);
};

/* Returns when the agent has stopped, or with the error of Windows that makes it impossible to go on. */
DWORD supervise(const struct supervision *supervision);

#endif
