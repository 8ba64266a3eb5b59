/* What happens to the agent, told to the Event Log and to its own log in the same words (messages.mc). */
#ifndef CASARE_EVENT_H
#define CASARE_EVENT_H

#include "log.h"
#include "messages.h"

#define EVENT_MOST_VALUES 4

/* A number as text. */
struct digits {
    wchar_t text[24];
};
struct digits digits_of(ULONGLONG number);

/* `values` replace %1 and so on; the kind of the event is that of the message's severity. */
void event_tell(struct log *log, DWORD message, const wchar_t *const values[EVENT_MOST_VALUES]);

#endif
