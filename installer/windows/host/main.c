/*
 * casare-agent-host.exe: the service `CasareAgent`, or with --console the same in front of a person.
 *
 *   casare-agent-host.exe [--console] [--home DIR] [--grace-ms N] ... (all in settings.c)
 */
#include <stdio.h>

#include "service.h"

static void harden(void);

int wmain(int count, wchar_t **arguments) {
    harden();
    static struct settings settings;
    static wchar_t problem[HOST_LINE];
    if (!settings_read(&settings, count, arguments, problem) && settings.console) {
        (void)fwprintf(stderr, L"HOST_USAGE: %ls\n", problem);
        return 2;
    }
    return settings.console ? console_run(&settings) : service_run(&settings, problem);
}

/*
 * Libraries come from the system's folder only, also for what is loaded later. What other products set for every Node on the
 * machine must not reach this one: it could load code into the agent, keep it from starting, or weaken its TLS (the same list is
 * in ../command.ts). No dialog about a drive waits for a person in a session that nobody sees.
 */
static void harden(void) {
    (void)HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
    (void)SetErrorMode(SEM_FAILCRITICALERRORS);
    if (!SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32)) ExitProcess(GetLastError());
    static const wchar_t *const REMOVED[] = {
        L"NODE_OPTIONS",     L"NODE_PATH",    L"NODE_REPL_EXTERNAL_MODULE", L"NODE_TLS_REJECT_UNAUTHORIZED",
        L"NODE_V8_COVERAGE", L"OPENSSL_CONF", L"OPENSSL_MODULES",           L"SSLKEYLOGFILE",
    };
    for (size_t i = 0; i < ARRAYSIZE(REMOVED); i += 1) {
        if (!SetEnvironmentVariableW(REMOVED[i], NULL) && GetLastError() != ERROR_ENVVAR_NOT_FOUND) ExitProcess(GetLastError());
    }
}
