#include "service.h"

#include <stdio.h>

#include "event.h"
#include "supervise.h"

/* Within which the next word comes, while it stops. */
#define HINT_MS 15000

/* A process has one service: Windows gives the functions that it calls nothing else to find it by. */
static struct {
    const struct settings *settings;
    const wchar_t *problem;
    SERVICE_STATUS_HANDLE handle;
    SRWLOCK lock;
    SERVICE_STATUS status;
    HANDLE stop;
    DWORD result;
} service;

static void WINAPI service_main(DWORD count, wchar_t **arguments);
static DWORD serve(void);
static DWORD WINAPI on_control(DWORD control, DWORD kind, void *data, void *context);
static BOOL WINAPI on_key(DWORD key);
static void still_stopping(void);
static void not_told(void);
static void tell_state(DWORD state, DWORD result);

int service_run(const struct settings *settings, const wchar_t *problem) {
    service.settings = settings;
    service.problem = problem;
    InitializeSRWLock(&service.lock);
    wchar_t name[] = HOST_SERVICE;
    const SERVICE_TABLE_ENTRYW table[] = {{name, service_main}, {NULL, NULL}};
    if (StartServiceCtrlDispatcherW(table)) return (int)service.result;
    DWORD error = GetLastError();
    if (error == ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) {
        (void)fwprintf(stderr, L"HOST_NOT_A_SERVICE: only the service manager starts this: start the service, or give --console\n");
    } else {
        (void)fwprintf(stderr, L"HOST_NO_SERVICE: the service manager does not answer (error %lu)\n", (unsigned long)error);
    }
    return 2;
}

int console_run(const struct settings *settings) {
    service.settings = settings;
    service.stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    struct log log;
    (void)log_open(&log, settings);
    DWORD error = service.stop == NULL || !SetConsoleCtrlHandler(on_key, TRUE) ? GetLastError() : ERROR_SUCCESS;
    if (error == ERROR_SUCCESS) {
        const struct supervision supervision = {settings, &log, service.stop, not_told};
        error = supervise(&supervision);
    }
    return error == ERROR_SUCCESS ? 0 : 1;
}

static void WINAPI service_main(DWORD count, wchar_t **arguments) {
    (void)count;
    (void)arguments;
    service.status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    service.stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    DWORD no_event = service.stop == NULL ? GetLastError() : ERROR_SUCCESS;
    service.handle = RegisterServiceCtrlHandlerExW(HOST_SERVICE, on_control, NULL);
    if (service.handle == NULL) return;
    tell_state(SERVICE_START_PENDING, ERROR_SUCCESS);
    service.result = no_event == ERROR_SUCCESS ? serve() : no_event;
    tell_state(SERVICE_STOPPED, service.result);
}

static DWORD serve(void) {
    struct log log;
    DWORD unwritable = log_open(&log, service.settings);
    if (service.problem[0] != L'\0') {
        event_tell(&log, EVENT_SETTINGS, (const wchar_t *[EVENT_MOST_VALUES]){service.problem});
        log_close(&log);
        return ERROR_INVALID_PARAMETER;
    }
    if (unwritable != ERROR_SUCCESS) {
        struct digits error = digits_of(unwritable);
        event_tell(&log, EVENT_LOG_CLOSED, (const wchar_t *[EVENT_MOST_VALUES]){service.settings->home, error.text});
    }
    tell_state(SERVICE_RUNNING, ERROR_SUCCESS);
    const struct supervision supervision = {service.settings, &log, service.stop, still_stopping};
    DWORD result = supervise(&supervision);
    if (result != ERROR_SUCCESS) {
        struct digits error = digits_of(result);
        event_tell(&log, EVENT_FAILED, (const wchar_t *[EVENT_MOST_VALUES]){L"a wait", error.text});
    }
    log_close(&log);
    return result;
}

/* Another thread: it says that it was heard, and leaves the work to the first. */
static DWORD WINAPI on_control(DWORD control, DWORD kind, void *data, void *context) {
    (void)kind;
    (void)data;
    (void)context;
    switch (control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_SHUTDOWN:
    case SERVICE_CONTROL_PRESHUTDOWN:
        tell_state(SERVICE_STOP_PENDING, ERROR_SUCCESS);
        (void)SetEvent(service.stop);
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
        return NO_ERROR;
    default:
        return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

/* A window that is closed leaves five seconds, whatever we answer: the job ends the child with us. */
static BOOL WINAPI on_key(DWORD key) {
    (void)key;
    (void)SetEvent(service.stop);
    return TRUE;
}

static void still_stopping(void) {
    tell_state(SERVICE_STOP_PENDING, ERROR_SUCCESS);
}

static void not_told(void) {
}

/* While it stops each word has a new number, by which the service manager sees that it goes on. Stopped is the last word. */
static void tell_state(DWORD state, DWORD result) {
    AcquireSRWLockExclusive(&service.lock);
    SERVICE_STATUS *status = &service.status;
    bool pending = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;
    if (status->dwCurrentState != SERVICE_STOPPED || state == SERVICE_START_PENDING) {
        status->dwCheckPoint = pending && status->dwCurrentState == state ? status->dwCheckPoint + 1 : (pending ? 1 : 0);
        status->dwWaitHint = pending ? HINT_MS : 0;
        status->dwCurrentState = state;
        status->dwWin32ExitCode = result;
        status->dwControlsAccepted =
            state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN | SERVICE_ACCEPT_PRESHUTDOWN : 0;
        (void)SetServiceStatus(service.handle, status);
    }
    ReleaseSRWLockExclusive(&service.lock);
}
