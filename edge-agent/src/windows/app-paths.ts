/**
 * Where an installer says that its program is (`App Paths` of the registry): the one answer for a program that is not in the
 * folder where it usually is.
 */
import { MACHINE, registryText, USER } from './registry.ts';

const FOLDER = String.raw`SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths`;

/** The paths that are told of the program, such as `chrome.exe`; nothing says that they exist. None where this is no Windows. */
export function appPaths(program: string): string[] {
  const told = [MACHINE, USER].map((root) => registryText(root, `${FOLDER}\\${program}`));
  // Some write it as for a prompt.
  return told.filter((path) => path !== null).map((path) => path.replace(/^"(.*)"$/, '$1'));
}
