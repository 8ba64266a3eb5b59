/* The double's objects: the class, the automation, elements, lists of elements, and the request for what is fetched. */
#include <initguid.h>
#include "automation-double.h"

static HRESULT STDMETHODCALLTYPE missing(void) { return E_NOTIMPL; }

HRESULT STDMETHODCALLTYPE query(struct object *self, REFIID id, void **out)
{
    /* It has none of the newer interfaces. */
    if (IsEqualGUID(id, &IID_IUIAutomation2)) { *out = NULL; return E_NOINTERFACE; }
    add_reference(self);
    *out = self;
    return S_OK;
}

ULONG STDMETHODCALLTYPE add_reference(struct object *self) { return ++self->references; }

ULONG STDMETHODCALLTYPE release(struct object *self)
{
    ULONG left = --self->references;
    int i;
    if (left) return left;
    for (i = 0; i < self->count; i++) if (self->items[i]) release(self->items[i]);
    HeapFree(GetProcessHeap(), 0, self->items);
    HeapFree(GetProcessHeap(), 0, self);
    return 0;
}

/* Whatever the double does not have says so, instead of a call into nothing. */
void complete_table(void *table, size_t size)
{
    void **methods = table;
    size_t i;
    methods[0] = (void *)query;
    methods[1] = (void *)add_reference;
    methods[2] = (void *)release;
    for (i = 3; i < size / sizeof *methods; i++) if (!methods[i]) methods[i] = (void *)missing;
}

struct object *make_object(void *table)
{
    struct object *made = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *made);
    made->table = table;
    made->references = 1;
    return made;
}

static IUIAutomationElementArrayVtbl array_table;
static IUIAutomationElementVtbl element_table;
static IUIAutomationVtbl automation_table;
static IUIAutomationCacheRequestVtbl request_table;
static IUIAutomationTreeWalkerVtbl walker_table;
static IUIAutomationConditionVtbl condition_table;
static IClassFactoryVtbl factory_table;

struct object *make_array(int count)
{
    struct object *made = make_object(&array_table);
    made->count = count;
    made->items = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, (count + 1) * sizeof *made->items);
    return made;
}

struct object *make_element(HWND window, enum part part, int row, int column)
{
    struct object *made = make_object(&element_table);
    made->window = window;
    made->part = part;
    made->row = row;
    made->column = column;
    return made;
}

static HRESULT STDMETHODCALLTYPE array_length(struct object *self, int *length) { *length = self->count; return S_OK; }

static HRESULT STDMETHODCALLTYPE array_element(struct object *self, int index, struct object **element)
{
    if (index < 0 || index >= self->count) return E_INVALIDARG;
    *element = self->items[index];
    add_reference(*element);
    return S_OK;
}

static int control_type(struct object *self)
{
    static const int types[] = {
        [OTHER] = UIA_PaneControlTypeId, [EDIT] = UIA_EditControlTypeId, [DOCUMENT] = UIA_DocumentControlTypeId,
        [BUTTON] = UIA_ButtonControlTypeId,
        [CHECK] = UIA_CheckBoxControlTypeId, [RADIO] = UIA_RadioButtonControlTypeId, [COMBO] = UIA_ComboBoxControlTypeId,
        [LIST] = UIA_ListControlTypeId, [SLIDER] = UIA_SliderControlTypeId, [TABLE] = UIA_DataGridControlTypeId,
        [TABLE_HEADER] = UIA_HeaderControlTypeId, [LABEL] = UIA_TextControlTypeId, [TOP] = UIA_WindowControlTypeId,
        [POPUP] = UIA_MenuControlTypeId,
    };
    switch (self->part) {
    case MENU_BAR: return UIA_MenuBarControlTypeId;
    case MENU_ITEM: return UIA_MenuItemControlTypeId;
    case HEADER_ITEM: return UIA_HeaderItemControlTypeId;
    case ROW: return UIA_DataItemControlTypeId;
    case CELL: return UIA_TextControlTypeId;
    case OPTION: return UIA_ListItemControlTypeId;
    default: return types[class_of(self->window)];
    }
}

static BSTR name_of(struct object *self)
{
    enum class class = class_of(self->window);
    switch (self->part) {
    case MENU_BAR: return SysAllocString(L"");
    case MENU_ITEM: return item_name(self);
    case HEADER_ITEM: return header_text(self->window, self->column);
    case ROW: return table_text(self->window, self->row, 0);
    case CELL: return table_text(self->window, self->row, self->column);
    case OPTION: return option_text(self->window, self->row);
    default: break;
    }
    if (class == EDIT || class == DOCUMENT || class == COMBO || class == POPUP) return SysAllocString(L"");
    return window_text(self->window);
}

static BSTR identifier(struct object *self)
{
    wchar_t text[20] = { 0 };
    int id = GetDlgCtrlID(self->window);
    if (self->part == WHOLE && id > 0 && class_of(self->window) != TOP) wsprintfW(text, L"%d", id);
    return SysAllocString(text);
}

static BSTR class_name(struct object *self)
{
    wchar_t text[100] = { 0 };
    if (self->part == WHOLE) GetClassNameW(self->window, text, 100);
    return SysAllocString(text);
}

static PATTERNID pattern_of(PROPERTYID property)
{
    switch (property) {
    case UIA_IsInvokePatternAvailablePropertyId: return UIA_InvokePatternId;
    case UIA_IsValuePatternAvailablePropertyId: return UIA_ValuePatternId;
    case UIA_IsTogglePatternAvailablePropertyId: return UIA_TogglePatternId;
    case UIA_IsExpandCollapsePatternAvailablePropertyId: return UIA_ExpandCollapsePatternId;
    case UIA_IsSelectionItemPatternAvailablePropertyId: return UIA_SelectionItemPatternId;
    case UIA_IsGridPatternAvailablePropertyId: return UIA_GridPatternId;
    case UIA_IsRangeValuePatternAvailablePropertyId: return UIA_RangeValuePatternId;
    case UIA_IsScrollPatternAvailablePropertyId: return UIA_ScrollPatternId;
    default: return 0;
    }
}

static void put_text(VARIANT *value, BSTR text) { V_VT(value) = VT_BSTR; V_BSTR(value) = text; }
static void put_number(VARIANT *value, int number) { V_VT(value) = VT_I4; V_I4(value) = number; }
static void put_truth(VARIANT *value, BOOL truth) { V_VT(value) = VT_BOOL; V_BOOL(value) = truth ? VARIANT_TRUE : VARIANT_FALSE; }

static HRESULT STDMETHODCALLTYPE property_value(struct object *self, PROPERTYID property, BOOL no_default, VARIANT *value)
{
    HWND window = self->window;
    DWORD process;
    (void)no_default;
    VariantInit(value);
    if (!IsWindow(window)) return UNAVAILABLE;
    switch (property) {
    case UIA_ProcessIdPropertyId: GetWindowThreadProcessId(window, &process); put_number(value, process); break;
    case UIA_ControlTypePropertyId: put_number(value, control_type(self)); break;
    case UIA_NamePropertyId: put_text(value, name_of(self)); break;
    case UIA_AutomationIdPropertyId: put_text(value, identifier(self)); break;
    case UIA_ClassNamePropertyId: put_text(value, class_name(self)); break;
    case UIA_NativeWindowHandlePropertyId: put_number(value, self->part == WHOLE ? (int)(INT_PTR)window : 0); break;
    case UIA_HasKeyboardFocusPropertyId: put_truth(value, self->part == WHOLE && has_focus(window)); break;
    case UIA_IsKeyboardFocusablePropertyId: put_truth(value, (GetWindowLongW(window, GWL_STYLE) & WS_TABSTOP) != 0); break;
    case UIA_IsEnabledPropertyId: put_truth(value, IsWindowEnabled(window)); break;
    case UIA_IsOffscreenPropertyId:
        put_truth(value, !IsWindowVisible(window) || (self->part == OPTION && class_of(window) == COMBO) ||
                             (self->part == CELL && !is_in_view(window, self->row, self->column)));
        break;
    case UIA_GridItemRowPropertyId: put_number(value, self->row); break;
    case UIA_GridItemColumnPropertyId: put_number(value, self->column); break;
    case UIA_WindowIsModalPropertyId: put_truth(value, FALSE); break;
    case UIA_WindowWindowInteractionStatePropertyId:
        put_number(value, IsWindowEnabled(window) ? WindowInteractionState_ReadyForUserInteraction
                                                  : WindowInteractionState_BlockedByModalWindow);
        break;
    case UIA_IsPasswordPropertyId:
        put_truth(value, class_of(window) == EDIT && (GetWindowLongW(window, GWL_STYLE) & ES_PASSWORD)); break;
    case UIA_IsGridItemPatternAvailablePropertyId: put_truth(value, self->part == CELL); break;
    case UIA_ToggleToggleStatePropertyId: put_number(value, (int)SendMessageW(window, BM_GETCHECK, 0, 0)); break;
    case UIA_SelectionItemIsSelectedPropertyId: put_truth(value, is_selected(self)); break;
    case UIA_ExpandCollapseExpandCollapseStatePropertyId:
        put_number(value, self->part == MENU_ITEM ? item_count(window, 1) > 0 : (int)SendMessageW(window, CB_GETDROPPEDSTATE, 0, 0));
        break;
    case UIA_ValueValuePropertyId: put_text(value, self->part == CELL ? table_text(window, self->row, self->column) : SysAllocString(L"")); break;
    case UIA_ValueIsReadOnlyPropertyId:
        put_truth(value, self->part == CELL || (GetWindowLongW(window, GWL_STYLE) & ES_READONLY)); break;
    default: put_truth(value, pattern_of(property) && has_pattern(self, pattern_of(property))); break;
    }
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE updated(struct object *self, void *request, struct object **element)
{
    (void)request;
    if (!IsWindow(self->window)) return UNAVAILABLE;
    *element = make_element(self->window, self->part, self->row, self->column);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE runtime_id(struct object *self, SAFEARRAY **id)
{
    LONG parts[] = { 42, (LONG)(INT_PTR)self->window, self->part, self->row, self->column }, i;
    *id = SafeArrayCreateVector(VT_I4, 0, 5);
    for (i = 0; i < 5; i++) SafeArrayPutElement(*id, &i, &parts[i]);
    return S_OK;
}

static struct object *parts_of(HWND window, enum part part, int row, int count)
{
    struct object *array = make_array(count);
    int i;
    for (i = 0; i < count; i++) array->items[i] = make_element(window, part, part == CELL || part == MENU_ITEM ? row : i, part == CELL || part == HEADER_ITEM || part == MENU_ITEM ? i : 0);
    return array;
}

static HRESULT STDMETHODCALLTYPE children(struct object *self, int scope, void *condition, void *request, struct object **array)
{
    HWND inside[200], child;
    int count = 0, i;
    (void)condition;
    (void)request;
    if (!IsWindow(self->window)) return UNAVAILABLE;
    if (scope == TreeScope_Descendants && class_of(self->window) == TABLE) {
        int across = columns_of(self->window), rows = (int)SendMessageW(self->window, LVM_GETITEMCOUNT, 0, 0);
        *array = make_array(rows * across);
        for (i = 0; i < rows * across; i++) (*array)->items[i] = make_element(self->window, CELL, i / across, i % across);
        return S_OK;
    }
    if (scope != TreeScope_Children) return E_INVALIDARG;
    if (self->part == MENU_BAR) { *array = parts_of(self->window, MENU_ITEM, 0, item_count(self->window, 0)); return S_OK; }
    if (self->part == ROW) { *array = parts_of(self->window, CELL, self->row, 2); return S_OK; }
    if (self->part != WHOLE) { *array = make_array(0); return S_OK; }
    switch (class_of(self->window)) {
    case POPUP: {
        HWND form = form_of(self->window);
        *array = parts_of(form, MENU_ITEM, 1, item_count(form, 1));
        return S_OK;
    }
    case TABLE: *array = parts_of(self->window, ROW, 0, (int)SendMessageW(self->window, LVM_GETITEMCOUNT, 0, 0)); return S_OK;
    case COMBO: *array = parts_of(self->window, OPTION, 0, (int)SendMessageW(self->window, CB_GETCOUNT, 0, 0)); return S_OK;
    case LIST: *array = parts_of(self->window, OPTION, 0, (int)SendMessageW(self->window, LB_GETCOUNT, 0, 0)); return S_OK;
    default: break;
    }
    for (child = GetWindow(self->window, GW_CHILD); child && count < 200; child = GetWindow(child, GW_HWNDNEXT)) inside[count++] = child;
    i = class_of(self->window) == TOP && item_count(self->window, 0) > 0;
    *array = make_array(count + i);
    if (i) (*array)->items[count] = make_element(self->window, MENU_BAR, 0, 0);
    for (i = 0; i < count; i++) (*array)->items[i] = make_element(inside[i], WHOLE, 0, 0);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE pattern(struct object *self, PATTERNID id, struct object **out)
{
    *out = NULL;
    if (!IsWindow(self->window)) return UNAVAILABLE;
    if (!has_pattern(self, id)) return S_OK;
    *out = make_object(pattern_table(self, id));
    (*out)->window = self->window;
    (*out)->part = self->part;
    (*out)->row = self->row;
    (*out)->column = self->column;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE rectangle(struct object *self, RECT *box)
{
    if (!IsWindow(self->window)) return UNAVAILABLE;
    if (self->part == MENU_ITEM) return item_rectangle(self, box) ? S_OK : UNAVAILABLE;
    if (self->part == CELL || self->part == ROW) return table_rectangle(self->window, self->row, self->column, box) ? S_OK : UNAVAILABLE;
    return GetWindowRect(self->window, box) ? S_OK : UNAVAILABLE;
}

static HRESULT STDMETHODCALLTYPE set_focus(struct object *self)
{
    /* The form gives it, in its own process, as a program's provider does. */
    SendMessageW(GetAncestor(self->window, GA_ROOT), WM_NEXTDLGCTL, (WPARAM)self->window, TRUE);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE current_name(struct object *self, BSTR *name)
{
    if (!IsWindow(self->window)) return UNAVAILABLE;
    *name = name_of(self);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE parent(struct object *self, struct object *element, void *request, struct object **out)
{
    (void)self;
    (void)request;
    if (element->part == CELL) *out = make_element(element->window, ROW, element->row, 0);
    else if (element->part != WHOLE) *out = make_element(element->window, WHOLE, 0, 0);
    else *out = make_element(GetParent(element->window), WHOLE, 0, 0);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE from_window(struct object *self, HWND window, void *request, struct object **element)
{
    (void)self;
    (void)request;
    if (!IsWindow(window)) return UNAVAILABLE;
    *element = make_element(window, WHOLE, 0, 0);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE root(struct object *self, struct object **out)
{
    (void)self;
    *out = make_element(GetDesktopWindow(), WHOLE, 0, 0);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE hear_events(struct object *self, EVENTID event, void *element, int scope, void *request, IUnknown *handler)
{
    (void)self;
    (void)request;
    if (!element || scope != TreeScope_Subtree) return E_INVALIDARG;
    return event == UIA_Window_WindowOpenedEventId ? add_handler(OPENED, handler) : S_OK;
}

static HRESULT STDMETHODCALLTYPE hear_structure(struct object *self, void *element, int scope, void *request, IUnknown *handler)
{
    (void)self;
    (void)request;
    if (!element || scope != TreeScope_Subtree) return E_INVALIDARG;
    return add_handler(STRUCTURE, handler);
}

static HRESULT STDMETHODCALLTYPE hear_properties(struct object *self, void *element, int scope, void *request, IUnknown *handler, PROPERTYID *properties, int count)
{
    int i;
    (void)self;
    (void)request;
    if (!element || scope != TreeScope_Subtree) return E_INVALIDARG;
    for (i = 0; i < count; i++) if (properties[i] == UIA_NamePropertyId) return add_handler(PROPERTY, handler);
    return E_INVALIDARG;
}

static HRESULT STDMETHODCALLTYPE make_request(struct object *self, struct object **out) { (void)self; *out = make_object(&request_table); return S_OK; }
static HRESULT STDMETHODCALLTYPE make_condition(struct object *self, struct object **out) { (void)self; *out = make_object(&condition_table); return S_OK; }
static HRESULT STDMETHODCALLTYPE make_walker(struct object *self, struct object **out) { (void)self; *out = make_object(&walker_table); return S_OK; }
static HRESULT STDMETHODCALLTYPE ask_for(struct object *self, int what) { (void)self; (void)what; return S_OK; }

static HRESULT STDMETHODCALLTYPE instance(struct object *self, IUnknown *outer, REFIID id, void **out)
{
    (void)self;
    (void)id;
    if (outer) return CLASS_E_NOAGGREGATION;
    *out = make_object(&automation_table);
    return S_OK;
}

static IUIAutomationElementArrayVtbl array_table = { .get_Length = (void *)array_length, .GetElement = (void *)array_element };
static IUIAutomationElementVtbl element_table = {
    .SetFocus = (void *)set_focus, .GetRuntimeId = (void *)runtime_id, .FindAllBuildCache = (void *)children,
    .BuildUpdatedCache = (void *)updated, .GetCachedPropertyValueEx = (void *)property_value,
    .GetCurrentPattern = (void *)pattern, .get_CurrentName = (void *)current_name,
    .get_CurrentBoundingRectangle = (void *)rectangle,
};
static IUIAutomationVtbl automation_table = {
    .ElementFromHandleBuildCache = (void *)from_window, .CreateCacheRequest = (void *)make_request,
    .CreateTrueCondition = (void *)make_condition, .get_ControlViewWalker = (void *)make_walker,
    .GetRootElement = (void *)root, .AddAutomationEventHandler = (void *)hear_events,
    .AddStructureChangedEventHandler = (void *)hear_structure,
    .AddPropertyChangedEventHandlerNativeArray = (void *)hear_properties,
};
static IUIAutomationCacheRequestVtbl request_table = { .AddProperty = (void *)ask_for, .put_TreeScope = (void *)ask_for };
static IUIAutomationTreeWalkerVtbl walker_table = { .GetParentElementBuildCache = (void *)parent };
static IClassFactoryVtbl factory_table = { .CreateInstance = (void *)instance };

__declspec(dllexport) HRESULT WINAPI DllGetClassObject(REFCLSID class, REFIID id, void **out)
{
    (void)class;
    (void)id;
    complete_table(&array_table, sizeof array_table);
    complete_table(&element_table, sizeof element_table);
    complete_table(&automation_table, sizeof automation_table);
    complete_table(&request_table, sizeof request_table);
    complete_table(&walker_table, sizeof walker_table);
    complete_table(&condition_table, sizeof condition_table);
    complete_table(&factory_table, sizeof factory_table);
    *out = make_object(&factory_table);
    return S_OK;
}

__declspec(dllexport) HRESULT WINAPI DllCanUnloadNow(void) { return S_FALSE; }
