/** Programs of Windows, in full. That no other code names one by its bare name is seen in the sources. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemProgram } from './system-program.ts';

const SOURCES = new URL('..', import.meta.url).pathname;

test('they are in the folder of the system, wherever that is', () => {
  expect(systemProgram('sc.exe', {})).toBe(String.raw`C:\Windows\System32\sc.exe`);
  const other = { SystemRoot: String.raw`D:\Win` };
  expect(systemProgram('wmic.exe', other)).toBe(String.raw`D:\Win\System32\wbem\wmic.exe`);
  expect(systemProgram('powershell.exe', other)).toBe(
    String.raw`D:\Win\System32\WindowsPowerShell\v1.0\powershell.exe`,
  );
});

test('nothing starts a program of Windows by its bare name', () => {
  const bare =
    /(?:ask|execFile\w*\)?|spawn\w*)\(\s*\[?\s*'(?:sc|reg|tasklist|taskkill|wmic|powershell|rundll32|wevtutil|schtasks|icacls|cmd)(?:\.exe)?'/;
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(100);
  const found = files.filter((name) => bare.test(readFileSync(join(SOURCES, name), 'utf8')));
  expect(found).toEqual([]);
});
