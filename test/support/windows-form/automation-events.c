/*
 * Events of the double. As in the real one they come on a thread that the program does not know: it looks at the windows of the
 * form and calls whoever wants to hear of them. A handler that does not return holds it.
 */
#include "automation-double.h"

enum { MOST_HANDLERS = 32, LOOK_MS = 40 };

static struct { enum handler_kind kind; IUnknown *handler; } handlers[MOST_HANDLERS];
static volatile LONG handler_count;

/* What can be seen of the form: how many windows there are, and a number that changes with their texts. */
struct look { int windows; unsigned texts; HWND last; };

static void add_text(unsigned *texts, HWND window)
{
    BSTR text = window_text(window);
    size_t i;
    for (i = 0; text[i]; i++) *texts = *texts * 31 + text[i];
    SysFreeString(text);
}

static BOOL CALLBACK add_child(HWND window, LPARAM given)
{
    add_text((unsigned *)given, window);
    return TRUE;
}

static BOOL CALLBACK add_window(HWND window, LPARAM given)
{
    struct look *look = (struct look *)given;
    if (class_of(window) != TOP || !IsWindowVisible(window)) return TRUE;
    look->windows++;
    look->last = window;
    add_text(&look->texts, window);
    EnumChildWindows(window, add_child, (LPARAM)&look->texts);
    return TRUE;
}

static void tell(enum handler_kind kind, HWND window)
{
    struct object *sender = make_element(window, WHOLE, 0, 0);
    VARIANT value;
    int i;
    VariantInit(&value);
    for (i = 0; i < handler_count; i++) {
        void *handler = handlers[i].handler;
        if (handlers[i].kind != kind) continue;
        switch (kind) {
        case OPENED: IUIAutomationEventHandler_HandleAutomationEvent((IUIAutomationEventHandler *)handler, (void *)sender, UIA_Window_WindowOpenedEventId); break;
        case STRUCTURE:
            IUIAutomationStructureChangedEventHandler_HandleStructureChangedEvent((IUIAutomationStructureChangedEventHandler *)handler, (void *)sender, StructureChangeType_ChildrenInvalidated, NULL);
            break;
        case PROPERTY:
            V_VT(&value) = VT_I4;
            IUIAutomationPropertyChangedEventHandler_HandlePropertyChangedEvent((IUIAutomationPropertyChangedEventHandler *)handler, (void *)sender, UIA_NamePropertyId, value);
            break;
        }
    }
    release(sender);
}

static DWORD WINAPI watch(void *given)
{
    struct look before = { 0 }, now;
    (void)given;
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    for (now = before;; Sleep(LOOK_MS)) {
        memset(&now, 0, sizeof now);
        EnumWindows(add_window, (LPARAM)&now);
        if (now.windows > before.windows) tell(OPENED, now.last);
        if (now.windows != before.windows) tell(STRUCTURE, now.last);
        else if (now.texts != before.texts) tell(PROPERTY, now.last);
        before = now;
    }
    return 0;
}

HRESULT add_handler(enum handler_kind kind, IUnknown *handler)
{
    if (handler_count == MOST_HANDLERS) return E_OUTOFMEMORY;
    IUnknown_AddRef(handler);
    handlers[handler_count].kind = kind;
    handlers[handler_count].handler = handler;
    if (InterlockedIncrement(&handler_count) == 1) CloseHandle(CreateThread(NULL, 0, watch, NULL, 0, NULL));
    return S_OK;
}
