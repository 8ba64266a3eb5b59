/**
 * Content of a request that comes from files. It is streamed, its length is known before, and it can be read again: a
 * challenge of the server, or a redirect that keeps the method, sends it once more.
 */
import { basename } from 'node:path';
import { randomBytes } from 'node:crypto';
import { type CallFiles, FORM_FILES, type Json } from '@casare/shared/workflow';
import { StepFailure, type StepContext } from '../../engine/index.ts';
import { mediaTypeOf } from '../media-type.ts';
import { openFile, type OpenFile } from '../run-files.ts';
import { pairsOf } from './content.ts';
import { invalid } from './failures.ts';
import type { Streamed } from './transport.ts';

/** All files of one request together, and the file of one answer, bytes. */
export const FILE_BYTES = 1_073_741_824;
const MULTIPART = 'multipart/form-data';

/** A content with its type. Closing it closes its files. */
export interface FromFiles extends AsyncDisposable {
  readonly content: Streamed;
  readonly contentType: string;
}

/**
 * The content that `bodyFrom` or `formFiles` describes, files open; null where neither is given and it is no form.
 * @throws StepFailure HTTP_BODY_INVALID, FILE_TOO_LARGE and others of `openFile`: nothing was sent
 */
export async function contentFromFiles(
  files: CallFiles,
  { body, contentType }: { readonly body: Json | undefined; readonly contentType: string | undefined },
  context: StepContext,
): Promise<FromFiles | null> {
  const isForm = files.formFiles !== undefined || isMultipart(contentType);
  if (files.bodyFrom === undefined && !isForm) return null;
  await using opening = new AsyncDisposableStack();
  let room = FILE_BYTES;
  const opened = async (name: string): Promise<OpenFile> => {
    const file = opening.use(await openFile(context, name, room));
    room -= file.bytes;
    return file;
  };
  let made: { readonly content: Streamed; readonly contentType: string };
  if (files.bodyFrom !== undefined) {
    if (body !== undefined && body !== null)
      throw bodyInvalid('with `bodyFrom` the file is the content: leave `body` out');
    const content = wholeOf(await opened(files.bodyFrom), files.bodyFrom);
    made = { content, contentType: contentType ?? mediaTypeOf(undefined, files.bodyFrom) };
  } else {
    made = await formOf(files.formFiles ?? {}, fieldsOf(body), contentType, opened);
  }
  const kept = opening.move();
  return { ...made, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

type FormFiles = NonNullable<CallFiles['formFiles']>;

/** A form as browsers send it (RFC 7578): fields first, in order, then files. */
async function formOf(
  files: FormFiles,
  fields: Readonly<Record<string, Json>>,
  contentType: string | undefined,
  opened: (name: string) => Promise<OpenFile>,
): Promise<{ readonly content: Streamed; readonly contentType: string }> {
  if (contentType !== undefined && !isMultipart(contentType)) {
    throw bodyInvalid(`files of a form go as ${MULTIPART}: leave the header \`content-type\` out`);
  }
  const all = Object.entries(files).flatMap(([field, one]) => [one].flat().map((file) => ({ field, file })));
  if (all.length > FORM_FILES)
    throw bodyInvalid(`a form has at most ${FORM_FILES} files, and this one has ${all.length}`);
  // Nobody who made a part of the content can know it, so that none ends before it should.
  const boundary = `casare-${randomBytes(18).toString('hex')}`;
  const parts: Streamed[] = pairsOf(fields).map(([name, value]) =>
    text(`--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`),
  );
  for (const { field, file } of all) {
    const { file: path, name = basename(path), mediaType } = typeof file === 'string' ? { file } : file;
    const type = mediaType ?? mediaTypeOf(undefined, name);
    if (!/^[\x20-\x7e]+$/.test(type)) throw bodyInvalid(`${JSON.stringify(type)} is no media type`);
    const disposition = `form-data; name="${quoted(field)}"; filename="${quoted(name)}"`;
    parts.push(text(`--${boundary}\r\ncontent-disposition: ${disposition}\r\ncontent-type: ${type}\r\n\r\n`));
    parts.push(wholeOf(await opened(path), path), text('\r\n'));
  }
  parts.push(text(`--${boundary}--\r\n`));
  return { content: joined(parts), contentType: `${MULTIPART}; boundary=${boundary}` };
}

/** A file in the length that it had when it was opened: that is what the request announces. */
function wholeOf(file: OpenFile, name: string): Streamed {
  return {
    bytes: file.bytes,
    async *pieces() {
      let left = file.bytes;
      for await (const piece of file.pieces()) {
        const part = piece.subarray(0, left);
        left -= part.length;
        if (part.length > 0) yield part;
        if (left === 0) return;
      }
      if (left > 0) throw shrunk(name);
    },
  };
}

function text(value: string): Streamed {
  const bytes = Buffer.from(value, 'utf8');
  return {
    bytes: bytes.length,
    async *pieces() {
      yield bytes;
    },
  };
}

function joined(parts: readonly Streamed[]): Streamed {
  return {
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    async *pieces() {
      for (const part of parts) yield* part.pieces();
    },
  };
}

/** In quotes, as the HTML standard encodes names of a form. */
function quoted(name: string): string {
  return name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
}

function fieldsOf(body: Json | undefined): Readonly<Record<string, Json>> {
  if (body === undefined || body === null) return {};
  if (typeof body === 'object' && !Array.isArray(body)) return body as Readonly<Record<string, Json>>;
  throw bodyInvalid(`the body of ${MULTIPART} is an object with the fields of the form`);
}

function isMultipart(contentType: string | undefined): boolean {
  return contentType?.split(';')[0]?.trim().toLowerCase() === MULTIPART;
}

function bodyInvalid(why: string): StepFailure {
  return invalid('HTTP_BODY_INVALID', 'The body cannot be sent', `${why}.`);
}

function shrunk(name: string): StepFailure {
  return new StepFailure({
    type: 'runtime',
    code: 'FILE_CHANGED',
    title: 'The file became shorter while it was sent',
    detail: `${JSON.stringify(name.slice(0, 200))}: send it when nothing writes to it any more.`,
  });
}
