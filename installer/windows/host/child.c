#include "child.h"

#include <strsafe.h>

/* Characters that Windows takes for a command line. */
#define COMMAND_LINE 8192
#define PIPE_BYTES 65536
/* Exit code of what was killed. */
#define KILLED 1
#define KILL_MS 10000
/* How long is waited for the last words, in steps. */
#define READER_STEPS 50
#define READER_STEP_MS 100

/* The child's ends, closed here once it has them. */
struct ends {
    HANDLE input;
    HANDLE output;
};

static DWORD open_pipes(struct child *child, struct ends *ends);
static DWORD open_job(struct child *child);
static DWORD start_process(struct child *child, const struct settings *settings, const struct ends *ends);
static DWORD create_process(const struct settings *settings, const struct ends *ends, LPPROC_THREAD_ATTRIBUTE_LIST list,
                            PROCESS_INFORMATION *made);
static bool command_line(const struct settings *settings, wchar_t *line);
static DWORD WINAPI read_output(void *context);
static void join_reader(struct child *child);
static void close_handle(HANDLE *handle);
static void close_all(struct child *child);

DWORD child_start(struct child *child, const struct settings *settings, struct log *log) {
    ZeroMemory(child, sizeof *child);
    child->log = log;
    struct ends ends = {NULL, NULL};
    DWORD error = open_pipes(child, &ends);
    if (error == ERROR_SUCCESS) error = open_job(child);
    if (error == ERROR_SUCCESS) error = start_process(child, settings, &ends);
    /* The child has its own now: ours would keep the pipes open when it ends. */
    close_handle(&ends.input);
    close_handle(&ends.output);
    if (error == ERROR_SUCCESS) {
        child->reader = CreateThread(NULL, 0, read_output, child, 0, NULL);
        if (child->reader == NULL) error = GetLastError();
    }
    /* With the job's last handle all of it ends. */
    if (error != ERROR_SUCCESS) close_all(child);
    return error;
}

void child_ask_to_stop(struct child *child) {
    close_handle(&child->input);
}

DWORD child_finish(struct child *child) {
    DWORD code = KILLED;
    close_handle(&child->input);
    bool ended = WaitForSingleObject(child->process, 0) == WAIT_OBJECT_0;
    /* What it has started must not go on without it, and would keep its output open. */
    (void)TerminateJobObject(child->job, KILLED);
    if (ended || WaitForSingleObject(child->process, KILL_MS) == WAIT_OBJECT_0) (void)GetExitCodeProcess(child->process, &code);
    join_reader(child);
    close_all(child);
    return code;
}

static DWORD open_pipes(struct child *child, struct ends *ends) {
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    if (!CreatePipe(&ends->input, &child->input, &inherited, 0)) return GetLastError();
    if (!CreatePipe(&child->output, &ends->output, &inherited, PIPE_BYTES)) return GetLastError();
    if (!SetHandleInformation(child->input, HANDLE_FLAG_INHERIT, 0)) return GetLastError();
    if (!SetHandleInformation(child->output, HANDLE_FLAG_INHERIT, 0)) return GetLastError();
    return ERROR_SUCCESS;
}

static DWORD open_job(struct child *child) {
    child->job = CreateJobObjectW(NULL, NULL);
    if (child->job == NULL) return GetLastError();
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    ZeroMemory(&limits, sizeof limits);
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    if (!SetInformationJobObject(child->job, JobObjectExtendedLimitInformation, &limits, sizeof limits)) return GetLastError();
    return ERROR_SUCCESS;
}

/* Suspended, into the job, and only then on its way. */
static DWORD start_process(struct child *child, const struct settings *settings, const struct ends *ends) {
    SIZE_T size = 0;
    (void)InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    LPPROC_THREAD_ATTRIBUTE_LIST list = HeapAlloc(GetProcessHeap(), 0, size);
    if (list == NULL) return ERROR_NOT_ENOUGH_MEMORY;
    PROCESS_INFORMATION made;
    ZeroMemory(&made, sizeof made);
    DWORD error = ERROR_SUCCESS;
    if (InitializeProcThreadAttributeList(list, 1, 0, &size)) {
        HANDLE inherited[] = {ends->input, ends->output};
        if (UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, inherited, sizeof inherited, NULL, NULL)) {
            error = create_process(settings, ends, list, &made);
        } else {
            error = GetLastError();
        }
        DeleteProcThreadAttributeList(list);
    } else {
        error = GetLastError();
    }
    (void)HeapFree(GetProcessHeap(), 0, list);
    if (error != ERROR_SUCCESS) return error;
    child->process = made.hProcess;
    child->id = made.dwProcessId;
    if (!AssignProcessToJobObject(child->job, made.hProcess)) {
        error = GetLastError();
        (void)TerminateProcess(made.hProcess, KILLED);
    } else if (ResumeThread(made.hThread) == (DWORD)-1) {
        error = GetLastError();
    }
    close_handle(&made.hThread);
    return error;
}

/* The program by its full path: nothing is searched for. Its current folder is one that the account cannot write. */
static DWORD create_process(const struct settings *settings, const struct ends *ends, LPPROC_THREAD_ATTRIBUTE_LIST list,
                            PROCESS_INFORMATION *made) {
    wchar_t program[HOST_PATH];
    wchar_t line[COMMAND_LINE];
    if (FAILED(StringCchPrintfW(program, HOST_PATH, L"%ls\\node.exe", settings->folder))) return ERROR_FILENAME_EXCED_RANGE;
    if (!command_line(settings, line)) return ERROR_FILENAME_EXCED_RANGE;
    STARTUPINFOEXW startup;
    ZeroMemory(&startup, sizeof startup);
    startup.StartupInfo.cb = sizeof startup;
    startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    startup.StartupInfo.hStdInput = ends->input;
    startup.StartupInfo.hStdOutput = ends->output;
    startup.StartupInfo.hStdError = ends->output;
    startup.lpAttributeList = list;
    DWORD flags = CREATE_SUSPENDED | CREATE_NO_WINDOW | EXTENDED_STARTUPINFO_PRESENT;
    if (CreateProcessW(program, line, NULL, NULL, TRUE, flags, NULL, settings->folder, &startup.StartupInfo, made)) {
        return ERROR_SUCCESS;
    }
    return GetLastError();
}

/*
 * No path has a quote in it, and none of these ends with a backslash: quotes around it are enough. The service has agent.log
 * open and nobody else may write it: the agent's log comes by its standard output.
 */
static bool command_line(const struct settings *settings, wchar_t *line) {
    return SUCCEEDED(StringCchPrintfW(line, COMMAND_LINE,
                                      L"\"%ls\\node.exe\" --disable-warning=ExperimentalWarning \"%ls\\casare-agent.mjs\" run"
                                      L" --home \"%ls\" --config \"%ls\\agent.yaml\" --stop-on-stdin-end%ls",
                                      settings->folder, settings->folder, settings->home, settings->home,
                                      settings->console ? L"" : L" --log-to-stdout"));
}

/* Until the last process that could write has ended. */
static DWORD WINAPI read_output(void *context) {
    struct child *child = context;
    char bytes[4096];
    DWORD count = 0;
    while (ReadFile(child->output, bytes, sizeof bytes, &count, NULL)) log_write(child->log, bytes, count);
    return 0;
}

/* All that could write is dead: the pipe has an end. Should something outside of the job hold it, the thread is called back. */
static void join_reader(struct child *child) {
    for (int step = 0; WaitForSingleObject(child->reader, READER_STEP_MS) == WAIT_TIMEOUT; step += 1) {
        if (step >= READER_STEPS) (void)CancelSynchronousIo(child->reader);
    }
}

static void close_handle(HANDLE *handle) {
    if (*handle != NULL) (void)CloseHandle(*handle);
    *handle = NULL;
}

static void close_all(struct child *child) {
    close_handle(&child->input);
    close_handle(&child->job);
    close_handle(&child->process);
    close_handle(&child->reader);
    close_handle(&child->output);
}
