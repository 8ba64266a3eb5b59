/**
 * A run record that somebody was given: a zip from outside, hostile until it has shown otherwise. It is never unpacked:
 * its files are read where they lie, each by a name that `run.json` gives.
 *
 * Invariants: every refusal says what is wrong with the file; nothing is taken out of it before all names and sizes were
 * looked at; no file gives more bytes than it announced.
 */
import { ARTIFACT_BYTES } from '@casare/shared/protocol';
import { RECORD_ARTIFACTS, RECORD_FILES, RECORD_VERSION, RecordMark, RunRecord } from '@casare/shared/record';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { Fault } from '../../platform/errors.ts';

/** A file of the record, being read. */
export interface RecordEntry {
  readonly bytes: number;
  readonly stream: Readable;
}

export interface RunArchive {
  readonly run: RunRecord;
  /** Null where the record has no such file. */
  open(name: string): Promise<RecordEntry | null>;
  close(): void;
}

/** Files beside the artifacts, with room for those of later versions. */
const ENTRIES = RECORD_ARTIFACTS + 100;
const RUN_BYTES = 67_108_864;
/** What the page must take in as a whole. */
const DATA_BYTES = 268_435_456;
const MOST: Readonly<Record<string, number>> = {
  [RECORD_FILES.run]: RUN_BYTES,
  [RECORD_FILES.steps]: DATA_BYTES,
  [RECORD_FILES.log]: DATA_BYTES,
  [RECORD_FILES.events]: DATA_BYTES * 4,
};

/** @throws Fault RECORD_NOT_FOUND, RECORD_NO_ZIP, RECORD_UNSAFE, RECORD_TOO_LARGE, RECORD_NO_RUN, RECORD_VERSION, RECORD_DAMAGED */
export async function openArchive(file: string): Promise<RunArchive> {
  const zip = await openZip(file);
  try {
    const entries = await entriesOf(zip, file);
    const open = async (name: string): Promise<RecordEntry | null> => {
      const entry = entries.get(name);
      return entry ? { bytes: entry.uncompressedSize, stream: await zip.openReadStreamPromise(entry) } : null;
    };
    return { run: await readRun(open, file), open, close: () => zip.close() };
  } catch (error) {
    zip.close();
    throw error;
  }
}

async function openZip(file: string): Promise<ZipFile> {
  try {
    return await openPromise(file, { autoClose: false, strictFileNames: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw fault('RECORD_NOT_FOUND', `There is no file ${file}`, undefined, FETCH);
    if (code !== undefined)
      throw fault('RECORD_NOT_FOUND', `${file} cannot be read`, code, 'Give the path of a run record');
    throw fault('RECORD_NO_ZIP', `${file} is no zip, or is cut off`, message, FETCH);
  }
}

/** Looks at every name and size before anything is read. */
async function entriesOf(zip: ZipFile, file: string): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>();
  const tooLarge = (why: string): Fault => fault('RECORD_TOO_LARGE', `${file} holds more than a run record may`, why);
  if (zip.entryCount > ENTRIES) throw tooLarge(`${zip.entryCount} files, where ${ENTRIES} are the most`);
  try {
    for await (const entry of zip.eachEntry()) {
      const { fileName, uncompressedSize } = entry;
      const most = MOST[fileName] ?? ARTIFACT_BYTES;
      if (uncompressedSize > most)
        throw tooLarge(`${fileName} has ${uncompressedSize} bytes, where ${most} are the most`);
      if (entries.has(fileName)) throw unsafe(file, `${fileName} is in it twice`);
      if (entry.isEncrypted()) throw unsafe(file, `${fileName} is encrypted`);
      entries.set(fileName, entry);
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    const why = error instanceof Error ? error.message : String(error);
    // The library looks at names itself: paths that lead upwards, begin at a root or hold backslashes.
    if (/fileName|relative path|absolute path/i.test(why)) throw unsafe(file, why);
    throw fault('RECORD_DAMAGED', `${file} is damaged`, why, FETCH);
  }
  return entries;
}

async function readRun(open: RunArchive['open'], file: string): Promise<RunRecord> {
  const noRun = (why: string): Fault => fault('RECORD_NO_RUN', `${file} is no run record`, why, FETCH);
  const damaged = (error: unknown): never => {
    throw fault('RECORD_DAMAGED', `${file} is damaged`, error instanceof Error ? error.message : String(error), FETCH);
  };
  const entry = await open(RECORD_FILES.run).catch(damaged);
  if (entry === null) throw noRun(`it has no ${RECORD_FILES.run}`);
  const value = parsed(await text(entry.stream).catch(damaged));
  const mark = RecordMark.safeParse(value);
  if (!mark.success) throw noRun(`its ${RECORD_FILES.run} does not say so`);
  if (mark.data.version > RECORD_VERSION) {
    const why = `it has version ${mark.data.version} of the format, this program knows ${RECORD_VERSION}`;
    throw fault('RECORD_VERSION', `${file} was written by a newer Casare`, why, 'Open it with that version');
  }
  const run = RunRecord.safeParse(value);
  if (run.success) return run.data;
  const [issue] = run.error.issues;
  throw noRun(`its ${RECORD_FILES.run} is not as it should be at ${issue!.path.join('.')}: ${issue!.message}`);
}

const FETCH = 'Fetch it again with `casare job record <id>`';

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

function unsafe(file: string, why: string): Fault {
  return fault('RECORD_UNSAFE', `${file} is not as Casare writes it`, why, 'Do not open it; ask whoever sent it');
}

function fault(code: string, what: string, why?: string, fix?: string): Fault {
  return new Fault({ code, what, ...(why === undefined ? {} : { why }), ...(fix === undefined ? {} : { fix }) });
}
