/* What a form has for hands: a parcel that is dragged onto a shelf, which then says so, and menus that open. */
#include "form.h"
#include <wchar.h>

enum { REMOVE_ITEM = 301, MOST_TEXT = 100 };

static HMENU open_menu;

/* A parcel is held from the button's press to its release; where it is let go decides. */
static LRESULT CALLBACK parcel(HWND window, UINT message, WPARAM w, LPARAM l)
{
    static BOOL moved;
    POINT point;
    HWND below;
    wchar_t class[40];
    switch (message) {
    case WM_LBUTTONDOWN:
        SetCapture(window);
        moved = FALSE;
        return 0;
    case WM_MOUSEMOVE:
        moved = moved || GetCapture() == window;
        return 0;
    case WM_LBUTTONUP:
        if (GetCapture() != window) return 0;
        ReleaseCapture();
        GetCursorPos(&point);
        below = WindowFromPoint(point);
        if (moved && GetClassNameW(below, class, 40) && !wcscmp(class, L"CasareShelf")) SetWindowTextW(below, L"Shelf with parcel");
        return 0;
    }
    return DefWindowProcW(window, message, w, l);
}

/* A shelf is emptied by its context menu. */
static LRESULT CALLBACK shelf(HWND window, UINT message, WPARAM w, LPARAM l)
{
    POINT point;
    HMENU menu;
    if (message != WM_RBUTTONUP) return DefWindowProcW(window, message, w, l);
    GetCursorPos(&point);
    menu = CreatePopupMenu();
    AppendMenuW(menu, MF_STRING, REMOVE_ITEM, L"Remove");
    if (TrackPopupMenu(menu, TPM_RETURNCMD, point.x, point.y, 0, GetParent(window), NULL) == REMOVE_ITEM) SetWindowTextW(window, L"Shelf");
    DestroyMenu(menu);
    return 0;
}

static void add_kind(HWND parent, const wchar_t *class, WNDPROC procedure, const wchar_t *text, int x)
{
    WNDCLASSW kind = { 0 };
    kind.lpfnWndProc = procedure;
    kind.hInstance = GetModuleHandleW(NULL);
    kind.lpszClassName = class;
    kind.hbrBackground = (HBRUSH)(COLOR_WINDOW + 1);
    RegisterClassW(&kind);
    CreateWindowExW(0, class, text, WS_CHILD | WS_VISIBLE, x, 10, 120, 80, parent, NULL, NULL, NULL);
}

void add_parcels(HWND parent)
{
    HMENU bar = CreateMenu(), edit = CreatePopupMenu();
    AppendMenuW(edit, MF_STRING, IDCANCEL, L"Finish");
    AppendMenuW(bar, MF_POPUP, (UINT_PTR)edit, L"&Edit");
    SetMenu(parent, bar);
    add_kind(parent, L"CasareParcel", parcel, L"Parcel", 10);
    add_kind(parent, L"CasareShelf", shelf, L"Shelf", 220);
}

static ATOM item_text(HMENU menu, int item)
{
    wchar_t text[MOST_TEXT], *from, *to;
    if (!menu || !GetMenuStringW(menu, item, text, MOST_TEXT, MF_BYPOSITION)) return 0;
    for (from = to = text; *from; from++) if (*from != '&') *to++ = *from;
    *to = 0;
    return GlobalAddAtomW(text);
}

BOOL menu_message(HWND window, UINT message, WPARAM w, LPARAM l, LRESULT *answer)
{
    HMENU menu = LOWORD(w) ? open_menu : GetMenu(window);
    RECT box = { 0 };
    (void)l;
    *answer = 0;
    switch (message) {
    case WM_INITMENUPOPUP:
        open_menu = (HMENU)w;
        return TRUE;
    case WM_EXITMENULOOP:
        open_menu = NULL;
        return TRUE;
    case MENU_TEXT:
        *answer = item_text(menu, HIWORD(w));
        return TRUE;
    case MENU_PLACE: case MENU_SIZE:
        if (menu) GetMenuItemRect(LOWORD(w) ? NULL : window, menu, HIWORD(w), &box);
        *answer = message == MENU_PLACE ? MAKELONG(box.left, box.top) : MAKELONG(box.right - box.left, box.bottom - box.top);
        return TRUE;
    }
    return FALSE;
}
