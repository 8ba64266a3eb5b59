/**
 * The thread in which PDFs are read. It knows nothing of workflows: bytes come in, texts go out. Whoever started it bounds
 * its memory and ends it when it takes too long: a hostile file may do either to it, and to nothing else.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';

/** What is wanted of a file. */
export interface PdfRequest {
  readonly bytes: Uint8Array;
  readonly from: number;
  /** The last page, if there are so many. */
  readonly to: number;
  readonly password: string | undefined;
  /** The longest text of all pages together, characters. */
  readonly length: number;
}

export type PdfAnswer =
  | { readonly kind: 'text'; readonly pages: number; readonly text: readonly string[] }
  | { readonly kind: 'refused'; readonly why: 'broken' | 'password' | 'too-large'; readonly message: string };

if (parentPort === null) throw new Error('pdf-thread runs in a worker thread only');
// What the library draws with is not needed for texts, and is looked for unless it is there.
Object.assign(globalThis, { DOMMatrix: class {}, Path2D: class {} });
const { getDocument, VerbosityLevel } = await import('pdfjs-dist/legacy/build/pdf.mjs');
const library = path.dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'));

parentPort.postMessage(await answer(workerData as PdfRequest));

async function answer(request: PdfRequest): Promise<PdfAnswer> {
  try {
    return await read(request);
  } catch (error) {
    const { name, message } = error as Error;
    return {
      kind: 'refused',
      why: name === 'PasswordException' ? 'password' : 'broken',
      message: message.slice(0, 300),
    };
  }
}

async function read({ bytes, from, to, password, length }: PdfRequest): Promise<PdfAnswer> {
  const pdf = await getDocument({
    data: bytes,
    ...(password === undefined ? {} : { password }),
    // Nothing of the file is run, drawn or fetched.
    enableXfa: false,
    disableFontFace: true,
    useSystemFonts: false,
    useWorkerFetch: false,
    isOffscreenCanvasSupported: false,
    isImageDecoderSupported: false,
    // Which characters East Asian codes are.
    cMapUrl: `${path.join(library, 'cmaps')}/`,
    cMapPacked: true,
    standardFontDataUrl: `${path.join(library, 'standard_fonts')}/`,
    verbosity: VerbosityLevel.ERRORS,
  }).promise;
  const text: string[] = [];
  let sum = 0;
  for (let number = from; number <= Math.min(to, pdf.numPages); number += 1) {
    const page = await pdf.getPage(number);
    const { items } = await page.getTextContent();
    const parts = items.map((item) => ('str' in item ? `${item.str}${item.hasEOL ? '\n' : ''}` : ''));
    sum += parts.reduce((all, part) => all + part.length, 0);
    if (sum > length) return { kind: 'refused', why: 'too-large', message: `page ${number}` };
    text.push(parts.join('').trim());
    page.cleanup();
  }
  return { kind: 'text', pages: pdf.numPages, text };
}
