/* What elements of the double can do, by the patterns that the real ones of such controls have. */
#include "automation-double.h"

static HRESULT STDMETHODCALLTYPE invoke(struct object *self)
{
    return PostMessageW(self->window, BM_CLICK, 0, 0) ? S_OK : UNAVAILABLE;
}

static HRESULT STDMETHODCALLTYPE set_value(struct object *self, BSTR text)
{
    if (GetWindowLongW(self->window, GWL_STYLE) & ES_READONLY) return INVALID_OPERATION;
    SendMessageW(self->window, WM_SETTEXT, 0, (LPARAM)text);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE get_value(struct object *self, BSTR *text)
{
    if (self->part == CELL) *text = table_text(self->window, self->row, self->column);
    else *text = window_text(self->window);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE get_read_only(struct object *self, BOOL *read_only)
{
    *read_only = self->part == CELL || (GetWindowLongW(self->window, GWL_STYLE) & ES_READONLY) != 0;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE expand(struct object *self)
{
    SendMessageW(self->window, CB_SHOWDROPDOWN, TRUE, 0);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE collapse(struct object *self)
{
    SendMessageW(self->window, CB_SHOWDROPDOWN, FALSE, 0);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE select_item(struct object *self)
{
    BOOL combo = class_of(self->window) == COMBO;
    HWND parent = GetParent(self->window);
    if (self->part == WHOLE) return invoke(self);
    if (self->part != OPTION) return E_NOTIMPL;
    SendMessageW(self->window, combo ? CB_SETCURSEL : LB_SETCURSEL, self->row, 0);
    PostMessageW(parent, WM_COMMAND, MAKEWPARAM(GetDlgCtrlID(self->window), combo ? CBN_SELCHANGE : LBN_SELCHANGE),
                 (LPARAM)self->window);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE grid_item(struct object *self, int row, int column, struct object **element)
{
    *element = make_element(self->window, CELL, row, column);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE row_count(struct object *self, int *count)
{
    *count = (int)SendMessageW(self->window, LVM_GETITEMCOUNT, 0, 0);
    return S_OK;
}

static int columns(HWND table)
{
    return (int)SendMessageW((HWND)SendMessageW(table, LVM_GETHEADER, 0, 0), HDM_GETITEMCOUNT, 0, 0);
}

static HRESULT STDMETHODCALLTYPE column_count(struct object *self, int *count)
{
    *count = columns(self->window);
    return S_OK;
}

struct object *make_array(int count);

static HRESULT STDMETHODCALLTYPE column_headers(struct object *self, struct object **array)
{
    int count = columns(self->window), i;
    *array = make_array(count);
    for (i = 0; i < count; i++) (*array)->items[i] = make_element(self->window, HEADER_ITEM, 0, i);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE set_range(struct object *self, double value)
{
    SendMessageW(self->window, TBM_SETPOS, TRUE, (LPARAM)value);
    return S_OK;
}

static HRESULT range(struct object *self, UINT message, double *value)
{
    *value = (double)(int)SendMessageW(self->window, message, 0, 0);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE range_value(struct object *self, double *value) { return range(self, TBM_GETPOS, value); }
static HRESULT STDMETHODCALLTYPE range_least(struct object *self, double *value) { return range(self, TBM_GETRANGEMIN, value); }
static HRESULT STDMETHODCALLTYPE range_most(struct object *self, double *value) { return range(self, TBM_GETRANGEMAX, value); }

static IUIAutomationInvokePatternVtbl invoke_table = { .Invoke = (void *)invoke };
static IUIAutomationTogglePatternVtbl toggle_table = { .Toggle = (void *)invoke };
static IUIAutomationValuePatternVtbl value_table = {
    .SetValue = (void *)set_value, .get_CurrentValue = (void *)get_value, .get_CurrentIsReadOnly = (void *)get_read_only,
};
static IUIAutomationExpandCollapsePatternVtbl expand_table = { .Expand = (void *)expand, .Collapse = (void *)collapse };
static IUIAutomationSelectionItemPatternVtbl selection_table = { .Select = (void *)select_item };
static IUIAutomationGridPatternVtbl grid_table = {
    .GetItem = (void *)grid_item, .get_CurrentRowCount = (void *)row_count, .get_CurrentColumnCount = (void *)column_count,
};
static IUIAutomationTablePatternVtbl table_table = { .GetCurrentColumnHeaders = (void *)column_headers };
static IUIAutomationRangeValuePatternVtbl range_table = {
    .SetValue = (void *)set_range, .get_CurrentValue = (void *)range_value,
    .get_CurrentMinimum = (void *)range_least, .get_CurrentMaximum = (void *)range_most,
};

void *pattern_table(PATTERNID id)
{
    switch (id) {
    case UIA_InvokePatternId: complete_table(&invoke_table, sizeof invoke_table); return &invoke_table;
    case UIA_TogglePatternId: complete_table(&toggle_table, sizeof toggle_table); return &toggle_table;
    case UIA_ValuePatternId: complete_table(&value_table, sizeof value_table); return &value_table;
    case UIA_ExpandCollapsePatternId: complete_table(&expand_table, sizeof expand_table); return &expand_table;
    case UIA_SelectionItemPatternId: complete_table(&selection_table, sizeof selection_table); return &selection_table;
    case UIA_GridPatternId: complete_table(&grid_table, sizeof grid_table); return &grid_table;
    case UIA_TablePatternId: complete_table(&table_table, sizeof table_table); return &table_table;
    case UIA_RangeValuePatternId: complete_table(&range_table, sizeof range_table); return &range_table;
    default: return NULL;
    }
}

BOOL has_pattern(struct object *element, PATTERNID id)
{
    enum class class = class_of(element->window);
    switch (element->part) {
    case OPTION: return id == UIA_SelectionItemPatternId;
    case ROW: return id == UIA_SelectionItemPatternId;
    case CELL: return id == UIA_ValuePatternId;
    case HEADER_ITEM: return FALSE;
    default: break;
    }
    switch (id) {
    case UIA_InvokePatternId: return class == BUTTON;
    case UIA_TogglePatternId: return class == CHECK;
    case UIA_ValuePatternId: return class == EDIT;
    case UIA_ExpandCollapsePatternId: return class == COMBO;
    case UIA_SelectionItemPatternId: return class == RADIO;
    case UIA_GridPatternId: case UIA_TablePatternId: return class == TABLE;
    case UIA_RangeValuePatternId: return class == SLIDER;
    default: return FALSE;
    }
}

BOOL is_selected(struct object *element)
{
    BOOL combo = class_of(element->window) == COMBO;
    switch (element->part) {
    case OPTION: return SendMessageW(element->window, combo ? CB_GETCURSEL : LB_GETCURSEL, 0, 0) == element->row;
    case ROW: return SendMessageW(element->window, LVM_GETITEMSTATE, element->row, LVIS_SELECTED) != 0;
    default: return SendMessageW(element->window, BM_GETCHECK, 0, 0) == BST_CHECKED;
    }
}
