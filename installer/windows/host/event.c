#include "event.h"

#include <strsafe.h>

static WORD kind_of(DWORD message);
static void report(DWORD message, const wchar_t *const values[EVENT_MOST_VALUES]);

struct digits digits_of(ULONGLONG number) {
    struct digits digits;
    (void)StringCchPrintfW(digits.text, ARRAYSIZE(digits.text), L"%llu", number);
    return digits;
}

void event_tell(struct log *log, DWORD message, const wchar_t *const values[EVENT_MOST_VALUES]) {
    DWORD_PTR inserts[EVENT_MOST_VALUES];
    for (size_t i = 0; i < EVENT_MOST_VALUES; i += 1) inserts[i] = (DWORD_PTR)(values[i] == NULL ? L"" : values[i]);
    wchar_t line[HOST_LINE];
    DWORD flags = FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_ARGUMENT_ARRAY | FORMAT_MESSAGE_MAX_WIDTH_MASK;
    DWORD length = FormatMessageW(flags, NULL, message, 0, line, HOST_LINE, (va_list *)inserts);
    /* The end of the line in the table has become a blank. */
    while (length > 0 && line[length - 1] == L' ') line[length -= 1] = L'\0';
    if (length == 0) {
        (void)StringCchPrintfW(line, HOST_LINE, L"event %lu", (unsigned long)(message & 0xffff));
    }
    log_line(log, line);
    report(message, values);
}

/* The Event Log may be full, or closed to this account: the agent's own log has the line already. */
static void report(DWORD message, const wchar_t *const values[EVENT_MOST_VALUES]) {
    HANDLE source = RegisterEventSourceW(NULL, HOST_EVENT_SOURCE);
    if (source == NULL) return;
    LPCWSTR texts[EVENT_MOST_VALUES];
    for (size_t i = 0; i < EVENT_MOST_VALUES; i += 1) texts[i] = values[i] == NULL ? L"" : values[i];
    (void)ReportEventW(source, kind_of(message), 0, message, NULL, EVENT_MOST_VALUES, 0, texts, NULL);
    (void)DeregisterEventSource(source);
}

static WORD kind_of(DWORD message) {
    static const WORD KINDS[] = {EVENTLOG_SUCCESS, EVENTLOG_INFORMATION_TYPE, EVENTLOG_WARNING_TYPE, EVENTLOG_ERROR_TYPE};
    return KINDS[message >> 30];
}
