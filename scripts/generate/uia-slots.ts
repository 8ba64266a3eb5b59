/**
 * The places of methods in COM's tables, from the header of Debian's `libwine-dev` (Wine 10, trixie). The header is not
 * on every machine, so this is no part of `npm run generate`; `test/system/uia-slots.test.ts` compares where it can be had.
 *
 * Run: `node scripts/generate/uia-slots.ts FOLDER`, the folder that holds `uiautomationclient.h`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What the driver calls, and nothing else. */
const CALLED: Readonly<Record<string, readonly string[]>> = {
  IUIAutomation: [
    'ElementFromHandle',
    'ElementFromHandleBuildCache',
    'CreateCacheRequest',
    'CreateTrueCondition',
    'get_ControlViewWalker',
    'GetRootElement',
    'AddAutomationEventHandler',
    'AddPropertyChangedEventHandlerNativeArray',
    'AddStructureChangedEventHandler',
    'AddFocusChangedEventHandler',
  ],
  IUIAutomation2: ['put_ConnectionTimeout', 'put_TransactionTimeout'],
  IUIAutomationCacheRequest: ['AddProperty', 'put_TreeScope'],
  IUIAutomationTreeWalker: ['GetParentElementBuildCache'],
  IUIAutomationElement: [
    'SetFocus',
    'GetRuntimeId',
    'FindAllBuildCache',
    'BuildUpdatedCache',
    'GetCachedPropertyValueEx',
    'GetCurrentPattern',
    'get_CurrentName',
    'get_CurrentBoundingRectangle',
  ],
  IUIAutomationElementArray: ['get_Length', 'GetElement'],
  IUIAutomationInvokePattern: ['Invoke'],
  IUIAutomationSelectionPattern: ['GetCurrentSelection'],
  IUIAutomationValuePattern: ['SetValue', 'get_CurrentValue'],
  IUIAutomationTogglePattern: ['Toggle'],
  IUIAutomationExpandCollapsePattern: ['Expand', 'Collapse'],
  IUIAutomationSelectionItemPattern: ['Select'],
  IUIAutomationGridPattern: ['GetItem', 'get_CurrentRowCount', 'get_CurrentColumnCount'],
  IUIAutomationTablePattern: ['GetCurrentColumnHeaders'],
  IUIAutomationTableItemPattern: ['GetCurrentColumnHeaderItems'],
  IUIAutomationWindowPattern: ['Close', 'SetWindowVisualState'],
  IUIAutomationTransformPattern: ['Move', 'Resize', 'get_CurrentCanMove', 'get_CurrentCanResize'],
  IUIAutomationScrollPattern: [
    'SetScrollPercent',
    'get_CurrentHorizontalScrollPercent',
    'get_CurrentVerticalScrollPercent',
    'get_CurrentHorizontalViewSize',
    'get_CurrentVerticalViewSize',
  ],
  IUIAutomationScrollItemPattern: ['ScrollIntoView'],
  IUIAutomationTextPattern: ['get_DocumentRange'],
  IUIAutomationTextRange: ['GetText'],
  IUIAutomationRangeValuePattern: ['SetValue', 'get_CurrentValue', 'get_CurrentMaximum', 'get_CurrentMinimum'],
  IUIAutomationLegacyIAccessiblePattern: [
    'DoDefaultAction',
    'SetValue',
    'get_CurrentDefaultAction',
    'get_CurrentValue',
  ],
};
const TARGET = path.resolve(import.meta.dirname, '../../edge-agent/src/desktop/uia/slots.ts');

/** The generated file from the text of the header. Throws when one of them lacks what the driver calls. */
export function slotsText(header: string): string {
  const interfaces = Object.entries(CALLED).map(([name, methods]) => {
    const all = methodsOf(header, name);
    const lines = methods.map((method) => {
      const slot = all.indexOf(method);
      if (slot === -1) throw new Error(`${name} has no method ${method} in this header`);
      return `    ${method}: ${slot},`;
    });
    return `  ${name}: {\n${lines.join('\n')}\n  },`;
  });
  return `/**
 * Places of methods in COM's tables, counted from 0. Generated from Wine 10's \`uiautomationclient.h\` by
 * \`scripts/generate/uia-slots.ts\`; do not edit.
 */
export const SLOTS = {
${interfaces.join('\n')}
} as const;
`;
}

/** The methods of an interface with those that it inherits, in their order. */
function methodsOf(header: string, name: string): string[] {
  const [, body] = new RegExp(String.raw`typedef struct ${name}Vtbl \{(.*?)\} ${name}Vtbl;`, 's').exec(header) ?? [];
  if (body === undefined) throw new Error(`this header has no ${name}: take the one of libwine-dev of Wine 10`);
  return [...body.matchAll(/STDMETHODCALLTYPE \*(\w+)\)/g)].map(([, method]) => method!);
}

if (process.argv[1] === import.meta.filename) {
  const folder = process.argv[2];
  if (folder === undefined) throw new Error('say the folder of the header');
  await writeFile(TARGET, slotsText(await readFile(path.join(folder, 'uiautomationclient.h'), 'utf8')));
}
