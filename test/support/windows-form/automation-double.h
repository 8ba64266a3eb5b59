/*
 * A DOUBLE of UI Automation for tests, not the real one: it shows the controls of form.c by the interfaces of the real one,
 * as far as the driver uses them. It proves the calls, what crosses them, and what the driver makes of it; what the
 * providers of real programs answer it cannot prove. Compiled against mingw's own header, so that a place in a table that the
 * driver has wrong is seen.
 */
#ifndef AUTOMATION_DOUBLE_H
#define AUTOMATION_DOUBLE_H

#define COBJMACROS
#include <windows.h>
#include <commctrl.h>
#include <ole2.h>
#include <uiautomationclient.h>

#define UNAVAILABLE ((HRESULT)0x80040201) /* UIA_E_ELEMENTNOTAVAILABLE */
#define INVALID_OPERATION ((HRESULT)0x80131509) /* UIA_E_INVALIDOPERATION */

/* What an element stands for: a window, or a part of one. */
/* The table of the form whose provider gives no cell by its place. */
#define LEDGER 112

enum part { WHOLE, MENU_BAR, MENU_ITEM, HEADER_ITEM, ROW, CELL, OPTION };

/* Every object of the double: its table first, as COM has it. */
struct object {
    void *table;
    LONG references;
    HWND window;
    enum part part;
    int row;
    int column;
    /* Of a list of elements. */
    int count;
    struct object **items;
};

struct object *make_object(void *table);
struct object *make_element(HWND window, enum part part, int row, int column);

/* controls.c: what the controls of the form say of themselves, also across processes. */
enum class { OTHER, EDIT, DOCUMENT, BUTTON, CHECK, RADIO, COMBO, LIST, SLIDER, TABLE, TABLE_HEADER, LABEL, TOP, POPUP };
enum class class_of(HWND window);
BSTR table_text(HWND table, int row, int column);
BSTR header_text(HWND table, int column);
BSTR option_text(HWND list, int index);
BOOL table_rectangle(HWND table, int row, int column, RECT *rectangle);
BSTR window_text(HWND window);
BOOL has_focus(HWND window);
int columns_of(HWND table);
BOOL is_in_view(HWND table, int row, int column);

/* menus.c */
HWND form_of(HWND popup);
int item_count(HWND form, int menu);
BSTR item_name(struct object *item);
BOOL item_rectangle(struct object *item, RECT *box);
void open_item(struct object *item, BOOL open);

/* patterns.c */
void *pattern_table(struct object *element, PATTERNID id);
BOOL has_pattern(struct object *element, PATTERNID id);
BOOL is_selected(struct object *element);

/* events.c: who wants to hear of what. */
enum handler_kind { OPENED, STRUCTURE, PROPERTY };
HRESULT add_handler(enum handler_kind kind, IUnknown *handler);

/* automation.c: the methods of every object. */
HRESULT STDMETHODCALLTYPE query(struct object *self, REFIID id, void **out);
ULONG STDMETHODCALLTYPE add_reference(struct object *self);
ULONG STDMETHODCALLTYPE release(struct object *self);
void complete_table(void *table, size_t size);

#endif
