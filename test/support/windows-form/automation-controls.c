/* What the controls of the form say of themselves. Structures that lie in their process are written and read there. */
#include "automation-double.h"
#include <wchar.h>

#define ROOM 4096

enum class class_of(HWND window)
{
    static const struct { const wchar_t *name; enum class class; } known[] = {
        { L"Edit", EDIT }, { L"CasareDocument", DOCUMENT }, { L"ComboBox", COMBO }, { L"CasareChoice", COMBO },
        { L"ListBox", LIST }, { L"msctls_trackbar32", SLIDER },
        { L"SysListView32", TABLE }, { L"SysHeader32", TABLE_HEADER }, { L"Static", LABEL }, { L"CasareForm", TOP }, { L"#32768", POPUP },
    };
    wchar_t name[100] = { 0 };
    size_t i;
    GetClassNameW(window, name, 100);
    if (!lstrcmpiW(name, L"Button")) {
        switch (GetWindowLongW(window, GWL_STYLE) & 0xf) {
        case BS_CHECKBOX: case BS_AUTOCHECKBOX: return CHECK;
        case BS_RADIOBUTTON: case BS_AUTORADIOBUTTON: return RADIO;
        default: return BUTTON;
        }
    }
    for (i = 0; i < sizeof known / sizeof *known; i++) if (!lstrcmpiW(name, known[i].name)) return known[i].class;
    return OTHER;
}

/* Memory in the process of a window, with what a message needs at its beginning and room for an answer behind it. */
static char *there(HWND window, HANDLE *process, const void *bytes, size_t size)
{
    DWORD id;
    char *memory;
    GetWindowThreadProcessId(window, &id);
    *process = OpenProcess(PROCESS_VM_OPERATION | PROCESS_VM_READ | PROCESS_VM_WRITE, FALSE, id);
    if (!*process) return NULL;
    memory = VirtualAllocEx(*process, NULL, ROOM, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    if (memory) WriteProcessMemory(*process, memory, bytes, size, NULL);
    return memory;
}

static void done(HANDLE process, char *memory)
{
    VirtualFreeEx(process, memory, 0, MEM_RELEASE);
    CloseHandle(process);
}

BSTR table_text(HWND table, int row, int column)
{
    LVITEMW item = { 0 };
    wchar_t text[512] = { 0 };
    HANDLE process;
    char *memory = there(table, &process, &item, sizeof item);
    if (!memory) return SysAllocString(L"");
    item.iSubItem = column;
    item.pszText = (wchar_t *)(memory + 256);
    item.cchTextMax = 512;
    WriteProcessMemory(process, memory, &item, sizeof item, NULL);
    SendMessageW(table, LVM_GETITEMTEXTW, row, (LPARAM)memory);
    ReadProcessMemory(process, memory + 256, text, sizeof text - 2, NULL);
    done(process, memory);
    return SysAllocString(text);
}

BSTR header_text(HWND table, int column)
{
    HWND header = (HWND)SendMessageW(table, LVM_GETHEADER, 0, 0);
    HDITEMW item = { 0 };
    wchar_t text[512] = { 0 };
    HANDLE process;
    char *memory = there(header, &process, &item, sizeof item);
    if (!memory) return SysAllocString(L"");
    item.mask = HDI_TEXT;
    item.pszText = (wchar_t *)(memory + 256);
    item.cchTextMax = 512;
    WriteProcessMemory(process, memory, &item, sizeof item, NULL);
    SendMessageW(header, HDM_GETITEMW, column, (LPARAM)memory);
    ReadProcessMemory(process, memory + 256, text, sizeof text - 2, NULL);
    done(process, memory);
    return SysAllocString(text);
}

BOOL table_rectangle(HWND table, int row, int column, RECT *rectangle)
{
    /* The place of a subitem: its column as top, what of it is meant as left. */
    RECT asked = { LVIR_LABEL, column, 0, 0 };
    HANDLE process;
    char *memory = there(table, &process, &asked, sizeof asked);
    BOOL found;
    if (!memory) return FALSE;
    found = SendMessageW(table, LVM_GETSUBITEMRECT, row, (LPARAM)memory) != 0;
    ReadProcessMemory(process, memory, rectangle, sizeof *rectangle, NULL);
    done(process, memory);
    MapWindowPoints(table, NULL, (POINT *)rectangle, 2);
    return found;
}

int columns_of(HWND table)
{
    return (int)SendMessageW((HWND)SendMessageW(table, LVM_GETHEADER, 0, 0), HDM_GETITEMCOUNT, 0, 0);
}

BOOL is_in_view(HWND table, int row, int column)
{
    RECT area, cell, shared;
    GetWindowRect(table, &area);
    return table_rectangle(table, row, column, &cell) && IntersectRect(&shared, &area, &cell) && EqualRect(&shared, &cell);
}

BSTR option_text(HWND list, int index)
{
    BOOL combo = class_of(list) == COMBO;
    wchar_t text[512] = { 0 };
    if (SendMessageW(list, combo ? CB_GETLBTEXTLEN : LB_GETTEXTLEN, index, 0) < 511)
        SendMessageW(list, combo ? CB_GETLBTEXT : LB_GETTEXT, index, (LPARAM)text);
    return SysAllocString(text);
}

BSTR window_text(HWND window)
{
    wchar_t text[1024] = { 0 };
    SendMessageW(window, WM_GETTEXT, 1024, (LPARAM)text);
    return SysAllocString(text);
}

BOOL has_focus(HWND window)
{
    GUITHREADINFO info = { sizeof info };
    return GetGUIThreadInfo(GetWindowThreadProcessId(window, NULL), &info) && info.hwndFocus == window;
}
