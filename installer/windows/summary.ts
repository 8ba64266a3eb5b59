/**
 * The summary of an MSI: its package code, and when it was made. wixl draws the code at random and takes the time of the
 * build, so that no two builds are the same; here both become what the builder says.
 *
 * The summary is a set of properties in a stream of the MSI (MS-OLEPS, 2.21). Its bytes are changed in their place, since
 * nothing gets longer. Where they do not lie as expected, the build fails.
 */
import { BuildFault } from '../fault.ts';

export interface Summary {
  /** A UUID in capitals: packages that differ have different ones. */
  readonly code: string;
  readonly at: Date;
}

/** By which the set is known, and where it is in the stream. */
const FORMAT = Buffer.from('e0859ff2f94f6810ab9108002b27b3d9', 'hex');
const FORMAT_AT = 28;
const CODE = 9;
const [CREATED, SAVED] = [12, 13];
const [TEXT, TIME] = [0x1e, 0x40];
const PROPERTIES = 32;
/** Between 1601, where Windows begins to count, and 1970. */
const EPOCH_MS = 11_644_473_600_000n;
const TICKS_PER_MS = 10_000n;

/** Changes the bytes of the MSI. @throws BuildFault MSI_SUMMARY */
export function writeSummary(msi: Buffer, { code, at }: Summary): void {
  const found = msi.indexOf(FORMAT);
  if (found < FORMAT_AT || msi.indexOf(FORMAT, found + 1) !== -1) throw unexpected('it is not there once');
  const section = found - FORMAT_AT + msi.readUInt32LE(found + FORMAT.length);
  const text = `{${code}}`;
  const where = valueOf(msi, section, CODE, TEXT);
  const before = msi.toString('latin1', where + 4, where + 4 + text.length);
  if (!/^\{[0-9A-F-]{36}\}$/.test(before)) throw unexpected('its code is no UUID');
  msi.write(text, where + 4, 'latin1');
  const ticks = (BigInt(at.getTime()) + EPOCH_MS) * TICKS_PER_MS;
  for (const property of [CREATED, SAVED]) msi.writeBigUInt64LE(ticks, valueOf(msi, section, property, TIME));
}

/** Where the property's value is, behind its type. */
function valueOf(msi: Buffer, section: number, property: number, type: number): number {
  const count = msi.readUInt32LE(section + 4);
  if (count > PROPERTIES) throw unexpected(`it has ${count} properties`);
  for (let index = 0; index < count; index += 1) {
    const entry = section + 8 + index * 8;
    if (msi.readUInt32LE(entry) !== property) continue;
    const value = section + msi.readUInt32LE(entry + 4);
    if (msi.readUInt32LE(value) !== type) throw unexpected(`property ${property} is of another type`);
    return value + 4;
  }
  throw unexpected(`it has no property ${property}`);
}

function unexpected(why: string): BuildFault {
  return new BuildFault(
    'MSI_SUMMARY',
    `the summary of the MSI is not as wixl writes it (${why}): build with wixl 0.101`,
  );
}
