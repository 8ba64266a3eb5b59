/** `data.pdf.text`: the text of a PDF, read in a thread of its own. */
import { writeFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { OUTPUT_BYTES } from '@casare/shared/protocol';
import { DATA_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step, type StepContext } from '../../engine/index.ts';
import { codeOf } from '../../fault.ts';
import { executor } from '../executor.ts';
import { readBytes, storeFile } from '../run-files.ts';
import type { PdfAnswer, PdfRequest } from './pdf-thread.ts';

/** The largest file, bytes. */
const FILE_BYTES = 67_108_864;
/** The longest text that is stored, characters. */
const STORED_LENGTH = 67_108_864;
const HEAP_MEGABYTES = 512;

export const pdfTextStep: Step = executor(DATA_STEPS.pdfText, async (args, context) => {
  const answer = await read(context, {
    bytes: await readBytes(context, args.file, FILE_BYTES),
    from: args.from ?? 1,
    to: args.to ?? Infinity,
    password: args.password,
    length: args.saveAs === undefined ? OUTPUT_BYTES : STORED_LENGTH,
  });
  if (answer.kind === 'refused') throw refused(answer);
  const { pages, text } = answer;
  if (args.saveAs === undefined) return { pages, text: [...text] };
  const file = await storeFile(context, {
    saveAs: args.saveAs,
    kind: 'output',
    mediaType: 'text/plain',
    write: (path) => writeFile(path, text.join('\f'), { mode: 0o600 }),
  });
  return { pages, text: [], file };
});

/** Ends with the thread, whatever ends it: an answer, a lack of memory, or the step's time. */
async function read(context: StepContext, request: PdfRequest): Promise<PdfAnswer> {
  context.signal.throwIfAborted();
  // tsc leaves URL texts alone, so the thread has the extension that this file has: .ts from source, .js built.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const thread = new Worker(new URL(`./pdf-thread.${extension}`, import.meta.url), {
    name: 'pdf',
    workerData: request,
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES, maxYoungGenerationSizeMb: 64, stackSizeMb: 4 },
  });
  const stop = () => void thread.terminate();
  context.signal.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise<PdfAnswer>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', reject);
      // Without an answer it was ended, by us or for lack of memory.
      thread.once('exit', () => reject(needsMemory()));
    });
  } catch (error) {
    context.signal.throwIfAborted();
    throw codeOf(error) === 'ERR_WORKER_OUT_OF_MEMORY' ? needsMemory() : error;
  } finally {
    context.signal.removeEventListener('abort', stop);
    await thread.terminate();
  }
}

const REFUSALS = {
  broken: {
    code: 'PDF_BROKEN',
    title: 'The file is no PDF, or a broken one',
    advice: 'open it with a viewer and save it anew',
  },
  password: { code: 'PDF_PASSWORD', title: 'The PDF needs a password', advice: 'give it as `password`, from a secret' },
  'too-large': {
    code: 'PDF_TEXT_TOO_LARGE',
    title: 'The text of the PDF is too large',
    advice: 'take fewer pages by `from` and `to`, or store it with `saveAs`',
  },
} as const;

function refused({ why, message }: Extract<PdfAnswer, { kind: 'refused' }>): StepFailure {
  const { code, title, advice } = REFUSALS[why];
  return new StepFailure({ type: 'validation', code, title, detail: `${message}: ${advice}.`, certain: true });
}

function needsMemory(): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 413,
    code: 'PDF_NEEDS_TOO_MUCH',
    title: 'The PDF needs more memory than it is given',
    detail: `Reading it takes more than ${HEAP_MEGABYTES} MiB: take fewer pages by \`from\` and \`to\`, or save it anew.`,
    certain: true,
  });
}
