/* Menus as the double shows them. Under Wine no program can read those of another one: the form says what is in its own. */
#include "automation-double.h"
#include "form.h"

static BOOL CALLBACK is_form(HWND window, LPARAM given)
{
    if (class_of(window) != TOP) return TRUE;
    *(HWND *)given = window;
    return FALSE;
}

/* The form that has opened a popup. */
HWND form_of(HWND popup)
{
    HWND form = NULL;
    EnumThreadWindows(GetWindowThreadProcessId(popup, NULL), is_form, (LPARAM)&form);
    return form;
}

static LRESULT ask(struct object *item, UINT message)
{
    return SendMessageW(item->window, message, MAKEWPARAM(item->row, item->column), 0);
}

/* An item is of the bar (row 0) or of the menu that is open (row 1); its window is the form. */
int item_count(HWND form, int menu)
{
    struct object item = { 0 };
    item.window = form;
    item.row = menu;
    for (;;) {
        ATOM text = (ATOM)ask(&item, MENU_TEXT);
        if (!text) return item.column;
        GlobalDeleteAtom(text);
        item.column++;
    }
}

BSTR item_name(struct object *item)
{
    wchar_t text[256] = { 0 };
    ATOM atom = (ATOM)ask(item, MENU_TEXT);
    if (atom) {
        GlobalGetAtomNameW(atom, text, 256);
        GlobalDeleteAtom(atom);
    }
    return SysAllocString(text);
}

BOOL item_rectangle(struct object *item, RECT *box)
{
    LRESULT place = ask(item, MENU_PLACE), size = ask(item, MENU_SIZE);
    SetRect(box, (short)LOWORD(place), (short)HIWORD(place), (short)LOWORD(place) + LOWORD(size), (short)HIWORD(place) + HIWORD(size));
    return LOWORD(size) != 0;
}

/* As Alt and the letter of the item do. */
void open_item(struct object *item, BOOL open)
{
    BSTR name = item_name(item);
    if (open) PostMessageW(item->window, WM_SYSCOMMAND, SC_KEYMENU, (LPARAM)CharLowerW((LPWSTR)(ULONG_PTR)name[0]));
    else PostMessageW(item->window, WM_CANCELMODE, 0, 0);
    SysFreeString(name);
}
