#include "settings.h"

#include <knownfolders.h>
#include <shlobj.h>
#include <strsafe.h>
#include <wchar.h>

#define REGISTRY_KEY L"Software\\Casare\\Agent"

/* A number with its bounds: `flag` of the command line, `value` (DWORD) of the registry. */
struct number {
    const wchar_t *flag;
    const wchar_t *value;
    size_t at;
    DWORD least;
    DWORD most;
    DWORD usual;
};

static const struct number NUMBERS[] = {
    {L"--grace-ms", L"HostGraceMs", offsetof(struct settings, grace_ms), 1000, 3600000, 30000},
    {L"--first-pause-ms", L"HostFirstPauseMs", offsetof(struct settings, first_pause_ms), 100, 600000, 1000},
    {L"--most-pause-ms", L"HostMostPauseMs", offsetof(struct settings, most_pause_ms), 100, 3600000, 60000},
    {L"--steady-ms", L"HostSteadyMs", offsetof(struct settings, steady_ms), 1000, 86400000, 60000},
    {L"--loop-exits", L"HostLoopExits", offsetof(struct settings, loop_exits), 2, 32, 5},
    {L"--loop-window-ms", L"HostLoopWindowMs", offsetof(struct settings, loop_window_ms), 1000, 86400000, 600000},
    {L"--slow-pause-ms", L"HostSlowPauseMs", offsetof(struct settings, slow_pause_ms), 1000, 86400000, 300000},
    {L"--log-bytes", L"HostLogBytes", offsetof(struct settings, log_bytes), 4096, 1073741824, 10485760},
    {L"--log-files", L"HostLogFiles", offsetof(struct settings, log_files), 1, 99, 5},
};
#define NUMBER_COUNT (sizeof NUMBERS / sizeof NUMBERS[0])

static bool read_folder(struct settings *settings, wchar_t *problem);
static bool read_usual_home(struct settings *settings, wchar_t *problem);
static bool read_registry(struct settings *settings, wchar_t *problem);
static bool read_arguments(struct settings *settings, int count, wchar_t **arguments, wchar_t *problem);
static bool take_home(struct settings *settings, const wchar_t *given, wchar_t *problem);
static bool take_number(struct settings *settings, const struct number *number, const wchar_t *text, wchar_t *problem);
static bool set_number(struct settings *settings, const struct number *number, ULONGLONG given, const wchar_t *name,
                       wchar_t *problem);

bool settings_read(struct settings *settings, int count, wchar_t **arguments, wchar_t *problem) {
    ZeroMemory(settings, sizeof *settings);
    for (size_t i = 0; i < NUMBER_COUNT; i += 1) {
        *(DWORD *)((BYTE *)settings + NUMBERS[i].at) = NUMBERS[i].usual;
    }
    for (int at = 1; at < count; at += 1) {
        if (wcscmp(arguments[at], L"--console") == 0) settings->console = true;
    }
    return read_folder(settings, problem) && read_registry(settings, problem) &&
           read_arguments(settings, count, arguments, problem) &&
           (settings->home[0] != L'\0' || read_usual_home(settings, problem));
}

/* Where the host itself is. */
static bool read_folder(struct settings *settings, wchar_t *problem) {
    DWORD length = GetModuleFileNameW(NULL, settings->folder, HOST_PATH);
    wchar_t *last = length > 0 && length < HOST_PATH ? wcsrchr(settings->folder, L'\\') : NULL;
    if (last == NULL) {
        (void)StringCchPrintfW(problem, HOST_LINE, L"the path of the program has more than %d characters: install it in a shorter one",
                               HOST_PATH - 1);
        return false;
    }
    *last = L'\0';
    return true;
}

/* The folder that Windows names, not an environment variable, which others may set. */
static bool read_usual_home(struct settings *settings, wchar_t *problem) {
    PWSTR data = NULL;
    HRESULT found = SHGetKnownFolderPath(&FOLDERID_ProgramData, 0, NULL, &data);
    if (SUCCEEDED(found)) found = StringCchPrintfW(settings->home, HOST_PATH, L"%ls\\Casare\\Agent", data);
    CoTaskMemFree(data);
    if (SUCCEEDED(found)) return true;
    (void)StringCchPrintfW(problem, HOST_LINE, L"Windows does not say where ProgramData is (0x%08lx): give --home", (unsigned long)found);
    return false;
}

/* Only administrators may write there. What is absent is as usual. */
static bool read_registry(struct settings *settings, wchar_t *problem) {
    for (size_t i = 0; i < NUMBER_COUNT; i += 1) {
        DWORD given = 0;
        DWORD size = sizeof given;
        LSTATUS status = RegGetValueW(HKEY_LOCAL_MACHINE, REGISTRY_KEY, NUMBERS[i].value,
                                      RRF_RT_REG_DWORD | RRF_SUBKEY_WOW6464KEY, NULL, &given, &size);
        if (status == ERROR_FILE_NOT_FOUND) continue;
        if (status != ERROR_SUCCESS) {
            (void)StringCchPrintfW(problem, HOST_LINE, L"registry value %ls cannot be read (error %ld): make it a DWORD, or remove it",
                                   NUMBERS[i].value, status);
            return false;
        }
        if (!set_number(settings, &NUMBERS[i], given, NUMBERS[i].value, problem)) return false;
    }
    return true;
}

static bool read_arguments(struct settings *settings, int count, wchar_t **arguments, wchar_t *problem) {
    for (int at = 1; at < count; at += 1) {
        if (wcscmp(arguments[at], L"--console") == 0) continue;
        const wchar_t *given = at + 1 < count ? arguments[at + 1] : NULL;
        const struct number *number = NULL;
        for (size_t i = 0; i < NUMBER_COUNT; i += 1) {
            if (wcscmp(arguments[at], NUMBERS[i].flag) == 0) number = &NUMBERS[i];
        }
        bool known = number != NULL || wcscmp(arguments[at], L"--home") == 0;
        if (!known || given == NULL) {
            (void)StringCchPrintfW(problem, HOST_LINE, L"%.200ls is %ls", arguments[at], known ? L"without a value" : L"not known");
            return false;
        }
        if (!(number == NULL ? take_home(settings, given, problem) : take_number(settings, number, given, problem))) return false;
        at += 1;
    }
    return true;
}

/* A full path: what a service takes for its current folder is nobody's intention. It ends without a backslash. */
static bool take_home(struct settings *settings, const wchar_t *given, wchar_t *problem) {
    size_t length = wcslen(given);
    while (length > 0 && given[length - 1] == L'\\') length -= 1;
    bool full = length > 3 && ((given[1] == L':' && given[2] == L'\\') || wcsncmp(given, L"\\\\", 2) == 0);
    if (full && wcschr(given, L'"') == NULL && SUCCEEDED(StringCchCopyNW(settings->home, HOST_PATH, given, length))) return true;
    (void)StringCchPrintfW(problem, HOST_LINE, L"--home takes the full path of a folder, not %.200ls", given);
    return false;
}

static bool take_number(struct settings *settings, const struct number *number, const wchar_t *text, wchar_t *problem) {
    wchar_t *end = NULL;
    ULONGLONG given = text[0] >= L'0' && text[0] <= L'9' ? wcstoull(text, &end, 10) : 0;
    if (end != NULL && *end == L'\0') return set_number(settings, number, given, number->flag, problem);
    (void)StringCchPrintfW(problem, HOST_LINE, L"%ls takes a whole number, not %.200ls", number->flag, text);
    return false;
}

static bool set_number(struct settings *settings, const struct number *number, ULONGLONG given, const wchar_t *name,
                       wchar_t *problem) {
    if (given < number->least || given > number->most) {
        (void)StringCchPrintfW(problem, HOST_LINE, L"%ls takes a number from %lu to %lu, not %llu", name, (unsigned long)number->least,
                               (unsigned long)number->most, given);
        return false;
    }
    *(DWORD *)((BYTE *)settings + number->at) = (DWORD)given;
    return true;
}
