/**
 * The places of methods in COM's tables, from the headers of Debian's `libwine-dev` (Wine 10, trixie). The header is not
 * on every machine, so this is no part of `npm run generate`; `test/system/uia-slots.test.ts` compares where it can be had.
 *
 * Run: `node scripts/generate/uia-slots.ts FOLDER`, the folder that holds `uiautomationclient.h` and `oleacc.h`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What the driver calls, and nothing else. */
const CALLED: Readonly<Record<string, readonly string[]>> = {
  IUIAutomation: [
    'GetRootElement',
    'ElementFromHandle',
    'GetFocusedElement',
    'ElementFromHandleBuildCache',
    'CreateCacheRequest',
    'CreateTrueCondition',
    'CreatePropertyCondition',
    'CreateAndCondition',
    'CreateOrCondition',
    'CreateNotCondition',
    'get_ControlViewWalker',
    'get_RawViewWalker',
  ],
  IUIAutomation2: ['put_AutoSetFocus', 'put_ConnectionTimeout', 'put_TransactionTimeout'],
  IUIAutomationCacheRequest: ['AddProperty', 'put_TreeScope', 'put_TreeFilter'],
  IUIAutomationTreeWalker: ['GetParentElementBuildCache'],
  IUIAutomationElement: [
    'SetFocus',
    'GetRuntimeId',
    'FindFirst',
    'FindFirstBuildCache',
    'FindAllBuildCache',
    'BuildUpdatedCache',
    'GetCurrentPropertyValueEx',
    'GetCachedPropertyValueEx',
    'GetCurrentPattern',
    'get_CurrentName',
    'get_CurrentBoundingRectangle',
  ],
  IUIAutomationElementArray: ['get_Length', 'GetElement'],
  IUIAutomationInvokePattern: ['Invoke'],
  IUIAutomationValuePattern: ['SetValue', 'get_CurrentValue', 'get_CurrentIsReadOnly'],
  IUIAutomationTogglePattern: ['Toggle'],
  IUIAutomationExpandCollapsePattern: ['Expand', 'Collapse'],
  IUIAutomationSelectionItemPattern: ['Select'],
  IUIAutomationGridPattern: ['GetItem', 'get_CurrentRowCount', 'get_CurrentColumnCount'],
  IUIAutomationTablePattern: ['GetCurrentColumnHeaders'],
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
  IAccessible: ['get_accName', 'get_accValue', 'get_accRole', 'accDoDefaultAction'],
};
const TARGET = path.resolve(import.meta.dirname, '../../edge-agent/src/desktop/uia/slots.ts');

/** The generated file from the texts of the headers. Throws when one of them lacks what the driver calls. */
export function slotsText(headers: readonly string[]): string {
  const header = headers.join('\n');
  const interfaces = Object.entries(CALLED).map(([name, methods]) => {
    const all = methodsOf(header, name);
    const lines = methods.map((method) => {
      const slot = all.indexOf(method);
      if (slot === -1) throw new Error(`${name} has no method ${method} in these headers`);
      return `    ${method}: ${slot},`;
    });
    return `  ${name}: {\n${lines.join('\n')}\n  },`;
  });
  return `/**
 * Places of methods in COM's tables, counted from 0. Generated from Wine 10's \`uiautomationclient.h\` and \`oleacc.h\` by
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
  if (body === undefined) throw new Error(`these headers have no ${name}: take them from libwine-dev of Wine 10`);
  return [...body.matchAll(/STDMETHODCALLTYPE \*(\w+)\)/g)].map(([, method]) => method!);
}

if (process.argv[1] === import.meta.filename) {
  const folder = process.argv[2];
  if (folder === undefined) throw new Error('say the folder of the headers');
  const read = (file: string): Promise<string> => readFile(path.join(folder, file), 'utf8');
  await writeFile(TARGET, slotsText(await Promise.all(['uiautomationclient.h', 'oleacc.h'].map(read))));
}
