/* What elements of the double can do, by the patterns that the real ones of such controls have. */
#include "automation-double.h"

/* UIA_ScrollPatternNoScroll, which mingw's header lacks: a direction that does not scroll, or stays. */
#define NO_SCROLL (-1.0)

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
    if (self->part == MENU_ITEM) { open_item(self, TRUE); return S_OK; }
    SendMessageW(self->window, CB_SHOWDROPDOWN, TRUE, 0);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE collapse(struct object *self)
{
    if (self->part == MENU_ITEM) { open_item(self, FALSE); return S_OK; }
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
    if (GetDlgCtrlID(self->window) == LEDGER) return E_NOTIMPL;
    *element = make_element(self->window, CELL, row, column);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE row_count(struct object *self, int *count)
{
    *count = (int)SendMessageW(self->window, LVM_GETITEMCOUNT, 0, 0);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE column_count(struct object *self, int *count)
{
    *count = columns_of(self->window);
    return S_OK;
}

struct object *make_array(int count);

static HRESULT STDMETHODCALLTYPE column_headers(struct object *self, struct object **array)
{
    int count = columns_of(self->window), i;
    *array = make_array(count);
    for (i = 0; i < count; i++) (*array)->items[i] = make_element(self->window, HEADER_ITEM, 0, i);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE cell_headers(struct object *self, struct object **array)
{
    *array = make_array(1);
    (*array)->items[0] = make_element(self->window, HEADER_ITEM, 0, self->column);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE into_view(struct object *self)
{
    return SendMessageW(self->window, LVM_ENSUREVISIBLE, self->row, FALSE) ? S_OK : INVALID_OPERATION;
}

/* Rows of a table that are above what shows, that show, and that there are. */
static void scrolled(HWND table, double *above, double *shown, double *all)
{
    *above = (double)SendMessageW(table, LVM_GETTOPINDEX, 0, 0);
    *shown = (double)SendMessageW(table, LVM_GETCOUNTPERPAGE, 0, 0);
    *all = (double)SendMessageW(table, LVM_GETITEMCOUNT, 0, 0);
}

static HRESULT STDMETHODCALLTYPE scroll_to(struct object *self, double across, double down)
{
    double above, shown, all;
    RECT row;
    int to;
    if (across != NO_SCROLL) return INVALID_OPERATION;
    if (down == NO_SCROLL) return S_OK;
    if (down < 0 || down > 100) return E_INVALIDARG;
    scrolled(self->window, &above, &shown, &all);
    table_rectangle(self->window, 0, 0, &row);
    to = (int)((all - shown) * down / 100 + 0.5);
    SendMessageW(self->window, LVM_SCROLL, 0, (LPARAM)((to - (int)above) * (row.bottom - row.top)));
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE scroll_percent(struct object *self, double *percent)
{
    double above, shown, all;
    scrolled(self->window, &above, &shown, &all);
    *percent = all <= shown ? NO_SCROLL : above * 100 / (all - shown);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE scroll_view(struct object *self, double *percent)
{
    double above, shown, all;
    scrolled(self->window, &above, &shown, &all);
    *percent = all <= shown ? 100 : shown * 100 / all;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE never_scrolled(struct object *self, double *percent)
{
    (void)self;
    *percent = NO_SCROLL;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE all_shown(struct object *self, double *percent)
{
    (void)self;
    *percent = 100;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE chosen(struct object *self, struct object **array)
{
    int index = (int)SendMessageW(self->window, CB_GETCURSEL, 0, 0);
    *array = make_array(index < 0 ? 0 : 1);
    if (index >= 0) (*array)->items[0] = make_element(self->window, OPTION, index, 0);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE close_window(struct object *self)
{
    return PostMessageW(self->window, WM_CLOSE, 0, 0) ? S_OK : UNAVAILABLE;
}

static HRESULT STDMETHODCALLTYPE set_state(struct object *self, int state)
{
    static const int how[] = { SW_RESTORE, SW_MAXIMIZE, SW_MINIMIZE };
    if (state < 0 || state > 2) return E_INVALIDARG;
    ShowWindowAsync(self->window, how[state]);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE can_transform(struct object *self, BOOL *can)
{
    *can = !IsIconic(self->window) && !IsZoomed(self->window);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE move_window(struct object *self, double x, double y)
{
    return SetWindowPos(self->window, NULL, (int)x, (int)y, 0, 0, SWP_NOSIZE | SWP_NOZORDER | SWP_NOACTIVATE) ? S_OK : UNAVAILABLE;
}

static HRESULT STDMETHODCALLTYPE resize_window(struct object *self, double width, double height)
{
    return SetWindowPos(self->window, NULL, 0, 0, (int)width, (int)height, SWP_NOMOVE | SWP_NOZORDER | SWP_NOACTIVATE) ? S_OK : UNAVAILABLE;
}

static IUIAutomationTextRangeVtbl text_range_table;

static HRESULT STDMETHODCALLTYPE whole_text(struct object *self, struct object **range)
{
    complete_table(&text_range_table, sizeof text_range_table);
    *range = make_object(&text_range_table);
    (*range)->window = self->window;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE range_text(struct object *self, int most, BSTR *text)
{
    (void)most;
    *text = window_text(self->window);
    return S_OK;
}

/* As the value of a page in a browser is its address. */
static HRESULT STDMETHODCALLTYPE get_address(struct object *self, BSTR *text)
{
    (void)self;
    *text = SysAllocString(L"about:notes");
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

static IUIAutomationTableItemPatternVtbl table_item_table = { .GetCurrentColumnHeaderItems = (void *)cell_headers };
static IUIAutomationScrollItemPatternVtbl scroll_item_table = { .ScrollIntoView = (void *)into_view };
static IUIAutomationScrollPatternVtbl scroll_table = {
    .SetScrollPercent = (void *)scroll_to, .get_CurrentVerticalScrollPercent = (void *)scroll_percent,
    .get_CurrentHorizontalScrollPercent = (void *)never_scrolled, .get_CurrentVerticalViewSize = (void *)scroll_view,
    .get_CurrentHorizontalViewSize = (void *)all_shown,
};
static IUIAutomationSelectionPatternVtbl choice_table = { .GetCurrentSelection = (void *)chosen };
static IUIAutomationWindowPatternVtbl window_table = {
    .Close = (void *)close_window, .SetWindowVisualState = (void *)set_state,
};
static IUIAutomationTransformPatternVtbl transform_table = {
    .Move = (void *)move_window, .Resize = (void *)resize_window, .get_CurrentCanMove = (void *)can_transform,
    .get_CurrentCanResize = (void *)can_transform,
};
static IUIAutomationTextPatternVtbl text_table = { .get_DocumentRange = (void *)whole_text };
static IUIAutomationTextRangeVtbl text_range_table = { .GetText = (void *)range_text };
static IUIAutomationValuePatternVtbl address_table = { .get_CurrentValue = (void *)get_address };

void *pattern_table(struct object *element, PATTERNID id)
{
    switch (id) {
    case UIA_InvokePatternId: complete_table(&invoke_table, sizeof invoke_table); return &invoke_table;
    case UIA_TogglePatternId: complete_table(&toggle_table, sizeof toggle_table); return &toggle_table;
    case UIA_TableItemPatternId: complete_table(&table_item_table, sizeof table_item_table); return &table_item_table;
    case UIA_ScrollItemPatternId: complete_table(&scroll_item_table, sizeof scroll_item_table); return &scroll_item_table;
    case UIA_ScrollPatternId: complete_table(&scroll_table, sizeof scroll_table); return &scroll_table;
    case UIA_SelectionPatternId: complete_table(&choice_table, sizeof choice_table); return &choice_table;
    case UIA_WindowPatternId: complete_table(&window_table, sizeof window_table); return &window_table;
    case UIA_TransformPatternId: complete_table(&transform_table, sizeof transform_table); return &transform_table;
    case UIA_TextPatternId: complete_table(&text_table, sizeof text_table); return &text_table;
    case UIA_ValuePatternId:
        complete_table(&address_table, sizeof address_table);
        if (class_of(element->window) == DOCUMENT) return &address_table;
        complete_table(&value_table, sizeof value_table); return &value_table;
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
    case MENU_BAR: return FALSE;
    case MENU_ITEM: return id == UIA_ExpandCollapsePatternId && element->row == 0;
    case OPTION: return id == UIA_SelectionItemPatternId;
    case ROW: return id == UIA_SelectionItemPatternId;
    case CELL:
        return id == UIA_ValuePatternId || id == UIA_ScrollItemPatternId ||
               (id == UIA_TableItemPatternId && GetDlgCtrlID(element->window) == LEDGER);
    case HEADER_ITEM: return FALSE;
    default: break;
    }
    switch (id) {
    case UIA_InvokePatternId: return class == BUTTON;
    case UIA_TogglePatternId: return class == CHECK;
    case UIA_ValuePatternId: return class == EDIT || class == DOCUMENT;
    case UIA_TextPatternId: return class == DOCUMENT;
    case UIA_SelectionPatternId: return class == COMBO;
    case UIA_WindowPatternId: case UIA_TransformPatternId: return class == TOP;
    case UIA_ScrollPatternId: return class == TABLE;
    case UIA_ExpandCollapsePatternId: return class == COMBO;
    case UIA_SelectionItemPatternId: return class == RADIO;
    case UIA_GridPatternId: return class == TABLE;
    case UIA_TablePatternId: return class == TABLE && GetDlgCtrlID(element->window) != LEDGER;
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
