/*
 * Windows of classic controls for tests of the Windows driver: `form.exe KIND` opens one of them.
 *
 * entry     "Entry": the fields Account and Pin (protected), the buttons Cancel and OK, which close it
 * invoices  "Invoices": a table of three rows; a double click closes it
 * share     "Share": a slider from 0 to 50 that stands at 5
 * numbers   "Numbers": a table of forty rows, most of them out of view
 * ledger    "Ledger": controls of classes of its own, which no messages of classic ones reach; About opens a dialog
 * parcels   "Parcels": a parcel that is dragged onto a shelf, with a menu and a context menu
 * order     "Orders": a form with one control of each kind; Save says below what it was given, and keeps it in the list
 * hang      "Hang": its button ends all answers for good
 */
#include "form.h"
#include <stdio.h>
#include <wchar.h>

enum { ACCOUNT = 101, PIN, QUANTITY, URGENT, PICKUP, DELIVERY, COLOUR, SAVED, RESULT, SLIDER, TABLE, LEDGER, PERIOD, NOTES };
enum { CLEAR_ITEM = 201, FREEZE = 202, ABOUT = 203 };

static const wchar_t *kind;

static HWND add(HWND parent, const wchar_t *class, const wchar_t *text, DWORD style, int x, int y, int w, int h, int id)
{
    return CreateWindowExW(0, class, text, WS_CHILD | WS_VISIBLE | style, x, y, w, h, parent, (HMENU)(INT_PTR)id, NULL, NULL);
}

static void add_field(HWND parent, const wchar_t *label, DWORD style, int y, int id)
{
    add(parent, L"Static", label, 0, 10, y + 3, 90, 20, 0);
    add(parent, L"Edit", L"", WS_BORDER | WS_TABSTOP | ES_AUTOHSCROLL | style, 110, y, 220, 24, id);
}

static void add_table(HWND parent, int id, int rows, const wchar_t *name)
{
    static const wchar_t *columns[] = { L"Ref", L"Amount" };
    HWND table = add(parent, WC_LISTVIEWW, L"", LVS_REPORT | LVS_SINGLESEL | WS_BORDER, 10, 10, 320, 160, id);
    LVCOLUMNW column = { LVCF_TEXT | LVCF_WIDTH };
    LVITEMW item = { LVIF_TEXT };
    wchar_t text[32];
    int i;
    for (i = 0; i < 2; i++) {
        column.cx = 150;
        column.pszText = (wchar_t *)columns[i];
        SendMessageW(table, LVM_INSERTCOLUMNW, i, (LPARAM)&column);
    }
    for (i = 0; i < rows; i++) {
        swprintf(text, 32, L"%ls-%d", name, i + 1);
        item.iItem = i;
        item.iSubItem = 0;
        item.pszText = text;
        SendMessageW(table, LVM_INSERTITEMW, 0, (LPARAM)&item);
        swprintf(text, 32, L"%d", (i + 1) * 10);
        item.iSubItem = 1;
        SendMessageW(table, LVM_SETITEMTEXTW, i, (LPARAM)&item);
    }
}

/* A class of its own that behaves as a classic one. */
static void add_class(const wchar_t *classic, const wchar_t *name)
{
    WNDCLASSW class;
    GetClassInfoW(NULL, classic, &class);
    class.lpszClassName = name;
    class.hInstance = GetModuleHandleW(NULL);
    RegisterClassW(&class);
}

static void add_ledger(HWND window)
{
    static const wchar_t *periods[] = { L"March", L"April" };
    HWND period;
    int i;
    add_class(L"ComboBox", L"CasareChoice");
    add_class(L"Edit", L"CasareDocument");
    add_table(window, LEDGER, 2, L"INV");
    add(window, L"Static", L"Period:", 0, 10, 185, 60, 20, 0);
    period = add(window, L"CasareChoice", L"", CBS_DROPDOWNLIST | WS_TABSTOP, 80, 182, 110, 200, PERIOD);
    for (i = 0; i < 2; i++) SendMessageW(period, CB_ADDSTRING, 0, (LPARAM)periods[i]);
    SendMessageW(period, CB_SETCURSEL, 1, 0);
    add(window, L"CasareDocument", L"First line\r\nSecond line", ES_MULTILINE | WS_BORDER, 10, 225, 300, 60, NOTES);
    add(window, L"Button", L"About", BS_PUSHBUTTON | WS_TABSTOP, 330, 185, 90, 28, ABOUT);
}

static void add_order(HWND window)
{
    static const wchar_t *colours[] = { L"Red", L"Gr\u00fcn", L"Blue" };
    HMENU bar = CreateMenu(), file = CreatePopupMenu();
    HWND colour;
    int i;
    AppendMenuW(file, MF_STRING, CLEAR_ITEM, L"Clear");
    AppendMenuW(bar, MF_POPUP, (UINT_PTR)file, L"Edit");
    SetMenu(window, bar);
    add_field(window, L"Name:", 0, 10, ACCOUNT);
    add_field(window, L"Quantity:", ES_NUMBER, 40, QUANTITY);
    add(window, L"Button", L"Urgent", BS_AUTOCHECKBOX | WS_TABSTOP, 110, 70, 120, 24, URGENT);
    add(window, L"Button", L"Pickup", BS_AUTORADIOBUTTON | WS_GROUP | WS_TABSTOP, 110, 98, 100, 24, PICKUP);
    add(window, L"Button", L"Delivery", BS_AUTORADIOBUTTON, 215, 98, 100, 24, DELIVERY);
    add(window, L"Static", L"Colour:", WS_GROUP, 10, 130, 90, 20, 0);
    colour = add(window, L"ComboBox", L"", CBS_DROPDOWNLIST | WS_TABSTOP, 110, 128, 120, 200, COLOUR);
    for (i = 0; i < 3; i++) SendMessageW(colour, CB_ADDSTRING, 0, (LPARAM)colours[i]);
    add(window, L"Button", L"Save", BS_PUSHBUTTON | WS_TABSTOP, 110, 160, 100, 28, IDOK);
    add(window, L"Static", L"Saved:", 0, 10, 200, 90, 20, 0);
    add(window, L"ListBox", L"", WS_BORDER | LBS_NOTIFY | LBS_HASSTRINGS | WS_VSCROLL, 110, 200, 300, 80, SAVED);
    add(window, L"Static", L"nothing saved", SS_NOPREFIX, 10, 290, 420, 20, RESULT);
}

static void save(HWND window)
{
    wchar_t name[200], quantity[20], colour[40], line[400];
    int count = (int)SendDlgItemMessageW(window, SAVED, LB_GETCOUNT, 0, 0) + 1;
    GetDlgItemTextW(window, ACCOUNT, name, 200);
    GetDlgItemTextW(window, QUANTITY, quantity, 20);
    GetDlgItemTextW(window, COLOUR, colour, 40);
    swprintf(line, 400, L"%d: %ls x %ls, %ls, %ls%ls", count, quantity, name, colour,
             IsDlgButtonChecked(window, DELIVERY) ? L"delivery" : L"pickup",
             IsDlgButtonChecked(window, URGENT) ? L", urgent" : L"");
    SendDlgItemMessageW(window, SAVED, LB_ADDSTRING, 0, (LPARAM)line);
    SetDlgItemTextW(window, RESULT, line);
}

static void command(HWND window, int id)
{
    if (id == ABOUT) MessageBoxW(window, L"Ledger 1.0", L"About", MB_OK);
    if (id == FREEZE) Sleep(INFINITE);
    if (id == CLEAR_ITEM) {
        SetDlgItemTextW(window, ACCOUNT, L"");
        SetDlgItemTextW(window, RESULT, L"cleared");
    }
    if (id != IDOK && id != IDCANCEL) return;
    if (id == IDOK && !wcscmp(kind, L"order")) save(window);
    else DestroyWindow(window);
}

static void fill(HWND window)
{
    if (!wcscmp(kind, L"order")) {
        add_order(window);
        return;
    }
    if (!wcscmp(kind, L"ledger")) {
        add_ledger(window);
        return;
    }
    if (!wcscmp(kind, L"parcels")) {
        add_parcels(window);
        return;
    }
    if (!wcscmp(kind, L"entry")) {
        add_field(window, L"Account:", 0, 10, ACCOUNT);
        add_field(window, L"Pin:", ES_PASSWORD, 45, PIN);
        add(window, L"Button", L"Cancel", BS_PUSHBUTTON | WS_TABSTOP, 110, 85, 90, 28, IDCANCEL);
    }
    if (!wcscmp(kind, L"invoices")) add_table(window, TABLE, 3, L"INV");
    if (!wcscmp(kind, L"numbers")) add_table(window, TABLE, 40, L"N");
    if (!wcscmp(kind, L"share")) {
        HWND slider = add(window, TRACKBAR_CLASSW, L"", TBS_HORZ | WS_TABSTOP, 10, 10, 300, 30, SLIDER);
        SendMessageW(slider, TBM_SETRANGE, TRUE, MAKELPARAM(0, 50));
        SendMessageW(slider, TBM_SETPOS, TRUE, 5);
    }
    if (!wcscmp(kind, L"hang")) add(window, L"Button", L"Freeze", BS_PUSHBUTTON, 10, 10, 120, 28, FREEZE);
    else add(window, L"Button", L"OK", BS_DEFPUSHBUTTON | WS_TABSTOP, 210, 185, 90, 28, IDOK);
}

static LRESULT CALLBACK procedure(HWND window, UINT message, WPARAM w, LPARAM l)
{
    LRESULT answer;
    if (menu_message(window, message, w, l, &answer)) return answer;
    switch (message) {
    case WM_CREATE:
        fill(window);
        return 0;
    case WM_NEXTDLGCTL:
        if (l) SetFocus((HWND)w);
        return 0;
    case WM_COMMAND:
        if (HIWORD(w) == BN_CLICKED) command(window, LOWORD(w));
        return 0;
    case WM_NOTIFY:
        if (((NMHDR *)l)->idFrom == TABLE && ((NMHDR *)l)->code == NM_DBLCLK) DestroyWindow(window);
        return 0;
    case WM_DESTROY:
        PostQuitMessage(0);
        return 0;
    }
    return DefWindowProcW(window, message, w, l);
}

/* Control+A selects all, as newer fields do by themselves; those of Wine and of older Windows do not. */
static BOOL select_all(const MSG *message)
{
    wchar_t class[20] = { 0 };
    if (message->message != WM_KEYDOWN || message->wParam != 'A' || GetKeyState(VK_CONTROL) >= 0) return FALSE;
    GetClassNameW(message->hwnd, class, 20);
    if (wcscmp(class, L"Edit")) return FALSE;
    SendMessageW(message->hwnd, EM_SETSEL, 0, -1);
    return TRUE;
}

int WINAPI wWinMain(HINSTANCE instance, HINSTANCE before, wchar_t *arguments, int show)
{
    static const wchar_t *titles[][2] = {
        { L"entry", L"Entry" }, { L"invoices", L"Invoices" }, { L"numbers", L"Numbers" }, { L"ledger", L"Ledger" },
        { L"parcels", L"Parcels" },
        { L"share", L"Share" }, { L"order", L"Orders" }, { L"hang", L"Hang" }
    };
    INITCOMMONCONTROLSEX controls = { sizeof controls, ICC_LISTVIEW_CLASSES | ICC_BAR_CLASSES };
    WNDCLASSW class = { 0 };
    const wchar_t *title = L"Entry";
    HWND window;
    MSG message;
    size_t i;
    kind = arguments;
    for (i = 0; i < sizeof titles / sizeof *titles; i++) if (!wcscmp(kind, titles[i][0])) title = titles[i][1];
    InitCommonControlsEx(&controls);
    class.lpfnWndProc = procedure;
    class.hInstance = instance;
    class.lpszClassName = L"CasareForm";
    class.hbrBackground = (HBRUSH)(COLOR_BTNFACE + 1);
    class.hCursor = LoadCursorW(NULL, (const wchar_t *)IDC_ARROW);
    RegisterClassW(&class);
    window = CreateWindowExW(0, L"CasareForm", title, WS_OVERLAPPEDWINDOW, 80, 80, 460, 380, NULL, NULL, instance, NULL);
    ShowWindow(window, SW_SHOW);
    SetForegroundWindow(window);
    while (GetMessageW(&message, NULL, 0, 0) > 0) {
        if (select_all(&message)) continue;
        if (IsDialogMessageW(window, &message)) continue;
        TranslateMessage(&message);
        DispatchMessageW(&message);
    }
    (void)before;
    (void)show;
    return 0;
}
