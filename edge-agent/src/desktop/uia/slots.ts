/**
 * Places of methods in COM's tables, counted from 0. Generated from Wine 10's `uiautomationclient.h` by
 * `scripts/generate/uia-slots.ts`; do not edit.
 */
export const SLOTS = {
  IUIAutomation: {
    ElementFromHandle: 6,
    ElementFromHandleBuildCache: 10,
    CreateCacheRequest: 20,
    CreateTrueCondition: 21,
    get_ControlViewWalker: 14,
    GetRootElement: 5,
    AddAutomationEventHandler: 32,
    AddPropertyChangedEventHandlerNativeArray: 34,
    AddStructureChangedEventHandler: 37,
    AddFocusChangedEventHandler: 39,
  },
  IUIAutomation2: {
    put_ConnectionTimeout: 61,
    put_TransactionTimeout: 63,
  },
  IUIAutomationCacheRequest: {
    AddProperty: 3,
    put_TreeScope: 7,
  },
  IUIAutomationTreeWalker: {
    GetParentElementBuildCache: 9,
  },
  IUIAutomationElement: {
    SetFocus: 3,
    GetRuntimeId: 4,
    FindAllBuildCache: 8,
    BuildUpdatedCache: 9,
    GetCachedPropertyValueEx: 13,
    GetCurrentPattern: 16,
    get_CurrentName: 23,
    get_CurrentBoundingRectangle: 43,
  },
  IUIAutomationElementArray: {
    get_Length: 3,
    GetElement: 4,
  },
  IUIAutomationInvokePattern: {
    Invoke: 3,
  },
  IUIAutomationSelectionPattern: {
    GetCurrentSelection: 3,
  },
  IUIAutomationValuePattern: {
    SetValue: 3,
    get_CurrentValue: 4,
  },
  IUIAutomationTogglePattern: {
    Toggle: 3,
  },
  IUIAutomationExpandCollapsePattern: {
    Expand: 3,
    Collapse: 4,
  },
  IUIAutomationSelectionItemPattern: {
    Select: 3,
  },
  IUIAutomationGridPattern: {
    GetItem: 3,
    get_CurrentRowCount: 4,
    get_CurrentColumnCount: 5,
  },
  IUIAutomationTablePattern: {
    GetCurrentColumnHeaders: 4,
  },
  IUIAutomationTableItemPattern: {
    GetCurrentColumnHeaderItems: 4,
  },
  IUIAutomationWindowPattern: {
    Close: 3,
    SetWindowVisualState: 5,
  },
  IUIAutomationTransformPattern: {
    Move: 3,
    Resize: 4,
    get_CurrentCanMove: 6,
    get_CurrentCanResize: 7,
  },
  IUIAutomationScrollPattern: {
    SetScrollPercent: 4,
    get_CurrentHorizontalScrollPercent: 5,
    get_CurrentVerticalScrollPercent: 6,
    get_CurrentHorizontalViewSize: 7,
    get_CurrentVerticalViewSize: 8,
  },
  IUIAutomationScrollItemPattern: {
    ScrollIntoView: 3,
  },
  IUIAutomationTextPattern: {
    get_DocumentRange: 7,
  },
  IUIAutomationTextRange: {
    GetText: 12,
  },
  IUIAutomationRangeValuePattern: {
    SetValue: 3,
    get_CurrentValue: 4,
    get_CurrentMaximum: 6,
    get_CurrentMinimum: 7,
  },
  IUIAutomationLegacyIAccessiblePattern: {
    DoDefaultAction: 4,
    SetValue: 5,
    get_CurrentDefaultAction: 15,
    get_CurrentValue: 8,
  },
} as const;
