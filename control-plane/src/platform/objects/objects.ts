/**
 * Where complete files are kept: one interface, a driver for a file system and one for a bucket of the S3 API. Names are
 * ids, by tenant; what is under a name never changes, it only goes.
 */
import type { Readable } from 'node:stream';

/** Both ends included, from 0. */
export interface ObjectRange {
  readonly start: number;
  readonly end: number;
}

/** A file on this machine that is complete and flushed. */
export interface SealedFile {
  readonly path: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** What is read; whoever has it reads it to its end or destroys it. */
export interface FoundObject {
  /** Of the whole, also where a range of it is read. */
  readonly bytes: number;
  readonly content: Readable;
}

export interface ObjectStore {
  /** Returns when it would survive a loss of power. The file may be moved; it stays where it was when this throws. */
  put(tenant: string, id: string, file: SealedFile): Promise<void>;
  has(tenant: string, id: string): Promise<boolean>;
  /** Null when it is not there. */
  read(tenant: string, id: string, range: ObjectRange | null): Promise<FoundObject | null>;
  /** Also of what is not there. */
  remove(tenant: string, id: string): Promise<void>;
  /** Removes what is there of a tenant, or a good part of it; how many. Asked again until there is nothing. */
  removeTenant(tenant: string): Promise<number>;
  /** How many there are of a tenant, up to some thousands. */
  countOf(tenant: string): Promise<number>;
}

/** `<tenant>/<last two hex digits>/<id>`, in lower case as the database gives ids back. */
export function objectPath(tenant: string, id: string): string {
  const name = id.toLowerCase();
  return `${tenant}/${name.slice(-2)}/${name}`;
}
