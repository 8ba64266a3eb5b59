/** Who decides what the MSI does as the system. What Windows makes of the tables cannot be tried here. */
import { expect, test } from 'vitest';
import { GIVEN } from './names.ts';
import { sourceOf } from './source.ts';
import { statements } from './tables.ts';

const made = statements({ InstallServices: 5800, RemoveFiles: 3500, StopServices: 1900 });
const conditionOf = (action: string) =>
  made
    .flatMap((statement) => /VALUES \('(\w+)', '([^']*)', \d+\)/.exec(statement)?.slice(1, 3) ?? [])
    .join('\n')
    .match(new RegExp(`^${action}\\n(.*)$`, 'm'))?.[1];

test('a repair, which any user may ask for, configures nothing and keeps address and folder', () => {
  expect(conditionOf('configure')).toBe('NOT Installed');
  expect(conditionOf('keepUrl')).toBe('SAVED_URL AND (Installed OR NOT CONTROLPLANE_URL)');
  expect(conditionOf('keepDir')).toBe('SAVED_DIR AND (Installed OR NOT INSTALLDIR)');
});

test('the account of the service is not for ordinary users to name', () => {
  const secure = made.find((statement) => statement.includes('SecureCustomProperties')) ?? '';
  expect(secure).toContain('CONTROLPLANE_URL');
  expect(secure).not.toContain('SERVICE_ACCOUNT');
});

test('what stands between quotes on a command line has none in it, and no backslash before the last one', () => {
  const source = sourceOf({ version: '1.0.0', digest: 'x', folder: 'agent', files: ['node.exe'] });
  expect(source).toContain('<Property Id="quote" Value="&quot;"/>');
  const line = made.find((statement) => statement.includes("'configure'") && statement.includes('--url')) ?? '';
  const words = [...line.matchAll(/"\[([A-Z_]+)\]"/g)].map(([, name]) => name!);
  expect(words).toEqual(GIVEN);
  for (const name of words) {
    expect(source).toContain(`>NOT (${name} &gt;&lt; quote OR ${name} &gt;&gt; &quot;\\&quot;)</Condition>`);
  }
});
