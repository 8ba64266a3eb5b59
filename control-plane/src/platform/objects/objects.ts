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

/** Header values that a bucket sends a file with. */
export interface SentAs {
  /** Content-Type. */
  readonly type: string;
  /** Content-Disposition. */
  readonly disposition: string;
}

/** What is read; whoever has it reads it to its end or destroys it. */
export interface FoundObject {
  /** Of the whole, also where a range of it is read. */
  readonly bytes: number;
  readonly content: Readable;
}

/** What a list tells of an object. */
export interface ListedObject {
  readonly tenant: string;
  readonly id: string;
  readonly bytes: number;
  /** When it was put there last, by the clock of what keeps it. */
  readonly at: Date;
  /** An upload that was not finished, with all its parts. */
  readonly unfinished?: boolean;
}

export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  /** Where the next page begins; null at the end. */
  readonly next: string | null;
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
  /** About a thousand in the order of their names, from where a page said. What has another name is not ours and not in it. */
  list(from: string | null): Promise<ObjectPage>;
}

/** What a name says, whatever it is the name of; null for a name that is not ours. */
export function readObjectPath(name: string): { readonly tenant: string; readonly id: string } | null {
  const [, tenant, folder, id] = NAME.exec(name) ?? [];
  if (tenant === undefined || id === undefined || !id.endsWith(folder!)) return null;
  return { tenant, id };
}

const NAME = /^([a-z0-9][a-z0-9-]{0,39})\/([0-9a-f]{2})\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** `<tenant>/<last two hex digits>/<id>`, in lower case as the database gives ids back. */
export function objectPath(tenant: string, id: string): string {
  const name = id.toLowerCase();
  return `${tenant}/${name.slice(-2)}/${name}`;
}
