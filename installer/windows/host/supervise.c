#define _CRT_RAND_S
#include <stdlib.h>

#include "supervise.h"

#include "child.h"
#include "event.h"
#include "pace.h"

#define STOPPING_STEP_MS 1000

static DWORD run_once(const struct supervision *supervision, struct pace *pace, bool *stopped, DWORD *pause_ms);
static void stop_child(const struct supervision *supervision, struct child *child);
static DWORD pause_after(const struct supervision *supervision, struct pace *pace, ULONGLONG ran, DWORD code);
static DWORD pause_after_no_start(const struct supervision *supervision, struct pace *pace, DWORD error);
static DWORD chance(void);

DWORD supervise(const struct supervision *supervision) {
    struct pace pace;
    pace_begin(&pace, supervision->settings);
    for (;;) {
        bool stopped = false;
        DWORD pause_ms = 0;
        DWORD error = run_once(supervision, &pace, &stopped, &pause_ms);
        if (stopped || error != ERROR_SUCCESS) return error;
        DWORD waited = WaitForSingleObject(supervision->stop, pause_ms);
        if (waited == WAIT_FAILED) return GetLastError();
        if (waited == WAIT_OBJECT_0) return ERROR_SUCCESS;
    }
}

static DWORD run_once(const struct supervision *supervision, struct pace *pace, bool *stopped, DWORD *pause_ms) {
    struct child child;
    DWORD error = child_start(&child, supervision->settings, supervision->log);
    if (error != ERROR_SUCCESS) {
        *pause_ms = pause_after_no_start(supervision, pace, error);
        return ERROR_SUCCESS;
    }
    ULONGLONG since = GetTickCount64();
    struct digits id = digits_of(child.id);
    event_tell(supervision->log, EVENT_STARTED, (const wchar_t *[EVENT_MOST_VALUES]){id.text});
    HANDLE either[] = {supervision->stop, child.process};
    DWORD waited = WaitForMultipleObjects(ARRAYSIZE(either), either, FALSE, INFINITE);
    error = waited == WAIT_FAILED ? GetLastError() : ERROR_SUCCESS;
    *stopped = waited == WAIT_OBJECT_0;
    if (*stopped) {
        stop_child(supervision, &child);
    } else {
        DWORD code = child_finish(&child);
        if (error == ERROR_SUCCESS) *pause_ms = pause_after(supervision, pace, GetTickCount64() - since, code);
    }
    return error;
}

/* It has the grace to end by itself; then it is killed with all that it has started. */
static void stop_child(const struct supervision *supervision, struct child *child) {
    ULONGLONG grace = supervision->settings->grace_ms;
    ULONGLONG since = GetTickCount64();
    child_ask_to_stop(child);
    bool ended = false;
    do {
        supervision->stopping();
        ULONGLONG spent = GetTickCount64() - since;
        ULONGLONG left = spent < grace ? grace - spent : 0;
        ended = WaitForSingleObject(child->process, left < STOPPING_STEP_MS ? (DWORD)left : STOPPING_STEP_MS) == WAIT_OBJECT_0;
    } while (!ended && GetTickCount64() - since < grace);
    struct digits code = digits_of(child_finish(child));
    struct digits allowed = digits_of(grace);
    if (ended) event_tell(supervision->log, EVENT_STOPPED, (const wchar_t *[EVENT_MOST_VALUES]){code.text});
    else event_tell(supervision->log, EVENT_KILLED, (const wchar_t *[EVENT_MOST_VALUES]){allowed.text});
}

static DWORD pause_after(const struct supervision *supervision, struct pace *pace, ULONGLONG ran, DWORD code) {
    const struct settings *settings = supervision->settings;
    DWORD pause_ms = 0;
    enum pace_word word = pace_after_exit(pace, settings, GetTickCount64(), ran, code, chance(), &pause_ms);
    struct digits ended_with = digits_of(code);
    struct digits after = digits_of(ran);
    struct digits again = digits_of(pause_ms);
    struct digits slow = digits_of(settings->slow_pause_ms);
    struct digits times = digits_of(settings->loop_exits);
    struct digits window = digits_of(settings->loop_window_ms);
    if (word == PACE_LOOP_FOUND) {
        event_tell(supervision->log, EVENT_LOOP,
                   (const wchar_t *[EVENT_MOST_VALUES]){times.text, window.text, ended_with.text, slow.text});
    } else if (word == PACE_REFUSED) {
        event_tell(supervision->log, EVENT_REFUSED, (const wchar_t *[EVENT_MOST_VALUES]){ended_with.text, slow.text});
    } else {
        event_tell(supervision->log, EVENT_ENDED, (const wchar_t *[EVENT_MOST_VALUES]){ended_with.text, after.text, again.text});
    }
    return pause_ms;
}

/* A virus scanner may hold the program for a moment: it is tried again like one that has ended at once. */
static DWORD pause_after_no_start(const struct supervision *supervision, struct pace *pace, DWORD error) {
    DWORD pause_ms = 0;
    (void)pace_after_exit(pace, supervision->settings, GetTickCount64(), 0, EXIT_FAILURE, chance(), &pause_ms);
    struct digits why = digits_of(error);
    struct digits again = digits_of(pause_ms);
    event_tell(supervision->log, EVENT_NOT_STARTED,
               (const wchar_t *[EVENT_MOST_VALUES]){supervision->settings->folder, why.text, again.text});
    return pause_ms;
}

/* For the jitter alone: without it the pause is only less spread. */
static DWORD chance(void) {
    unsigned int number = 0;
    return rand_s(&number) == 0 ? number : 0;
}
