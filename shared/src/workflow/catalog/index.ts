/**
 * The default catalogue: every step a document may call. A reference is `browser.click`, `browser.click:1.0.0` or
 * `browser.click:1.0.0@default`; without a version it means the newest 1.x.
 */
import type { StepDeclaration } from '../step.ts';
import { nearest } from '../problem.ts';
import { BROWSER_STEPS } from './browser/index.ts';
import { DATA_STEPS } from './data/index.ts';
import { DB_STEPS } from './db/index.ts';
import { FILES_STEPS } from './files/index.ts';
import { DESKTOP_STEPS } from './desktop/index.ts';
import { MAIL_STEPS } from './mail/index.ts';
import { PLAIN_STEPS } from './plain.ts';

export * from './arguments.ts';
export { BROWSER_STEPS } from './browser/index.ts';
export { DATA_STEPS } from './data/index.ts';
export * from './file-arguments.ts';
export { TABLE_ROWS, type TableArguments, type TableRows } from './table-arguments.ts';
export { DB_STEPS } from './db/index.ts';
export type { Connection as DatabaseConnection } from './db/connection.ts';
export { FILES_STEPS } from './files/index.ts';
export { MAIL_STEPS } from './mail/index.ts';
export type { ExcelColumn } from './data/excel-write.ts';
export type { FilesEntry } from './files/entry.ts';
export { defineStep, STEP_TIMEOUT_MS } from './define-step.ts';
export { DESKTOP_STEPS } from './desktop/index.ts';
export type { DesktopExpectation, DesktopTreeNode, WindowState } from './desktop/index.ts';
export { PLAIN_STEPS } from './plain.ts';

/** Every declared step, in the order of the docs. */
export const CATALOG: readonly StepDeclaration[] = [
  ...Object.values(BROWSER_STEPS),
  ...Object.values(DATA_STEPS),
  ...Object.values(FILES_STEPS),
  ...Object.values(MAIL_STEPS),
  ...Object.values(DB_STEPS),
  ...Object.values(DESKTOP_STEPS),
  ...Object.values(PLAIN_STEPS),
];

/** A step, or why there is none, with what was probably meant. */
export type Found =
  | { readonly ok: true; readonly step: StepDeclaration }
  | { readonly ok: false; readonly message: string; readonly suggestion?: string };

/** The step that a reference names. */
export function findStep(reference: string): Found {
  const { name, version, catalog } = splitReference(reference);
  if (catalog !== undefined && catalog !== 'default') {
    return {
      ok: false,
      message: `there is no catalogue \`${catalog}\`: only \`default\` is supported, remote catalogues are refused`,
    };
  }
  const versions = CATALOG.filter((step) => step.name === name).sort((a, b) => compareVersions(b.version, a.version));
  const step = versions.find((candidate) =>
    version === undefined ? candidate.version.startsWith('1.') : candidate.version === version,
  );
  if (step !== undefined) return { ok: true, step };
  if (versions.length > 0) return missingVersion(name, version, versions);
  return missingStep(name);
}

/** The exact reference of a step, as saved documents hold it: `browser.click:1.0.0@default`. */
export function exactReference(step: Pick<StepDeclaration, 'name' | 'version'>): string {
  return `${step.name}:${step.version}@default`;
}

function splitReference(reference: string): { name: string; version?: string; catalog?: string } {
  const at = reference.indexOf('@');
  const local = at === -1 ? reference : reference.slice(0, at);
  const colon = local.indexOf(':');
  return {
    name: colon === -1 ? local : local.slice(0, colon),
    ...(colon === -1 ? {} : { version: local.slice(colon + 1) }),
    ...(at === -1 ? {} : { catalog: reference.slice(at + 1) }),
  };
}

function missingVersion(name: string, version: string | undefined, versions: readonly StepDeclaration[]): Found {
  const newest = `${name}:${versions[0]!.version}`;
  return {
    ok: false,
    message: `there is no version \`${version ?? '1.x'}\` of step \`${name}\`; did you mean \`${newest}\`?`,
    suggestion: newest,
  };
}

function missingStep(name: string): Found {
  const suggestion = nearest(name, new Set(CATALOG.map((step) => step.name)));
  const message = `there is no step \`${name.slice(0, 200)}\``;
  return suggestion === undefined
    ? { ok: false, message }
    : { ok: false, message: `${message}; did you mean \`${suggestion}\`?`, suggestion };
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  return left.map((part, index) => part - (right[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}
