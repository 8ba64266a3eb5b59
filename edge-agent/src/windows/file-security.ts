/**
 * Who may read and change a file of Windows: asked of the system, and set. Only for Windows; accounts are numbers (SIDs)
 * throughout.
 */
import { readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Fault } from '../fault.ts';
import { native, type Pointer } from './native.ts';
import { exposedTo, type Guarded, privateList, readSddl, type Security } from './sddl.decision.ts';
import { serviceSid } from './service-sid.ts';

/** The account of the agent's service. */
const SERVICE_ACCOUNT = serviceSid('CasareAgent');

const FILE = 1;
const OWNER_AND_LIST = 0x5;
const LIST_WITHOUT_PARENT = 0x8000_0004;
const REVISION = 1;
const TOKEN_QUERY = 0x8;
const TOKEN_USER = 1;
/** A TOKEN_USER with the longest account there is. */
const TOKEN_BYTES = 256;

let own: string | undefined;

/** The account that this process runs under. */
export function ownAccount(): string {
  return (own ??= readOwnAccount());
}

/**
 * Who besides system, administrators, this account and the agent's service can do with the file what it is guarded from;
 * null when nobody can. @throws Fault ACCESS_UNREADABLE
 */
export function strangerAt(path: string, guarded: Guarded): string | null {
  return exposedTo(securityOf(path), guarded, trustedAccounts());
}

/**
 * What lets others change or replace a file that they may read, as a text with what to do; null when nothing does. Looked
 * at are the file and each folder on its way, by its name and by where it leads.
 */
export function changeProblem(file: string): string | null {
  const stranger = strangerAt(file, 'unchanged');
  if (stranger !== null) return `${stranger} may change ${file}: ${repairOf(file, false)}`;
  for (const folder of wayTo(file)) {
    const found = strangerAt(folder, 'way');
    if (found !== null) return `${found} may replace what is in ${folder}: take that from them`;
  }
  return null;
}

/** What lets others at a file or folder that is the agent's alone; null when nothing does. */
export function privacyProblem(path: string, isFolder: boolean): string | null {
  const stranger = strangerAt(path, 'private');
  return stranger === null ? null : `${path} is open to ${stranger}: ${repairOf(path, isFolder)}`;
}

/**
 * Lets nobody at it but system, administrators, this account and the agent's service, whichever of them made it.
 * @throws Fault ACCESS_NOT_SET
 */
export function makePrivate(path: string, isFolder: boolean): void {
  setList(path, privateList(trustedAccounts(), isFolder));
}

/** Closes a folder with what is in it, where others may enter it. Links are not followed. @throws Fault ACCESS_NOT_SET */
export function closeToOthers(folder: string): void {
  if (strangerAt(folder, 'private') === null) return;
  makePrivate(folder, true);
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const isFolder = entry.isDirectory();
    if (isFolder || entry.isFile()) makePrivate(join(entry.parentPath, entry.name), isFolder);
  }
}

/** Lets everybody read it, and only system and administrators change it. @throws Fault ACCESS_NOT_SET */
export function openToReaders(path: string): void {
  const inside = statSync(path).isDirectory() ? 'OICI' : '';
  setList(path, `${privateList([], inside !== '')}(A;${inside};0x1200a9;;;WD)`);
}

/**
 * Lets whoever is signed in at this machine read it, or with `change` work in it, besides those that the agent's files are
 * for. @throws Fault ACCESS_NOT_SET
 */
export function openToSessions(path: string, use: 'read' | 'change'): void {
  const inside = statSync(path).isDirectory() ? 'OICI' : '';
  const rights = use === 'read' ? '0x1200a9' : '0x1301bf';
  setList(path, `${privateList(trustedAccounts(), inside !== '')}(A;${inside};${rights};;;IU)`);
}

function setList(path: string, list: string): void {
  const windows = native();
  const descriptor: [Pointer] = [null];
  const isRead = windows.readSecurity(list, REVISION, descriptor, null);
  try {
    if (isRead && windows.setFileSecurity(path, LIST_WITHOUT_PARENT, descriptor[0])) return;
    const text = `the access list of ${path} cannot be set (error ${windows.lastError()}): run this as an administrator`;
    throw new Fault('ACCESS_NOT_SET', text);
  } finally {
    if (isRead) windows.free(descriptor[0]);
  }
}

function trustedAccounts(): Set<string> {
  return new Set([ownAccount(), SERVICE_ACCOUNT]);
}

function securityOf(path: string): Security | null {
  const windows = native();
  const descriptor: [Pointer] = [null];
  const error = windows.securityOf(path, FILE, OWNER_AND_LIST, null, null, null, null, descriptor);
  if (error !== 0) {
    const text = `who may use ${path} cannot be found out (error ${error}): run this as its owner or an administrator`;
    throw new Fault('ACCESS_UNREADABLE', text);
  }
  try {
    const text: [Pointer] = [null];
    if (!windows.describeSecurity(descriptor[0], REVISION, OWNER_AND_LIST, text, [0])) return null;
    return readSddl(windows.takeText(text[0]));
  } finally {
    windows.free(descriptor[0]);
  }
}

function readOwnAccount(): string {
  const windows = native();
  const token: [Pointer] = [null];
  const user = Buffer.alloc(TOKEN_BYTES);
  const text: [Pointer] = [null];
  const isOpen = windows.openToken(windows.currentProcess(), TOKEN_QUERY, token);
  const isKnown =
    isOpen &&
    windows.tokenInformation(token[0], TOKEN_USER, user, TOKEN_BYTES, [0]) &&
    windows.sidText(windows.pointerIn(user), text);
  if (isOpen) windows.closeHandle(token[0]);
  if (isKnown) return windows.takeText(text[0]);
  throw new Fault('ACCESS_UNREADABLE', `Windows does not say which account this is (error ${windows.lastError()})`);
}

function wayTo(file: string): Set<string> {
  const way = new Set<string>();
  for (const start of [resolve(file), realpathSync.native(file)]) {
    for (let part = dirname(start); !way.has(part); part = dirname(part)) way.add(part);
  }
  return way;
}

/** A line for a prompt, by numbers of accounts: their names are translated. */
function repairOf(path: string, isFolder: boolean): string {
  const inside = isFolder ? '(OI)(CI)' : '';
  const grants = ['S-1-5-18', 'S-1-5-32-544', ...trustedAccounts()].map((sid) => `*${sid}:${inside}F`).join(' ');
  return `icacls "${path}" /inheritance:r /grant:r ${grants}`;
}
