/** The command of the MSI, by its text; `test/system/windows-msi.test.ts` starts it. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { COMMAND, REMOVED } from './command.ts';

test('it is about the home and the agent.yaml of the service', async () => {
  const host = await readFile(new URL('host/settings.c', import.meta.url), 'utf8');
  expect(host).toContain(String.raw`L"%ls\\Casare\\Agent"`);
  expect(COMMAND).toContain(String.raw`"CASARE_AGENT_HOME=%ProgramData%\Casare\Agent"`);
  expect(COMMAND).toContain(String.raw`"CASARE_AGENT_CONFIG=%CASARE_AGENT_HOME%\agent.yaml"`);
});

test('the service host takes the same variables away from Node', async () => {
  const host = await readFile(new URL('host/main.c', import.meta.url), 'utf8');
  const names = /REMOVED\[\] = \{([^}]*)\}/.exec(host)?.[1] ?? '';
  expect([...names.matchAll(/L"(\w+)"/g)].map(([, name]) => name)).toEqual(REMOVED);
  for (const name of REMOVED) expect(COMMAND).toContain(`set "${name}="\r\n`);
});
