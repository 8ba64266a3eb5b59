/**
 * Where the programs are that Windows itself brings, in full: a bare name is looked for in the current folder first, where
 * somebody may have put one of the same name, and administrators call this agent from their downloads. Pure.
 */
import { win32 } from 'node:path';

/** Those that are not in the system folder itself. */
const BELOW: Readonly<Record<string, string>> = {
  'powershell.exe': String.raw`WindowsPowerShell\v1.0`,
  'wmic.exe': 'wbem',
};

/** @param name such as `sc.exe` */
export function systemProgram(name: string, environment: NodeJS.ProcessEnv = process.env): string {
  return win32.join(systemFolder(environment), BELOW[name] ?? '', name);
}

/** The folder of Windows' own programs. */
export function systemFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return win32.join(environment['SystemRoot'] ?? String.raw`C:\Windows`, 'System32');
}
