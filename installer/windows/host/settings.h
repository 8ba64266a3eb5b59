/* What the host was told: by its command line, else by the registry, else the usual. Read once, at the start. */
#ifndef CASARE_SETTINGS_H
#define CASARE_SETTINGS_H

#include "host.h"

struct settings {
    /* Of the host, node.exe and the agent. */
    wchar_t folder[HOST_PATH];
    /* The agent's data; logs are in `logs` below it. */
    wchar_t home[HOST_PATH];
    /* In front of a person, not as a service. */
    bool console;
    /* From the request to stop until the child is killed. */
    DWORD grace_ms;
    /* Pause before the first restart, doubled with each that follows a short run, up to the most. */
    DWORD first_pause_ms;
    DWORD most_pause_ms;
    /* A run of this length was no failure to start: pauses begin anew. */
    DWORD steady_ms;
    /* So many ends within the window are a crash loop; then, and when the configuration is refused, the slow pause holds. */
    DWORD loop_exits;
    DWORD loop_window_ms;
    DWORD slow_pause_ms;
    /* Of agent.log, and how many older ones are kept. */
    DWORD log_bytes;
    DWORD log_files;
};

/* False when something is wrong: `problem` (HOST_LINE characters) says what, and what to do. */
bool settings_read(struct settings *settings, int count, wchar_t **arguments, wchar_t *problem);

#endif
