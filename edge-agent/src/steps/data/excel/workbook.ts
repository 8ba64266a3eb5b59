/**
 * A workbook (.xlsx, .xlsm) of a stranger: its sheets, the texts that cells share, and which formats show dates.
 *
 * Bounds: bytes of the file, entries and bytes of its archive, shared texts and their characters, formats.
 */
import type { Readable } from 'node:stream';
import { StepFailure } from '../../../engine/index.ts';
import { type ArchiveFile, brokenArchive, filesOfArchive } from '../../files/archive.ts';
import type { OpenFile } from '../../run-files.ts';
import { decode } from '../encoding.ts';
import { localName, readXml, type XmlListener } from '../xml-stream.ts';
import { builtInFormat, formatOf, type Shown, unescaped } from './cells.decision.ts';

/** The largest file, bytes. */
export const WORKBOOK_BYTES = 134_217_728;
const ARCHIVE = { entries: 10_000, bytes: 1_073_741_824 } as const;
/** Shared texts, and their characters together. */
const TEXTS = 4_000_000;
const TEXT_LENGTH = 100_000_000;
/** Formats of cells; Excel itself allows 65,490. */
const FORMATS = 100_000;

export interface SheetOf {
  readonly name: string;
  /** Its part of the archive. */
  readonly part: string;
}

/** What cells need to be read. */
export interface CellContext {
  readonly texts: readonly string[];
  /** By the number that a cell names. */
  readonly formats: readonly Shown[];
  readonly since1904: boolean;
}

/** A workbook whose directory was read. */
export class Workbook {
  readonly #parts: ReadonlyMap<string, ArchiveFile>;

  private constructor(files: readonly ArchiveFile[]) {
    this.#parts = new Map(files.map((file) => [file.name.toLowerCase(), file]));
  }

  /** @throws StepFailure EXCEL_BROKEN, EXCEL_ENCRYPTED, ARCHIVE_TOO_LARGE */
  static async open(file: OpenFile): Promise<Workbook> {
    const head = Buffer.alloc(4);
    await file.handle.read(head, 0, 4, 0);
    if (head.equals(Buffer.from([0xd0, 0xcf, 0x11, 0xe0]))) throw encrypted();
    return new Workbook(await filesOfArchive(file, ARCHIVE));
  }

  /** The sheets in their order, and whether days count from 1904. */
  async sheets(signal: AbortSignal): Promise<{ sheets: SheetOf[]; since1904: boolean }> {
    const targets = new Map<string, string>();
    await this.#read('xl/_rels/workbook.xml.rels', signal, {
      open: (name, { Id = '', Target = '' }) => {
        if (localName(name) === 'Relationship') targets.set(Id, Target);
      },
      close: () => undefined,
    });
    const sheets: SheetOf[] = [];
    let since1904 = false;
    await this.#read('xl/workbook.xml', signal, {
      open: (name, attributes) => {
        if (localName(name) === 'workbookPr') since1904 = ['1', 'true'].includes(attributes['date1904'] ?? '');
        if (localName(name) !== 'sheet' || sheets.length >= ARCHIVE.entries) return;
        const id = Object.entries(attributes).find(([key]) => localName(key) === 'id' && key !== 'id')?.[1] ?? '';
        const target = targets.get(id);
        if (target === undefined) return;
        const part = target.startsWith('/') ? target.slice(1) : `xl/${target}`;
        sheets.push({ name: attributes['name'] ?? '', part });
      },
      close: () => undefined,
    });
    return { sheets, since1904 };
  }

  /** @throws StepFailure EXCEL_TOO_LARGE */
  async cellContext(signal: AbortSignal, since1904: boolean): Promise<CellContext> {
    return { texts: await this.#texts(signal), formats: await this.#formats(signal), since1904 };
  }

  /** Tells a part, yielding between pieces; a part that is not there tells nothing. */
  async *tell(part: string, listener: XmlListener): AsyncGenerator<void> {
    const found = this.#parts.get(part.toLowerCase());
    if (found === undefined) return;
    yield* readXml(decode(piecesOf(await found.read())), listener);
  }

  async #read(part: string, signal: AbortSignal, listener: XmlListener): Promise<void> {
    for await (const _ of this.tell(part, listener)) signal.throwIfAborted();
  }

  async #texts(signal: AbortSignal): Promise<string[]> {
    const texts: string[] = [];
    let length = 0;
    let text = '';
    let [isText, isReading] = [false, false];
    await this.#read('xl/sharedStrings.xml', signal, {
      open: (name) => {
        const local = localName(name);
        if (local === 'si') text = '';
        // How a text is read aloud (`rPh`) is no part of it.
        if (local === 'rPh') isReading = true;
        isText = local === 't' && !isReading;
      },
      text: (piece) => {
        if (isText) text += piece;
      },
      close: (name) => {
        isText = false;
        const local = localName(name);
        if (local === 'rPh') isReading = false;
        if (local !== 'si') return;
        length += text.length;
        if (texts.length >= TEXTS || length > TEXT_LENGTH) throw tooLarge('its cells share too many texts');
        texts.push(unescaped(text));
      },
    });
    return texts;
  }

  async #formats(signal: AbortSignal): Promise<Shown[]> {
    const own = new Map<number, Shown>();
    const formats: Shown[] = [];
    let inCells = false;
    await this.#read('xl/styles.xml', signal, {
      open: (name, attributes) => {
        const local = localName(name);
        const id = Number(attributes['numFmtId'] ?? 0);
        if (local === 'numFmt') own.set(id, formatOf((attributes['formatCode'] ?? '').slice(0, 1_000)));
        if (local === 'cellXfs') inCells = true;
        if (local === 'xf' && inCells) formats.push(own.get(id) ?? builtInFormat(id));
        if (formats.length > FORMATS || own.size > FORMATS) throw tooLarge('it has too many formats');
      },
      close: (name) => {
        if (localName(name) === 'cellXfs') inCells = false;
      },
    });
    return formats;
  }
}

/** What the archive says wrong about itself shows while a part is unpacked. */
async function* piecesOf(stream: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const piece of stream) yield piece as Buffer;
  } catch (error) {
    throw brokenArchive(error);
  }
}

export function tooLarge(why: string): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 413,
    code: 'EXCEL_TOO_LARGE',
    title: 'The workbook is too large',
    detail: `${why}: take a smaller part of it first.`,
    certain: true,
  });
}

function encrypted(): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'EXCEL_ENCRYPTED',
    title: 'The workbook is encrypted, or of the format before 2007',
    detail: 'Save it as .xlsx without a password.',
    certain: true,
  });
}
