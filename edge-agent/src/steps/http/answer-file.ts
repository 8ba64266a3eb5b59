/**
 * The answer of a call as a file of the run (`metadata.rpa.saveAs`). Its name is judged before anything is sent; the content
 * of a success is streamed into it; it appears under its name when all of it is there. What is no success leaves no file, and
 * the file of an earlier success stays as it was.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import type { StoredFile } from '@casare/shared/workflow';
import { StepFailure, type StepContext } from '../../engine/index.ts';
import { describe } from '../../fault.ts';
import { mediaTypeOf } from '../media-type.ts';
import { diskFull, isFull, newFile } from '../run-files.ts';
import type { Exchanged } from './exchange.ts';
import { FILE_BYTES } from './request-content.ts';
import type { Receiver } from './transport.ts';

/** Characters that are looked through again with what follows them: no secret is longer in any encoding. */
const OVERLAP = 16_384;

/** An exchange and the file of its answer; null where that had no content to store. */
type Saved = Exchanged & { readonly file: StoredFile | null };

/**
 * Makes a call with a receiver that stores the content of its success.
 * @throws StepFailure those of `newFile`, of the call, FILE_NOT_WRITTEN, SECRET_IN_FILE
 */
export async function savedAnswer(
  context: StepContext,
  saveAs: string,
  call: (receiver: Receiver) => Promise<Exchanged>,
): Promise<Saved> {
  await using made = await newFile(context, saveAs);
  let handle: FileHandle | null = null;
  const seen = secretWatch(context);
  try {
    const exchanged = await call({
      maxBytes: FILE_BYTES,
      // A redirect that is followed, a challenge, an error: nobody wants those as a file.
      takes: ({ status }) => status >= 200 && status < 300 && status !== 205,
      begin: async () => {
        handle = await written(context, () => open(made.path, 'wx', 0o600));
      },
      write: async (piece) => {
        seen(piece);
        await written(context, () => handle!.appendFile(piece));
      },
    });
    if ((handle as FileHandle | null) === null) return { ...exchanged, file: null };
    const mediaType = mediaTypeOf(exchanged.answer.headers['content-type'], saveAs);
    return { ...exchanged, file: await made.keep({ kind: 'output', mediaType }) };
  } finally {
    await (handle as FileHandle | null)?.close();
  }
}

/** A request that has acted is not undone by a disk: none of these is certain. */
async function written<T>(context: StepContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isFull(error)) throw diskFull(context);
    throw new StepFailure({
      type: 'runtime',
      code: 'FILE_NOT_WRITTEN',
      title: 'The file of the answer could not be written',
      detail: `${describe(error)}: see to the folder of the run and run the job again.`,
    });
  }
}

/** Files are stored as artifacts, and a server may echo what it was sent. */
function secretWatch(context: StepContext): (piece: Buffer) => void {
  if (!context.usesSecret) return () => undefined;
  const decoder = new StringDecoder('utf8');
  let before = '';
  return (piece) => {
    const text = before + decoder.write(piece);
    if (context.holdsSecret(text)) throw holdsSecret();
    before = text.slice(-OVERLAP);
  };
}

function holdsSecret(): StepFailure {
  return new StepFailure({
    type: 'authorization',
    code: 'SECRET_IN_FILE',
    title: 'The answer holds a secret and was not stored',
    detail:
      'The server sent back a secret that it was called with, and files of a run are stored as artifacts: take the answer as output, where secrets are masked.',
  });
}
