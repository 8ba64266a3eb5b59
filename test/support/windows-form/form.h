/* What the parts of the form know of each other. */
#ifndef FORM_H
#define FORM_H

#ifndef UNICODE
#define UNICODE
#endif
#ifndef _UNICODE
#define _UNICODE
#endif
#include <windows.h>
#include <commctrl.h>

/* What the form answers to the double of UI Automation about its menus, which no other program can read under Wine. Asked with
   the menu (0 the bar, 1 what is open) as low word and the item as high word. */
enum { MENU_TEXT = WM_APP + 1, MENU_PLACE, MENU_SIZE };

/* form-hands.c: what is dragged and dropped, and menus. */
void add_parcels(HWND parent);
BOOL menu_message(HWND window, UINT message, WPARAM w, LPARAM l, LRESULT *answer);

#endif
