/** Who decides what the MSI does as the system. What Windows makes of the tables cannot be tried here. */
import { expect, test } from 'vitest';
import { GIVEN, SERVICE, serviceSid } from './names.ts';
import { sourceOf } from './source.ts';
import { statements } from './tables.ts';

const made = statements({ InstallServices: 5800, RemoveFiles: 3500, StopServices: 1900 });
const conditionOf = (action: string) =>
  made
    .flatMap((statement) => /VALUES \('(\w+)', '([^']*)', \d+\)/.exec(statement)?.slice(1, 3) ?? [])
    .join('\n')
    .match(new RegExp(`^${action}\\n(.*)$`, 'm'))?.[1];

test('a repair, which any user may ask for, configures nothing and keeps address and folder', () => {
  for (const name of ['configure', 'keepConfig', 'restoreConfig']) expect(conditionOf(name)).toBe('NOT Installed');
  for (const name of ['sessionsOn', 'forgetTask']) expect(conditionOf(name)).toBe('SESSIONS="1" AND NOT Installed');
  expect(conditionOf('forgetToken')).toBe('(JOIN_TOKEN OR JOIN_TOKEN_FILE) AND NOT Installed');
  expect(conditionOf('keepUrl')).toBe('SAVED_URL AND (Installed OR NOT CONTROLPLANE_URL)');
  expect(conditionOf('keepDir')).toBe('SAVED_DIR AND (Installed OR NOT INSTALLDIR)');
  expect(conditionOf('endHosts')).toBe('REMOVE="ALL"');
});

/** As Windows' installer has them. */
const FOLDERS: Readonly<Record<string, string>> = {
  WindowsFolder: 'C:\\Windows\\',
  CommonAppDataFolder: 'C:\\ProgramData\\',
  ProgramFiles64Folder: 'C:\\Program Files\\',
  ProgramFilesFolder: 'C:\\Program Files (x86)\\',
  CommonFiles64Folder: 'C:\\Program Files\\Common Files\\',
  CommonFilesFolder: 'C:\\Program Files (x86)\\Common Files\\',
};

/** Whether a launch condition refuses this INSTALLDIR: the part of their language that they are written in. */
function refuses(folder: string): boolean {
  const source = sourceOf({ version: '1.0.0', folder: 'agent', files: ['node.exe'] }).replaceAll('&lt;', '<');
  const text = source.replaceAll('&gt;', '>').replaceAll('&quot;', '"');
  const conditions = [...text.matchAll(/>Installed OR NOT INSTALLDIR OR NOT \((.*)\)<\/Condition>/g)];
  expect(conditions.length).toBeGreaterThan(0);
  const values: Readonly<Record<string, string>> = { ...FOLDERS, INSTALLDIR: folder, dirEnd: `${folder}\\` };
  const valueOf = (word: string): string => {
    const value = word.startsWith('"') ? word.slice(1, -1) : values[word];
    expect(value, word).toBeDefined();
    return value!.toLowerCase();
  };
  return conditions.some(([, terms]) =>
    terms!.split(' OR ').some((term) => {
      const [, left, operator, right] = /^(\w+) ~(<<|>>|=) ("[^"]+"|\w+)$/.exec(term)!;
      const [a, b] = [valueOf(left!), valueOf(right!)];
      return operator === '<<' ? a.startsWith(b) : operator === '>>' ? a.endsWith(b) : a === b;
    }),
  );
}

test.each(
  [...Object.values(FOLDERS), 'D:\\', 'C:\\Users\\', 'c:\\PROGRAM FILES\\', 'C:\\Windows\\System32\\']
    .flatMap((folder) => [folder, folder.slice(0, -1)])
    .map((folder) => [folder]),
)('%s, whose access list would be replaced, is no folder for the program', (folder) => {
  expect(refuses(folder)).toBe(true);
});

test.each([
  ['C:\\Program Files\\Casare\\Agent\\'],
  ['C:\\Program Files\\Casare'],
  ['D:\\Casare'],
  ['C:\\Windowsill\\Agent\\'],
  ['C:\\Prog'],
])('%s is one', (folder) => {
  expect(refuses(folder)).toBe(false);
});

test('the system takes away and copies over no folder, which the account of the service may have put in the place of a file', () => {
  const lines = made.flatMap(
    (text) => /VALUES \('\w+', \d+, 'System64Folder', '(.*)'\)$/.exec(text)?.slice(1, 2) ?? [],
  );
  const taken = lines.filter((line) => /\b(del|copy|move)\b/.test(line));
  expect(taken).toHaveLength(4);
  for (const line of taken) {
    for (const [, file] of line.matchAll(/(?:del \/f \/q|copy \/y "[^"]+") "([^"]+)"/g)) {
      expect(line).toMatch(/if (not )?exist/);
      expect(line.replaceAll('if not exist', 'if exist')).toContain(`if exist "${file}\\"`);
    }
    expect(line).not.toMatch(/\bmove\b/);
    // What Windows takes at most.
    expect(line.length).toBeLessThan(256);
  }
});

test('the account of the service is not for ordinary users to name', () => {
  const secure = made.find((statement) => statement.includes('SecureCustomProperties')) ?? '';
  expect(secure).toContain('CONTROLPLANE_URL');
  expect(secure).not.toContain('SERVICE_ACCOUNT');
});

test('what stands between quotes on a command line has none in it, and no backslash before the last one', () => {
  const source = sourceOf({ version: '1.0.0', folder: 'agent', files: ['node.exe'] });
  expect(source).toContain('<Property Id="quote" Value="&quot;"/>');
  const line = made.find((statement) => statement.includes("'configure'") && statement.includes('--url')) ?? '';
  const words = [...line.matchAll(/"\[([A-Z_]+)\]"/g)].map(([, name]) => name!);
  expect(words).toEqual(GIVEN);
  for (const name of words) {
    expect(source).toContain(`>NOT (${name} &gt;&lt; quote OR ${name} &gt;&gt; &quot;\\&quot;)</Condition>`);
  }
});

test('the data, the folder around it and the program are taken from whoever made them before', () => {
  const locked = made.flatMap(
    (text) => /VALUES \('\w+', '(\w+)', 'CreateFolder', '([^']+)'\)/.exec(text)?.slice(1, 3) ?? [],
  );
  expect(locked.filter((_, index) => index % 2 === 0)).toEqual(['DATADIR', 'dataCasare', 'INSTALLDIR', 'KEPT']);
  expect(made.some((text) => text.includes('`CreateFolder`') && text.includes("'dataCasare', 'cData'"))).toBe(true);
  const service = serviceSid(SERVICE);
  // Owned by the system, nothing inherited; others than the service read the outer one, which nobody inherits from it.
  const closed = 'O:SYG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)';
  expect(locked[1]).toBe(`${closed}(A;OICI;0x1301bf;;;${service})`);
  expect(locked[3]).toBe(`${closed}(A;;0x1301bf;;;${service})(A;;0x1200a9;;;BU)`);
  // Where INSTALLDIR says: everybody reads and runs what is in there, whatever the folder around it allows.
  expect(locked[5]).toBe(`${closed}(A;OICI;0x1200a9;;;BU)`);
  // In there `agent.yaml` lies while it is changed.
  expect(locked[7]).toBe(closed);
});

test('what takes back is in the script before that which it takes back, and runs a program of Windows', () => {
  const numbers = new Map(
    made.flatMap((text) =>
      [...text.matchAll(/VALUES \('(\w+)', '[^']*', (\d+)\)/g)].map(([, name, at]) => [name, Number(at)]),
    ),
  );
  const [keep, restore, token, configure] = ['keepConfig', 'restoreConfig', 'forgetToken', 'configure'].map((name) =>
    numbers.get(name)!,
  );
  expect(5800 < keep! && keep! < restore! && restore! < token! && token! < configure!).toBe(true);
  expect(numbers.get('forgetTask')).toBeLessThan(numbers.get('sessionsOn')!);
  // The service is started at 5900.
  expect(Math.max(...[...numbers.values()].filter((number) => number > 5800))).toBeLessThan(5900);
  const undone = made.filter((text) => /VALUES \('(restoreConfig|forgetToken|forgetTask)', \d+/.test(text));
  expect(undone).toHaveLength(3);
  for (const text of undone) expect(text).toMatch(/, 'System64Folder', '"\[System64Folder\]cmd\.exe" /);
});
