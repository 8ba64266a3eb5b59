/** The registry of Windows: texts that are read, values that a service needs. None where this is no Windows. */
import { Fault } from '../fault.ts';
import { native } from './native.ts';

/** Of the machine, and of this user: keys that Windows always has open, by numbers that count from below zero. */
export const MACHINE = 0x8000_0002 - 0x1_0000_0000;
export const USER = 0x8000_0001 - 0x1_0000_0000;
/** For reading: a text, with the variables in it replaced; as programs of 64 bits see it. */
const ANY_TEXT = 0x1_0002;
/** For writing. */
const [EXPANDABLE, NUMBER] = [2, 4];
const BYTES = 4_096;
const MISSING = 2;

/** A text, by its name or as the key's own; null where there is none. */
export function registryText(root: number, key: string, name: string | null = null): string | null {
  if (process.platform !== 'win32') return null;
  const value = Buffer.alloc(BYTES);
  const used: [number] = [BYTES];
  if (native().registryValue(root, key, name, ANY_TEXT, null, value, used) !== 0) return null;
  return value.toString('utf16le', 0, used[0]).replace(/\0.*$/s, '').trim() || null;
}

/** Makes the key where it is missing. @throws Fault REGISTRY_NOT_SET */
export function setRegistryValue(key: string, name: string, value: string | number): void {
  const isText = typeof value === 'string';
  const bytes = isText ? Buffer.from(`${value}\0`, 'utf16le') : Buffer.alloc(4);
  if (!isText) bytes.writeUInt32LE(value);
  const error = native().setRegistryValue(MACHINE, key, name, isText ? EXPANDABLE : NUMBER, bytes, bytes.length);
  if (error !== 0) throw unset(key, error);
}

/** Removes a key with its values; it has no keys below it. @throws Fault REGISTRY_NOT_SET */
export function removeRegistryKey(key: string): void {
  const error = native().removeRegistryKey(MACHINE, key);
  if (error !== 0 && error !== MISSING) throw unset(key, error);
}

function unset(key: string, error: number): Fault {
  return new Fault('REGISTRY_NOT_SET', `HKLM\\${key} cannot be changed (error ${error}): run this as an administrator`);
}
